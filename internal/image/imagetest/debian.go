package imagetest

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/compression"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Options say what Debian makes. The zero Options are one image of linux/amd64 with
// 320 packages of Debian 12.
type Options struct {
	Packages int
	// Release is Debian's, "12"; "9" has had no updates since 2022.
	Release string
	// Platforms of the image. Two and more make an index, which then also has an
	// attestation manifest for each, as BuildKit's have.
	Platforms []string
	// Created is when the base was made; 2026-01-02 if zero. The image is a day newer.
	Created time.Time
	// Clean leaves the secret out.
	Clean bool
	// Uncompressed leaves the layers as tar files, as `docker save` does.
	Uncompressed bool
}

// Image is an image, or an index where it has several platforms.
type Image struct {
	Packages []Package     // Debian's
	Images   []v1.Image    // one a platform
	Index    v1.ImageIndex // nil for one platform

	uncompressed bool
}

// BaseName and BaseDigest are what Debian's annotations say of its base.
const (
	BaseName   = "docker.io/library/debian:12"
	BaseDigest = "sha256:" + "4bcb9db66237237d03b55b969271728dd3d955eaaa254b9db8a3db94550b1885"
)

// SecretPath is where Debian's image has its secret, in the last layer; Secret is it,
// in pieces so that no scanner takes this file for one that holds it.
const (
	SecretPath = "app/config/production.env"
	Secret     = "gh" + "p_" + "a8Kd93jfLq02ZmXn47BvCw61RtYu5HgPsE4D"
)

// Debian makes an image of a Debian root, an npm project, a Go program and a secret,
// a layer each. Equal options make equal bytes.
func Debian(tb testing.TB, opts Options) *Image {
	tb.Helper()
	if opts.Packages == 0 {
		opts.Packages = 320
	}
	if opts.Release == "" {
		opts.Release = "12"
	}
	if len(opts.Platforms) == 0 {
		opts.Platforms = []string{"linux/amd64"}
	}
	if opts.Created.IsZero() {
		opts.Created = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	}
	made := &Image{Packages: DebianPackages(opts.Packages), uncompressed: opts.Uncompressed}
	for _, p := range opts.Platforms {
		platform, err := v1.ParsePlatform(p)
		if err != nil {
			tb.Fatal(err)
		}
		made.Images = append(made.Images, debianImage(tb, opts, *platform))
	}
	if len(made.Images) > 1 {
		made.Index = index(tb, made.Images, opts.Platforms)
	}
	return made
}

func debianImage(tb testing.TB, opts Options, platform v1.Platform) v1.Image {
	tb.Helper()
	program, _ := Program(tb)
	layers := []struct {
		by    string
		files map[string][]byte
	}{
		{"/bin/sh -c #(nop) ADD file:0d1f9e3b in / ", root(opts, platform.Architecture)},
		{"COPY app /app # buildkit", modules()},
		{"COPY hello /usr/local/bin/hello # buildkit", map[string][]byte{"usr/local/bin/hello": program}},
		{"COPY production.env /app/config/ # buildkit", map[string][]byte{SecretPath: []byte("GITHUB_TOKEN=" + Secret + "\n")}},
	}
	if opts.Clean {
		layers = layers[:3]
	}
	built := v1.Time{Time: opts.Created.AddDate(0, 0, 1)}
	var adds []mutate.Addendum
	for i, l := range layers {
		at := built
		if i == 0 {
			at = v1.Time{Time: opts.Created}
		}
		adds = append(adds, mutate.Addendum{
			Layer:   Layer(tb, Tar(tb, l.files), opts.Uncompressed),
			History: v1.History{Created: at, CreatedBy: l.by},
		})
		if i == 0 { // By this line scanners know where the base ends.
			adds = append(adds, mutate.Addendum{
				History: v1.History{Created: at, CreatedBy: `/bin/sh -c #(nop)  CMD ["bash"]`, EmptyLayer: true},
			})
		}
	}
	adds = append(adds, mutate.Addendum{
		History: v1.History{Created: built, CreatedBy: `ENTRYPOINT ["/usr/local/bin/hello"]`, EmptyLayer: true},
	})
	img, err := mutate.ConfigFile(Base(), &v1.ConfigFile{
		OS: platform.OS, Architecture: platform.Architecture, Variant: platform.Variant, Created: built,
		RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{Entrypoint: []string{"/usr/local/bin/hello"}, Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin"}},
	})
	if err != nil {
		tb.Fatal(err)
	}
	if img, err = mutate.Append(img, adds...); err != nil {
		tb.Fatal(err)
	}
	return mutate.Annotations(img, map[string]string{
		"org.opencontainers.image.base.name":   BaseName,
		"org.opencontainers.image.base.digest": BaseDigest,
	}).(v1.Image)
}

// Base is an OCI image without layers.
func Base() v1.Image {
	return mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
}

// root is the Debian file system, as far as scanners look at it.
func root(opts Options, arch string) map[string][]byte {
	names := map[string]string{"8": "jessie", "9": "stretch", "10": "buster", "11": "bullseye", "12": "bookworm", "13": "trixie"}
	release := fmt.Sprintf("PRETTY_NAME=\"Debian GNU/Linux %[1]s (%[2]s)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"%[1]s\"\n"+
		"VERSION=\"%[1]s (%[2]s)\"\nVERSION_CODENAME=%[2]s\nID=debian\nHOME_URL=\"https://www.debian.org/\"\n", opts.Release, names[opts.Release])
	files := map[string][]byte{
		"etc/os-release":     []byte(release),
		"etc/debian_version": []byte(opts.Release + ".11\n"),
		"etc/passwd":         []byte("root:x:0:0:root:/root:/bin/bash\n"),
	}
	var status bytes.Buffer
	for _, p := range DebianPackages(opts.Packages) {
		fmt.Fprintf(&status, "Package: %s\nStatus: install ok installed\nPriority: optional\nSection: libs\nInstalled-Size: 100\n"+
			"Maintainer: Debian <debian@lists.debian.org>\nArchitecture: %s\nMulti-Arch: same\nSource: %s\nVersion: %s\n"+
			"Description: package of a test\n\n", p.Name, arch, p.Source, p.Version)
		files["var/lib/dpkg/info/"+p.Name+".list"] = []byte("/.\n/usr\n/usr/share\n/usr/share/doc\n/usr/share/doc/" + p.Name + "\n")
		files["usr/share/doc/"+p.Name+"/copyright"] = []byte("Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n" +
			"Files: *\nCopyright: 2026 Debian\nLicense: GPL-2+\n")
	}
	files["var/lib/dpkg/status"] = status.Bytes()
	return files
}

// modules is an npm project with what it has installed.
func modules() map[string][]byte {
	pkg, lock := npm()
	files := map[string][]byte{"app/package.json": pkg, "app/package-lock.json": lock}
	for _, p := range NPMPackages() {
		files["app/node_modules/"+p.Name+"/package.json"] = document(map[string]string{"name": p.Name, "version": p.Version, "license": "MIT"})
	}
	return files
}

// Tar packs files, with the folders they are in.
func Tar(tb testing.TB, files map[string][]byte) []byte {
	tb.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	write := func(h *tar.Header, data []byte) {
		h.ModTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		if err := w.WriteHeader(h); err != nil {
			tb.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			tb.Fatal(err)
		}
	}
	folders := map[string]bool{".": true, "/": true}
	var folder func(dir string)
	folder = func(dir string) {
		if !folders[dir] {
			folders[dir] = true
			folder(path.Dir(dir))
			write(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755}, nil)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		folder(path.Dir(file))
		mode := int64(0o644)
		if bytes.HasPrefix(files[file], []byte("\x7fELF")) { // what can't run scanners pass over
			mode = 0o755
		}
		write(&tar.Header{Typeflag: tar.TypeReg, Name: file, Mode: mode, Size: int64(len(files[file]))}, files[file])
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes()
}

// Layer is a layer of a tar, gzipped unless it is to be left uncompressed.
func Layer(tb testing.TB, data []byte, uncompressed bool) v1.Layer {
	tb.Helper()
	opener := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	opts := []tarball.LayerOption{tarball.WithMediaType(types.OCILayer)}
	if uncompressed {
		opts = []tarball.LayerOption{tarball.WithMediaType(types.OCIUncompressedLayer), tarball.WithCompression(compression.None)}
	}
	l, err := tarball.LayerFromOpener(opener, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// index puts images together, each with an attestation manifest as BuildKit makes it.
func index(tb testing.TB, images []v1.Image, platforms []string) v1.ImageIndex {
	tb.Helper()
	var adds, attestations []mutate.IndexAddendum
	for i, img := range images {
		platform, err := v1.ParsePlatform(platforms[i])
		if err != nil {
			tb.Fatal(err)
		}
		digest, err := img.Digest()
		if err != nil {
			tb.Fatal(err)
		}
		adds = append(adds, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: platform}})
		statement := fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"digest":{"sha256":%q}}]}`, digest.Hex)
		base, err := mutate.ConfigFile(Base(), &v1.ConfigFile{OS: "unknown", Architecture: "unknown", RootFS: v1.RootFS{Type: "layers"}})
		if err != nil {
			tb.Fatal(err)
		}
		attestation, err := mutate.AppendLayers(base, static.NewLayer([]byte(statement), "application/vnd.in-toto+json"))
		if err != nil {
			tb.Fatal(err)
		}
		attestations = append(attestations, mutate.IndexAddendum{Add: attestation, Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"},
			Annotations: map[string]string{
				"vnd.docker.reference.type":   "attestation-manifest",
				"vnd.docker.reference.digest": digest.String(),
			},
		}})
	}
	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), append(adds, attestations...)...)
}

// Digest is the index's, or the only image's.
func (i *Image) Digest(tb testing.TB) v1.Hash {
	tb.Helper()
	var d v1.Hash
	var err error
	if i.Index != nil {
		d, err = i.Index.Digest()
	} else {
		d, err = i.Images[0].Digest()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// Push writes it to a registry: "127.0.0.1:5000/org/shop:candidate". It returns its
// digest.
func (i *Image) Push(tb testing.TB, ref string, opts ...remote.Option) v1.Hash {
	tb.Helper()
	to, err := name.ParseReference(ref)
	if err != nil {
		tb.Fatal(err)
	}
	if i.Index != nil {
		err = remote.WriteIndex(to, i.Index, opts...)
	} else {
		err = remote.Write(to, i.Images[0], opts...)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return i.Digest(tb)
}

// Layout writes it as an OCI layout, named tag in its index unless that is empty.
func (i *Image) Layout(tb testing.TB, dir, tag string) {
	tb.Helper()
	p, err := layout.Write(dir, empty.Index)
	if err != nil {
		tb.Fatal(err)
	}
	var opts []layout.Option
	if tag != "" {
		opts = append(opts, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": tag}))
	}
	if i.Index != nil {
		err = p.AppendIndex(i.Index, opts...)
	} else {
		err = p.AppendImage(i.Images[0], opts...)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// LayoutArchive writes an OCI layout as a tar file.
func (i *Image) LayoutArchive(tb testing.TB, file, tag string) {
	tb.Helper()
	dir := tb.TempDir()
	i.Layout(tb, dir, tag)
	out, err := os.Create(file)
	if err != nil {
		tb.Fatal(err)
	}
	w := tar.NewWriter(out)
	for _, err := range []error{w.AddFS(os.DirFS(dir)), w.Close(), out.Close()} {
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// Archive writes the first platform's image as a docker archive, named tag:
// "example.com/shop:1".
func (i *Image) Archive(tb testing.TB, file, tag string) {
	tb.Helper()
	if i.uncompressed {
		if err := os.WriteFile(file, Saved(tb, i.Images[0], tag), 0o600); err != nil {
			tb.Fatal(err)
		}
		return
	}
	named, err := name.NewTag(tag)
	if err != nil {
		tb.Fatal(err)
	}
	if err := tarball.WriteToFile(file, named, i.Images[0]); err != nil {
		tb.Fatal(err)
	}
}

// Saved is an image as `docker save` writes it, with layers that are tars.
func Saved(tb testing.TB, img v1.Image, tag string) []byte {
	tb.Helper()
	config, err := img.RawConfigFile()
	if err != nil {
		tb.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil {
		tb.Fatal(err)
	}
	files := map[string][]byte{"config.json": config}
	var names []string
	for n, l := range layers {
		r, err := l.Uncompressed()
		if err != nil {
			tb.Fatal(err)
		}
		name := fmt.Sprintf("%d/layer.tar", n)
		if files[name], err = io.ReadAll(r); err != nil {
			tb.Fatal(err)
		}
		names = append(names, name)
	}
	files["manifest.json"] = document([]map[string]any{{"Config": "config.json", "RepoTags": []string{tag}, "Layers": names}})
	return Tar(tb, files)
}
