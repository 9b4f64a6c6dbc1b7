package database_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/metadata"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/org/checkout-deploy/internal/scan/database"
	"github.com/org/checkout-deploy/internal/scan/scantest"
)

// tarOf is an archive of such entries, gzipped. A regular file without a size has
// its name as content.
func tarOf(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	w := tar.NewWriter(zip)
	for _, h := range headers {
		content := ""
		if h.Typeflag == tar.TypeReg {
			content = h.Name
			h.Size = int64(len(content))
		}
		check(t, w.WriteHeader(&h))
		_, err := io.WriteString(w, content)
		check(t, err)
	}
	check(t, w.Close())
	check(t, zip.Close())
	return b.Bytes()
}

// zeros is gzip of so many of them, which is a thousandth.
func zeros(t testing.TB, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	w := tar.NewWriter(zip)
	check(t, w.WriteHeader(&tar.Header{Name: "trivy.db", Typeflag: tar.TypeReg, Size: n}))
	_, err := io.CopyN(w, endless{}, n)
	check(t, err)
	check(t, w.Close())
	check(t, zip.Close())
	return b.Bytes()
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Layers that are refused, each with nothing left behind, neither in the cache
// folder nor beside it.
func TestLayerRefused(t *testing.T) {
	file := func(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeReg} }
	packed := func(change func(dir string)) []byte {
		dir := scantest.VulnDB(t, now, few()...)
		change(dir)
		return scantest.Pack(t, dir)
	}
	with := func(m metadata.Metadata) []byte {
		return packed(func(dir string) { scantest.Metadata(t, dir, m) })
	}
	whole := packed(func(string) {})
	for _, test := range []struct {
		name  string
		layer []byte
		says  string
	}{
		{"a way out", tarOf(t, file("../trivy.db")), `got the name "../trivy.db" in the archive`},
		{"a hidden way out", tarOf(t, file("a/../../trivy.db")), `"a/../../trivy.db"`},
		{"an absolute name", tarOf(t, file("/etc/trivy.db")), `"/etc/trivy.db"`},
		{"a link", tarOf(t, tar.Header{Name: "trivy.db", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}), "want regular files"},
		{"a hard link", tarOf(t, tar.Header{Name: "trivy.db", Typeflag: tar.TypeLink, Linkname: "metadata.json"}), "want regular files"},
		{"a device", tarOf(t, tar.Header{Name: "trivy.db", Typeflag: tar.TypeChar}), "want regular files"},
		{"a pipe", tarOf(t, tar.Header{Name: "trivy.db", Typeflag: tar.TypeFifo}), "want regular files"},
		{"another file", tarOf(t, file("metadata.json"), file("run.sh")), `got the file "run.sh" in the layer, want trivy.db, metadata.json`},
		{"a file in a folder", tarOf(t, file("db/trivy.db")), `got the file "db/trivy.db"`},
		{"our own file", tarOf(t, file("artifact.json")), `got the file "artifact.json"`},
		{"a file twice", tarOf(t, file("trivy.db"), file("./trivy.db")), `got the file "trivy.db" twice`},
		{"no database", tarOf(t, file("metadata.json")), "the layer has no trivy.db"},
		{"no metadata", packed(func(dir string) { check(t, os.Remove(filepath.Join(dir, "metadata.json"))) }), "the layer has no metadata.json"},
		{"nothing", tarOf(t), "without files"},
		{"no archive", []byte("<html>sign in</html>" + strings.Repeat(" ", 600)), "reading the archive"},
		{"one byte", []byte("x"), "unexpected EOF"},
		{"cut off", whole[:len(whole)/2], "unexpected EOF"},
		{"the checksum of gzip cut off", whole[:len(whole)-4], "unexpected EOF"},
		{"a damaged byte", append(append(append([]byte{}, whole[:300]...), whole[300]^0x55), whole[301:]...), "nothing was scanned"},
		{"no bolt file", tarOf(t, file("trivy.db"), file("metadata.json")), "metadata.json"},
		{"schema version 1", with(metadata.Metadata{Version: 1, UpdatedAt: now}), "got schema version 1, want 2"},
		{"schema version 3", with(metadata.Metadata{Version: 3, UpdatedAt: now}), "got schema version 3, want 2"},
		{"no date", with(metadata.Metadata{Version: 2}), "does not say when the database was built"},
		{"a date to come", with(metadata.Metadata{Version: 2, UpdatedAt: now.AddDate(0, 0, 1)}), "one of the two clocks is wrong"},
		{"no JSON", packed(func(dir string) { check(t, os.WriteFile(filepath.Join(dir, "metadata.json"), []byte("{"), 0o600)) }), "metadata.json: unexpected end"},
		{"no bolt database", packed(func(dir string) {
			check(t, os.WriteFile(filepath.Join(dir, "trivy.db"), bytes.Repeat([]byte("x"), 99999), 0o600))
		}), "trivy.db is damaged: it is no bbolt database"},
		{"no bucket", scantest.Pack(t, scantest.VulnDB(t, now)), `trivy.db is damaged: the bucket "vulnerability" is missing`},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := serving(t, scantest.Artifact(t, scantest.VulnMediaType, "db.tar.gz", test.layer))
			o := options(filepath.Join(t.TempDir(), "cache"), m)
			_, err := database.Get(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), m.repository()) {
				t.Errorf("got %v, want %q", err, test.says)
			}
			wantListing(t, filepath.Dir(o.Cache), []string{"cache/.db.lock"})

			// With one that is good it is that which is used, and it stays.
			scantest.Push(t, m.repository(), vuln(t, now))
			_, err = database.Get(t.Context(), o)
			check(t, err)
			scantest.Push(t, m.repository(), scantest.Artifact(t, scantest.VulnMediaType, "db.tar.gz", test.layer))
			got, err := database.Get(t.Context(), o)
			if err != nil || !strings.Contains(got.Stale, test.says) && test.name != "a damaged byte" {
				t.Errorf("got %+v, %v", got, err)
			}
			wantListing(t, o.Cache, one)
		})
	}
}

func TestManifestRefused(t *testing.T) {
	img := scantest.Artifact(t, types.DockerLayer, "db.tar.gz", scantest.Pack(t, scantest.VulnDB(t, now, few()...)))
	m := serving(t, img)
	o := options(t.TempDir(), m)
	_, err := database.Get(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), `got a layer of type "application/vnd.docker.image.rootfs.diff.tar.gzip", want application/vnd.aquasec.trivy.db.layer.v1.tar+gzip`) {
		t.Errorf("got %v", err)
	}
	if got := asks(m.requests(), "/blobs/"); got > 0 {
		t.Error("the layer was downloaded")
	}
	wantListing(t, o.Cache, none)
}

// A small layer of a lot ends at the limit.
func TestBomb(t *testing.T) {
	const limit = 4 << 20
	for name, layer := range map[string][]byte{
		"zeros": zeros(t, 64<<20),
		"files": func() []byte {
			var all []tar.Header
			for range 30_000 {
				all = append(all, tar.Header{Name: "a/", Typeflag: tar.TypeDir})
			}
			return tarOf(t, all...)
		}(),
		"a stream that goes on": append(append([]byte{}, scantest.Pack(t, scantest.VulnDB(t, now, few()...))...), zeros(t, 64<<20)...),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			err := database.Unpack(t.Context(), database.Vulnerabilities, dir, bytes.NewReader(layer), limit)
			if err == nil || !strings.Contains(err.Error(), "too large") && !strings.Contains(err.Error(), "more than 20000 files") {
				t.Errorf("got %v", err)
			}
			for _, file := range listing(t, dir) {
				if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Size() > limit {
					t.Errorf("got %s of %d bytes", file, info.Size())
				}
			}
		})
	}
}

func TestUnpackCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := database.Unpack(ctx, database.Vulnerabilities, t.TempDir(), bytes.NewReader(zeros(t, 1<<20)), 1<<30); err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Errorf("got %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "5": 5 * time.Second, "-5": 0, "5.5": 0, "99999999999999999999": 0,
		now.Add(time.Hour).Format(time.RFC1123):               0, // UTC is not GMT
		now.Add(-time.Hour).Format("Mon, 02 Jan 2006") + " x": 0,
	} {
		if got := database.RetryAfter(value, now); got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
}

// Whatever a layer has, what it writes is regular files in its folder, of no more
// than the limit.
func FuzzUnpack(f *testing.F) {
	for _, headers := range [][]tar.Header{
		{{Name: "../a", Typeflag: tar.TypeReg}},
		{{Name: "a", Typeflag: tar.TypeSymlink, Linkname: ".."}, {Name: "a/b", Typeflag: tar.TypeReg}},
		{{Name: "a/b/c", Typeflag: tar.TypeReg}, {Name: "a/b", Typeflag: tar.TypeReg}},
		{{Name: "/a", Typeflag: tar.TypeDir}, {Name: "b", Typeflag: tar.TypeLink, Linkname: "a"}},
	} {
		zipped := tarOf(f, headers...)
		f.Add(zipped)
		zip, err := gzip.NewReader(bytes.NewReader(zipped))
		check(f, err)
		plain, err := io.ReadAll(zip)
		check(f, err)
		f.Add(plain)
	}
	f.Fuzz(func(t *testing.T, layer []byte) {
		const limit = 1 << 20
		dir := t.TempDir()
		_ = database.Unpack(t.Context(), database.Checks, filepath.Join(dir, "fresh"), bytes.NewReader(layer), limit) // most are refused
		total := int64(0)
		check(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			info, err := entry.Info()
			if err == nil {
				total += info.Size()
			}
			if !entry.Type().IsRegular() || !strings.HasPrefix(path, filepath.Join(dir, "fresh/content")+"/") {
				t.Errorf("got %s, %s", path, entry.Type())
			}
			return err
		}))
		if total > limit+1<<20 {
			t.Errorf("got %d bytes", total)
		}
	})
}
