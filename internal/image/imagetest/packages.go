package imagetest

import (
	"context"
	"debug/buildinfo"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Package is what a scanner finds, and what a vulnerability database is made to hit.
type Package struct {
	Name, Version string
	Source        string // of a Debian package: what it is built from
}

// debian.txt is what dpkg-query said of a Debian 12: name, version, source.
//
//go:embed debian.txt
var debian string

// DebianPackages are the n packages of Debian's image: real ones, and beyond these
// generated ones.
func DebianPackages(n int) []Package {
	all := make([]Package, 0, n)
	for line := range strings.Lines(debian) {
		f := strings.Fields(line)
		all = append(all, Package{Name: f[0], Version: f[1], Source: f[2]})
	}
	for i := len(all); i < n; i++ {
		all = append(all, Package{
			Name:    fmt.Sprintf("libshop%d", i),
			Version: fmt.Sprintf("%d.%d-%d", 1+i%7, i%13, 1+i%3),
			Source:  fmt.Sprintf("shop%d", i/2),
		})
	}
	return all[:n]
}

// NPMPackages are those of the project in Debian's image and in Project.
func NPMPackages() []Package {
	return []Package{
		{Name: "axios", Version: "0.21.0"},
		{Name: "follow-redirects", Version: "1.13.0"},
		{Name: "left-pad", Version: "1.3.0"},
		{Name: "lodash", Version: "4.17.20"},
		{Name: "minimist", Version: "1.2.5"},
	}
}

// GoModules are those that Project's go.mod asks for.
func GoModules() []Package {
	return []Package{
		{Name: "github.com/gin-gonic/gin", Version: "v1.7.0"},
		{Name: "golang.org/x/net", Version: "v0.7.0"},
		{Name: "golang.org/x/text", Version: "v0.3.7"},
		{Name: "gopkg.in/yaml.v3", Version: "v3.0.0"},
	}
}

// Project has the files of a folder to scan: package.json, package-lock.json, go.mod,
// go.sum, by their paths.
func Project() map[string][]byte {
	pkg, lock := npm()
	var mod, sum strings.Builder
	mod.WriteString("module example.com/shop\n\ngo 1.21\n\nrequire (\n")
	for _, m := range GoModules() {
		fmt.Fprintf(&mod, "\t%s %s\n", m.Name, m.Version)
		fmt.Fprintf(&sum, "%s %s h1:%s=\n", m.Name, m.Version, strings.Repeat("A", 43))
		fmt.Fprintf(&sum, "%s %s/go.mod h1:%s=\n", m.Name, m.Version, strings.Repeat("A", 43))
	}
	mod.WriteString(")\n")
	return map[string][]byte{
		"package.json":      pkg,
		"package-lock.json": lock,
		"go.mod":            []byte(mod.String()),
		"go.sum":            []byte(sum.String()),
	}
}

// npm are a project's package.json and package-lock.json.
func npm() (pkg, lock []byte) {
	wanted := map[string]string{}
	packages := map[string]any{}
	for _, p := range NPMPackages() {
		wanted[p.Name] = p.Version
		packages["node_modules/"+p.Name] = map[string]any{
			"version":   p.Version,
			"resolved":  fmt.Sprintf("https://packages.example/%[1]s/-/%[1]s-%[2]s.tgz", p.Name, p.Version),
			"integrity": "sha512-" + strings.Repeat("A", 86) + "==",
			"license":   "MIT",
		}
	}
	root := map[string]any{"name": "shop", "version": "1.0.0", "license": "MIT", "dependencies": wanted}
	packages[""] = root
	return document(root), document(map[string]any{
		"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": packages,
	})
}

func document(v any) []byte {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err) // maps and strings only
	}
	return append(b, '\n')
}

// Program is a small Go program and the modules that it is made of, besides the
// standard library.
func Program(tb testing.TB) ([]byte, []Package) {
	tb.Helper()
	p, err := program()
	if err != nil {
		tb.Fatal(err)
	}
	return p.data, slices.Clone(p.modules)
}

type goProgram struct {
	data    []byte
	modules []Package
}

// One build a process; the next process has it from Go's cache.
var program = sync.OnceValues(func() (*goProgram, error) {
	dir, err := os.MkdirTemp("", "imagetest-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "hello")
	cmd := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", path,
		"github.com/org/checkout-deploy/internal/image/imagetest/testdata/hello")
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building testdata/hello: %w\n%s", err, out)
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p := new(goProgram)
	for _, m := range info.Deps {
		p.modules = append(p.modules, Package{Name: m.Path, Version: m.Version})
	}
	p.data, err = os.ReadFile(path)
	return p, err
})
