package imagetest_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/org/checkout-deploy/internal/image/imagetest"
)

func TestDebian(t *testing.T) {
	both := imagetest.Options{Platforms: []string{"linux/amd64", "linux/arm64/v8"}}
	for _, test := range []struct {
		name     string
		opts     imagetest.Options
		packages int
		layers   int
	}{
		{"one platform", imagetest.Options{}, 320, 4},
		{"two", both, 320, 4},
		{"clean", imagetest.Options{Clean: true, Packages: 10}, 10, 3},
		{"more packages than Debian has names here", imagetest.Options{Packages: 500, Release: "9"}, 500, 4},
		{"uncompressed", imagetest.Options{Uncompressed: true}, 320, 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			made := imagetest.Debian(t, test.opts)
			if len(made.Packages) != test.packages {
				t.Errorf("got %d packages, want %d", len(made.Packages), test.packages)
			}
			if a, b := made.Digest(t), imagetest.Debian(t, test.opts).Digest(t); a != b {
				t.Errorf("got %s and %s of equal options", a, b)
			}
			for _, img := range made.Images {
				layers, err := img.Layers()
				if err != nil || len(layers) != test.layers {
					t.Errorf("got %d layers, %v; want %d", len(layers), err, test.layers)
				}
			}
		})
	}
}

func TestProgram(t *testing.T) {
	_, modules := imagetest.Program(t)
	if !slices.ContainsFunc(modules, func(p imagetest.Package) bool { return p.Name == "golang.org/x/net" && p.Version != "" }) {
		t.Errorf("got modules %v, want golang.org/x/net among them", modules)
	}
}

func TestWritten(t *testing.T) {
	made := imagetest.Debian(t, imagetest.Options{Packages: 3, Platforms: []string{"linux/amd64", "linux/arm64/v8"}})
	dir := t.TempDir()
	made.Layout(t, filepath.Join(dir, "layout"), "1")
	index, err := layout.ImageIndexFromPath(filepath.Join(dir, "layout"))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	file := filepath.Join(dir, "shop.tar")
	made.Archive(t, file, "example.com/shop:1")
	img, err := tarball.ImageFromPath(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(img); err != nil {
		t.Error(err)
	}
}
