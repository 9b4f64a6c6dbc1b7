package artifact

import (
	"archive/zip"
	"bytes"
	"context"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// sample is a small release, with names that are easy to get wrong.
var sample = tree{
	"release.json":                      `{"version":1}`,
	"attestations/build.json":           `{"_type":"https://in-toto.io/Statement/v1"}`,
	"index.html":                        "<!doctype html>",
	"js/checkout-1a2b.js":               strings.Repeat("console.log('paid')\n", 2000),
	"js/lazy/a-very/deep/folder/x.js":   "export {}",
	"js.map":                            "{}",
	"empty.txt":                         "",
	"static/Übersicht größer 漢字.svg":    "<svg/>",
	"static/with space (1) [id] +&=.js": "1",
}

// tree is a folder's files.
type tree map[string]string

func (t tree) fs() fs.FS {
	m := fstest.MapFS{}
	for name, text := range t {
		m[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o755, ModTime: time.Unix(rand.Int64N(1<<31), 0)}
	}
	return m
}

// names are sorted.
func (t tree) names() []string { return slices.Sorted(maps.Keys(t)) }

// read reads a folder of nothing but files and directories.
func read(t testing.TB, dir string) tree {
	t.Helper()
	got := tree{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			t.Errorf("%q is a %v", name, d.Type())
			return nil
		}
		data, err := fs.ReadFile(root, name)
		got[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func sameTree(t testing.TB, got, want tree) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("got files %q, want %q, or they differ in content", got.names(), want.names())
	}
}

// write makes a folder.
func write(t testing.TB, files tree) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, files.fs()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// onlyEntries checks what lies in a folder, hidden files too.
func onlyEntries(t testing.TB, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, append([]string{}, want...)) {
		t.Errorf("%s holds %q, want %q", dir, got, want)
	}
}

// zipOf makes a zip by another hand than newPack's.
func zipOf(t testing.TB, entries ...zip.FileHeader) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, h := range entries {
		text := h.Comment
		h.Comment = ""
		w, err := z.CreateHeader(&h)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// entry is a file in zipOf; its content travels as the comment.
func entry(name, text string) zip.FileHeader {
	return zip.FileHeader{Name: name, Comment: text, Method: zip.Deflate}
}

func entryOfMode(name, text string, mode fs.FileMode) zip.FileHeader {
	h := zip.FileHeader{Name: name, Comment: text}
	h.SetMode(mode)
	return h
}

// packed is what Upload would send.
func packed(t testing.TB, files tree) []byte {
	t.Helper()
	p, err := newPack(context.Background(), files.fs(), t.TempDir(), DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.file.Close() }()
	data := make([]byte, p.size)
	if _, err := p.file.ReadAt(data, 0); err != nil {
		t.Fatal(err)
	}
	return data
}
