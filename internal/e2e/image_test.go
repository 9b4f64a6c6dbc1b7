//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// image is what an image is made of.
type image struct {
	compressed int64 // bytes of its layers as a registry has them
	files      map[string]*tar.Header
}

// load reads an image as the engine saves it. Docker saves layers as they are
// or compressed, podman as they are.
func load(t *testing.T, name string) image {
	t.Helper()
	file := filepath.Join(t.TempDir(), "image.tar")
	if got := container(t, "save", "-o", file, name); got.code != 0 {
		t.Fatalf("saving %s: %s; make image makes it", name, got.stderr)
	}
	parts := archive(t, file)
	var manifest []struct{ Layers []string }
	if err := json.Unmarshal(parts["manifest.json"], &manifest); err != nil || len(manifest) != 1 || len(manifest[0].Layers) == 0 {
		t.Fatalf("got the manifest %s (%v), want one image with layers", parts["manifest.json"], err)
	}
	img := image{files: map[string]*tar.Header{}}
	for _, layer := range manifest[0].Layers {
		img.add(t, parts[layer])
	}
	return img
}

func (img *image) add(t *testing.T, layer []byte) {
	t.Helper()
	if unpacked, err := gzip.NewReader(bytes.NewReader(layer)); err == nil {
		img.compressed += int64(len(layer))
		if layer, err = io.ReadAll(unpacked); err != nil {
			t.Fatal(err)
		}
	} else {
		var size counter
		packed := gzip.NewWriter(&size)
		_, err := packed.Write(layer)
		if err = errors.Join(err, packed.Close()); err != nil {
			t.Fatal(err)
		}
		img.compressed += int64(size)
	}
	for files := tar.NewReader(bytes.NewReader(layer)); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if name := path.Join("/", header.Name); name != "/" {
			img.files[name] = header
		}
	}
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// archive returns the files of a tar file by name.
func archive(t *testing.T, file string) map[string][]byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	all := map[string][]byte{}
	for files := tar.NewReader(f); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err == nil {
			all[header.Name], err = io.ReadAll(files)
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag == tar.TypeSymlink { // podman's name of a layer that is there already
			all[header.Name] = all[path.Join(path.Dir(header.Name), header.Linkname)]
		}
	}
}

// maxCompressed of build-bundle's image, in bytes: every run of every workflow pulls it.
const maxCompressed = 25_000_000

func TestImageHoldsWhatItNeeds(t *testing.T) {
	img := load(t, buildBundle)
	t.Logf("%s: %.1f MB compressed, at most %.1f MB", buildBundle, float64(img.compressed)/1e6, maxCompressed/1e6)
	if img.compressed > maxCompressed {
		t.Errorf("got %d bytes compressed, want at most %d", img.compressed, maxCompressed)
	}
	programs := []string{"/bin/sh", "/opt/checkout-deploy/build-bundle", "/opt/checkout-deploy/dart-sass/sass", "/opt/checkout-deploy/dart-sass/src/dart"}
	var got []string
	for name, header := range img.files {
		if header.ModTime.Unix() != 0 {
			t.Errorf("%s is of %s: builds of one source differ", name, header.ModTime)
		}
		if header.Uid != 0 || header.Mode&0o6000 != 0 || header.Mode&0o002 != 0 && name != "/tmp" {
			t.Errorf("%s: got owner %d and mode %o", name, header.Uid, header.Mode)
		}
		if header.Typeflag == tar.TypeReg && header.Mode&0o111 != 0 && !strings.HasPrefix(name, "/lib") {
			got = append(got, name)
		}
	}
	if slices.Sort(got); !slices.Equal(got, programs) {
		t.Errorf("got the programs %q, want %q and no other", got, programs)
	}
	for _, name := range []string{
		"/opt/checkout-deploy/dart-sass/src/LICENSE", "/usr/share/doc/libc6/copyright", "/var/lib/dpkg/status.d/libc6",
		"/usr/share/doc/checkout-deploy/LICENSE", "/usr/share/doc/checkout-deploy/NOTICE", "/usr/share/doc/go/LICENSE", "/etc/ssl/certs/ca-certificates.crt",
	} {
		if header := img.files[name]; header == nil || header.Size == 0 {
			t.Errorf("%s is missing or empty", name)
		}
	}
	if tmp := img.files["/tmp"]; tmp == nil || tmp.Mode&0o7777 != 0o1777 {
		t.Errorf("/tmp: got %+v, want a folder of mode 1777", tmp)
	}
}

// TestImagesOfOneProgram: each is small, and has no program but its own.
func TestImagesOfOneProgram(t *testing.T) {
	for _, test := range []struct {
		image, program string
		most           int64 // bytes compressed
	}{
		{sriManifest, "sri-manifest", 30_000_000},
		{deployImage, "deploy", 40_000_000},
		{rollbackImage, "rollback", 25_000_000},
		{scanImage, "scan-image", 90_000_000},
	} {
		img := load(t, test.image)
		t.Logf("%s: %.1f MB compressed, at most %.1f MB", test.image, float64(img.compressed)/1e6, float64(test.most)/1e6)
		if img.compressed > test.most {
			t.Errorf("%s: got %d bytes compressed, want at most %d", test.image, img.compressed, test.most)
		}
		for name, header := range img.files {
			if header.Typeflag == tar.TypeReg && header.Mode&0o111 != 0 && name != "/opt/checkout-deploy/"+test.program {
				t.Errorf("%s: got the program %s, want no other than its own", test.image, name)
			}
		}
	}
}

func TestLicencesOfAllModules(t *testing.T) {
	for image, program := range map[string]string{buildBundle: "build-bundle", sriManifest: "sri-manifest", deployImage: "deploy", rollbackImage: "rollback", scanImage: "scan-image"} {
		t.Run(program, func(t *testing.T) { licences(t, image, program) })
	}
}

func licences(t *testing.T, image, program string) {
	t.Helper()
	img := load(t, image)
	list := command(t, repository(t), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "./cmd/"+program)
	for _, module := range strings.Fields(list) {
		folder := "/usr/share/doc/" + module + "/"
		found := false
		for name, header := range img.files {
			found = found || strings.HasPrefix(name, folder) && header.Size > 0
		}
		if !found {
			t.Errorf("the licence of %s is missing", module)
		}
	}
}

// What is at /bin/sh starts Dart Sass and nothing else.
func TestNoShell(t *testing.T) {
	for _, name := range []string{buildBundle, checkoutDeploy} {
		for _, args := range [][]string{{"-c", "echo forged"}, {"/opt/checkout-deploy/build-bundle"}, {}} {
			got := container(t, append([]string{"run", "--rm", "--entrypoint", "/bin/sh", name}, args...)...)
			if got.code != 126 || got.stdout != "" || !strings.Contains(got.stderr, "no shell") {
				t.Errorf("%s: /bin/sh %q: got code %d, %q, %q", name, args, got.code, got.stdout, got.stderr)
			}
		}
	}
}

func TestEveryProgramStarts(t *testing.T) {
	for _, program := range []string{"build-bundle", "sri-manifest", "deploy", "rollback", "scan-image", "checkout-deploy"} {
		got := container(t, "run", "--rm", "--entrypoint", "/opt/checkout-deploy/"+program, checkoutDeploy, "--version")
		if got.code != 0 || !strings.HasPrefix(got.stdout, program+" ") {
			t.Errorf("%s --version: got code %d, %q, %q", program, got.code, got.stdout, got.stderr)
		}
	}
}

// BenchmarkStart is build-bundle's start on this machine, without a container.
func BenchmarkStart(b *testing.B) {
	program := filepath.Join(b.TempDir(), "build-bundle")
	build := exec.CommandContext(b.Context(), "go", "build", "-ldflags", "-s -w", "-o", program, "./cmd/build-bundle")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for b.Loop() {
		if err := exec.CommandContext(b.Context(), program, "--version").Run(); err != nil {
			b.Fatal(err)
		}
	}
}
