package imagetest

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// Registry is a container registry that refuses what real ones refuse, keeps a log,
// and fails where it is told to.
type Registry struct {
	Host string // "127.0.0.1:40000"

	opts    RegistryOptions
	server  *httptest.Server
	storage *httptest.Server
	inner   http.Handler
	blobs   *blobs
	closed  chan struct{}

	mu        sync.Mutex
	log       []Entry
	fetched   []Entry
	faults    []*Fault
	tokens    map[string][]string
	manifests map[string]map[string]manifest // repository, digest
}

// RegistryOptions say what kind of registry it is. The zero RegistryOptions are one
// that everybody may write to, with the referrers API.
type RegistryOptions struct {
	// NoReferrers leaves out the referrers API, as GHCR does: clients fall back to
	// tags.
	NoReferrers bool
	// Username and Password are asked for, if set.
	Username, Password string
	// Bearer asks for a token, which its token endpoint gives for the username and
	// password; otherwise they are sent themselves.
	Bearer bool
	// ReadOnly refuses every write: 403.
	ReadOnly bool
	// Redirect serves blobs from another host, as registries on object stores do.
	Redirect bool
}

// Entry is one request and its answer.
type Entry struct {
	Method, Path string
	Status       int
	// Auth is the scheme of the Authorization header, "" for none.
	Auth string
	// Digest is of what a written or read manifest is, "" for others.
	Digest string
}

// TagWrite is a tag that was written.
type TagWrite struct {
	Index     int // in the Log
	Repo, Tag string
	Digest    string
}

// NewRegistry starts a registry that ends with the test.
func NewRegistry(tb testing.TB, opts RegistryOptions) *Registry {
	tb.Helper()
	r := &Registry{
		opts: opts, blobs: &blobs{}, closed: make(chan struct{}),
		tokens: map[string][]string{}, manifests: map[string]map[string]manifest{},
	}
	silent := log.New(io.Discard, "", 0)
	r.inner = registry.New(registry.Logger(silent), registry.WithBlobHandler(r.blobs))
	r.server = httptest.NewUnstartedServer(http.HandlerFunc(r.serve))
	r.server.Config.ErrorLog = silent
	r.server.Start()
	r.Host = strings.TrimPrefix(r.server.URL, "http://")
	if opts.Redirect {
		r.storage = httptest.NewServer(http.HandlerFunc(r.store))
	}
	tb.Cleanup(func() {
		close(r.closed)
		r.server.Close()
		if r.storage != nil {
			r.storage.Close()
		}
	})
	return r
}

// Log has every request so far, in the order of the answers.
func (r *Registry) Log() []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.log)
}

// Fetched is the log of the other host that blobs are redirected to.
func (r *Registry) Fetched() []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.fetched)
}

var manifestPath = regexp.MustCompile(`^/v2/(.+)/manifests/([^/]+)$`)

// TagWrites are the successful ones, in their order.
func (r *Registry) TagWrites() []TagWrite {
	var all []TagWrite
	for i, e := range r.Log() {
		m := manifestPath.FindStringSubmatch(e.Path)
		if e.Method == http.MethodPut && e.Status == http.StatusCreated && m != nil && !strings.Contains(m[2], ":") {
			all = append(all, TagWrite{i, m[1], m[2], e.Digest})
		}
	}
	return all
}

// TagsLast wants the log to show a tag written only when the manifest that was written
// last by its digest, a signature's, had been read again, and none written after it.
// Tags of signatures are none of these.
func (r *Registry) TagsLast(tb testing.TB) {
	tb.Helper()
	log := r.Log()
	tagged := len(log)
	for _, w := range r.TagWrites() {
		if !strings.HasPrefix(w.Tag, "sha256-") {
			tagged = min(tagged, w.Index)
		}
	}
	last, read := "", false
	for _, e := range log[:tagged] {
		switch {
		case e.Method == http.MethodPut && e.Status == http.StatusCreated && strings.Contains(e.Path, "/manifests/sha256:"):
			last, read = e.Digest, false
		case e.Method == http.MethodGet && e.Status == http.StatusOK && e.Digest == last:
			read = true
		}
	}
	if !read || tagged == len(log) {
		tb.Errorf("got the first tag written by request %d of %d, and %q, written last before it, read again: %v", tagged, len(log), last, read)
	}
	for _, e := range log[tagged:] {
		if e.Method == http.MethodPut && strings.Contains(e.Path, "/manifests/sha256") {
			tb.Errorf("got %s %s after the first tag", e.Method, e.Path)
		}
	}
}

// Tag is what a tag points at, "" for none. The log does not show that it was read.
func (r *Registry) Tag(repo, tag string) string {
	w := httptest.NewRecorder()
	r.inner.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodHead, "/v2/"+repo+"/manifests/"+tag, nil))
	return w.Header().Get("Docker-Content-Digest")
}

// Move lets a tag point at a manifest that the repository has, as another writer
// would. The log does not show it.
func (r *Registry) Move(tb testing.TB, repo, tag, digest string) {
	tb.Helper()
	r.mu.Lock()
	m, ok := r.manifests[repo][digest]
	r.mu.Unlock()
	if !ok {
		tb.Fatalf("%s has no manifest %s", repo, digest)
	}
	req := httptest.NewRequestWithContext(context.Background(), http.MethodPut, "/v2/"+repo+"/manifests/"+tag, bytes.NewReader(m.data))
	req.Header.Set("Content-Type", m.mediaType)
	r.inner.ServeHTTP(httptest.NewRecorder(), req)
}

func (r *Registry) serve(w http.ResponseWriter, req *http.Request) {
	answer := httptest.NewRecorder()
	fault := r.fault(req)
	if fault == nil || fault.Kind == Lost || fault.late() {
		r.answer(answer, req)
	} else if fault.Kind == Answer {
		fault.write(answer)
	}
	scheme, _, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	r.mu.Lock()
	r.log = append(r.log, Entry{req.Method, req.URL.Path, answer.Code, scheme, answer.Header().Get("Docker-Content-Digest")})
	r.mu.Unlock()
	if fault != nil && fault.Kind != Answer {
		fault.spoil(w, answer, req, r.closed)
		return
	}
	send(w, answer)
}

func send(w http.ResponseWriter, answer *httptest.ResponseRecorder) {
	for k, v := range answer.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// answer is what the registry says where nothing is to fail.
func (r *Registry) answer(w http.ResponseWriter, req *http.Request) {
	switch {
	case req.URL.Path == "/token":
		r.token(w, req)
	case !r.authorized(w, req):
	case r.opts.ReadOnly && writes(req):
		refuse(w, http.StatusForbidden, "DENIED", "requested access to the resource is denied")
	case strings.Contains(req.URL.Path, "/referrers/"):
		r.referrers(w, req)
	case manifestPath.MatchString(req.URL.Path) && writes(req):
		r.writeManifest(w, req)
	case r.storage != nil && req.Method == http.MethodGet && strings.Contains(req.URL.Path, "/blobs/sha256:"):
		http.Redirect(w, req, r.storage.URL+req.URL.Path, http.StatusTemporaryRedirect)
	default:
		r.inner.ServeHTTP(w, req)
	}
}

// store is the other host.
func (r *Registry) store(w http.ResponseWriter, req *http.Request) {
	scheme, _, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	answer := httptest.NewRecorder()
	r.inner.ServeHTTP(answer, req)
	r.mu.Lock()
	r.fetched = append(r.fetched, Entry{Method: req.Method, Path: req.URL.Path, Status: answer.Code, Auth: scheme})
	r.mu.Unlock()
	send(w, answer)
}

func writes(req *http.Request) bool {
	return req.Method != http.MethodGet && req.Method != http.MethodHead
}
