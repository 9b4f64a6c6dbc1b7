package artifact

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzUnpack: whatever the zip, either the folder is there with at most as many
// files and bytes as the limits allow, all of them plain, or it is not there;
// beside it there is never anything.
func FuzzUnpack(f *testing.F) {
	limits := Limits{Files: 8, Bytes: 4096}
	for _, seed := range [][]byte{
		packed(f, tree{"release.json": "{}", "js/a.js": "1", "empty": ""}),
		zipOf(f, entry("../a", "1")),
		zipOf(f, entry("/a", "1"), entry("a/", ""), entry("a/b", "")),
		zipOf(f, entry("a", "1"), entry("A", "2")),
		zipOf(f, entryOfMode("l", "/etc", fs.ModeSymlink|0o777), entry("l/passwd", "x")),
		zipOf(f, zip.FileHeader{Name: "stored", Comment: "12345", Method: zip.Store}),
		zipOf(f, make11()...),
		patch(zipOf(f, entry("a", strings.Repeat("0", 8000))), 24, 10),
		patch(zipOf(f, entry("a", strings.Repeat("0", 8000))), 24, 4096),
		[]byte("PK"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		parent := t.TempDir()
		err := unpackInto(filepath.Join(parent, "dist"), data, limits)
		if err != nil {
			onlyEntries(t, parent)
			return
		}
		onlyEntries(t, parent, "dist")
		got := read(t, filepath.Join(parent, "dist"))
		bytes := int64(0)
		folded := map[string]bool{}
		for name, text := range got {
			bytes += int64(len(text))
			folded[strings.ToLower(name)] = true
		}
		if len(got) > limits.Files || bytes > limits.Bytes || len(folded) != len(got) {
			t.Errorf("got %d files, %d of them by names in lower case, and %d bytes, want at most %d and %d", len(got), len(folded), bytes, limits.Files, limits.Bytes)
		}
	})
}

// unpackInto is Download behind fetch.
func unpackInto(dir string, data []byte, limits Limits) (err error) {
	s, err := newStage(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.discard()) }()
	return s.take(context.Background(), bytes.NewReader(data), int64(len(data)), limits)
}
