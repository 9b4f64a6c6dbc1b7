package release

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func sampleFS(r *Release) fstest.MapFS {
	dir := fstest.MapFS{
		RecordName:            {Data: []byte("{}")},
		"attestations/x.json": {Data: []byte("{}")},
	}
	for _, f := range r.Files {
		dir[f.Path] = &fstest.MapFile{Data: sampleContent(f.Path)}
	}
	return dir
}

func TestVerify(t *testing.T) {
	tests := []struct {
		name   string
		change func(fstest.MapFS)
		want   []string
	}{
		{"nothing changed", func(fstest.MapFS) {}, nil},
		{"a file less", func(d fstest.MapFS) { delete(d, "index.html") }, []string{"index.html missing"}},
		{"a file more", func(d fstest.MapFS) { d["evil.js"] = &fstest.MapFile{} }, []string{"evil.js extra"}},
		{"a record deeper down", func(d fstest.MapFS) { d["static/release.json"] = &fstest.MapFile{} }, []string{"static/release.json extra"}},
		{"a byte flipped", func(d fstest.MapFS) { d["loader-1.js"].Data[0] ^= 1 }, []string{"loader-1.js integrity"}},
		{"a byte less", func(d fstest.MapFS) { d["loader-1.js"].Data = d["loader-1.js"].Data[1:] }, []string{"loader-1.js size"}},
		{"a byte more", func(d fstest.MapFS) { d["loader-1.js"].Data = append(d["loader-1.js"].Data, 0) }, []string{"loader-1.js size"}},
		{"empty", func(d fstest.MapFS) { d["loader-1.js"].Data = nil }, []string{"loader-1.js size"}},
		{"a link", func(d fstest.MapFS) { d["loader-1.js"].Mode = fs.ModeSymlink }, []string{"loader-1.js irregular"}},
		{"a linked record", func(d fstest.MapFS) { d[RecordName].Mode = fs.ModeSymlink }, []string{"release.json irregular"}},
		{"several", func(d fstest.MapFS) {
			delete(d, "card-5e.css")
			d["a"] = &fstest.MapFile{}
			d["vendor-1f.js"].Data[3] ^= 0x80
		}, []string{"a extra", "card-5e.css missing", "vendor-1f.js integrity"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := sample(t)
			dir := sampleFS(r)
			tt.change(dir)
			found, err := Verify(t.Context(), dir, r)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range found {
				got = append(got, m.Path+" "+string(m.Fault))
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("got %v, want %v", found, tt.want)
			}
		})
	}
}

// A release in a real directory, with a link that leads out of it.
func TestVerifyFollowsNoLinks(t *testing.T) {
	r := sample(t)
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.CopyFS(dir, sampleFS(r)); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "static"), filepath.Join(outside, "static")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "static"), filepath.Join(dir, "static")); err != nil {
		t.Skip(err)
	}
	found, err := Verify(t.Context(), os.DirFS(dir), r)
	if err != nil || len(found) != 2 || found[0].Fault != Irregular || found[1].Fault != Missing {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestVerifyStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := sample(t)
	if found, err := Verify(ctx, sampleFS(r), r); !errors.Is(err, context.Canceled) || found != nil {
		t.Errorf("got %v, %v", found, err)
	}
	if _, err := Verify(t.Context(), os.DirFS(filepath.Join(t.TempDir(), "none")), r); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: got %v", err)
	}
}

func TestMismatchString(t *testing.T) {
	m := Mismatch{Path: "a\n.js", Fault: WrongSize, Got: "3", Want: "5"}
	if got := m.String(); got != `"a\n.js": size: got 3, want 5` {
		t.Error(got)
	}
	if got := (Mismatch{Path: "a", Fault: Extra}).String(); strings.Contains(got, "got") {
		t.Error(got)
	}
}
