package integrity

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// folder is a folder on disk with some files.
func folder(t *testing.T, files map[string]string) (dir string, root fs.FS) {
	t.Helper()
	dir = t.TempDir()
	for path, text := range files {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(path)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	r, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return dir, Root(r)
}

func hashed(t *testing.T, dir fs.FS, algorithms ...Algorithm) ([]File, []Unhashed) {
	t.Helper()
	files, refused, err := HashFolder(t.Context(), dir, algorithms...)
	if err != nil {
		t.Fatal(err)
	}
	return files, refused
}

func TestHashFolder(t *testing.T) {
	large := strings.Repeat("0123456789", bufferSize/4) // several reads
	_, root := folder(t, map[string]string{
		"b.js": "b", "a/x.css": "x", "a.js": large, "empty.txt": "",
		"release.json": "{}", "attestations/x.json": "{}", "a/release.json": "in a folder it is a file",
	})
	got, refused := hashed(t, root, SHA512, SHA256)
	if len(refused) > 0 {
		t.Errorf("got %v", refused)
	}
	var want []File
	for _, f := range [][2]string{{"a.js", large}, {"a/release.json", "in a folder it is a file"}, {"a/x.css", "x"}, {"b.js", "b"}, {"empty.txt", ""}} {
		data := []byte(f[1])
		want = append(want, File{f[0], int64(len(data)), []Hash{Sum(SHA512, data), Sum(SHA256, data)}})
	}
	if !slices.EqualFunc(got, want, func(a, b File) bool {
		return a.Path == b.Path && a.Size == b.Size && slices.Equal(a.Hashes, b.Hashes)
	}) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if _, ok := got[0].Hash(SHA384); ok {
		t.Error("got a hash that nobody asked for")
	}
	byDefault, _ := hashed(t, root)
	if h, ok := byDefault[3].Hash(SHA384); !ok || h != Sum(SHA384, []byte("b")) {
		t.Errorf("got %+v", byDefault[3])
	}
}

func TestHashFolderRefuses(t *testing.T) {
	dir, root := folder(t, map[string]string{"good.js": "1", "A.js": "1", "a.js": "1", "con.js": "1", "d/..x.": "1", "secret": "1"})
	for path, target := range map[string]string{"link.js": "good.js", "out": "/etc", "up.js": "../../etc/passwd"} {
		if err := os.Symlink(target, filepath.Join(dir, path)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.js"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a\x01b.js"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "secret"), release.MaxFileSize+1); err != nil { // sparse
		t.Fatal(err)
	}
	files, refused := hashed(t, root)
	var got []string
	for _, u := range refused {
		got = append(got, u.Path+" "+string(u.Fault))
		if u.Got == "" || u.Want == "" {
			t.Errorf("got %+v", u)
		}
	}
	want := []string{"a\x01b.js path", "a.js collision", "con.js path", "d/..x. path", "link.js irregular", "out irregular", "pipe.js irregular", "secret too-large", "up.js irregular"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if len(files) != 2 || files[0].Path != "A.js" || files[1].Path != "good.js" {
		t.Errorf("got %+v", files)
	}
}

func TestListingIsBounded(t *testing.T) {
	for _, test := range []struct {
		name string
		listing
		want Fault
	}{
		{"the last file", listing{count: release.MaxFiles - 1, total: release.MaxTotalSize - 1}, ""},
		{"one file too many", listing{count: release.MaxFiles}, TooMany},
		{"one byte too many", listing{total: release.MaxTotalSize}, TooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := test.listing
			l.dir, l.files = fstest.MapFS{"a.js": {Data: []byte("1")}}, make(chan listed, 1)
			if err := l.walk(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := Fault("")
			if len(l.refused) > 0 {
				got = l.refused[0].Fault
			}
			if got != test.want || (len(l.files) == 1) != (test.want == "") {
				t.Errorf("got %v and %v", l.files, l.refused)
			}
		})
	}
}

// past is a time that no file has by itself.
var past = time.Unix(1_000_000_000, 0)

// meddling does something to the folder when a file is opened, or after its first read.
type meddling struct {
	fs.FS
	opened, read func(path string)
}

func (m meddling) Open(path string) (fs.File, error) {
	if info, err := fs.Lstat(m.FS, path); err == nil && info.Mode().IsRegular() && m.opened != nil {
		m.opened(path)
	}
	f, err := m.FS.Open(path)
	if err != nil || m.read == nil {
		return f, err
	}
	return &meddlingFile{File: f, done: func() { m.read(path) }}, nil
}

func (m meddling) Lstat(path string) (fs.FileInfo, error)     { return fs.Lstat(m.FS, path) }
func (m meddling) ReadLink(path string) (string, error)       { return fs.ReadLink(m.FS, path) }
func (m meddling) ReadDir(path string) ([]fs.DirEntry, error) { return fs.ReadDir(m.FS, path) }

type meddlingFile struct {
	fs.File
	done func()
}

func (f *meddlingFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	if f.done != nil && n > 0 {
		f.done()
		f.done = nil
	}
	return n, err
}

func TestHashFolderTellsOfChanges(t *testing.T) {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	for _, test := range []struct {
		name         string
		opened, read func(path string)
		want         Fault
	}{
		{"nothing", nil, nil, ""},
		{"a pipe takes its place", func(p string) { must(os.Remove(p)); must(syscall.Mkfifo(p, 0o666)) }, nil, Changed},
		{"a link takes its place", func(p string) { must(os.Remove(p)); must(os.Symlink("other", p)) }, nil, Changed},
		{"a link out of the folder takes its place", func(p string) { must(os.Remove(p)); must(os.Symlink("/etc/passwd", p)) }, nil, Unreadable},
		{"a folder takes its place", func(p string) { must(os.Remove(p)); must(os.Mkdir(p, 0o777)) }, nil, Changed},
		{"another file takes its place", func(p string) { must(os.Rename(filepath.Join(filepath.Dir(p), "other"), p)) }, nil, Changed},
		{"it is gone", func(p string) { must(os.Remove(p)) }, nil, Unreadable},
		{"it grows", nil, func(p string) { must(os.WriteFile(p, make([]byte, 3*bufferSize), 0o666)) }, Changed},
		{"it shrinks", nil, func(p string) { must(os.Truncate(p, 1)) }, Changed},
		{"it is touched", nil, func(p string) { must(os.Chtimes(p, past, past)) }, Changed},
		{"another is moved over it", nil, func(p string) { must(os.Rename(filepath.Join(filepath.Dir(p), "other"), p)) }, Changed},
		{"it is removed meanwhile", nil, func(p string) { must(os.Remove(p)) }, Changed},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, root := folder(t, map[string]string{"a.js": strings.Repeat("x", 2*bufferSize), "other": strings.Repeat("y", 2*bufferSize)})
			on := func(f func(string)) func(string) {
				return func(path string) {
					if path == "a.js" && f != nil {
						f(filepath.Join(dir, path))
					}
				}
			}
			_, refused, err := HashFolder(t.Context(), meddling{root, on(test.opened), on(test.read)})
			if err != nil {
				t.Fatal(err)
			}
			got := Fault("")
			for _, u := range refused {
				if u.Path == "a.js" {
					got = u.Fault
				}
			}
			if got != test.want {
				t.Errorf("got %v, want %q", refused, test.want)
			}
		})
	}
}

func TestHashFolderIsCancelled(t *testing.T) {
	files := fstest.MapFS{"a.js": {Data: make([]byte, 5*bufferSize)}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := HashFolder(ctx, files); !errors.Is(err, context.Canceled) {
		t.Errorf("before: got %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	_, root := folder(t, map[string]string{"a.js": strings.Repeat("x", 5*bufferSize)})
	got, _, err := HashFolder(ctx, meddling{root, nil, func(string) { cancel() }})
	if !errors.Is(err, context.Canceled) || got != nil {
		t.Errorf("meanwhile: got %v and %v", got, err)
	}
}

func TestHashFolderAlgorithms(t *testing.T) {
	for _, algorithms := range [][]Algorithm{{"sha1"}, {""}, {SHA384, SHA384}} {
		_, _, err := HashFolder(t.Context(), fstest.MapFS{}, algorithms...)
		if err == nil || !strings.Contains(err.Error(), "want one of sha256, sha384, sha512") {
			t.Errorf("%v: got %v", algorithms, err)
		}
	}
}

func TestRotation(t *testing.T) {
	build := func(files fstest.MapFS) []File { all, _ := hashed(t, files); return all }
	fresh := build(fstest.MapFS{"a.js": {Data: []byte("2")}, "same.js": {Data: []byte("=")}})
	old := build(fstest.MapFS{"a.js": {Data: []byte("1")}, "same.js": {Data: []byte("=")}, "gone.js": {Data: []byte("0")}})
	got, err := Rotation(SHA384, fresh, old)
	if err != nil {
		t.Fatal(err)
	}
	sum := func(s string) Hash { return Sum(SHA384, []byte(s)) }
	for path, want := range map[string]Metadata{"a.js": {sum("2"), sum("1")}, "same.js": {sum("=")}, "gone.js": {sum("0")}} {
		if !slices.Equal(got[path], want) {
			t.Errorf("%s: got %v, want %v", path, got[path], want)
		}
		if m, problems := Parse(got[path].String()); len(problems) > 0 || !slices.Equal(m, want) {
			t.Errorf("%s: written and read: %v, %v", path, m, problems)
		}
	}
	if _, err := Rotation(SHA256, fresh); err == nil || !strings.Contains(err.Error(), `no sha256 of "a.js" in build 1`) {
		t.Errorf("got %v", err)
	}
}
