package image

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	maxConfig   = 8 << 20
	maxDepth    = 4    // of indexes in an index
	maxChildren = 1000 // of all of them
)

// content gives an image's blobs and manifests by their digests. What it gives is
// verified by those who read it.
type content interface {
	// manifest opens one; blob opens another thing. The size is the manifest's word.
	manifest(d v1.Descriptor) (io.ReadCloser, error)
	blob(d v1.Descriptor) (io.ReadCloser, error)
}

// whole reads something small that has to be what its descriptor says.
func whole(what string, d v1.Descriptor, limit int64, open func(v1.Descriptor) (io.ReadCloser, error)) ([]byte, error) {
	if d.Size > limit {
		return nil, fmt.Errorf("the %s %s has %d bytes; at most %d are taken", what, d.Digest, d.Size, limit)
	}
	r, err := open(d)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading the %s %s: %w", what, d.Digest, err)
	}
	got := fmt.Sprintf("sha256:%x", sha256.Sum256(data))
	switch {
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("the %s %s has more than %d bytes", what, d.Digest, limit)
	case got != d.Digest.String():
		return nil, fmt.Errorf("the %s %s is another: its bytes are %s", what, d.Digest, got)
	case d.Size > 0 && int64(len(data)) != d.Size:
		return nil, fmt.Errorf("the %s %s has %d bytes, not the %d that are said", what, d.Digest, len(data), d.Size)
	}
	return data, nil
}

// document is a manifest or an index; one that is both is neither.
type document struct {
	SchemaVersion int             `json:"schemaVersion"`
	MediaType     types.MediaType `json:"mediaType"`
	ArtifactType  string          `json:"artifactType"`
	Config        *v1.Descriptor  `json:"config"`
	Layers        []v1.Descriptor `json:"layers"`
	Manifests     []v1.Descriptor `json:"manifests"`
	FSLayers      json.RawMessage `json:"fsLayers"`
}

func parseDocument(data []byte, said types.MediaType) (document, error) {
	var d document
	if err := json.Unmarshal(data, &d); err != nil {
		return d, fmt.Errorf("the manifest is not one: %w", err)
	}
	if d.MediaType == "" {
		if d.MediaType = said; !said.IsIndex() && !said.IsImage() {
			d.MediaType = types.OCIManifestSchema1
			if d.Manifests != nil {
				d.MediaType = types.OCIImageIndex
			}
		}
	}
	switch {
	case d.SchemaVersion == 1 || d.FSLayers != nil || d.MediaType.IsSchema1():
		return d, errors.New("the manifest is of docker's schema 1, which has no digests to verify; push the image again with a newer docker")
	case d.Manifests != nil && (d.Layers != nil || d.Config != nil):
		return d, errors.New("the manifest is both an index and an image's")
	case said != "" && said != d.MediaType && (said.IsIndex() || said.IsImage()):
		return d, fmt.Errorf("the manifest says that it is %q, and it is served as %q", d.MediaType, said)
	case !d.MediaType.IsIndex() && !d.MediaType.IsImage():
		return d, fmt.Errorf("got %q, which is no image; an image's manifest is %s or %s", clean(string(d.MediaType)), types.OCIManifestSchema1, types.OCIImageIndex)
	}
	return d, nil
}

// artifact says what is no image, "" for an image. Runtimes go by the configuration,
// and run what calls itself an artifact and has an image's.
func (d document) artifact() string {
	switch {
	case d.Config == nil:
		return "a manifest without a configuration"
	case d.Config.MediaType.IsConfig():
		return ""
	case d.ArtifactType != "":
		return "an artifact of the type " + strconv.Quote(clean(d.ArtifactType))
	}
	return "an artifact with a configuration of the type " + strconv.Quote(clean(string(d.Config.MediaType)))
}

// resolved makes the Source of a digest: the index's platforms, or the one image.
func (o *opener) resolved(from content, root v1.Descriptor) error {
	data, err := whole("manifest", root, maxManifest, from.manifest)
	if err != nil {
		return err
	}
	doc, err := parseDocument(data, root.MediaType)
	if err != nil {
		return err
	}
	o.source.Digest, o.source.MediaType = root.Digest.String(), string(doc.MediaType)
	if !doc.MediaType.IsIndex() {
		if what := doc.artifact(); what != "" {
			return fmt.Errorf("it is no image, but %s; only images can be scanned", what)
		}
		return o.single(from, root, data, doc)
	}
	children := 0
	return o.children(from, doc, 1, &children)
}

func (o *opener) single(from content, d v1.Descriptor, data []byte, doc document) error {
	img, err := o.image(from, data, d, doc)
	if err != nil {
		return err
	}
	o.source.Platforms = append(o.source.Platforms, Platform{platformOf(img.config), d.Digest.String(), img})
	return nil
}

// platformOf is what a configuration says; a few say nothing.
func platformOf(config *v1.ConfigFile) string {
	if p := config.Platform(); p != nil {
		return p.String()
	}
	return "unknown"
}

func (o *opener) children(from content, index document, depth int, seen *int) error {
	for _, d := range index.Manifests {
		if *seen++; *seen > maxChildren {
			return fmt.Errorf("the index has more than %d manifests", maxChildren)
		}
		if d.Platform != nil && d.Platform.String() == "" {
			d.Platform = nil // it says nothing, and the configuration does
		}
		var err error
		switch {
		case d.MediaType.IsIndex() && depth == maxDepth:
			err = fmt.Errorf("the index has indexes in it %d deep; at most %d are followed", depth+1, maxDepth)
		case d.MediaType.IsIndex(): // whatever it says of itself, its images count
			err = o.child(from, d, depth, seen)
		case isAttestation(d):
		case unknown(d.Platform) && len(o.Options.Platforms) > 0:
			o.leave(d, Unwanted)
		case unknown(d.Platform):
			o.leave(d, "its platform is unknown")
		case d.Platform != nil && !o.wanted(d.Platform):
			// For the list of those there are, in an error.
			o.source.Platforms = append(o.source.Platforms, Platform{Platform: d.Platform.String(), Digest: d.Digest.String()})
		case !d.MediaType.IsImage():
			o.leave(d, "it is no image, but of the media type "+strconv.Quote(clean(string(d.MediaType))))
		default:
			err = o.child(from, d, depth, seen)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *opener) leave(d v1.Descriptor, why string) {
	left := Left{Digest: d.Digest.String(), Why: why}
	if d.Platform != nil {
		left.Platform = clean(d.Platform.String())
	}
	o.source.Left = append(o.source.Left, left)
}

func (o *opener) child(from content, d v1.Descriptor, depth int, seen *int) error {
	data, err := whole("manifest", d, maxManifest, from.manifest)
	if err != nil {
		return err
	}
	doc, err := parseDocument(data, d.MediaType)
	switch {
	case err != nil:
		return fmt.Errorf("%s in the index: %w", d.Digest, err)
	case doc.MediaType.IsIndex():
		return o.children(from, doc, depth+1, seen)
	case doc.artifact() != "":
		o.leave(d, "it is no image, but "+doc.artifact())
		return nil
	}
	img, err := o.image(from, data, d, doc)
	if err != nil {
		return fmt.Errorf("%s in the index: %w", d.Digest, err)
	}
	platform := platformOf(img.config)
	if d.Platform != nil {
		platform = d.Platform.String()
	} else if unknown(img.config.Platform()) {
		o.leave(d, "its platform is unknown")
		return nil
	}
	o.source.Platforms = append(o.source.Platforms, Platform{platform, d.Digest.String(), img})
	return nil
}

// isAttestation knows BuildKit's, https://docs.docker.com/build/metadata/attestations/attestation-storage/.
// Either of its marks alone may be an image's.
func isAttestation(d v1.Descriptor) bool {
	return d.MediaType.IsImage() && d.Annotations["vnd.docker.reference.type"] == "attestation-manifest" &&
		d.Platform != nil && d.Platform.OS == "unknown" && d.Platform.Architecture == "unknown"
}

// unknown is a platform that no machine has.
func unknown(p *v1.Platform) bool {
	return p != nil && (p.OS == "unknown" || p.Architecture == "unknown")
}

func (o *opener) wanted(p *v1.Platform) bool {
	if len(o.Options.Platforms) == 0 {
		return true
	}
	for _, w := range o.Options.Platforms {
		if satisfies(p.String(), w) {
			return true
		}
	}
	return false
}

func parseConfig(data []byte) (*v1.ConfigFile, error) {
	config, err := v1.ParseConfigFile(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("the image's configuration is not one: %w", err)
	}
	return config, nil
}
