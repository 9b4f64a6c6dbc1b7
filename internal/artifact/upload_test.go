package artifact

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestRoundTrip(t *testing.T) {
	f := newFake(t)
	temp := t.TempDir()
	c := client(t, f.runtime(), Options{TempDir: temp})
	made, err := c.Upload(t.Context(), "checkout-abc-files", sample.fs())
	if err != nil {
		t.Fatal(err)
	}
	parent := t.TempDir()
	got, err := c.Download(t.Context(), "checkout-abc-files", filepath.Join(parent, "dist"))
	if err != nil {
		t.Fatal(err)
	}
	sameTree(t, read(t, filepath.Join(parent, "dist")), sample)
	onlyEntries(t, parent, "dist")
	onlyEntries(t, temp)
	if got.ID != made.ID || got.Digest != made.Digest || got.Size != made.Size || got.Name != made.Name || got.Created.IsZero() {
		t.Errorf("downloaded %+v, want what was uploaded, %+v, with a time", got, made)
	}
	noRefusals(t, f)
}

func TestPackIsTheSameEachTime(t *testing.T) {
	first := packed(t, sample)
	for range 3 {
		if !bytes.Equal(packed(t, sample), first) {
			t.Fatal("equal files made different zips")
		}
	}
}

// TestUploadOverFaults plans faults and says what they end in.
func TestUploadOverFaults(t *testing.T) {
	cases := []struct {
		name    string
		plan    func(f *fake)
		want    error  // nil for success
		message string // in the error
		wait    time.Duration
	}{
		{"service down once", func(f *fake) { f.fail("CreateArtifact", 1, status(503)) }, nil, "", time.Second},
		{"service down four times", func(f *fake) { f.fail("FinalizeArtifact", 4, status(502)) }, nil, "", 8 * time.Second},
		{"service down", func(f *fake) { f.fail("CreateArtifact", 99, status(500)) }, ErrUnavailable, "CreateArtifact: unavailable at 5 attempts, the last: got status 500", 8 * time.Second},
		{"told to wait", func(f *fake) { f.fail("CreateArtifact", 1, status(429, "Retry-After", "17")) }, nil, "", 17 * time.Second},
		{"told to wait until", func(f *fake) {
			f.fail("CreateArtifact", 1, status(429, "Retry-After", clock().Add(40*time.Second).Format(http.TimeFormat)))
		}, nil, "", 40 * time.Second},
		{"told to wait too long", func(f *fake) { f.fail("CreateArtifact", 1, status(429, "Retry-After", "3600")) }, ErrUnavailable, "asks to wait 1h0m0s, at most 2m0s", 0},
		{"no JSON in between", func(f *fake) {
			f.fail("CreateArtifact", 1, func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
				_, _ = w.Write([]byte("<html>a proxy</html>"))
			})
		}, nil, "", time.Second},
		{"connection dropped", func(f *fake) { f.fail("CreateArtifact", 1, drop) }, nil, "", time.Second},
		{"redirect", func(f *fake) { f.fail("CreateArtifact", 1, status(307, "Location", f.blobs.URL)) }, errAny, "got status 307", 0},
		{"permission", func(f *fake) { f.fail("CreateArtifact", 1, status(403)) }, ErrRefused, "got status 403", 0},
		{"quota", func(f *fake) {
			f.fail("CreateArtifact", 1, func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
				answer(w, 429, map[string]string{"code": "resource_exhausted", "msg": "create artifact: insufficient usage to create artifact"})
			})
		}, ErrRefused, "insufficient usage", 0},
		{"not ok", func(f *fake) {
			f.fail("CreateArtifact", 1, func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
				answer(w, 200, map[string]any{"ok": false})
			})
		}, errAny, "not ok", 0},
		{"block fails once", func(f *fake) { f.fail("block", 1, status(500)) }, nil, "", time.Second},
		{"block dropped once", func(f *fake) { f.fail("block", 1, drop) }, nil, "", time.Second},
		{"blob host busy", func(f *fake) { f.fail("block", 1, status(503, "Retry-After", "9")) }, nil, "", 9 * time.Second},
		{"blob host down", func(f *fake) { f.fail("block", 99, status(503)) }, ErrUnavailable, "uploading a block to 127.0.0.1", 8 * time.Second},
		{"block list fails once", func(f *fake) { f.fail("blocklist", 1, status(500)) }, nil, "", time.Second},
		{"finalised, but the answer is lost", func(f *fake) { f.fail("FinalizeArtifact", 1, loseAnswer) }, nil, "", time.Second},
		{"block list done, but the answer is lost", func(f *fake) { f.fail("blocklist", 1, loseAnswer) }, nil, "", time.Second},
		{"created, but the answer is lost", func(f *fake) { f.fail("CreateArtifact", 1, loseAnswer) }, ErrTaken, "by an upload that is not finished", 8 * time.Second},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake(t)
			tc.plan(f)
			temp, slept := t.TempDir(), &waits{}
			c := client(t, f.runtime(), Options{TempDir: temp, Sleep: slept.sleep, Now: clock})
			f.now = clock
			_, err := c.Upload(t.Context(), "a", sample.fs())
			expect(t, err, tc.want, tc.message)
			onlyEntries(t, temp)
			if longest := slept.longest(); longest < tc.wait || longest > tc.wait*3/2 {
				t.Errorf("waited %v, the longest %v, want %v to half as much again", slept.all, longest, tc.wait)
			}
			if tc.want == nil && f.stored["a"].digest != "sha256:"+hexSHA256(packed(t, sample)) {
				t.Error("what is stored is not what was uploaded")
			}
		})
	}
}

var errAny = errors.New("any")

func clock() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

func drop(http.ResponseWriter, *http.Request, http.HandlerFunc) { panic(http.ErrAbortHandler) }

// loseAnswer does what is asked, and drops the connection then.
func loseAnswer(_ http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
	serve(discard{}, r)
	panic(http.ErrAbortHandler)
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

// expect checks an error's kind and a part of its text, and that it holds no
// secret, whatever it is.
func expect(t *testing.T, err, want error, message string) {
	t.Helper()
	switch {
	case want == nil && err != nil:
		t.Fatalf("got error %v, want none", err)
	case want == nil:
		return
	case err == nil:
		t.Fatalf("got no error, want %v", want)
	case !errors.Is(want, errAny) && !errors.Is(err, want):
		t.Errorf("got error %v, want one that is %q", err, want)
	}
	if !strings.Contains(err.Error(), message) {
		t.Errorf("got error %q, want %q in it", err, message)
	}
	if len(err.Error()) > 3000 {
		t.Errorf("got an error of %d bytes", len(err.Error()))
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, secret := range []string{"sig=", "s3cret", "qq+xx", "qq%2B", "c2lnbmF0dXJlIG9mIHRoZSB0b2tlbg", "eyJ"} {
			if strings.Contains(e.Error(), secret) {
				t.Errorf("the error shows a secret: %s", e)
			}
		}
	}
}

func TestUploadOfATakenName(t *testing.T) {
	other := tree{"release.json": `{"version":1}`, "js/a.js": "1"}
	cases := []struct {
		name    string
		plan    func(t *testing.T, f *fake)
		want    error
		message string
	}{
		{"same bytes", func(t *testing.T, f *fake) { f.put("a", packed(t, other)) }, nil, ""},
		{"same bytes, no digest listed", func(t *testing.T, f *fake) { f.put("a", packed(t, other)); f.noDigest = true }, nil, ""},
		{"same files in another zip", func(t *testing.T, f *fake) {
			f.put("a", zipOf(t, entry("js/", ""), entry("js/a.js", "1"), entry("release.json", `{"version":1}`)))
		}, nil, ""},
		{"other content", func(t *testing.T, f *fake) {
			f.put("a", packed(t, tree{"release.json": `{"version":1}`, "js/a.js": "2"}))
		}, ErrTaken, `"js/a.js" is not the same`},
		{"other content of the same checksum", func(t *testing.T, f *fake) {
			f.put("a", withCRC(t, packed(t, tree{"release.json": `{"version":1}`, "js/a.js": "2"}), packed(t, other)))
		}, ErrTaken, `"js/a.js" is not the same`},
		{"one file more", func(t *testing.T, f *fake) {
			f.put("a", packed(t, tree{"release.json": `{"version":1}`, "js/a.js": "1", "js/b.js": ""}))
		}, ErrTaken, `it has "js/b.js" besides`},
		{"one file less", func(t *testing.T, f *fake) { f.put("a", packed(t, tree{"js/a.js": "1"})) }, ErrTaken, `it has no "release.json"`},
		{"no zip", func(_ *testing.T, f *fake) { f.put("a", []byte("no zip")) }, ErrTaken, "no usable zip"},
		{"not finished", func(t *testing.T, f *fake) { f.put("a", packed(t, other)).id = 0 }, ErrTaken, "not finished"},
		{"finished while waiting", func(t *testing.T, f *fake) {
			a := f.put("a", packed(t, other))
			a.id = 0
			f.fail("ListArtifacts", 2, func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
				serve(w, r)
				f.mu.Lock()
				defer f.mu.Unlock()
				a.id = 7
			})
		}, nil, ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake(t)
			tc.plan(t, f)
			temp := t.TempDir()
			got, err := client(t, f.runtime(), Options{TempDir: temp}).Upload(t.Context(), "a", other.fs())
			expect(t, err, tc.want, tc.message)
			if tc.want == nil && got.ID != f.stored["a"].id {
				t.Errorf("got artifact %d, want the one there, %d", got.ID, f.stored["a"].id)
			}
			if f.requests["block"] > 0 {
				t.Error("blocks were uploaded")
			}
			onlyEntries(t, temp)
			noRefusals(t, f)
		})
	}
}

// withCRC gives the entries of a zip the checksums of another's.
func withCRC(t *testing.T, data, of []byte) []byte {
	t.Helper()
	data = bytes.Clone(data)
	from, to := of, data
	for {
		i, j := bytes.Index(from, []byte("PK\x01\x02")), bytes.Index(to, []byte("PK\x01\x02"))
		if i < 0 || j < 0 {
			return data
		}
		copy(to[j+16:j+20], from[i+16:i+20])
		from, to = from[i+4:], to[j+4:]
	}
}

func TestUploadInManyBlocks(t *testing.T) {
	f := newFake(t)
	random := make([]byte, 300_000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(random)
	f.fail("block", 3, status(500))
	c := client(t, f.runtime(), Options{Parallel: 8})
	a := &stored{ids: f.ids, name: "a", blocks: map[string][]byte{}}
	f.stored["a"] = a
	to, err := c.signed(f.signed("a", "cw"))
	if err != nil {
		t.Fatal(err)
	}
	c.block = 1000
	if err := c.put(t.Context(), to, bytes.NewReader(random), int64(len(random))); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.blob, random) || len(a.blocks) != 300 {
		t.Errorf("got %d bytes in %d blocks, want the %d bytes in 300", len(a.blob), len(a.blocks), len(random))
	}
}

func TestUploadRefusesFolders(t *testing.T) {
	long := strings.Repeat("x", 256)
	cases := []struct {
		name   string
		dir    fs.FS
		limits Limits
		want   []string
	}{
		{"empty", fstest.MapFS{"dir": {Mode: fs.ModeDir}}, Limits{}, []string{"without files"}},
		{"all problems at once", fstest.MapFS{
			"link": {Mode: fs.ModeSymlink, Data: []byte("x")}, "pipe": {Mode: fs.ModeNamedPipe}, "a:b": {}, long: {}, "x": {}, "X": {}, "js": {}, "JS/a": {},
		}, Limits{}, []string{`"link"`, `"pipe"`, `a:b`, "256 bytes", `"x": there is "X" already`, `"js": there is the directory "JS" already`}},
		{"too many files", fstest.MapFS{"a": {}, "b": {}, "c": {}}, Limits{Files: 2}, []string{"at most 2 files"}},
		{"too many bytes", fstest.MapFS{"a": {Data: []byte("123456")}, "b": {Data: []byte("123456")}}, Limits{Bytes: 10}, []string{`"b"`, "more than 10 bytes"}},
		{"unreadable", unreadable{fstest.MapFS{"a": {}}}, Limits{}, []string{`packing "a"`, fs.ErrPermission.Error()}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake(t)
			temp := t.TempDir()
			_, err := client(t, f.runtime(), Options{TempDir: temp, Limits: tc.limits}).Upload(t.Context(), "a", tc.dir)
			for _, want := range tc.want {
				expect(t, err, errAny, want)
			}
			if len(f.requests) > 0 {
				t.Errorf("got requests %v, want none", f.requests)
			}
			onlyEntries(t, temp)
		})
	}
}

type unreadable struct{ fstest.MapFS }

func (u unreadable) Open(name string) (fs.File, error) {
	if name == "a" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return u.MapFS.Open(name)
}

func TestUploadStopsWithItsContext(t *testing.T) {
	for _, at := range []string{"CreateArtifact", "block", "blocklist", "FinalizeArtifact"} {
		t.Run(at, func(t *testing.T) {
			f := newFake(t)
			ctx, cancel := context.WithCancel(t.Context())
			f.fail(at, 1, func(_ http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
				cancel()
				hang(nil, r, nil)
			})
			temp := t.TempDir()
			_, err := client(t, f.runtime(), Options{TempDir: temp}).Upload(ctx, "a", sample.fs())
			expect(t, err, context.Canceled, "uploading")
			onlyEntries(t, temp)
		})
	}
}

// hang answers nothing until the client leaves.
func hang(_ http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
	buf := make([]byte, 1<<16)
	for { // the server sees the client leave only once the body is read
		if _, err := r.Body.Read(buf); err != nil {
			break
		}
	}
	<-r.Context().Done()
}

func TestUploadGivesUpOnAHangingServer(t *testing.T) {
	for _, at := range []string{"CreateArtifact", "block"} {
		t.Run(at, func(t *testing.T) {
			f := newFake(t)
			f.fail(at, 99, hang)
			c := client(t, f.runtime(), Options{})
			c.times.call, c.times.block = 50*time.Millisecond, 50*time.Millisecond
			_, err := c.Upload(t.Context(), "a", sample.fs())
			expect(t, err, ErrUnavailable, "no answer in 50ms")
			if errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got error %v, which looks like the caller's deadline", err)
			}
		})
	}
}

func TestRetention(t *testing.T) {
	f := newFake(t)
	f.now = clock
	c := client(t, f.runtime(), Options{Now: clock, RetentionDays: 8})
	if _, err := c.Upload(t.Context(), "a", sample.fs()); err != nil {
		t.Fatal(err)
	}
	if got, want := f.stored["a"].expires, "2026-12-02T12:00:00Z"; got != want {
		t.Errorf("got expiry %q, want %q", got, want)
	}
}

// TestErrorsHoldNoSecret lets both hosts say in errors what they were sent.
func TestErrorsHoldNoSecret(t *testing.T) {
	cases := []struct {
		name, at string
		do       func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc)
		want     error
	}{
		{"token, echoed", "CreateArtifact", func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
			answer(w, 401, map[string]string{"code": "unauthenticated", "msg": "bad: " + r.Header.Get("Authorization")})
		}, ErrRefused},
		{"token, echoed much", "CreateArtifact", func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
			w.WriteHeader(400)
			_, _ = w.Write([]byte(strings.Repeat(r.Header.Get("Authorization")+" ", 1000)))
		}, errAny},
		{"URL, echoed", "block", func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
			azureError(w, 403, "AuthenticationFailed", r.URL.String()+" "+r.URL.Query().Get("sig"))
		}, ErrRefused},
		{"URL, after a dropped connection", "block", drop, ErrUnavailable},
		{"URL, in a redirect", "block", func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
			http.Redirect(w, r, r.URL.String(), http.StatusFound)
		}, errAny},
		{"signed URL that is none", "CreateArtifact", func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
			answer(w, 200, map[string]any{"ok": true, "signed_upload_url": "https://host:x/?sig=s3cret"})
		}, errAny},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake(t)
			f.fail(tc.at, 99, tc.do)
			_, err := client(t, f.runtime(), Options{}).Upload(t.Context(), "a", sample.fs())
			expect(t, err, tc.want, "uploading artifact")
		})
	}
}
