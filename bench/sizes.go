//go:build linux

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Sizes is what a build makes a shopper load, in bytes.
type Sizes struct {
	// First is the scripts that the app, without its loader, loads before it
	// runs; FirstCSS the styles.
	First    Load `json:"first"`
	FirstCSS Load `json:"firstCSS"`
	// Scripts is all JavaScript of the build, loaders and their copies
	// included.
	Scripts Load `json:"scripts"`
}

// Load is a set of files.
type Load struct {
	Files int   `json:"files"`
	Raw   int64 `json:"raw"`
	Gzip  int64 `json:"gzip"` // each file on its own, level 9; 0 where not asked for
}

func measureSizes(ctx context.Context, dist string) (Sizes, error) {
	var s Sizes
	scripts, styles, err := initial(dist)
	if err != nil {
		return s, fmt.Errorf("finding the first load in %q: %w", dist, err)
	}
	if s.First, err = weigh(ctx, dist, scripts, true); err != nil {
		return s, err
	}
	if s.FirstCSS, err = weigh(ctx, dist, styles, true); err != nil {
		return s, err
	}
	var all []string
	err = filepath.WalkDir(dist, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && filepath.Ext(path) == ".js" {
			rel, relErr := filepath.Rel(dist, path)
			all, err = append(all, rel), relErr
		}
		return err
	})
	if err != nil {
		return s, err
	}
	s.Scripts, err = weigh(ctx, dist, all, false)
	return s, err
}

// initial lists the app's first load: what the manifest names, or the entry
// where a build has none, and everything these import statically.
func initial(dist string) (scripts, styles []string, err error) {
	var manifest struct{ JS, CSS []string }
	data, err := os.ReadFile(filepath.Join(dist, "manifest.json"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		manifest.JS, manifest.CSS = hashed(dist, "checkout", ".js"), hashed(dist, "checkout", ".css")
	case err != nil:
		return nil, nil, err
	default:
		if err := json.Unmarshal(data, &manifest); err != nil {
			return nil, nil, err
		}
	}
	// The merged manifest names the loaders too: they are no part of the app.
	manifest.JS = slices.DeleteFunc(manifest.JS, func(name string) bool { return strings.Contains(name, "loader") })
	if len(manifest.JS) == 0 {
		return nil, nil, errors.New("no entry script")
	}
	scripts, err = closure(dist, manifest.JS)
	return scripts, manifest.CSS, err
}

// hashed finds the files that esbuild named after an entry.
func hashed(dist, entry, ext string) []string {
	found, _ := filepath.Glob(filepath.Join(dist, entry+"-????????"+ext)) // the pattern is well-formed
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	return found
}

// staticImport matches an import or export statement in esbuild's minified
// output; a dynamic import has a parenthesis there.
var staticImport = regexp.MustCompile(`(?:from|import)\s*"(\./[^"\\]+\.js)"`)

// closure adds what the files import statically, in ES modules.
func closure(dist string, files []string) ([]string, error) {
	known := map[string]bool{}
	for _, f := range files {
		known[f] = true
	}
	for i := 0; i < len(files); i++ {
		data, err := os.ReadFile(filepath.Join(dist, files[i]))
		if err != nil {
			return nil, err
		}
		for _, m := range staticImport.FindAllSubmatch(data, -1) {
			name := filepath.Join(filepath.Dir(files[i]), string(m[1]))
			if _, err := os.Stat(filepath.Join(dist, name)); err == nil && !known[name] {
				known[name] = true
				files = append(files, name)
			}
		}
	}
	return files, nil
}

func weigh(ctx context.Context, dist string, files []string, compress bool) (Load, error) {
	l := Load{Files: len(files)}
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(dist, name))
		if err != nil {
			return l, err
		}
		l.Raw += int64(len(data))
		if compress {
			n, err := gzipped(ctx, data)
			if err != nil {
				return l, fmt.Errorf("compressing %q: %w", name, err)
			}
			l.Gzip += n
		}
	}
	return l, nil
}

// gzipped returns the size after `gzip -9`. Go's own deflate is half a percent
// larger and only stands in where there is no such program.
func gzipped(ctx context.Context, data []byte) (int64, error) {
	if program, err := exec.LookPath("gzip"); err == nil {
		cmd := exec.CommandContext(ctx, program, "-9", "-n", "-c")
		cmd.Stdin = bytes.NewReader(data)
		out, err := cmd.Output()
		return int64(len(out)), err
	}
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return 0, err
	}
	_, err = w.Write(data)
	return int64(out.Len()), errors.Join(err, w.Close())
}
