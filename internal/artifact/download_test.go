package artifact

import (
	"archive/zip"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestDownloadOverFaults(t *testing.T) {
	half := func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write(make([]byte, 500))
	}
	cases := []struct {
		name    string
		plan    func(f *fake)
		want    error
		message string
	}{
		{"list fails once", func(f *fake) { f.fail("ListArtifacts", 1, status(500)) }, nil, ""},
		{"signing fails once", func(f *fake) { f.fail("GetSignedArtifactURL", 1, status(429, "Retry-After", "1")) }, nil, ""},
		{"blob host fails once", func(f *fake) { f.fail("get", 1, status(503)) }, nil, ""},
		{"truncated once", func(f *fake) { f.fail("get", 1, half) }, nil, ""},
		{"dropped once", func(f *fake) { f.fail("get", 1, drop) }, nil, ""},
		{"always truncated", func(f *fake) { f.fail("get", 99, half) }, ErrUnavailable, "after 500 bytes"},
		{"stalls", func(f *fake) {
			f.fail("get", 99, func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
				_, _ = w.Write([]byte("PK"))
				_ = http.NewResponseController(w).Flush()
				hang(w, r, nil)
			})
		}, ErrUnavailable, "no byte in 200ms"},
		{"redirect", func(f *fake) { f.fail("get", 1, status(302, "Location", f.service.URL)) }, errAny, "got status 302"},
		{"expired URL", func(f *fake) {
			f.fail("GetSignedArtifactURL", 1, func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
				f.now = func() time.Time { return time.Now().Add(-time.Hour) }
				serve(w, r)
				f.now = time.Now
			})
		}, ErrRefused, "AuthenticationFailed"},
		{"not there", func(f *fake) { delete(f.stored, "a") }, ErrNotFound, "needs"},
		{"not finished", func(f *fake) { f.stored["a"].id = 0 }, ErrNotFound, ""},
		{"gone since it was listed", func(f *fake) {
			f.fail("GetSignedArtifactURL", 1, func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
				answer(w, 404, map[string]string{"code": "not_found", "msg": "artifact expired"})
			})
		}, ErrNotFound, "artifact expired"},
		{"no such service", func(f *fake) {
			f.fail("ListArtifacts", 1, func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
				answer(w, 404, map[string]string{"code": "bad_route", "msg": "no handler"})
			})
		}, errAny, "bad_route"},
		{"wrong digest", func(f *fake) { f.stored["a"].digest = "sha256:" + strings.Repeat("1", 64) }, errAny, "with " + strings.Repeat("1", 64)},
		{"digest that stands for none", func(f *fake) { f.stored["a"].digest = "sha256:" + strings.Repeat("0", 64) }, errAny, "digest: got zeros"},
		{"wrong size", func(f *fake) { f.stored["a"].size++ }, errAny, "that the service lists"},
		{"digest of another kind", func(f *fake) { f.stored["a"].digest = "md5:00" }, errAny, `got "md5:00"`},
		{"too large to begin with", func(f *fake) { f.stored["a"].size = 1 << 60 }, errAny, "got a zip of 1152921504606846976 bytes"},
		{"no zip", func(f *fake) { f.put("a", []byte("just text")) }, errAny, "no usable zip"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake(t)
			f.put("a", packed(t, sample))
			f.put("b", packed(t, tree{"x": "y"}))
			tc.plan(f)
			parent := t.TempDir()
			c := client(t, f.runtime(), Options{})
			c.times.stall = 200 * time.Millisecond
			_, err := c.Download(t.Context(), "a", filepath.Join(parent, "dist"))
			expect(t, err, tc.want, tc.message)
			if tc.want != nil {
				onlyEntries(t, parent)
				return
			}
			sameTree(t, read(t, filepath.Join(parent, "dist")), sample)
			onlyEntries(t, parent, "dist")
			noRefusals(t, f)
		})
	}
}

// TestDownloadKeepsALimit sends without end, and without a length.
func TestDownloadKeepsALimit(t *testing.T) {
	f := newFake(t)
	f.put("a", packed(t, sample))
	f.fail("get", 1, func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	parent := t.TempDir()
	limits := Limits{Files: 10, Bytes: 100_000}
	_, err := client(t, f.runtime(), Options{Limits: limits}).Download(t.Context(), "a", filepath.Join(parent, "x"))
	expect(t, err, errAny, "got a zip of more than "+strconv.FormatInt(limits.zip(), 10))
	onlyEntries(t, parent)
}

func TestDownloadStopsWithItsContext(t *testing.T) {
	for _, at := range []string{"ListArtifacts", "GetSignedArtifactURL", "get"} {
		t.Run(at, func(t *testing.T) {
			f := newFake(t)
			f.put("a", packed(t, sample))
			ctx, cancel := context.WithCancel(t.Context())
			f.fail(at, 1, func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
				cancel()
				hang(w, r, nil)
			})
			parent := t.TempDir()
			_, err := client(t, f.runtime(), Options{}).Download(ctx, "a", filepath.Join(parent, "dist"))
			expect(t, err, context.Canceled, "downloading")
			onlyEntries(t, parent)
		})
	}
}

// TestDownloadInto says what may be at the destination.
func TestDownloadInto(t *testing.T) {
	cases := []struct {
		name    string
		prepare func(dir string) error
		want    string // "" for success
	}{
		{"nothing", func(string) error { return nil }, ""},
		{"empty directory", func(dir string) error { return os.Mkdir(dir, 0o755) }, ""},
		{"directory with a file", func(dir string) error {
			return errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "mine"), nil, 0o644))
		}, "a directory with files"},
		{"file", func(dir string) error { return os.WriteFile(dir, nil, 0o644) }, "a file or link there"},
		{"link", func(dir string) error { return os.Symlink(os.TempDir(), dir) }, "a file or link there"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake(t)
			f.put("a", packed(t, sample))
			parent := t.TempDir()
			dir := filepath.Join(parent, "dist")
			if err := tc.prepare(dir); err != nil {
				t.Fatal(err)
			}
			_, err := client(t, f.runtime(), Options{}).Download(t.Context(), "a", dir)
			if tc.want != "" {
				expect(t, err, errAny, tc.want)
				onlyEntries(t, parent, "dist")
				return
			}
			expect(t, err, nil, "")
			sameTree(t, read(t, dir), sample)
			onlyEntries(t, parent, "dist")
		})
	}
	t.Run("file that came meanwhile", func(t *testing.T) {
		f := newFake(t)
		f.put("a", packed(t, sample))
		parent := t.TempDir()
		mine := filepath.Join(parent, "dist")
		f.fail("get", 1, func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
			if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
				t.Error(err)
			}
			serve(w, r)
		})
		_, err := client(t, f.runtime(), Options{}).Download(t.Context(), "a", mine)
		expect(t, err, errAny, "a file or link there")
		onlyEntries(t, parent, "dist")
		if data, err := os.ReadFile(mine); string(data) != "mine" {
			t.Errorf("got %q, %v, want the file as it was", data, err)
		}
	})
	t.Run("no parent", func(t *testing.T) {
		f := newFake(t)
		f.put("a", packed(t, sample))
		_, err := client(t, f.runtime(), Options{}).Download(t.Context(), "a", filepath.Join(t.TempDir(), "no", "dist"))
		expect(t, err, fs.ErrNotExist, "")
	})
}

func TestListTakesTheNewestOfEachName(t *testing.T) {
	f := newFake(t)
	f.fail("ListArtifacts", 1, func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		answer(w, 200, map[string]any{"artifacts": []map[string]any{ // spelled as act does, numbers as others may
			{"name": "b", "databaseId": "9", "workflowRunBackendId": "r", "workflowJobRunBackendId": "j"},
			{"name": "a", "databaseId": "10", "size": "12", "createdAt": "2026-01-02T03:04:05Z"},
			{"name": "a", "databaseId": 11, "size": 13, "digest": nil},
			{"name": "a", "databaseId": "9"},
		}})
	})
	got, err := client(t, f.runtime(), Options{}).List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []Artifact{{ID: 11, Name: "a", Size: 13}, {ID: 9, Name: "b", ids: backendIDs{"r", "j"}}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestDownloadRefusesZips has all that a zip may hold against its reader.
func TestDownloadRefusesZips(t *testing.T) {
	bomb := zipOf(t, entry("a", strings.Repeat("0", 2000)))
	cases := []struct {
		name string
		zip  []byte
		want []string
	}{
		{
			"all problems at once", zipOf(t, entry("../a", ""), entry("/etc/passwd", ""), entry("a/../b", ""), entry(`c:\d`, ""), entry("x", ""), entry("X", ""),
				entry("x", ""), entry("x/y", ""), entry("e\x00f", ""), entry("a//b", ""), entry("./g", ""), entry("nul", ""), entry("\xff", "")),
			[]string{"12 problems", `../a`, `/etc/passwd`, `a/../b`, `c:`, `"X": there is "x" already`, `"x": there is "x" already`, `"x/y": there is the file "x" already`, "a//b", "./g", "nul"},
		},
		{"link", zipOf(t, entryOfMode("l", "/etc/passwd", fs.ModeSymlink|0o777)), []string{`"l": got a link`}},
		{"device", zipOf(t, entryOfMode("d", "", fs.ModeDevice|0o666)), []string{`"d": got a link, a special file`}},
		{"pipe", zipOf(t, entryOfMode("p", "", fs.ModeNamedPipe|0o666)), []string{`"p": got a link, a special file`}},
		{"link named as a directory", zipOf(t, entryOfMode("l/", "", fs.ModeSymlink|0o777)), []string{`"l/": got a link`}},
		{"directories that differ in case", zipOf(t, entry("js/a", ""), entry("JS/b", "")), []string{`"JS/b": there is the directory "js" already`}},
		{"directory in the place of a file", zipOf(t, entry("js", ""), entry("js/", "")), []string{`"js": there is the file "js" already`}},
		{"sharp s", zipOf(t, entry("STRASSE", ""), entry("straße", "")), []string{`there is "STRASSE" already`}},
		{"too many entries", zipOf(t, make11()...), []string{"11 entries, want at most 10"}},
		{"too many directories", zipOf(t, entry("1/2/3/4/5/6/7/8/9/10/11/x", "")), []string{"10 directories already"}},
		{"too many bytes", bomb, []string{"2000 bytes or more unpacked, want at most 1000"}},
		{"more bytes than it says", patch(bomb, 24, 10), []string{`unpacking "a"`}},
		{"less bytes than it says", patch(zipOf(t, entry("a", "12345")), 24, 6), []string{`unpacking "a"`, "unexpected EOF"}},
		{"wrong checksum", patch(zipOf(t, entry("a", "12345")), 16, 6), []string{`unpacking "a"`, "checksum"}},
		{"encrypted", patch(zipOf(t, entry("a", "12345")), 8, 9), []string{"encrypted"}},
		{"unknown compression", patch(zipOf(t, entry("a", "12345")), 10, 9), []string{"compression method"}},
		{"entries that overlap", patch(zipOf(t, entry("a", "12345")), 20, 1<<20), []string{"overlap"}},
		{"not even a zip", []byte("PK"), []string{"no usable zip"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake(t)
			f.put("a", tc.zip)
			parent := t.TempDir()
			c := client(t, f.runtime(), Options{Limits: Limits{Files: 10, Bytes: 1000}})
			if tc.name == "all problems at once" {
				c.options.Limits.Files = 100
			}
			_, err := c.Download(t.Context(), "a", filepath.Join(parent, "dist"))
			for _, want := range tc.want {
				expect(t, err, errAny, want)
			}
			onlyEntries(t, parent)
		})
	}
}

func make11() (all []zip.FileHeader) {
	for i := range 11 {
		all = append(all, entry(strconv.Itoa(i), ""))
	}
	return all
}

// patch sets a field of the central directory's first entry, of 2 bytes up to
// offset 12 and of 4 from there on.
func patch(data []byte, offset, value int) []byte {
	data = append([]byte{}, data...)
	at := strings.Index(string(data), "PK\x01\x02") + offset
	data[at], data[at+1] = byte(value), byte(value>>8)
	if offset >= 12 {
		data[at+2], data[at+3] = byte(value>>16), byte(value>>24)
	}
	return data
}
