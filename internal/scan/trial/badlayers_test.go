//go:build goexperiment.jsonv2

package trial

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/org/checkout-deploy/internal/image/imagetest"
)

// most is what a scan may have of memory, whatever it is given.
const most = 600 << 20

// row is a shop of a test's own, which shares the registry and the database.
func (s *shop) row(t *testing.T) *shop {
	t.Helper()
	one := *s
	one.t, one.dir = t, t.TempDir()
	if one.cache == "" {
		one.cache = filepath.Join(s.dir, "cache")
	}
	return &one
}

// warm is a shop that has its database.
func warm(t *testing.T, o imagetest.RegistryOptions) *shop {
	t.Helper()
	s := newShop(t, harmless()(t), o)
	s.write("src/a.txt", "a")
	s.run("path=src", "scanners=vuln").shows(t, 0)
	return s
}

// earlier is a result that was there before.
const earlier = "of an earlier run"

// refuses runs the program with what is bad: it says so, and leaves nothing that could
// be taken for a result.
func (s *shop) refuses(code int, says []string, inputs ...string) (ran, usage) {
	s.t.Helper()
	s.write("scan/result.json", earlier)
	s.write("scan/trivy.json", earlier)
	tags := len(s.registry.TagWrites())
	r, u := measured(s.t, s.program(inputs...))
	r.shows(s.t, code, says...)
	for _, output := range []string{"verdict=", "high=", "result=", "sarif=", "digest=", "promoted=", "goroutine "} {
		if strings.Contains("\n"+r.log, "\n"+output) {
			s.t.Errorf("got %q in\n%s", output, tail(r.log))
		}
	}
	s.wantEarlier()
	if got := len(s.registry.TagWrites()); got != tags {
		s.t.Errorf("got %d tags written", got-tags)
	}
	if u.peak > most {
		s.t.Errorf("got %d MiB of memory, want at most %d", u.peak>>20, int64(most)>>20)
	}
	return r, u
}

// wantEarlier wants what an earlier run left, and nothing of this one.
func (s *shop) wantEarlier() {
	s.t.Helper()
	if got := left(s.t, filepath.Join(s.dir, "scan")); !slices.Equal(got, []string{"result.json", "trivy.json"}) || string(s.read("scan/result.json")) != earlier || string(s.read("scan/trivy.json")) != earlier {
		s.t.Errorf("got %q of an earlier result", got)
	}
	if got := left(s.t, s.temp()); len(got) > 0 {
		s.t.Errorf("got %q left in the folder for temporary files", got)
	}
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
func of(t testing.TB, stored, plain []byte) v1.Layer {
	t.Helper()
	h, _, err := v1.SHA256(bytes.NewReader(plain))
	check(t, err)
	return blob{stored, h}
}

func gzipped(t testing.TB, write func(w io.Writer)) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	write(w)
	check(t, w.Close())
	return b.Bytes()
}

// on is Debian's image with more layers.
func on(t testing.TB, layers ...v1.Layer) *imagetest.Image {
	t.Helper()
	img := imagetest.Debian(t, imagetest.Options{Packages: 5, Clean: true})
	more, err := mutate.AppendLayers(img.Images[0], layers...)
	check(t, err)
	img.Images = []v1.Image{more}
	return img
}

// entries is a tar of headers.
func entries(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		check(t, w.WriteHeader(&h))
	}
	check(t, w.Close())
	return b.Bytes()
}

// zeros writes n of them.
func zeros(w io.Writer, n int64) {
	block := make([]byte, 1<<20)
	for ; n > 0; n -= int64(len(block)) {
		_, _ = w.Write(block[:min(n, int64(len(block)))])
	}
}

// jarOf is an archive of files.
func jarOf(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, data := range files {
		f, err := w.Create(name)
		check(t, err)
		_, err = f.Write(data)
		check(t, err)
	}
	check(t, w.Close())
	return b.Bytes()
}

// A layer that is not what the manifest says, or more than anybody wants, ends the
// scan, and nothing is left of it.
func TestBadLayers(t *testing.T) {
	s := warm(t, imagetest.RegistryOptions{})
	good := imagetest.Tar(t, map[string][]byte{"etc/motd": bytes.Repeat([]byte("hello "), 40_000), "z": []byte("z")})
	packed := gzipped(t, func(w io.Writer) { _, _ = w.Write(good) })
	bomb := gzipped(t, func(w io.Writer) { zeros(w, 2<<30) })
	for _, row := range []struct {
		name  string
		layer v1.Layer
		input string
		fault *imagetest.Fault
		code  int
		says  []string
	}{
		{"a gzip cut off", of(t, packed[:200], good), "", nil, 1, []string{"layer 4 of 4 (sha256:"}},
		{"no tar", of(t, []byte(strings.Repeat("x", 2000)), good), "", nil, 1, []string{"failed to analyze layer (sha256:", "invalid tar header"}},
		{"another diff id", of(t, packed, []byte("other")), "", nil, 1, []string{"uncompressed its digest is"}},
		{"a bomb of zeros", of(t, bomb, nil), "max-image-size=1", nil, 1, []string{"1073741824 bytes", "raise max-image-size"}},
		{"a sparse file of a terabyte", of(t, sparse(), sparse()), "max-image-size=1", nil, 1, []string{"raise max-image-size"}},
		{"short in the registry", of(t, packed, good), "", &imagetest.Fault{Kind: imagetest.Short, Bytes: 100}, 1, []string{"it ends after 100 of"}},
		{"one bit is another", of(t, packed, good), "", &imagetest.Fault{Kind: imagetest.Corrupt}, 1, []string{"layer 4 of 4"}},
		{"cut off in the network", of(t, packed, good), "", &imagetest.Fault{Kind: imagetest.Cut, Bytes: 1}, 3, []string{"broke off", "127.0.0.1"}},
		{"gone", of(t, packed, good), "", &imagetest.Fault{Kind: imagetest.Answer, Status: http.StatusNotFound}, 1, []string{"404", "layer 4 of 4"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := s.row(t)
			reference := s.push(on(t, row.layer))
			if row.fault != nil {
				digest, err := row.layer.Digest()
				check(t, err)
				row.fault.Path, row.fault.Method = "/blobs/"+digest.String(), http.MethodGet
				s.registry.Fail(*row.fault)
				defer s.registry.Heal()
			}
			inputs := []string{"image=" + reference}
			if row.input != "" {
				inputs = append(inputs, row.input)
			}
			s.refuses(row.code, row.says, inputs...)
		})
	}
}

// sparse is a tar of a file that has a terabyte, of which nothing is there.
func sparse() []byte {
	var h [1024]byte
	copy(h[:], "big")
	copy(h[100:], "0000644\x00")
	copy(h[108:], "0000000\x000000000\x00")
	copy(h[124:], "00000000000\x00")
	copy(h[136:], "00000000000\x00")
	h[156] = 'S'
	copy(h[257:], "ustar  \x00")
	h[386+96] = 0
	copy(h[483:], "\x80\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00")
	copy(h[148:], "        ")
	sum := 0
	for _, b := range h[:512] {
		sum += int(b)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return append(h[:], make([]byte, 1024)...)
}

// What a tar names is a name: a scan touches nothing outside, and what else is in the
// image is found.
func TestHostileEntries(t *testing.T) {
	s := warm(t, imagetest.RegistryOptions{}).row(t)
	layer := entries(t,
		tar.Header{Typeflag: tar.TypeReg, Name: "../../../../tmp/escaped/package.json", Mode: 0o644},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "var/lib/dpkg/status.d", Linkname: "/etc"},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "etc/shadow", Linkname: "../../../../../etc/shadow"},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "loop", Linkname: "loop"},
		tar.Header{Typeflag: tar.TypeLink, Name: "app/package-lock.json", Linkname: "/proc/self/environ"},
		tar.Header{Typeflag: tar.TypeChar, Name: "dev/zero", Devmajor: 1, Devminor: 5},
		tar.Header{Typeflag: tar.TypeBlock, Name: "app/x.jar", Devmajor: 8},
		tar.Header{Typeflag: tar.TypeFifo, Name: "app/y.jar"},
		tar.Header{Typeflag: tar.TypeReg, Name: "a\x01b\x1b[31m\n::error::c", Mode: 0o644},
		tar.Header{Typeflag: tar.TypeReg, Name: strings.Repeat("d/", 3000) + "package.json", Mode: 0o644},
	)
	reference := s.push(on(t, of(t, layer, layer)))
	r, u := measured(t, s.program("image="+reference))
	r.shows(t, 0, "verdict=warned")
	var report struct{ Results []struct{ Packages []any } }
	check(t, json.Unmarshal(s.read("scan/trivy.json"), &report))
	if len(report.Results) == 0 || len(report.Results[0].Packages) != 5 {
		t.Errorf("got another list of packages: %+v", report)
	}
	if got := left(t, s.temp()); len(got) > 0 || u.peak > most {
		t.Errorf("got %q left, %d MiB", got, u.peak>>20)
	}
	if _, err := os.Stat("/tmp/escaped"); err == nil {
		t.Error("got a file outside")
	}
}

// 10,000 layers are scanned, one more is not.
func TestManyLayers(t *testing.T) {
	s := warm(t, imagetest.RegistryOptions{})
	for _, row := range []struct {
		name  string
		count int
	}{{"as many as may be", 10_000}, {"one more", 10_001}} {
		t.Run(row.name, func(t *testing.T) {
			s := s.row(t)
			s.layers(row.count)
			if row.count > 10_000 {
				s.refuses(1, []string{"10001 layers", "10000"}, "image=oci:layout")
				return
			}
			r, u := measured(t, s.program("image=oci:layout"))
			r.shows(t, 0, "verdict=")
			t.Logf("%v, %d MiB", u.wall, u.peak>>20)
			if got := left(t, s.temp()); len(got) > 0 || u.peak > most {
				t.Errorf("got %q left, %d MiB", got, u.peak>>20)
			}
		})
	}
}

// layers writes a layout of an image with so many.
func (s *shop) layers(count int) {
	s.t.Helper()
	put := func(data []byte, mediaType types.MediaType) v1.Descriptor {
		hash, size, err := v1.SHA256(bytes.NewReader(data))
		check(s.t, err)
		s.write("layout/blobs/sha256/"+hash.Hex, string(data))
		return v1.Descriptor{MediaType: mediaType, Size: size, Digest: hash}
	}
	putJSON := func(v any, mediaType types.MediaType) v1.Descriptor {
		data, err := json.Marshal(v)
		check(s.t, err)
		return put(data, mediaType)
	}
	config := v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{Type: "layers"}}
	manifest := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1}
	for i := range count {
		layer := put(entries(s.t, tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprintf("f%d", i), Mode: 0o644}), types.OCIUncompressedLayer)
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, layer.Digest)
		manifest.Layers = append(manifest.Layers, layer)
	}
	manifest.Config = putJSON(config, types.OCIConfigJSON)
	index, err := json.Marshal(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{putJSON(manifest, types.OCIManifestSchema1)}})
	check(s.t, err)
	s.write("layout/index.json", string(index))
	s.write("layout/oci-layout", `{"imageLayoutVersion":"1.0.0"}`)
}

// An image of 5 GB is scanned as it comes: what is asked of it is read again and again,
// and neither memory nor disk have it.
func TestLargeImage(t *testing.T) {
	if testing.Short() {
		t.Skip("5 GB are a minute")
	}
	const files, size = 5, 1 << 30
	stream := func(w io.Writer) {
		pattern := make([]byte, 1<<20)
		_, _ = rand.NewChaCha8([32]byte{7}).Read(pattern)
		out := tar.NewWriter(w)
		for i := range files {
			_ = out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprintf("data/%d.bin", i), Mode: 0o644, Size: size})
			for range size / len(pattern) {
				if _, err := out.Write(pattern); err != nil {
					return
				}
			}
		}
		_ = out.Close()
	}
	hash, count := sha256.New(), new(counter)
	stream(io.MultiWriter(hash, count))
	digest := v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%x", hash.Sum(nil))}
	s := warm(t, imagetest.RegistryOptions{}).row(t)
	img := on(t, described{digest, int64(*count)})
	host := streaming(t, img.Images[0], digest, int64(*count), stream)
	r, u := measured(t, s.program("image="+host+"/org/shop@"+img.Digest(t).String()))
	r.shows(t, 0, "verdict=")
	t.Logf("%v, processor %v, %d MiB", u.wall, u.processor, u.peak>>20)
	if got := left(t, s.temp()); len(got) > 0 || u.peak > most {
		t.Errorf("got %q left, %d MiB", got, u.peak>>20)
	}
}
