package image

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// image is a v1.Image whose manifest and configuration are read and verified, and
// whose layers are as they are read.
type image struct {
	rawManifest []byte
	manifest    *v1.Manifest
	digest      v1.Hash
	rawConfig   []byte
	config      *v1.ConfigFile
	layers      []v1.Layer
	byDigest    map[v1.Hash]v1.Layer
	byDiffID    map[v1.Hash]v1.Layer
}

// budget is what the layers of an image may still have, together.
type budget struct {
	source     *Source
	maxSize    int64
	maxEntries int64

	mu      sync.Mutex
	size    int64
	entries int64
}

// spend takes what a layer has more than it had, and says whether that is too much.
func (b *budget) spend(size, entries int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.size += size
	b.entries += entries
	switch {
	case b.size > b.maxSize:
		return fmt.Errorf("the image has more than %d bytes uncompressed; is it a bomb? If not, raise max-image-size", b.maxSize)
	case b.entries > b.maxEntries:
		return fmt.Errorf("the image has more than %d files; is it a bomb? If not, raise max-image-entries", b.maxEntries)
	}
	return nil
}

// image reads the configuration of a manifest and makes its layers.
func (o *opener) image(from content, data []byte, d v1.Descriptor, doc document) (*image, error) {
	if n := len(doc.Layers); n > o.MaxLayers {
		return nil, fmt.Errorf("the image has %d layers; at most %d are taken (max-layers)", n, o.MaxLayers)
	}
	raw, err := whole("configuration", *doc.Config, maxConfig, from.blob)
	if err != nil {
		return nil, err
	}
	config, err := parseConfig(raw)
	if err != nil {
		return nil, err
	}
	if a, b := len(doc.Layers), len(config.RootFS.DiffIDs); a != b {
		return nil, fmt.Errorf("the manifest has %d layers, and the configuration %d", a, b)
	}
	img := &image{
		rawManifest: data, digest: d.Digest, rawConfig: raw, config: config,
		manifest: &v1.Manifest{
			SchemaVersion: 2, MediaType: doc.MediaType, Config: *doc.Config, Layers: doc.Layers,
		},
	}
	if err := json.Unmarshal(data, img.manifest); err != nil {
		return nil, err
	}
	img.addLayers(o, from.blob, nil)
	return img, nil
}

// addLayers makes the manifest's layers. Equal ones are one, so that they count once.
// tars says which are a docker archive's tars.
func (i *image) addLayers(o *opener, open func(v1.Descriptor) (io.ReadCloser, error), tars map[v1.Hash]bool) {
	shared := &budget{source: o.source, maxSize: o.MaxSize, maxEntries: o.MaxEntries}
	i.byDigest, i.byDiffID = map[v1.Hash]v1.Layer{}, map[v1.Hash]v1.Layer{}
	for n, d := range i.manifest.Layers {
		diffID := i.config.RootFS.DiffIDs[n]
		l, ok := i.byDigest[d.Digest]
		if known, err := diffIDOf(l); !ok || err != nil || known != diffID {
			l = newLayer(&layer{
				where: fmt.Sprintf("layer %d of %d (%s)", n+1, len(i.manifest.Layers), diffID),
				desc:  d, diffID: diffID, open: open, budget: shared, tar: tars[d.Digest],
			})
		}
		i.layers = append(i.layers, l)
		i.byDigest[d.Digest], i.byDiffID[diffID] = l, l
	}
}

func diffIDOf(l v1.Layer) (v1.Hash, error) {
	if l == nil {
		return v1.Hash{}, nil
	}
	return l.DiffID()
}

func (i *image) Layers() ([]v1.Layer, error)               { return i.layers, nil }
func (i *image) MediaType() (types.MediaType, error)       { return i.manifest.MediaType, nil }
func (i *image) Size() (int64, error)                      { return int64(len(i.rawManifest)), nil }
func (i *image) ConfigName() (v1.Hash, error)              { return i.manifest.Config.Digest, nil }
func (i *image) ConfigFile() (*v1.ConfigFile, error)       { return i.config.DeepCopy(), nil }
func (i *image) RawConfigFile() ([]byte, error)            { return i.rawConfig, nil }
func (i *image) Digest() (v1.Hash, error)                  { return i.digest, nil }
func (i *image) Manifest() (*v1.Manifest, error)           { return i.manifest.DeepCopy(), nil }
func (i *image) RawManifest() ([]byte, error)              { return i.rawManifest, nil }
func (i *image) LayerByDigest(h v1.Hash) (v1.Layer, error) { return find(i.byDigest, h) }
func (i *image) LayerByDiffID(h v1.Hash) (v1.Layer, error) { return find(i.byDiffID, h) }

func find(all map[v1.Hash]v1.Layer, h v1.Hash) (v1.Layer, error) {
	if l, ok := all[h]; ok {
		return l, nil
	}
	return nil, fmt.Errorf("the image has no layer %s", h)
}
