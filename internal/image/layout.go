package image

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// files are a layout's, or an archive's.
type files interface {
	open(name string) (io.ReadCloser, int64, error)
}

// layout opens an OCI layout's folder.
func (o *opener) layout(ref Reference) error {
	root, err := os.OpenRoot(o.path(ref))
	if err != nil {
		return err
	}
	o.source.closers = append(o.source.closers, root)
	return o.fromLayout(folder{root}, ref)
}

// layoutArchive opens a tar file of an OCI layout.
func (o *opener) layoutArchive(ref Reference) error {
	a, err := o.archive(o.path(ref))
	if err != nil {
		return err
	}
	return o.fromLayout(a, ref)
}

func (o *opener) path(ref Reference) string {
	if filepath.IsAbs(ref.Path) {
		return ref.Path
	}
	return filepath.Join(o.Dir, ref.Path)
}

func (o *opener) fromLayout(in files, ref Reference) error {
	var version struct {
		ImageLayoutVersion string `json:"imageLayoutVersion"`
	}
	if err := readJSON(in, "oci-layout", &version); err != nil {
		return fmt.Errorf("it is no OCI layout: %w", err)
	}
	if !strings.HasPrefix(version.ImageLayoutVersion, "1.") {
		return fmt.Errorf("it is an OCI layout of version %q; 1.0.0 can be read", clean(version.ImageLayoutVersion))
	}
	var index document
	if err := readJSON(in, "index.json", &index); err != nil {
		return err
	}
	d, err := pick(index.Manifests, ref)
	if err != nil {
		return err
	}
	return o.resolved(layoutContent{in}, d)
}

const refName = "org.opencontainers.image.ref.name"

// pick finds the image that is meant: the only one, or that of a name or digest.
func pick(all []v1.Descriptor, ref Reference) (v1.Descriptor, error) {
	var names []string
	found := map[v1.Hash]v1.Descriptor{}
	for _, d := range all {
		name := d.Annotations[refName]
		if ref.Within == "" || name == ref.Within || d.Digest.String() == ref.Within {
			found[d.Digest] = d
		}
		if name == "" {
			name = d.Digest.String()
		}
		if len(names) < 20 {
			names = append(names, clean(name))
		}
	}
	there := "there are " + strings.Join(names, ", ")
	switch {
	case len(all) == 0:
		return v1.Descriptor{}, errors.New("the layout has no image")
	case len(found) == 0:
		return v1.Descriptor{}, fmt.Errorf("the layout has no image %q; %s", ref.Within, there)
	case len(found) > 1:
		return v1.Descriptor{}, fmt.Errorf("the layout has several images; write %s:%s:tag or %[1]s:%s@sha256:…; %s", ref.Transport, ref.Path, ref.Path, there)
	}
	for _, d := range found {
		return d, nil
	}
	panic("unreachable")
}

func readJSON(in files, name string, v any) error {
	r, _, err := in.open(name)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	data, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	switch {
	case err != nil:
		return fmt.Errorf("reading %s: %w", name, err)
	case len(data) > maxManifest:
		return fmt.Errorf("%s has more than 4 MiB", name)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s is not what it should be: %w", name, err)
	}
	return nil
}

// layoutContent are the blobs of a layout.
type layoutContent struct{ files }

func (c layoutContent) manifest(d v1.Descriptor) (io.ReadCloser, error) { return c.blob(d) }

func (c layoutContent) blob(d v1.Descriptor) (io.ReadCloser, error) {
	if d.Digest.Algorithm != "sha256" {
		return nil, fmt.Errorf("got the digest %q; only sha256 is known", clean(d.Digest.String()))
	}
	if d.MediaType == types.OCIRestrictedLayer || d.MediaType == types.DockerForeignLayer {
		return nil, fmt.Errorf("the layer %s is not distributed with the image", d.Digest)
	}
	r, size, err := c.open("blobs/sha256/" + d.Digest.Hex)
	if err != nil {
		return nil, err
	}
	if size != d.Size {
		_ = r.Close()
		return nil, wrong("the blob %s has %d bytes, not the %d that the manifest says", d.Digest, size, d.Size)
	}
	return r, nil
}

// folder has the files below a root, and none outside of it.
type folder struct{ root *os.Root }

func (f folder) open(name string) (io.ReadCloser, int64, error) {
	// Opening a pipe waits for somebody to write to it.
	info, err := f.root.Stat(name)
	if err != nil {
		return nil, 0, plainly(err, name)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s is no regular file", name)
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, 0, plainly(err, name)
	}
	return file, info.Size(), nil
}

func plainly(err error, name string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is missing: %w", name, fs.ErrNotExist)
	}
	return err
}
