package database_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/org/checkout-deploy/internal/scan/database"
	"github.com/org/checkout-deploy/internal/scan/scantest"
)

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// few are advisories enough for a database.
func few() []scantest.Advisory {
	return append(scantest.Advise(scantest.Debian12, scantest.Installed{Name: "openssl", Version: "3.0.15-1"}),
		scantest.Advise(scantest.NPM, scantest.Installed{Name: "lodash", Version: "4.17.20"})...)
}

// vuln is the artifact of a database that was built at that time.
func vuln(t testing.TB, updated time.Time) v1.Image {
	t.Helper()
	return scantest.VulnArtifact(t, scantest.VulnDB(t, updated, few()...))
}

// mirror is a registry whose answers a test may replace.
type mirror struct {
	host string
	mu   sync.Mutex
	seen []string
	// broken answers a request in the registry's place, unless it returns false.
	broken func(w http.ResponseWriter, r *http.Request) bool
}

func newMirror(t testing.TB) *mirror {
	t.Helper()
	m := &mirror{}
	real := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		m.seen = append(m.seen, r.Method+" "+r.URL.Path)
		broken := m.broken
		m.mu.Unlock()
		if broken == nil || !broken(w, r) {
			real.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	m.host = strings.TrimPrefix(server.URL, "http://")
	return m
}

// serving is a mirror that has an image as trivy-db:2, and has forgotten who brought
// it.
func serving(t testing.TB, img v1.Image) *mirror {
	t.Helper()
	m := newMirror(t)
	scantest.Push(t, m.repository(), img)
	m.requests()
	return m
}

func (m *mirror) repository() string { return m.host + "/trivy-db:2" }

// requests returns what was asked since it was called last.
func (m *mirror) requests() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := m.seen
	m.seen = nil
	return seen
}

func (m *mirror) breaks(how func(w http.ResponseWriter, r *http.Request) bool) *mirror {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = how
	return m
}

// asks counts requests that contain a text.
func asks(seen []string, text string) int {
	n := 0
	for _, s := range seen {
		if strings.Contains(s, text) {
			n++
		}
	}
	return n
}

// answer is a registry's way to say no to everything.
func answer(code int, header ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		return true
	}
}

// onBlobs breaks the layer's download only.
func onBlobs(how func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		return strings.Contains(r.URL.Path, "/blobs/") && how(w, r)
	}
}

// naps are the waits that were asked for, none of them slept.
type naps struct {
	mu  sync.Mutex
	all []time.Duration
}

func (n *naps) sleep(ctx context.Context, d time.Duration) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, d)
	return ctx.Err()
}

func options(cache string, mirrors ...*mirror) database.Options {
	o := database.Options{
		Kind: database.Vulnerabilities, Cache: cache,
		Now: func() time.Time { return now }, Sleep: new(naps).sleep,
	}
	for _, m := range mirrors {
		o.Repositories = append(o.Repositories, m.repository())
	}
	return o
}

// listing is what a folder and its folders have.
func listing(t testing.TB, dir string) []string {
	t.Helper()
	var all []string
	check(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			all = append(all, rel)
		}
		return err
	}))
	return all
}

// The cache folder before the first database, and with one.
var (
	none = []string{".db.lock"}
	one  = []string{".db.lock", "db/artifact.json", "db/metadata.json", "db/trivy.db"}
)

func wantListing(t testing.TB, dir string, want []string) {
	t.Helper()
	if got := listing(t, dir); !slices.Equal(got, want) {
		t.Errorf("got the files %q, want %q", got, want)
	}
}

func digestOf(t testing.TB, img v1.Image) string {
	t.Helper()
	d, err := img.Digest()
	check(t, err)
	return d.String()
}

func TestGet(t *testing.T) {
	cache := t.TempDir()
	first := vuln(t, now.Add(-5*time.Hour))
	m := serving(t, first)
	o := options(cache, m)
	got, err := database.Get(t.Context(), o)
	check(t, err)
	want := database.Database{Folder: filepath.Join(cache, "db")}
	want.Name, want.Source, want.Digest, want.Updated = "vulnerabilities", m.repository(), digestOf(t, first), now.Add(-5*time.Hour)
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	wantListing(t, cache, one)

	t.Run("unchanged", func(t *testing.T) {
		m.requests()
		again, err := database.Get(t.Context(), o)
		check(t, err)
		if again != want {
			t.Errorf("got %+v, want %+v", again, want)
		}
		if seen := m.requests(); asks(seen, "GET /v2/trivy-db") > 0 || asks(seen, "HEAD ") != 1 {
			t.Errorf("got the requests %q, want one HEAD", seen)
		}
	})
	t.Run("a newer one", func(t *testing.T) {
		second := vuln(t, now.Add(-time.Hour))
		scantest.Push(t, m.repository(), second)
		again, err := database.Get(t.Context(), o)
		check(t, err)
		if again.Digest != digestOf(t, second) || !again.Updated.Equal(now.Add(-time.Hour)) {
			t.Errorf("got %+v", again)
		}
		wantListing(t, cache, one)
	})
	t.Run("an older one", func(t *testing.T) {
		scantest.Push(t, m.repository(), vuln(t, now.Add(-4*time.Hour)))
		again, err := database.Get(t.Context(), o)
		check(t, err)
		if !again.Updated.Equal(now.Add(-time.Hour)) || !strings.Contains(again.Stale, "was built at 2026-11-20 08:00 UTC") {
			t.Errorf("got %+v", again)
		}
		wantListing(t, cache, one)
	})
}

func TestGetOtherKinds(t *testing.T) {
	for name, test := range map[string]struct {
		kind  database.Kind
		img   v1.Image
		files []string
	}{
		"java":   {database.Java, scantest.JavaArtifact(t, now.Add(-time.Hour)), []string{".java-db.lock", "java-db/artifact.json", "java-db/metadata.json", "java-db/trivy-java.db"}},
		"checks": {database.Checks, scantest.ChecksArtifact(t, now.Add(-time.Hour)), []string{".policy.lock", "policy/artifact.json", "policy/content/.manifest", "policy/content/policies/docker/lib/placeholder.txt", "policy/content/policies/docker/no_maintainer.rego", "policy/metadata.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := serving(t, test.img)
			o := options(t.TempDir(), m)
			o.Kind = test.kind
			got, err := database.Get(t.Context(), o)
			check(t, err)
			if got.Name != name || !got.Updated.Equal(now.Add(-time.Hour)) || got.Digest != digestOf(t, test.img) {
				t.Errorf("got %+v", got)
			}
			wantListing(t, o.Cache, test.files)
			m.requests()
			if _, err := database.Get(t.Context(), o); err != nil || asks(m.requests(), "/blobs/") > 0 {
				t.Errorf("got %v, or a second download", err)
			}
		})
	}
}

// Which mirror is asked, how often, and what is said of those that did not serve.
func TestMirrors(t *testing.T) {
	silent := func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }
	layer := scantest.Pack(t, scantest.VulnDB(t, now, few()...))
	other := append([]byte(nil), layer...)
	other[9]++ // gzip's system, that nobody reads
	cut := func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Length", strconv.Itoa(len(layer)))
		_, _ = w.Write(layer[:len(layer)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	for _, test := range []struct {
		name     string
		how      func(http.ResponseWriter, *http.Request) bool
		attempts int // of the first mirror
		says     string
		kind     error
	}{
		{"unknown", answer(404), 1, "answered 404 Not Found", nil},
		{"unauthorized", answer(401), 1, "answered 401 Unauthorized", database.ErrRefused},
		{"forbidden", answer(403), 1, "answered 403 Forbidden", database.ErrRefused},
		{"too many", answer(429), 4, "answered 429 Too Many Requests", database.ErrUnavailable},
		{"broken", answer(503), 4, "answered 503 Service Unavailable", database.ErrUnavailable},
		{"resets", func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, 4, "EOF", database.ErrUnavailable},
		{"silent", silent, 4, "the registry was silent for 150ms", database.ErrUnavailable},
		{"silent in the layer", onBlobs(silent), 4, "the registry was silent for 150ms", database.ErrUnavailable},
		{"the layer is cut off", onBlobs(cut), 4, "unexpected EOF", database.ErrUnavailable},
		{"the layer is another", onBlobs(func(w http.ResponseWriter, _ *http.Request) bool {
			_, _ = w.Write(other)
			return true
		}), 1, "error verifying sha256 checksum", nil},
		{"the layer is shorter", onBlobs(func(w http.ResponseWriter, _ *http.Request) bool {
			_, _ = w.Write(layer[:100])
			return true
		}), 1, "Content-Length header 100 does not match", nil},
		{"the layer is gone", onBlobs(answer(404)), 1, "answered 404", nil},
		{"a text that is long and ends lines", func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, "\x1b[31mno\n::error::%s", strings.Repeat("x", 5000))
			return true
		}, 1, "answered 400", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			silence := time.Duration(0) // else a slow machine is taken for a silent mirror
			if strings.HasPrefix(test.name, "silent") {
				silence = 150 * time.Millisecond
			}
			bad := serving(t, scantest.Artifact(t, scantest.VulnMediaType, "db.tar.gz", layer)).breaks(test.how)
			good := serving(t, vuln(t, now.Add(-time.Hour)))
			o := options(t.TempDir(), bad, good)
			o.Silence = silence
			got, err := database.Get(t.Context(), o)
			check(t, err)
			if got.Source != good.repository() || got.Stale != "" {
				t.Errorf("got %+v", got)
			}
			wantListing(t, o.Cache, one)

			bad.requests()
			o = options(t.TempDir(), bad)
			o.Silence = silence
			_, err = database.Get(t.Context(), o)
			if err == nil {
				t.Fatal("got a database of a mirror that has none")
			}
			for _, want := range []string{"nothing was scanned", bad.repository() + ": ", test.says, "has none"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got no %q in\n%s", want, err)
				}
			}
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if len(line) > 600 || strings.ContainsAny(line, "\x1b\r") || strings.HasPrefix(line, "::") {
					t.Errorf("got the line %q", line)
				}
			}
			if got := asks(bad.requests(), "GET /v2/trivy-db/blobs"); strings.Contains(test.name, "layer") && got != test.attempts {
				t.Errorf("got %d attempts, want %d", got, test.attempts)
			}
			for _, kind := range []error{database.ErrUnavailable, database.ErrRefused, database.ErrMisused} {
				if got, want := errors.Is(err, kind), errors.Is(test.kind, kind); got != want {
					t.Errorf("%v: got %v", kind, got)
				}
			}
			wantListing(t, o.Cache, none)
		})
	}
}

func TestWaits(t *testing.T) {
	for _, test := range []struct {
		name       string
		retryAfter string
		least      []time.Duration
		most       []time.Duration
	}{
		{"its own", "", []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second}, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}},
		{"those that the registry asks for", "7", slices.Repeat([]time.Duration{7 * time.Second}, 3), slices.Repeat([]time.Duration{7 * time.Second}, 3)},
		{"at most a minute", "86400", slices.Repeat([]time.Duration{time.Minute}, 3), slices.Repeat([]time.Duration{time.Minute}, 3)},
		{"a date", now.Add(30 * time.Second).Format(http.TimeFormat), slices.Repeat([]time.Duration{30 * time.Second}, 3), slices.Repeat([]time.Duration{30 * time.Second}, 3)},
		{"nonsense", "soon", []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second}, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMirror(t).breaks(answer(429, "Retry-After", test.retryAfter))
			o := options(t.TempDir(), m)
			var slept naps
			o.Sleep = slept.sleep
			if _, err := database.Get(t.Context(), o); !errors.Is(err, database.ErrUnavailable) {
				t.Errorf("got %v", err)
			}
			if len(slept.all) != 3 {
				t.Fatalf("got the waits %v, want 3", slept.all)
			}
			for i, d := range slept.all {
				if d < test.least[i] || d > test.most[i] {
					t.Errorf("got the wait %s, want %s to %s", d, test.least[i], test.most[i])
				}
			}
			if got := asks(m.requests(), "GET /v2/"); got != 4 {
				t.Errorf("got %d requests, want 4", got)
			}
		})
	}
}

// A registry that comes back is believed.
func TestRecovers(t *testing.T) {
	m := serving(t, vuln(t, now))
	failures := 2
	m.breaks(onBlobs(func(w http.ResponseWriter, r *http.Request) bool {
		failures--
		return failures >= 0 && answer(500)(w, r)
	}))
	got, err := database.Get(t.Context(), options(t.TempDir(), m))
	check(t, err)
	if got.Source != m.repository() {
		t.Errorf("got %+v", got)
	}
}

func TestLastGood(t *testing.T) {
	for _, test := range []struct {
		name   string
		age    time.Duration
		maxAge time.Duration
		says   string // in the error; "" for none
	}{
		{"young", 2 * time.Hour, 0, ""},
		{"as old as may be", 72 * time.Hour, 0, ""},
		{"too old", 73 * time.Hour, 0, "was built at 2026-11-17 11:00 UTC, 3 days ago; want at most 3 days"},
		{"too old for this user", 7 * time.Hour, 6 * time.Hour, "7 h ago; want at most 6 h"},
		{"of the future", -2 * time.Hour, 0, "one of the two clocks is wrong"},
		{"of a clock that is a little fast", -time.Minute, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			built := now.Add(-test.age)
			m := serving(t, vuln(t, built))
			o := options(t.TempDir(), m)
			o.Now = func() time.Time { return built }
			_, err := database.Get(t.Context(), o)
			check(t, err)
			m.breaks(answer(503))
			o.Now = func() time.Time { return now }
			o.MaxAge = test.maxAge
			got, err := database.Get(t.Context(), o)
			wantListing(t, o.Cache, one)
			if test.says == "" {
				check(t, err)
				if !strings.Contains(got.Stale, "answered 503") || !strings.Contains(got.Stale, m.repository()) {
					t.Errorf("got Stale %q", got.Stale)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "nothing was scanned") || !strings.Contains(err.Error(), "answered 503") {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}

// A mirror that has been left with an old one is no better than one without.
func TestOldMirror(t *testing.T) {
	old, fresh := serving(t, vuln(t, now.AddDate(0, -1, 0))), serving(t, vuln(t, now))
	got, err := database.Get(t.Context(), options(t.TempDir(), old, fresh))
	check(t, err)
	if got.Source != fresh.repository() {
		t.Errorf("got %+v", got)
	}
	_, err = database.Get(t.Context(), options(t.TempDir(), old))
	if err == nil || !strings.Contains(err.Error(), "was built at 2026-10-20 12:00 UTC, 31 days ago") {
		t.Errorf("got %v", err)
	}
}

func TestMisused(t *testing.T) {
	o := options(t.TempDir())
	o.Repositories = []string{"UPPER/case", "ghcr.io/a b"}
	_, err := database.Get(t.Context(), o)
	if !errors.Is(err, database.ErrMisused) || !strings.Contains(err.Error(), "UPPER") || !strings.Contains(err.Error(), "a b") {
		t.Errorf("got %v", err)
	}
	o.Repositories = []string{}
	if _, err := database.Get(t.Context(), o); !errors.Is(err, database.ErrMisused) {
		t.Errorf("got %v", err)
	}
	wantListing(t, o.Cache, nil)
}

// A repository without a tag is asked for the kind's.
func TestDefaultTag(t *testing.T) {
	m := serving(t, vuln(t, now))
	o := options(t.TempDir())
	o.Repositories = []string{m.host + "/trivy-db"}
	got, err := database.Get(t.Context(), o)
	check(t, err)
	if got.Source != m.repository() {
		t.Errorf("got %+v", got)
	}
}

func TestCancelled(t *testing.T) {
	for name, how := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"at the first request": func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true },
		"in the layer": onBlobs(func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("\x1f\x8b"))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return true
		}),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			m := serving(t, vuln(t, now))
			m.breaks(func(w http.ResponseWriter, r *http.Request) bool {
				if name != "in the layer" || strings.Contains(r.URL.Path, "/blobs/") {
					cancel()
				}
				return how(w, r)
			})
			o := options(t.TempDir(), m, m)
			_, err := database.Get(ctx, o)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			wantListing(t, o.Cache, none)
		})
	}
}

// Many at once: each has a whole database, and it was brought once.
func TestAtOnce(t *testing.T) {
	m := serving(t, vuln(t, now))
	o := options(t.TempDir(), m)
	o.Sleep = func(ctx context.Context, _ time.Duration) error { time.Sleep(time.Millisecond); return ctx.Err() }
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			got, err := database.Get(t.Context(), o)
			if err != nil || got.Source != m.repository() {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	all.Wait()
	if got := asks(m.requests(), "GET /v2/trivy-db/blobs"); got != 1 {
		t.Errorf("got %d downloads, want 1", got)
	}
	wantListing(t, o.Cache, one)
}

// alarm notes what becomes of a timer.
type alarm struct {
	resets, stops int
	ring          func()
}

func (a *alarm) Reset(time.Duration) bool { a.resets++; return true }
func (a *alarm) Stop() bool               { a.stops++; return true }

// Each part that comes puts off the end of a connection, and what rings ends it.
func TestSilence(t *testing.T) {
	more := make(chan string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for part := range more {
			_, _ = io.WriteString(w, part)
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}))
	defer server.Close()
	a := new(alarm)
	client := &http.Client{Transport: database.Carry(http.DefaultTransport, func(_ time.Duration, ring func()) database.Alarm {
		a.ring = ring
		return a
	})}
	go func() { more <- "a" }()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	check(t, err)
	response, err := client.Do(request)
	check(t, err)
	buffer := make([]byte, 10)
	for want := 1; want <= 3; want++ {
		if n, err := response.Body.Read(buffer); n != 1 || err != nil || a.resets != want {
			t.Fatalf("got %d bytes, %v and %d resets, want %d", n, err, a.resets, want)
		}
		if want < 3 {
			more <- "b"
		}
	}
	close(more)
	a.ring()
	if _, err := response.Body.Read(buffer); err == nil || !strings.Contains(err.Error(), "the registry was silent for 1m0s") {
		t.Errorf("got %v", err)
	}
	if err := response.Body.Close(); err != nil || a.stops == 0 {
		t.Errorf("got %v and %d stops", err, a.stops)
	}
}

// A registry that never ends is left after a while.
func TestEndless(t *testing.T) {
	dir := scantest.VulnDB(t, now, few()...) // once: two have other bytes
	layer := scantest.Pack(t, dir)
	drip := serving(t, scantest.VulnArtifact(t, dir)).breaks(onBlobs(func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Length", strconv.Itoa(len(layer)))
		for i := 0; r.Context().Err() == nil; i++ {
			_, _ = w.Write(layer[min(i, 20):][:1])
			_ = http.NewResponseController(w).Flush()
			time.Sleep(10 * time.Millisecond)
		}
		return true
	}))
	o := options(t.TempDir(), drip)
	o.Timeout = 300 * time.Millisecond
	_, err := database.Get(t.Context(), o)
	if !errors.Is(err, database.ErrUnavailable) || !strings.Contains(err.Error(), "took longer than 300ms") {
		t.Errorf("got %v", err)
	}
	wantListing(t, o.Cache, none)
}

// Another process that never ends is not waited for.
func TestLocked(t *testing.T) {
	m := serving(t, vuln(t, now))
	o := options(t.TempDir(), m)
	held, err := database.Lock(filepath.Join(o.Cache, ".db.lock"))
	check(t, err)
	var slept naps
	o.Sleep = slept.sleep
	_, err = database.Get(t.Context(), o)
	if !errors.Is(err, database.ErrUnavailable) || !strings.Contains(err.Error(), "for 10m0s") || len(slept.all) != 3000 {
		t.Errorf("got %v after %d waits", err, len(slept.all))
	}
	check(t, held.Close())
	if _, err := database.Get(t.Context(), o); err != nil {
		t.Error(err)
	}
}

// What a process that was killed left is removed, and what it had moved away is put
// back.
func TestAfterCrash(t *testing.T) {
	m := serving(t, vuln(t, now))
	o := options(t.TempDir(), m)
	_, err := database.Get(t.Context(), o)
	check(t, err)
	check(t, os.Mkdir(filepath.Join(o.Cache, ".db-123"), 0o700))
	check(t, os.WriteFile(filepath.Join(o.Cache, ".db-123/trivy.db"), []byte("half"), 0o600))
	check(t, os.Rename(filepath.Join(o.Cache, "db"), filepath.Join(o.Cache, database.Replaced)))
	m.requests()
	_, err = database.Get(t.Context(), o)
	check(t, err)
	if got := asks(m.requests(), "/blobs/"); got != 0 {
		t.Errorf("got %d downloads, want the old folder back", got)
	}
	wantListing(t, o.Cache, one)
}

// The defaults are Trivy's.
func TestStockFolder(t *testing.T) {
	o := options(t.TempDir())
	o.Offline = true
	dir := scantest.VulnDB(t, now.Add(-30*time.Hour), few()...)
	check(t, os.CopyFS(filepath.Join(o.Cache, "db"), os.DirFS(dir)))
	got, err := database.Get(t.Context(), o)
	check(t, err)
	if got.Source != "cache" || got.Digest != "" || !strings.Contains(got.Stale, "a newer one was due at 2026-11-20 06:00 UTC") {
		t.Errorf("got %+v", got)
	}
	// Nothing was written, as the folder may be one that can't be.
	wantListing(t, o.Cache, []string{"db/metadata.json", "db/trivy.db"})
}
