package database

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// archive has what a file or folder holds put in place. It is what was asked for:
// where it cannot be used, what the cache folder has is no answer either.
func (g *getter) archive(ctx context.Context) (Database, error) {
	got, err := g.fromArchive(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return Database{}, g.failed(context.Cause(ctx))
		}
		return Database{}, g.failed(fmt.Errorf("archive %q: %w", g.Archive, err))
	}
	return got.Database, nil
}

func (g *getter) fromArchive(ctx context.Context) (_ *candidate, err error) {
	info, err := os.Stat(g.Archive)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return g.fromLayout(ctx, g.Archive)
	}
	contained, err := g.contained(ctx)
	if err != nil {
		return nil, err
	}
	if !contained {
		return g.fromLayer(ctx, g.Archive)
	}
	spread, err := os.MkdirTemp(g.Cache, g.prefix())
	if err != nil {
		return nil, local(err)
	}
	defer func() { err = errors.Join(err, local(os.RemoveAll(spread))) }()
	if err := g.spread(ctx, spread); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(spread, "index.json")); err == nil {
		return g.fromLayout(ctx, spread)
	}
	return g.fromDocker(ctx, spread)
}

// read opens the archive as a tar.
func (g *getter) read(ctx context.Context, each func(name string, content io.Reader) error) error {
	f, err := os.Open(g.Archive)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	stream, err := plain(f)
	if err != nil {
		return err
	}
	return entries(&meter{r: stream, left: g.unpacked(), ctx: ctx, what: "archive"}, each)
}

// contained says whether the layer is in an image in the archive: its first file
// tells.
func (g *getter) contained(ctx context.Context) (bool, error) {
	seen := errors.New("seen")
	found := false
	err := g.read(ctx, func(name string, _ io.Reader) error {
		switch {
		case name == "oci-layout", name == "index.json", name == "manifest.json", name == "repositories",
			strings.HasPrefix(name, "blobs/"), strings.HasPrefix(name, "sha256:"), strings.HasSuffix(name, ".tar.gz"), strings.HasSuffix(name, "/layer.tar"):
			found = true
		}
		return seen
	})
	if errors.Is(err, seen) {
		err = nil
	}
	return found, err
}

// spread writes the image's files to a folder.
func (g *getter) spread(ctx context.Context, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return local(err)
	}
	defer root.Close()
	left := int64(maxLayer)
	return g.read(ctx, func(name string, content io.Reader) error {
		in := &meter{r: content, left: left, ctx: ctx, what: "file in the archive"}
		err := write(root, name, in)
		left = in.left
		return err
	})
}

// fromLayer takes a file for the layer itself, as oras saves it. Its digest stands
// for the artifact's, which nothing tells.
func (g *getter) fromLayer(ctx context.Context, file string) (*candidate, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	digest, size, err := v1.SHA256(&meter{r: f, left: maxUnpacked, ctx: ctx, what: "layer"})
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return g.fresh(ctx, &artifact{
		digest: digest.String(), created: g.Now().UTC(), size: size, layer: digest,
		open: func() (io.ReadCloser, error) { return os.Open(file) },
	})
}

// fresh installs what the cache folder does not have yet.
func (g *getter) fresh(ctx context.Context, a *artifact) (*candidate, error) {
	a.source = g.Archive
	if kept, err := g.kept(); err == nil && kept.Digest == a.digest && g.age(kept) == nil {
		return kept, nil
	}
	return g.install(ctx, a)
}

// fromLayout takes the one image of an OCI layout that has the kind's layer.
func (g *getter) fromLayout(ctx context.Context, dir string) (*candidate, error) {
	if err := small(filepath.Join(dir, "index.json")); err != nil {
		return nil, fmt.Errorf("want an OCI layout: %w", err)
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, fmt.Errorf("want an OCI layout: %w", err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var found []*artifact
	var problems []error
	for _, desc := range manifest.Manifests {
		a, err := g.inLayout(dir, index, desc)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", desc.Digest, err))
			continue
		}
		found = append(found, a)
	}
	switch {
	case len(found) == 0 && len(problems) == 0:
		return nil, errors.New("the OCI layout has no image")
	case len(found) == 0:
		return nil, errors.Join(problems...)
	case len(found) > 1:
		return nil, fmt.Errorf("the OCI layout has %d databases of %s, want one", len(found), g.Kind.name)
	}
	return g.fresh(ctx, found[0])
}

// inLayout reads an image whose manifest has the digest that the index says.
func (g *getter) inLayout(dir string, index v1.ImageIndex, desc v1.Descriptor) (*artifact, error) {
	if err := small(filepath.Join(dir, "blobs", desc.Digest.Algorithm, desc.Digest.Hex)); err != nil {
		return nil, err
	}
	img, err := index.Image(desc.Digest)
	if err != nil {
		return nil, err
	}
	raw, err := img.RawManifest()
	if err != nil {
		return nil, err
	}
	if got, _, err := v1.SHA256(strings.NewReader(string(raw))); err != nil || got != desc.Digest {
		return nil, errors.Join(fmt.Errorf("got a manifest of the digest %s", got), err)
	}
	return g.artifactOf(img, desc.Digest.String())
}

// fromDocker takes the layer of an image as docker and crane save it. The artifact's
// manifest is not among that.
func (g *getter) fromDocker(ctx context.Context, dir string) (*candidate, error) {
	var images []struct{ Layers []string }
	if err := readJSON(filepath.Join(dir, "manifest.json"), &images); err != nil {
		return nil, fmt.Errorf("want the layer itself, an OCI layout with its index.json, or an image with its manifest.json: %w", err)
	}
	if len(images) != 1 || len(images[0].Layers) != 1 {
		return nil, errors.New("manifest.json: want one image of one layer")
	}
	layer := path.Clean(images[0].Layers[0])
	if !fs.ValidPath(layer) {
		return nil, fmt.Errorf("manifest.json: got the layer %.100q, want one in the archive", layer)
	}
	return g.fromLayer(ctx, filepath.Join(dir, layer))
}
