//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// layout is where things are, all absolute.
type layout struct {
	app    string // the checkout of checkout-js
	source string // bench/checkout-js in this repository
	out    string
}

func newLayout(s settings) (layout, error) {
	var l layout
	for _, p := range []struct {
		to   *string
		path string
	}{{&l.app, s.app}, {&l.source, "bench/checkout-js"}, {&l.out, s.out}} {
		abs, err := filepath.Abs(p.path)
		if err != nil {
			return l, err
		}
		*p.to = abs
	}
	if _, err := os.Stat(l.source); err != nil {
		return l, fmt.Errorf("run this in the repository's root: %w", err)
	}
	for _, need := range []string{"webpack.config.js", "node_modules", "packages/core/src/app/generated"} {
		if _, err := os.Stat(filepath.Join(l.app, need)); err != nil {
			return l, fmt.Errorf("%s is no installed and generated checkout-js (npm ci, then npm run generate): %w", l.app, err)
		}
	}
	return l, os.MkdirAll(l.out, 0o755)
}

// installed is the folder of the npm peers.
func (l layout) installed() string { return filepath.Join(l.out, "peers") }

// sass is the embedded Dart Sass compiler that npm brought: the same for all.
func (l layout) sass() (string, error) {
	found, err := filepath.Glob(filepath.Join(l.installed(), "node_modules", "sass-embedded-*", "dart-sass", "sass"))
	if err != nil || len(found) == 0 {
		return "", errors.Join(fmt.Errorf("no embedded Dart Sass in %s", l.installed()), err)
	}
	return found[0], nil
}

// install brings the npm peers into bench/out, once for a lock file.
func (l layout) install(ctx context.Context) error {
	dir := l.installed()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	lock, err := os.ReadFile(filepath.Join(l.source, "peers", "package-lock.json"))
	if err != nil {
		return err
	}
	for _, name := range []string{"peers/package.json", "peers/package-lock.json", "peers/.npmrc", "rspack.config.js"} {
		data, err := os.ReadFile(filepath.Join(l.source, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), data, 0o644); err != nil {
			return err
		}
	}
	sum := sha256.Sum256(lock)
	stamp, want := filepath.Join(dir, "installed"), hex.EncodeToString(sum[:])
	if got, err := os.ReadFile(stamp); err == nil && string(got) == want {
		return nil
	}
	npm := exec.CommandContext(ctx, "npm", "ci")
	npm.Dir = dir
	if output, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci in %s: %w\n%s", dir, err, output)
	}
	return os.WriteFile(stamp, []byte(want), 0o644)
}

// notCopied are folders of the checkout that a copy starts without: what
// earlier builds and caches left.
var notCopied = map[string]bool{"dist": true, "build": true, "node_modules/.cache": true, ".nx": true}

// twin makes a copy of the checkout out of hard links, or of the bytes on
// another file system. Builds only add and replace files there; folders that
// are written into, such as .git, are copied.
func (l layout) twin(to string, written ...string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return filepath.WalkDir(l.app, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(l.app, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case notCopied[rel]:
			return skip(d)
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		}
		if top, _, _ := strings.Cut(rel, string(filepath.Separator)); !slices.Contains(written, top) {
			if err := os.Link(path, target); !errors.Is(err, syscall.EXDEV) {
				return err
			}
		}
		return copyFile(path, target)
	})
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, info.Mode().Perm())
}

// snapshot notes mode, size and modification time of everything below a folder
// but git's own, which a look at the checkout touches.
func snapshot(root string) (map[string]string, error) {
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == ".git" {
			return skip(d)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		files[path] = fmt.Sprint(info.Mode(), info.Size(), info.ModTime().UnixNano())
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking through %q: %w", root, err)
	}
	return files, nil
}

func skip(d fs.DirEntry) error {
	if d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// changes lists what was added, changed or removed between two snapshots.
func changes(before, after map[string]string) []string {
	var list []string
	for path, state := range after {
		if before[path] != state {
			list = append(list, path)
		}
	}
	for path := range before {
		if _, there := after[path]; !there {
			list = append(list, path)
		}
	}
	slices.Sort(list)
	return list
}
