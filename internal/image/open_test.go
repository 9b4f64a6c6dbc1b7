package image_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/org/checkout-deploy/internal/image"
	"github.com/org/checkout-deploy/internal/image/imagetest"
)

func open(t *testing.T, ref string, opts image.Options) (*image.Source, error) {
	t.Helper()
	r, err := image.Parse(ref)
	if err != nil {
		t.Fatal(err)
	}
	s, err := image.Open(t.Context(), r, opts)
	if err == nil {
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return s, err
}

// drain reads every layer of every platform, as a scanner does.
func drain(s *image.Source) error {
	for _, p := range s.Platforms {
		config, err := p.Image.ConfigFile()
		if err != nil {
			return err
		}
		for _, id := range config.RootFS.DiffIDs {
			l, err := p.Image.LayerByDiffID(id)
			if err != nil {
				return err
			}
			if err := read(l.Uncompressed); err != nil {
				return err
			}
			if err := read(l.Compressed); err != nil {
				return err
			}
		}
	}
	return s.Err()
}

func read(open func() (io.ReadCloser, error)) error {
	r, err := open()
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	return errors.Join(err, r.Close())
}

var both = imagetest.Options{Packages: 5, Platforms: []string{"linux/amd64", "linux/arm64/v8"}}

func TestOpen(t *testing.T) {
	one := imagetest.Debian(t, imagetest.Options{Packages: 5})
	tars := imagetest.Debian(t, imagetest.Options{Packages: 5, Uncompressed: true})
	two := imagetest.Debian(t, both)
	config, err := one.Images[0].ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	tarsConfig, err := tars.Images[0].ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	r := imagetest.NewRegistry(t, imagetest.RegistryOptions{})
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	one.Push(t, r.Host+"/org/shop:1")
	two.Push(t, r.Host+"/org/two:1")
	one.Layout(t, in("layout"), "1")
	two.Layout(t, in("two"), "")
	two.LayoutArchive(t, in("two.tar"), "v2")
	one.Archive(t, in("one-docker.tar"), "example.com/org/shop:1")
	tars.Archive(t, in("tars.tar"), "example.com/org/shop:1")
	digest := one.Digest(t).String()
	for _, test := range []struct {
		ref           string
		digest        string
		platforms     int
		tags, digests []string
	}{
		{r.Host + "/org/shop:1", digest, 1, []string{r.Host + "/org/shop:1"}, []string{r.Host + "/org/shop@" + digest}},
		{r.Host + "/org/shop@" + digest, digest, 1, []string{}, []string{r.Host + "/org/shop@" + digest}},
		{r.Host + "/org/shop:1@" + digest, digest, 1, []string{}, []string{r.Host + "/org/shop@" + digest}},
		{"docker://" + r.Host + "/org/two:1", two.Digest(t).String(), 2, []string{r.Host + "/org/two:1"}, []string{r.Host + "/org/two@" + two.Digest(t).String()}},
		{"oci:" + in("layout"), digest, 1, nil, nil},
		{"oci:" + in("layout") + ":1", digest, 1, nil, nil},
		{"oci:" + in("layout") + "@" + digest, digest, 1, nil, nil},
		{"oci:" + in("two"), two.Digest(t).String(), 2, nil, nil},
		{"oci-archive:" + in("two.tar") + ":v2", two.Digest(t).String(), 2, nil, nil},
		{"docker-archive:" + in("one-docker.tar"), config.String(), 1, []string{"example.com/org/shop:1"}, nil},
		{"docker-archive:" + in("tars.tar") + ":example.com/org/shop:1", tarsConfig.String(), 1, []string{"example.com/org/shop:1"}, nil},
	} {
		t.Run(strings.ReplaceAll(strings.ReplaceAll(test.ref, dir, "dir"), r.Host, "host"), func(t *testing.T) {
			s, err := open(t, test.ref, image.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if s.Digest != test.digest || len(s.Platforms) != test.platforms || len(s.Left) != 0 {
				t.Errorf("got %s with %d platforms and %v left, want %s with %d and none", s.Digest, len(s.Platforms), s.Left, test.digest, test.platforms)
			}
			if !reflect.DeepEqual(s.RepoTags, test.tags) || !reflect.DeepEqual(s.RepoDigests, test.digests) {
				t.Errorf("got tags %#v and digests %#v, want %#v and %#v", s.RepoTags, s.RepoDigests, test.tags, test.digests)
			}
			if err := drain(s); err != nil {
				t.Error(err)
			}
		})
	}
}

// Trivy tells by a field of a layer whether a registry knows its digest.
func TestLayerOfArchive(t *testing.T) {
	dir := t.TempDir()
	imagetest.Debian(t, imagetest.Options{Packages: 1, Uncompressed: true}).Archive(t, filepath.Join(dir, "tars"), "shop:1")
	imagetest.Debian(t, imagetest.Options{Packages: 1}).Archive(t, filepath.Join(dir, "gzips"), "shop:1")
	for name, want := range map[string]bool{"tars": true, "gzips": false} {
		s, err := open(t, "docker-archive:"+filepath.Join(dir, name), image.Options{})
		if err != nil {
			t.Fatal(err)
		}
		layers, err := s.Platforms[0].Image.Layers()
		if err != nil {
			t.Fatal(err)
		}
		if _, got := reflect.TypeOf(layers[0]).Elem().FieldByName("UncompressedLayer"); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestPlatforms(t *testing.T) {
	dir := t.TempDir()
	imagetest.Debian(t, both).Layout(t, dir, "")
	for _, test := range []struct {
		wanted []string
		got    []string
		err    string
	}{
		{nil, []string{"linux/amd64", "linux/arm64/v8"}, ""},
		{[]string{"linux/arm64"}, []string{"linux/arm64/v8"}, ""},
		{[]string{"linux/arm64/v8", "linux/amd64"}, []string{"linux/amd64", "linux/arm64/v8"}, ""},
		{[]string{"linux/arm64/v7", "linux/amd64"}, nil, "no platform linux/arm64/v7; there are linux/amd64, linux/arm64/v8"},
		{[]string{"arm64"}, nil, "no platform arm64; there are"},
	} {
		t.Run(strings.Join(test.wanted, " "), func(t *testing.T) {
			s, err := open(t, "oci:"+dir, image.Options{Platforms: test.wanted})
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("got %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range s.Platforms {
				got = append(got, p.Platform)
			}
			if !slices.Equal(got, test.got) {
				t.Errorf("got %q, want %q", got, test.got)
			}
			if err := drain(s); err != nil {
				t.Error(err)
			}
		})
	}
}

// What a runtime could run is among the platforms, and what is not is told; only
// BuildKit's attestations are passed over.
func TestLeft(t *testing.T) {
	amd, arm, none := &v1.Platform{OS: "linux", Architecture: "amd64"}, &v1.Platform{OS: "linux", Architecture: "arm64"}, &v1.Platform{OS: "unknown", Architecture: "unknown"}
	buildKit := map[string]string{"vnd.docker.reference.type": "attestation-manifest"}
	img := imagetest.Debian(t, imagetest.Options{Packages: 1}).Images[0]
	chart := mutate.ConfigMediaType(imagetest.Base(), "application/vnd.cncf.helm.config.v1+json")
	nowhere, err := mutate.ConfigFile(imagetest.Base(), &v1.ConfigFile{OS: "unknown", Architecture: "unknown", RootFS: v1.RootFS{Type: "layers"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		wanted []string
		child  mutate.IndexAddendum
		scan   bool // whether the child is among the platforms
		left   string
	}{
		{"an image", nil, child(img, v1.Descriptor{Platform: amd}), true, ""},
		{"an image that calls itself an artifact", nil, child(typed(t, img), v1.Descriptor{Platform: amd, ArtifactType: "application/x-thing"}), true, ""},
		{"an image with the descriptor of an artifact", nil, child(img, v1.Descriptor{Platform: amd, ArtifactType: "application/x-thing"}), true, ""},
		{"an image whose platform only the configuration says", nil, child(img, v1.Descriptor{}), true, ""},
		{"an image whose platform says nothing", nil, child(img, v1.Descriptor{Platform: &v1.Platform{}}), true, ""},
		{"BuildKit's attestation", nil, child(nowhere, v1.Descriptor{Platform: none, Annotations: buildKit}), false, ""},
		{"an image that calls itself an attestation", nil, child(img, v1.Descriptor{Platform: amd, Annotations: buildKit}), true, ""},
		{"no platform, and no attestation", nil, child(img, v1.Descriptor{Platform: none}), false, "unknown/unknown: its platform is unknown"},
		{"half a platform", nil, child(img, v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "unknown"}, Annotations: buildKit}), false, "linux/unknown: its platform is unknown"},
		{"no platform anywhere", nil, child(nowhere, v1.Descriptor{}), false, ": its platform is unknown"},
		{"an odd configuration", nil, child(chart, v1.Descriptor{Platform: amd}), false, `linux/amd64: it is no image, but an artifact with a configuration of the type "application/vnd.cncf.helm.config.v1+json"`},
		{"an odd configuration, and a type", nil, child(typed(t, chart), v1.Descriptor{Platform: amd}), false, `linux/amd64: it is no image, but an artifact of the type "application/x-thing"`},
		{"an odd manifest", nil, child(static.NewLayer([]byte("{}"), "application/vnd.oci.artifact.manifest.v1+json"), v1.Descriptor{Platform: amd}), false, `linux/amd64: it is no image, but of the media type "application/vnd.oci.artifact.manifest.v1+json"`},
		{"in an index of no platform", nil, child(indexOf(child(img, v1.Descriptor{Platform: amd})), v1.Descriptor{Platform: none, ArtifactType: "application/x-thing", Annotations: buildKit}), true, ""},
		{"an artifact in an index", nil, child(indexOf(child(chart, v1.Descriptor{Platform: amd})), v1.Descriptor{}), false, `linux/amd64: it is no image, but an artifact with`},
		{"not wanted", []string{"linux/arm64"}, child(img, v1.Descriptor{Platform: amd}), false, "linux/amd64: " + image.Unwanted},
		{"not wanted, as the configuration says", []string{"linux/arm64"}, child(img, v1.Descriptor{}), false, "linux/amd64: " + image.Unwanted},
		{"of no platform, which nobody can want", []string{"linux/arm64"}, child(img, v1.Descriptor{Platform: none}), false, "unknown/unknown: " + image.Unwanted},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			other := imagetest.Debian(t, imagetest.Options{Packages: 2, Platforms: []string{"linux/arm64"}}).Images[0]
			p, err := layout.Write(dir, empty.Index)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.AppendIndex(indexOf(test.child, child(other, v1.Descriptor{Platform: arm}))); err != nil {
				t.Fatal(err)
			}
			s, err := open(t, "oci:"+dir, image.Options{Platforms: test.wanted})
			if err != nil {
				t.Fatal(err)
			}
			var left []string
			for _, l := range s.Left {
				left = append(left, l.Platform+": "+l.Why)
				if !strings.HasPrefix(l.Digest, "sha256:") {
					t.Errorf("got the digest %q", l.Digest)
				}
			}
			if got := len(s.Platforms) == 2; got != test.scan || s.Platforms[0].Platform == "" {
				t.Errorf("got the platforms %v, want the child among them: %v", s.Platforms, test.scan)
			}
			if got := strings.Join(left, "\n"); !strings.HasPrefix(got, test.left) || (got == "") != (test.left == "") {
				t.Errorf("got %q left, want %q", got, test.left)
			}
			if err := drain(s); err != nil {
				t.Error(err)
			}
		})
	}
}

func child(of mutate.Appendable, d v1.Descriptor) mutate.IndexAddendum {
	return mutate.IndexAddendum{Add: of, Descriptor: d}
}

func indexOf(adds ...mutate.IndexAddendum) v1.ImageIndex {
	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), adds...)
}

// artifact is an image whose manifest has a type of its own.
type artifact struct {
	v1.Image
	manifest []byte
}

func typed(t *testing.T, img v1.Image) v1.Image {
	t.Helper()
	raw, err := img.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	return artifact{img, []byte(strings.Replace(string(raw), "{", `{"artifactType":"application/x-thing",`, 1))}
}

func (a artifact) RawManifest() ([]byte, error)    { return a.manifest, nil }
func (a artifact) Manifest() (*v1.Manifest, error) { return partial.Manifest(a) }
func (a artifact) Digest() (v1.Hash, error)        { return partial.Digest(a) }
func (a artifact) Size() (int64, error)            { return partial.Size(a) }

// The tag moves after Open, and what is read is what was opened.
func TestTagMoves(t *testing.T) {
	r := imagetest.NewRegistry(t, imagetest.RegistryOptions{})
	old := imagetest.Debian(t, both)
	old.Push(t, r.Host+"/org/shop:1")
	s, err := open(t, r.Host+"/org/shop:1", image.Options{})
	if err != nil {
		t.Fatal(err)
	}
	imagetest.Debian(t, imagetest.Options{Packages: 9}).Push(t, r.Host+"/org/shop:1")
	if err := drain(s); err != nil {
		t.Fatal(err)
	}
	if got := s.Digest; got != old.Digest(t).String() {
		t.Errorf("got %s", got)
	}
}

func TestNoImage(t *testing.T) {
	r := imagetest.NewRegistry(t, imagetest.RegistryOptions{})
	chart := mutate.ConfigMediaType(imagetest.Base(), "application/vnd.cncf.helm.config.v1+json")
	push(t, r.Host+"/org/chart:1", chart)
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("old/oci-layout", `{"imageLayoutVersion":"9"}`)
	write("empty/oci-layout", `{"imageLayoutVersion":"1.0.0"}`)
	write("empty/index.json", `{"schemaVersion":2,"manifests":[]}`)
	write("no/index.json", `{}`)
	write("broken/oci-layout", `{"imageLayoutVersion":"1.0.0"}`)
	write("broken/index.json", `{"schemaVersion":2,"manifests":[`)
	write("short.tar", "not a tar at all")
	several := filepath.Join(dir, "several")
	imagetest.Debian(t, imagetest.Options{Packages: 1}).Layout(t, several, "one")
	appendTo(t, several, imagetest.Debian(t, imagetest.Options{Packages: 2}).Images[0])
	for _, test := range []struct{ name, ref, want string }{
		{"an artifact", r.Host + "/org/chart:1", `it is no image, but an artifact with a configuration of the type "application/vnd.cncf.helm.config.v1+json"; only`},
		{"no tag", r.Host + "/org/chart:2", "answered 404 Not Found: MANIFEST_UNKNOWN"},
		{"no layout", "oci:" + dir + "/no", "it is no OCI layout: oci-layout is missing"},
		{"a future's layout", "oci:" + dir + "/old", `an OCI layout of version "9"`},
		{"an empty layout", "oci:" + dir + "/empty", "the layout has no image"},
		{"half an index", "oci:" + dir + "/broken", "index.json is not what it should be"},
		{"several images", "oci:" + several, "the layout has several images; write oci:" + several + ":tag"},
		{"none of a name", "oci:" + several + ":two", `no image "two"; there are one, sha256:`},
		{"no folder", "oci:" + dir + "/nowhere", "no such file"},
		{"no tar", "docker-archive:" + dir + "/short.tar", "cut off"},
		{"a folder", "docker-archive:" + several, "is a folder, not an archive; for a layout write oci:"},
		{"no daemon", "docker-daemon:shop:1", "asking the docker daemon at unix://" + dir + "/docker.sock"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := open(t, test.ref, image.Options{DockerHost: "unix://" + dir + "/docker.sock"})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// What a layout's files point at outside of it is not read.
func TestLayoutStaysInside(t *testing.T) {
	dir := t.TempDir()
	made := imagetest.Debian(t, imagetest.Options{Packages: 1})
	made.Layout(t, filepath.Join(dir, "layout"), "")
	blob := filepath.Join(dir, "layout", "blobs", "sha256", made.Digest(t).Hex)
	outside := filepath.Join(dir, "outside")
	if err := os.Rename(blob, outside); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, blob); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, "oci:"+filepath.Join(dir, "layout"), image.Options{}); err == nil || !strings.Contains(err.Error(), "escapes") {
		t.Errorf("got %v, want that the path escapes", err)
	}
}

func TestTemporaryFilesGo(t *testing.T) {
	dir, tmp := t.TempDir(), t.TempDir()
	plain := filepath.Join(dir, "a.tar")
	imagetest.Debian(t, imagetest.Options{Packages: 1, Uncompressed: true}).Archive(t, plain, "shop:1")
	data, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	packed := filepath.Join(dir, "a.tgz")
	if err := os.WriteFile(packed, gzipped(t, data), 0o600); err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(dir, "cut.tgz")
	if err := os.WriteFile(cut, gzipped(t, data)[:5000], 0o600); err != nil {
		t.Fatal(err)
	}
	ref, err := image.Parse("docker-archive:" + packed)
	if err != nil {
		t.Fatal(err)
	}
	s, err := image.Open(t.Context(), ref, image.Options{TempDir: tmp})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(drain(s), s.Close()); err != nil {
		t.Error(err)
	}
	for name, opts := range map[string]image.Options{
		packed: {TempDir: tmp, MaxSize: 1 << 10},
		cut:    {TempDir: tmp},
	} {
		if _, err := open(t, "docker-archive:"+name, opts); err == nil {
			t.Errorf("%s was opened", name)
		}
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v left", left, err)
	}
}

func push(t *testing.T, ref string, img v1.Image) {
	t.Helper()
	if err := remote.Write(parsed(t, ref), img); err != nil {
		t.Fatal(fmt.Errorf("pushing: %w", err))
	}
}
