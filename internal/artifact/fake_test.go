package artifact

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake is the service and its blob host, two servers as at GitHub. It refuses
// what the real ones refuse, and what they would silently take for another
// artifact. What it checks was read in @actions/artifact and Azure's reference
// of Put Block, Put Block List and Get Blob; TestFakeAgainstGitHubsClient runs
// that client against it.
type fake struct {
	t       *testing.T
	service *httptest.Server
	blobs   *httptest.Server
	token   string
	ids     backendIDs
	now     func() time.Time

	mu       sync.Mutex
	stored   map[string]*stored // by name
	nextID   int64
	requests map[string]int
	faults   []*fault
	noDigest bool // lists none, as before 2025
	refusals []string
}

// stored is an artifact, finished once it has an id.
type stored struct {
	id        int64
	ids       backendIDs
	name      string
	blocks    map[string][]byte
	blob      []byte
	committed bool
	kind      string
	size      int64
	digest    string
	expires   string
}

// fault takes over the next times requests whose kind is what.
type fault struct {
	what  string
	times int
	do    func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc)
}

const signature = "s3cret/qq+xx="

func newFake(t *testing.T) *fake {
	f := &fake{
		t: t, ids: backendIDs{"ce7f54c7-61c7-4aae-887f-30da475f5f1a", "ca395085-040a-526b-2ce8-bdc85f692774"},
		stored: map[string]*stored{}, requests: map[string]int{}, nextID: 100,
		now: time.Now,
	}
	f.token = jwt(`{"scp":"Actions.ExampleScope Actions.Results:` + f.ids.run + ":" + f.ids.job + `"}`)
	f.service = httptest.NewServer(f.handle(f.serveService, serviceCall))
	f.blobs = httptest.NewServer(f.handle(f.serveBlob, blobCall))
	t.Cleanup(f.service.Close)
	t.Cleanup(f.blobs.Close)
	return f
}

func jwt(claims string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"RS256"}`)) + "." + part([]byte(claims)) + "." + part([]byte("signature of the token"))
}

func (f *fake) runtime() Runtime {
	return Runtime{ResultsURL: f.service.URL + "/a/path/that/does/not/count", Token: f.token}
}

// refuse is for what a correct client never does.
func (f *fake) refuse(w http.ResponseWriter, status int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	f.refusals = append(f.refusals, text)
	answer(w, status, map[string]string{"code": "invalid_argument", "msg": text})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// fail plans a fault.
func (f *fake) fail(what string, times int, do func(http.ResponseWriter, *http.Request, http.HandlerFunc)) {
	f.faults = append(f.faults, &fault{what, times, do})
}

func status(code int, header ...string) func(http.ResponseWriter, *http.Request, http.HandlerFunc) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// handle counts requests and runs faults; serve runs under the lock, faults don't.
func (f *fake) handle(serve http.HandlerFunc, kind func(*http.Request) string) http.HandlerFunc {
	locked := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client went away
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		f.mu.Lock()
		defer f.mu.Unlock()
		serve(w, r)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if do := f.due(kind(r)); do != nil {
			do(w, r, locked)
			return
		}
		locked(w, r)
	}
}

func (f *fake) due(what string) func(http.ResponseWriter, *http.Request, http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests[what]++
	for _, fault := range f.faults {
		if fault.what == what && fault.times > 0 {
			fault.times--
			return fault.do
		}
	}
	return nil
}

func serviceCall(r *http.Request) string { return strings.TrimPrefix(r.URL.Path, servicePath) }

func blobCall(r *http.Request) string {
	if r.Method == http.MethodGet {
		return "get"
	}
	return r.URL.Query().Get("comp")
}

// call is the union of the requests' fields.
type call struct {
	Run        string  `json:"workflow_run_backend_id"`
	Job        string  `json:"workflow_job_run_backend_id"`
	Name       string  `json:"name"`
	NameFilter *string `json:"name_filter"`
	IDFilter   *string `json:"id_filter"`
	ExpiresAt  *string `json:"expires_at"`
	Version    int     `json:"version"`
	MimeType   *string `json:"mime_type"`
	Size       string  `json:"size"`
	Hash       *string `json:"hash"`
}

func (f *fake) serveService(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, servicePath) {
		answer(w, http.StatusNotFound, map[string]string{"code": "bad_route", "msg": "no handler for " + r.Method + " " + r.URL.Path})
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+f.token {
		answer(w, http.StatusUnauthorized, map[string]string{"code": "unauthenticated", "msg": "bad token " + r.Header.Get("Authorization")})
		return
	}
	if kind := r.Header.Get("Content-Type"); kind != "application/json" {
		f.refuse(w, http.StatusUnsupportedMediaType, "content type %q", kind)
		return
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	var c call
	if err := decoder.Decode(&c); err != nil {
		f.refuse(w, http.StatusBadRequest, "request: %v", err)
		return
	}
	switch serviceCall(r) {
	case "CreateArtifact":
		f.create(w, c)
	case "FinalizeArtifact":
		f.finalize(w, c)
	case "ListArtifacts":
		f.list(w, c)
	case "GetSignedArtifactURL":
		f.sign(w, c)
	default:
		f.refuse(w, http.StatusNotFound, "method %q", serviceCall(r))
	}
}

func (f *fake) own(w http.ResponseWriter, c call) bool {
	if (backendIDs{c.Run, c.Job}) != f.ids {
		f.refuse(w, http.StatusForbidden, "ids %s:%s are not the token's", c.Run, c.Job)
		return false
	}
	return true
}

func (f *fake) create(w http.ResponseWriter, c call) {
	switch {
	case !f.own(w, c):
		return
	case c.Name == "" || strings.ContainsAny(c.Name, "\"\\/:<>|*?\r\n") || len(c.Name) > 256:
		f.refuse(w, http.StatusBadRequest, "name %q", c.Name)
		return
	case c.Version != 4 && c.Version != 7:
		f.refuse(w, http.StatusBadRequest, "version %d", c.Version)
		return
	case f.stored[c.Name] != nil:
		answer(w, http.StatusConflict, map[string]string{"code": "already_exists", "msg": "an artifact with this name already exists on the workflow run"})
		return
	}
	a := &stored{ids: f.ids, name: c.Name, blocks: map[string][]byte{}}
	if c.ExpiresAt != nil {
		a.expires = *c.ExpiresAt
		if at, err := time.Parse(time.RFC3339, a.expires); err != nil || !at.After(f.now()) {
			f.refuse(w, http.StatusBadRequest, "expires_at %q", a.expires)
			return
		}
	}
	f.stored[c.Name] = a
	answer(w, http.StatusOK, map[string]any{"ok": true, "signed_upload_url": f.signed(c.Name, "cw")})
}

func (f *fake) finalize(w http.ResponseWriter, c call) {
	a := f.stored[c.Name]
	switch {
	case !f.own(w, c):
		return
	case a == nil || !a.committed || a.id != 0:
		f.refuse(w, http.StatusNotFound, "%q is not being uploaded", c.Name)
		return
	case c.Size != strconv.Itoa(len(a.blob)):
		f.refuse(w, http.StatusBadRequest, "size %q of a blob of %d", c.Size, len(a.blob))
		return
	case c.Hash == nil || *c.Hash != "sha256:"+hexSHA256(a.blob):
		f.refuse(w, http.StatusBadRequest, "hash of another blob")
		return
	}
	f.nextID++
	a.id, a.size, a.digest = f.nextID, int64(len(a.blob)), *c.Hash
	answer(w, http.StatusOK, map[string]any{"ok": true, "artifact_id": strconv.FormatInt(a.id, 10)})
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (f *fake) list(w http.ResponseWriter, c call) {
	if !f.own(w, c) {
		return
	}
	found := []map[string]any{}
	for _, a := range f.stored {
		id := strconv.FormatInt(a.id, 10)
		if a.id == 0 || c.NameFilter != nil && *c.NameFilter != a.name || c.IDFilter != nil && *c.IDFilter != id {
			continue
		}
		item := map[string]any{
			"workflow_run_backend_id": a.ids.run, "workflow_job_run_backend_id": a.ids.job,
			"database_id": id, "name": a.name, "size": strconv.FormatInt(a.size, 10), "created_at": "2026-01-02T03:04:05.678Z",
		}
		if !f.noDigest {
			item["digest"] = a.digest
		}
		found = append(found, item)
	}
	answer(w, http.StatusOK, map[string]any{"artifacts": found})
}

// sign takes the ids of the job that uploaded.
func (f *fake) sign(w http.ResponseWriter, c call) {
	a := f.stored[c.Name]
	if a == nil || a.id == 0 || a.ids != (backendIDs{c.Run, c.Job}) {
		answer(w, http.StatusNotFound, map[string]string{"code": "not_found", "msg": "artifact not found"})
		return
	}
	answer(w, http.StatusOK, map[string]any{"name": a.name, "signed_url": f.signed(c.Name, "r")})
}

func (f *fake) signed(name, permissions string) string {
	q := url.Values{"se": {f.now().Add(10 * time.Minute).UTC().Format(time.RFC3339)}, "sp": {permissions}, "sig": {signature}, "sv": {"2024-11-04"}}
	return f.blobs.URL + "/account/container/" + url.PathEscape(name) + ".zip?" + q.Encode()
}

func azureError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("x-ms-error-code", code)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
}

func (f *fake) serveBlob(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	expires, err := time.Parse(time.RFC3339, q.Get("se"))
	want := map[string]string{http.MethodPut: "cw", http.MethodGet: "r"}[r.Method]
	name, err2 := url.PathUnescape(strings.TrimSuffix(strings.TrimPrefix(r.URL.EscapedPath(), "/account/container/"), ".zip"))
	a := f.stored[name]
	switch {
	case r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "":
		f.refusals = append(f.refusals, "the blob host was sent credentials")
		azureError(w, http.StatusBadRequest, "InvalidAuthenticationInfo", "header")
	case err != nil || err2 != nil || q.Get("sig") != signature || q.Get("sp") != want || !expires.After(f.now()):
		azureError(w, http.StatusForbidden, "AuthenticationFailed", "Signature not valid: "+r.URL.RawQuery+" "+q.Get("sig"))
	case r.Method == http.MethodPut && r.Header.Get("x-ms-version") == "":
		azureError(w, http.StatusBadRequest, "MissingRequiredHeader", "x-ms-version")
	case a == nil:
		azureError(w, http.StatusNotFound, "ContainerNotFound", name)
	case r.Method == http.MethodGet && a.id != 0:
		w.Header().Set("Content-Type", a.kind)
		w.Header().Set("Content-Length", strconv.Itoa(len(a.blob)))
		_, _ = w.Write(a.blob)
	case r.Method == http.MethodPut && q.Get("comp") == "block":
		f.putBlock(w, r, a)
	case r.Method == http.MethodPut && q.Get("comp") == "blocklist":
		f.putBlockList(w, r, a)
	default:
		azureError(w, http.StatusBadRequest, "InvalidQueryParameterValue", "comp")
	}
}

func (f *fake) putBlock(w http.ResponseWriter, r *http.Request, a *stored) {
	id := r.URL.Query().Get("blockid")
	raw, err := base64.StdEncoding.DecodeString(id)
	if err != nil || len(raw) == 0 || len(raw) > 64 {
		azureError(w, http.StatusBadRequest, "InvalidQueryParameterValue", "blockid")
		return
	}
	for other := range a.blocks {
		if len(other) != len(id) {
			azureError(w, http.StatusBadRequest, "InvalidBlobOrBlock", "ids of different lengths")
			return
		}
	}
	body, _ := io.ReadAll(r.Body)
	if r.ContentLength < 0 || len(body) == 0 {
		azureError(w, http.StatusLengthRequired, "MissingContentLengthHeader", "")
		return
	}
	a.blocks[id] = body
	w.WriteHeader(http.StatusCreated)
}

func (f *fake) putBlockList(w http.ResponseWriter, r *http.Request, a *stored) {
	var list struct {
		XMLName xml.Name `xml:"BlockList"`
		Latest  []string `xml:"Latest"`
	}
	if err := xml.NewDecoder(r.Body).Decode(&list); err != nil {
		azureError(w, http.StatusBadRequest, "InvalidXmlDocument", err.Error())
		return
	}
	var blob []byte
	for _, id := range list.Latest {
		block, ok := a.blocks[id]
		if !ok {
			azureError(w, http.StatusBadRequest, "InvalidBlockList", "The specified block list is invalid.")
			return
		}
		blob = append(blob, block...)
	}
	if a.kind = r.Header.Get("x-ms-blob-content-type"); a.kind != "application/zip" && a.kind != "zip" {
		f.refusals = append(f.refusals, fmt.Sprintf("x-ms-blob-content-type %q", a.kind))
		azureError(w, http.StatusBadRequest, "InvalidHeaderValue", "x-ms-blob-content-type")
		return
	}
	a.blob, a.committed = blob, true
	w.WriteHeader(http.StatusCreated)
}

// put lays a finished artifact of another job into the run.
func (f *fake) put(name string, blob []byte) *stored {
	f.nextID++
	a := &stored{
		id: f.nextID, ids: backendIDs{f.ids.run, "another-job"}, name: name, blob: blob, committed: true,
		kind: "application/zip", size: int64(len(blob)), digest: "sha256:" + hexSHA256(blob),
	}
	f.stored[name] = a
	return a
}

// waits records what a client slept.
type waits struct {
	mu  sync.Mutex
	all []time.Duration
}

func (w *waits) sleep(_ context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, d)
	return nil
}

func (w *waits) longest() time.Duration { return slices.Max(append(w.all, 0)) }
