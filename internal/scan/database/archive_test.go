package database_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/crane"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/org/checkout-deploy/internal/scan/database"
	"github.com/org/checkout-deploy/internal/scan/scantest"
)

// ociLayout is a folder of images.
func ociLayout(t testing.TB, images ...v1.Image) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	path, err := layout.Write(dir, empty.Index)
	check(t, err)
	for _, img := range images {
		check(t, path.AppendImage(img))
	}
	return dir
}

// tarred is an archive of a folder's files.
func tarred(t testing.TB, dir string) []byte {
	t.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(scantest.Pack(t, dir)))
	check(t, err)
	data, err := io.ReadAll(zip)
	check(t, err)
	return data
}

func saved(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	check(t, os.WriteFile(path, data, 0o600))
	return path
}

// An archive in each form that people bring.
func TestArchive(t *testing.T) {
	dir := scantest.VulnDB(t, now.Add(-time24), few()...)
	img := scantest.VulnArtifact(t, dir)
	layer, err := img.Layers()
	check(t, err)
	layerDigest, err := layer[0].Digest()
	check(t, err)
	pulled := filepath.Join(t.TempDir(), "pulled.tar")
	check(t, crane.Save(img, "127.0.0.1/trivy-db:2", pulled))
	for _, test := range []struct {
		name, path string
		digest     string // "" for one of the file's own
	}{
		{"the layer, as oras pulls it", saved(t, "db.tar.gz", scantest.Pack(t, dir)), layerDigest.String()},
		{"the layer without gzip", saved(t, "db.tar", tarred(t, dir)), ""},
		{"an OCI layout", ociLayout(t, img), digestOf(t, img)},
		{"an OCI layout that has other images", ociLayout(t, scantest.JavaArtifact(t, now), img, scantest.ChecksArtifact(t, now)), digestOf(t, img)},
		{"a tar of an OCI layout", saved(t, "oci.tar", tarred(t, ociLayout(t, img))), digestOf(t, img)},
		{"a tar.gz of an OCI layout", saved(t, "oci.tgz", scantest.Pack(t, ociLayout(t, img))), digestOf(t, img)},
		{"an image that crane pulled", pulled, layerDigest.String()},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMirror(t)
			for _, offline := range []bool{false, true} {
				o := options(t.TempDir(), m)
				o.Archive, o.Offline = test.path, offline
				got, err := database.Get(t.Context(), o)
				check(t, err)
				if got.Source != test.path || test.digest != "" && got.Digest != test.digest || !strings.HasPrefix(got.Digest, "sha256:") || !got.Updated.Equal(now.Add(-time24)) || got.Stale != "" {
					t.Errorf("got %+v, want the digest %s", got, test.digest)
				}
				wantListing(t, o.Cache, one)

				// What is there already stays: its time does too.
				before, err := os.Stat(filepath.Join(o.Cache, "db/trivy.db"))
				check(t, err)
				again, err := database.Get(t.Context(), o)
				after, _ := os.Stat(filepath.Join(o.Cache, "db/trivy.db"))
				if err != nil || again != got || !os.SameFile(before, after) {
					t.Errorf("got %+v, %v; want the first one again", again, err)
				}

				// Next time without the archive.
				o.Archive, o.Offline = "", true
				if kept, err := database.Get(t.Context(), o); err != nil || kept.Digest != got.Digest {
					t.Errorf("got %+v, %v", kept, err)
				}
			}
			if seen := m.requests(); len(seen) > 0 {
				t.Errorf("got the requests %q, want none", seen)
			}
		})
	}
}

const time24 = 24 * 60 * 60 * 1e9

func TestArchiveRefused(t *testing.T) {
	img := vuln(t, now)
	damaged := ociLayout(t, img)
	layers, err := img.Layers()
	check(t, err)
	digest, err := layers[0].Digest()
	check(t, err)
	blob := filepath.Join(damaged, "blobs/sha256", digest.Hex)
	data, err := os.ReadFile(blob)
	check(t, err)
	data[9]++ // gzip's system, that nobody reads
	check(t, os.WriteFile(blob, data, 0o600))
	forged := ociLayout(t, img)
	manifest := filepath.Join(forged, "blobs", strings.Replace(digestOf(t, img), ":", "/", 1))
	text, err := os.ReadFile(manifest)
	check(t, err)
	check(t, os.WriteFile(manifest, append(text, ' '), 0o600))
	file := func(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeReg} }

	for _, test := range []struct{ name, path, says string }{
		{"not there", filepath.Join(t.TempDir(), "db.tar.gz"), "no such file"},
		{"an empty file", saved(t, "a", nil), "unexpected EOF"},
		{"an empty folder", t.TempDir(), "want an OCI layout"},
		{"a layout without an image", ociLayout(t), "the OCI layout has no image"},
		{"a layout of others", ociLayout(t, scantest.JavaArtifact(t, now)), "want application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"},
		{"a layout of two", ociLayout(t, img, vuln(t, now.Add(-time24))), "has 2 databases of vulnerabilities, want one"},
		{"a layer of another digest", damaged, "got a layer of the digest sha256:"},
		{"a manifest of another digest", forged, "got a manifest of the digest sha256:"},
		{"too old", ociLayout(t, vuln(t, now.AddDate(0, 0, -10))), "10 days ago; want at most 3 days"},
		{"another kind's layer", saved(t, "java.tar.gz", tarOf(t, file("trivy-java.db"))), `got the file "trivy-java.db" in the layer`},
		{"a way out", saved(t, "a.tar", tarOf(t, file("oci-layout"), file("../../x"))), `got the name "../../x"`},
		{"a link", saved(t, "a.tar", tarOf(t, file("oci-layout"), tar.Header{Name: "blobs", Typeflag: tar.TypeSymlink, Linkname: "/"})), "want regular files"},
		{"an image without its manifest", saved(t, "a.tar", tarOf(t, file("repositories"))), "want the layer itself, an OCI layout with its index.json, or an image with its manifest.json"},
		{"an image whose manifest is nonsense", saved(t, "a.tar", tarOf(t, file("manifest.json"))), "manifest.json: invalid character"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := options(t.TempDir())
			o.Archive, o.Offline = test.path, true
			_, err := database.Get(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "nothing was scanned") || !strings.Contains(err.Error(), test.path) {
				t.Errorf("got %v, want %q", err, test.says)
			}
			wantListing(t, o.Cache, none)
		})
	}
}

func TestOffline(t *testing.T) {
	m := serving(t, vuln(t, now))
	o := options(t.TempDir(), m)
	o.Offline = true
	_, err := database.Get(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "has none") || !strings.Contains(err.Error(), "nothing was scanned") {
		t.Errorf("got %v", err)
	}
	if seen := m.requests(); len(seen) > 0 {
		t.Errorf("got the requests %q, want none", seen)
	}
	wantListing(t, o.Cache, nil)
}
