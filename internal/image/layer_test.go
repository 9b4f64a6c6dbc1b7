package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/org/checkout-deploy/internal/image"
	"github.com/org/checkout-deploy/internal/image/imagetest"
)

func parsed(t *testing.T, ref string) name.Reference {
	t.Helper()
	r, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstded(t *testing.T, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(data, nil)
}

// blob is a layer of any bytes that says any diff id.
type blob struct {
	data   []byte
	diffID v1.Hash
}

func (b blob) Digest() (v1.Hash, error) {
	h, _, err := v1.SHA256(bytes.NewReader(b.data))
	return h, err
}
func (b blob) DiffID() (v1.Hash, error)             { return b.diffID, nil }
func (b blob) Compressed() (io.ReadCloser, error)   { return io.NopCloser(bytes.NewReader(b.data)), nil }
func (b blob) Uncompressed() (io.ReadCloser, error) { return b.Compressed() }
func (b blob) Size() (int64, error)                 { return int64(len(b.data)), nil }
func (b blob) MediaType() (types.MediaType, error)  { return types.OCILayer, nil }

// of makes a layer of what is stored and what that is unpacked.
func of(t *testing.T, stored, plain []byte) v1.Layer {
	t.Helper()
	h, _, err := v1.SHA256(bytes.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	return blob{stored, h}
}

// inLayout makes a layout of an image of layers.
func inLayout(t *testing.T, layers ...v1.Layer) string {
	t.Helper()
	img, err := mutate.AppendLayers(imagetest.Base(), layers...)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := layout.Write(dir, empty.Index); err != nil {
		t.Fatal(err)
	}
	appendTo(t, dir, img)
	return dir
}

func appendTo(t *testing.T, dir string, img v1.Image) {
	t.Helper()
	p, err := layout.FromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AppendImage(img); err != nil {
		t.Fatal(err)
	}
}

func TestBadLayers(t *testing.T) {
	good := imagetest.Tar(t, map[string][]byte{"etc/motd": bytes.Repeat([]byte("hello "), 40_000), "z": []byte("z")})
	headers := imagetest.Tar(t, map[string][]byte{"a": nil, "b": nil, "c": nil, "d": nil})
	zeros := make([]byte, 4<<20)
	for _, test := range []struct {
		name  string
		layer v1.Layer
		opts  image.Options
		want  string // "" is all well
	}{
		{"a gzip", of(t, gzipped(t, good), good), image.Options{}, ""},
		{"a zstd", of(t, zstded(t, good), good), image.Options{}, ""},
		{"a tar", of(t, good, good), image.Options{}, ""},
		{"an empty tar", of(t, gzipped(t, nil), nil), image.Options{}, ""},
		{"a tar without its end, as its digest says", of(t, headers[:2048], headers[:2048]), image.Options{}, ""},
		{"a tar with more after its end", of(t, gzipped(t, append(good[:len(good):len(good)], zeros...)), append(good[:len(good):len(good)], zeros...)), image.Options{}, ""},
		{"two gzips", of(t, append(gzipped(t, good[:5000]), gzipped(t, good[5000:])...), good), image.Options{}, ""},
		{"a gzip cut off", of(t, gzipped(t, good)[:300], good), image.Options{}, "layer 1 of 1 (sha256:"},
		{"a gzip's end cut off", of(t, gzipped(t, good)[:len(gzipped(t, good))-4], good), image.Options{}, "its gzip is cut off"},
		{"a zstd cut off", of(t, zstded(t, good)[:100], good), image.Options{}, "its zstd is cut off"},
		{"something after a gzip", of(t, append(gzipped(t, good), "garbage after the end"...), good), image.Options{}, "its gzip: "},
		{"a tar cut off in a file", of(t, gzipped(t, good[:3000]), good[:3000]), image.Options{}, "its tar ends amid entry 2"},
		{"a tar cut off in a header", of(t, headers[:700], headers[:700]), image.Options{}, "its tar ends amid entry 1"},
		{"a tar cut off, and said to be whole", of(t, gzipped(t, headers[:1024]), headers), image.Options{}, "it is another: uncompressed its digest is sha256:"},
		{"no tar", of(t, gzipped(t, bytes.Repeat([]byte("x"), 2000)), nil), image.Options{}, "it is no tar"},
		{"another diff id", of(t, gzipped(t, good), headers), image.Options{}, "it is another: uncompressed its digest is"},
		{"too many bytes", of(t, gzipped(t, zeros), zeros), image.Options{MaxSize: 1 << 20}, "more than 1048576 bytes uncompressed; is it a bomb? If not, raise max-image-size"},
		{"too many entries", of(t, headers, headers), image.Options{MaxEntries: 3}, "more than 3 files; is it a bomb? If not, raise max-image-entries"},
		{"a sparse file of 1 TiB", of(t, sparse(), sparse()), image.Options{}, "raise max-image-size"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := open(t, "oci:"+inLayout(t, test.layer), test.opts)
			if err != nil {
				t.Fatal(err)
			}
			err = drain(s)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("got %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "layer 1 of 1 (sha256:")):
				t.Errorf("got %v, want %q", err, test.want)
			case fmt.Sprint(s.Err()) != fmt.Sprint(err):
				t.Errorf("got %v of the source, %v of the reader", s.Err(), err)
			}
		})
	}
}

// sparse is a file of 1 TiB of which a tar has nothing, in GNU's old format.
func sparse() []byte {
	h := make([]byte, 512)
	put := func(at int, s string) { copy(h[at:], s) }
	put(0, "big")
	put(100, "0000644\x00")
	put(108, "0000000\x00")
	put(116, "0000000\x00")
	put(124, "00000000000\x00")
	put(136, "00000000000\x00")
	put(148, "        ")
	put(156, "S")
	put(257, "ustar  \x00")
	put(483, "\x80\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00") // the real size
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	put(148, fmt.Sprintf("%06o\x00 ", sum))
	return append(h, make([]byte, 1024)...)
}

// Entries that would do harm if a layer were extracted are only passed on.
func TestHarmlessEntries(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []*tar.Header{
		{Name: "../../etc/passwd", Typeflag: tar.TypeReg, Size: 4},
		{Name: "/abs", Typeflag: tar.TypeSymlink, Linkname: "/etc/shadow"},
		{Name: "up", Typeflag: tar.TypeLink, Linkname: "../../etc/shadow"},
		{Name: "dev", Typeflag: tar.TypeBlock, Devmajor: 8},
		{Name: "pipe", Typeflag: tar.TypeFifo},
	} {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, h.Size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	dir := inLayout(t, of(t, gzipped(t, b.Bytes()), b.Bytes()))
	s, err := open(t, "oci:"+dir, image.Options{})
	if err != nil {
		t.Fatal(err)
	}
	layers, err := s.Platforms[0].Image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	r, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, b.Bytes()) {
		t.Errorf("got %d bytes, %v; want all %d", len(got), err, b.Len())
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// 2 GiB of zeros are 2 MB of gzip.
func TestBomb(t *testing.T) {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	zeros := make([]byte, 1<<20)
	for range 2 << 10 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := open(t, "oci:"+inLayout(t, of(t, b.Bytes(), nil)), image.Options{MaxSize: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	layers, err := s.Platforms[0].Image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	r, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, r)
	if n > 64<<20 || err == nil || !strings.Contains(err.Error(), "more than 67108864 bytes") {
		t.Errorf("got %d bytes, %v", n, err)
	}
	_ = r.Close()
}

func TestManyLayers(t *testing.T) {
	const n = 10_000
	dir := t.TempDir()
	if err := os.MkdirAll(dir+"/blobs/sha256", 0o755); err != nil {
		t.Fatal(err)
	}
	// ggcr takes minutes to put so many together.
	put := func(mediaType types.MediaType, data []byte) v1.Descriptor {
		h, size, err := v1.SHA256(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+"/blobs/sha256/"+h.Hex, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return v1.Descriptor{MediaType: mediaType, Digest: h, Size: size}
	}
	document := func(v any) []byte {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	config := v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{Type: "layers"}}
	m := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1}
	for i := range n {
		d := put(types.OCIUncompressedLayer, imagetest.Tar(t, map[string][]byte{fmt.Sprintf("f%d", i): nil}))
		m.Layers = append(m.Layers, d)
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, d.Digest)
	}
	m.Config = put(types.OCIConfigJSON, document(config))
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{put(m.MediaType, document(m))}}
	for name, data := range map[string][]byte{"index.json": document(index), "oci-layout": []byte(`{"imageLayoutVersion":"1.0.0"}`)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := open(t, "oci:"+dir, image.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Platforms[0].Image.Layers(); err != nil || len(got) != n {
		t.Fatalf("got %d layers, %v", len(got), err)
	}
	if err := drain(s); err != nil {
		t.Error(err)
	}
	if _, err := open(t, "oci:"+dir, image.Options{MaxLayers: n - 1}); err == nil || !strings.Contains(err.Error(), "has 10000 layers; at most 9999 are taken") {
		t.Errorf("got %v", err)
	}
}

// A bit of what a layout has is another: it is seen, wherever it is.
func TestFlippedBits(t *testing.T) {
	made := imagetest.Debian(t, imagetest.Options{Packages: 20, Clean: true})
	dir := t.TempDir()
	made.Layout(t, dir, "")
	blobs, err := filepath.Glob(dir + "/blobs/sha256/*")
	if err != nil || len(blobs) < 4 {
		t.Fatal(err, blobs)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, path := range blobs {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{0, 5, random.IntN(len(data)), len(data) - 1} {
			data[at] ^= 1
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := open(t, "oci:"+dir, image.Options{})
			if err == nil {
				err = drain(s)
			}
			if err == nil {
				t.Errorf("byte %d of %s is another, and nobody saw", at, filepath.Base(path))
			}
			data[at] ^= 1
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestConcurrentReading(t *testing.T) {
	dir := t.TempDir()
	imagetest.Debian(t, imagetest.Options{Packages: 50}).Layout(t, dir, "")
	s, err := open(t, "oci:"+dir, image.Options{MaxSize: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { // each reading costs the budget nothing more
			if err := drain(s); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// Closing amid a layer is no failure of it.
func TestClosedEarly(t *testing.T) {
	dir := t.TempDir()
	imagetest.Debian(t, imagetest.Options{Packages: 50}).Layout(t, dir, "")
	s, err := open(t, "oci:"+dir, image.Options{})
	if err != nil {
		t.Fatal(err)
	}
	layers, err := s.Platforms[0].Image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int64{0, 1, 100_000} {
		r, err := layers[2].Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, r, n); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := s.Err(); err != nil {
		t.Error(err)
	}
	if _, err := partial.Manifest(s.Platforms[0].Image); err != nil {
		t.Error(err)
	}
}
