package browser

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// maxSources is the most scripts and styles of a page that are kept.
const maxSources = 5000

// Source is one script or style that a page, a frame of it or a worker loaded, with
// a hash of what the browser got.
type Source struct {
	Request          // of a linked one; of others URL and Type alone
	Via     string   // "linked", "inline", "eval" (also an inserted inline one), "blob" or "data"
	Target  string   // "page", or "worker", "iframe", … and its URL
	By      string   // URL of the document or script that loaded it
	SHA384  string   // integrity string of the decoded bytes, of a script without a request its text's
	Hashes  []string // of the same bytes by integrity's other algorithms
	Size    int64
	Problem string // why there is no hash
	Parsed  bool   // the engine compiled it; of a style, its bytes arrived

	at int // among the watch's sources
}

// Watch records the scripts and styles of a page and of all that belongs to it.
type Watch struct {
	page target.SessionID
	wire *wire
	ctx  context.Context

	mu       sync.Mutex
	started  bool
	ended    bool
	sources  []Source
	requests map[network.RequestID]int // index of sources; a frame's request may end in its own session
	parsed   []parsed
	targets  map[target.SessionID]string
	attached map[target.ID]bool
	known    map[target.ID]*target.Info
	self     target.ID
	lost     int
	reading  sync.WaitGroup
	rules    []Rule
}

// parsed is a script that the engine compiled and that has a URL.
type parsed struct {
	session target.SessionID
	event   debugger.EventScriptParsed
}

// Watch begins to record; call it before Open. The browser must be one that was
// attached to or started with Options.Watched.
func (p *Page) Watch(ctx context.Context, rules ...Rule) (*Watch, error) {
	if p.wire == nil {
		return nil, errors.New("watching a page: the browser was started without Watched")
	}
	t := chromedp.FromContext(p.ctx).Target
	w := &Watch{
		page: t.SessionID, self: t.TargetID, wire: p.wire, ctx: p.ctx, rules: rules, requests: map[network.RequestID]int{},
		targets:  map[target.SessionID]string{t.SessionID: "page"},
		attached: map[target.ID]bool{t.TargetID: true}, known: map[target.ID]*target.Info{},
	}
	p.wire.watch(w.page, w)
	bounded, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := w.enable(bounded, w.page); err != nil {
		return nil, fmt.Errorf("watching a page: %w", err)
	}
	// Chromium tells of every target again when it is asked to tell of them anew.
	for _, discover := range []bool{false, true} {
		if err := w.wire.call(bounded, w.page, target.SetDiscoverTargets.Method, target.SetDiscoverTargetsParams{Discover: discover}, nil); err != nil {
			return nil, fmt.Errorf("watching a page: %w", err)
		}
	}
	return w, w.alter(bounded)
}

// enable makes a session tell what is loaded and run in it. A page that holds a
// debugger statement is not to stop there.
func (w *Watch) enable(ctx context.Context, s target.SessionID) error {
	yes := true
	var answers []func(any) error
	for _, c := range []struct {
		method string
		params any
	}{
		{network.Enable.Method, network.EnableParams{}},
		{debugger.Enable.Method, debugger.EnableParams{}},
		{"Debugger.setSkipAllPauses", map[string]bool{"skip": true}},
		{target.SetAutoAttach.Method, target.SetAutoAttachParams{AutoAttach: true, WaitForDebuggerOnStart: true, Flatten: &yes}},
		{"Runtime.runIfWaitingForDebugger", struct{}{}},
	} {
		answer, err := w.wire.send(ctx, s, c.method, c.params)
		if err != nil {
			return err
		}
		answers = append(answers, answer)
	}
	for _, answer := range answers {
		if err := answer(nil); err != nil {
			return err
		}
	}
	return nil
}

// event takes a message of a session, on the connection's own goroutine.
func (w *Watch) event(m cdproto.Message) {
	decoded, err := cdproto.UnmarshalMessage(&m, chromedp.DefaultUnmarshalOptions)
	if err != nil {
		return // newer than the protocol's description
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return
	}
	switch ev := decoded.(type) {
	case *network.EventRequestWillBeSent:
		w.sent(m.SessionID, ev)
	case *network.EventResponseReceived:
		w.change(ev.RequestID, func(s *Source) { s.received(ev) })
	case *network.EventLoadingFinished:
		w.change(ev.RequestID, func(s *Source) {
			s.Done = true
			w.read(s, func(ctx context.Context) ([]byte, error) { return w.body(ctx, m.SessionID, ev.RequestID) })
		})
	case *network.EventLoadingFailed:
		w.change(ev.RequestID, func(s *Source) { s.failed(ev); s.Problem = "it did not arrive: " + s.Failed })
	case *debugger.EventScriptParsed:
		w.script(m.SessionID, ev)
	case *target.EventAttachedToTarget:
		w.follow(ev)
	case *target.EventTargetCreated:
		w.known[ev.TargetInfo.TargetID] = ev.TargetInfo
	case *fetch.EventRequestPaused:
		w.reading.Go(func() { w.answer(ev) })
	}
}

// follow watches a worker or frame, and only then lets it run.
func (w *Watch) follow(ev *target.EventAttachedToTarget) {
	w.targets[ev.SessionID] = strings.TrimSpace(ev.TargetInfo.Type + " " + ev.TargetInfo.URL)
	w.attached[ev.TargetInfo.TargetID] = true
	w.known[ev.TargetInfo.TargetID] = ev.TargetInfo
	w.wire.watch(ev.SessionID, w)
	w.reading.Go(func() {
		ctx, cancel := context.WithTimeout(w.ctx, 10*time.Second)
		defer cancel()
		if err := w.enable(ctx, ev.SessionID); err != nil {
			w.mu.Lock()
			w.attached[ev.TargetInfo.TargetID] = false
			w.mu.Unlock()
		}
	})
}

func (w *Watch) sent(session target.SessionID, ev *network.EventRequestWillBeSent) {
	w.started = w.started || ev.Type == network.ResourceTypeDocument
	if ev.RedirectResponse != nil {
		w.change(ev.RequestID, func(s *Source) { s.response(ev.RedirectResponse); s.Done = true })
	}
	s := Source{Via: "linked", Target: w.targets[session], By: starter(ev.Initiator)}
	s.Request = Request{ID: string(ev.RequestID), URL: ev.Request.URL, Method: ev.Request.Method, Type: string(ev.Type)}
	if ev.Initiator != nil {
		s.Initiator = string(ev.Initiator.Type)
	}
	if s.By == "" && ev.Type != network.ResourceTypeDocument {
		s.By = ev.DocumentURL
	}
	switch scheme, _, _ := strings.Cut(s.URL, ":"); scheme {
	case "blob", "data":
		s.Via = scheme
	}
	if i, ok := w.add(s); ok {
		w.requests[ev.RequestID] = i
	}
}

func (w *Watch) add(s Source) (int, bool) {
	if len(w.sources) >= maxSources {
		w.lost++
		return 0, false
	}
	s.at = len(w.sources)
	w.sources = append(w.sources, s)
	return s.at, true
}

func (w *Watch) change(id network.RequestID, edit func(*Source)) {
	if i, ok := w.requests[id]; ok {
		edit(&w.sources[i])
	}
}

// starter is the script or document that began a request.
func starter(i *network.Initiator) string {
	if i == nil {
		return ""
	}
	for s := i.Stack; s != nil; s = s.Parent {
		if at := top(s); at != "" {
			return at
		}
	}
	return i.URL
}

func top(s *runtime.StackTrace) string {
	if s == nil {
		return ""
	}
	for _, f := range s.CallFrames {
		if f.URL != "" {
			return f.URL
		}
	}
	return ""
}

// script notes what the engine compiled. What has a request of its own has its hash
// from there; the rest is hashed by its text.
func (w *Watch) script(session target.SessionID, ev *debugger.EventScriptParsed) {
	var world struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal(ev.ExecutionContextAuxData, &world) // a worker's has none
	if !w.started && session == w.page || world.Type == "isolated" {
		return
	}
	name := ev.URL
	if ev.HasSourceURL { // the code's own word, which may be anything
		name = ev.EmbedderName
	}
	via := w.via(name, ev)
	by := top(ev.StackTrace)
	if via == "linked" && session == w.page {
		w.parsed = append(w.parsed, parsed{session, *ev})
		return
	}
	if by == "" {
		by = name
	}
	i, ok := w.add(Source{Request: Request{URL: name, Type: "Script", Done: true}, Via: via, Target: w.targets[session], By: by, Parsed: true})
	if ok {
		w.read(&w.sources[i], func(ctx context.Context) ([]byte, error) { return w.text(ctx, session, ev) })
	}
}

func (w *Watch) via(name string, ev *debugger.EventScriptParsed) string {
	scheme, _, _ := strings.Cut(name, ":")
	switch {
	case name == "":
		return "eval"
	case scheme == "blob" || scheme == "data":
		return scheme
	case scheme != "http" && scheme != "https", ev.StartLine > 0, ev.StartColumn > 0:
		return "inline"
	}
	for i := range w.sources {
		if s := &w.sources[i]; s.Type == "Document" && s.URL == name {
			return "inline"
		}
	}
	return "linked"
}

// read has a source's bytes read and hashed in the background, as early as can be: a
// worker that ends takes them along. w.mu is held.
func (w *Watch) read(s *Source, get func(context.Context) ([]byte, error)) {
	if s.Type != "Script" && s.Type != "Stylesheet" {
		return
	}
	i := s.at
	w.reading.Go(func() {
		ctx, cancel := context.WithTimeout(w.ctx, 20*time.Second)
		defer cancel()
		data, err := get(ctx)
		w.mu.Lock()
		defer w.mu.Unlock()
		s := &w.sources[i]
		if err != nil {
			s.Problem = "its bytes could not be read: " + clip(err.Error(), 200)
			return
		}
		s.hash(data)
		s.Parsed = s.Parsed || s.Type == "Stylesheet"
	})
}

func (s *Source) hash(data []byte) {
	text := base64.StdEncoding.EncodeToString
	sum256, sum384, sum512 := sha256.Sum256(data), sha512.Sum384(data), sha512.Sum512(data)
	s.SHA384, s.Size = "sha384-"+text(sum384[:]), int64(len(data))
	s.Hashes = []string{"sha256-" + text(sum256[:]), "sha512-" + text(sum512[:])}
}

func (w *Watch) body(ctx context.Context, s target.SessionID, id network.RequestID) ([]byte, error) {
	var res network.GetResponseBodyResult
	err := w.wire.call(ctx, s, network.GetResponseBody.Method, network.GetResponseBodyParams{RequestID: id}, &res)
	return res.Body, err
}

func (w *Watch) text(ctx context.Context, s target.SessionID, ev *debugger.EventScriptParsed) ([]byte, error) {
	var res debugger.GetScriptSourceResult
	err := w.wire.call(ctx, s, debugger.GetScriptSource.Method, debugger.GetScriptSourceParams{ScriptID: ev.ScriptID}, &res)
	if len(res.Bytecode) > 0 {
		return res.Bytecode, err
	}
	return []byte(res.ScriptSource), err
}

// Quiet stays for at least the given time, and until no document, script or style
// was under way for so long (still); within bounds both. It says what was then still
// under way.
func (w *Watch) Quiet(ctx context.Context, stay, still, within time.Duration) ([]string, error) {
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var quiet time.Duration
	for stayed := time.Duration(0); stayed < stay || quiet < still; stayed += pollEvery {
		if !pause(bounded, pollEvery) {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			break
		}
		if quiet += pollEvery; len(w.pending()) > 0 {
			quiet = 0
		}
	}
	return w.pending(), nil
}

func (w *Watch) pending() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var urls []string
	for i := range w.sources {
		if s := &w.sources[i]; !s.Done && (s.Type == "Document" || s.Type == "Script" || s.Type == "Stylesheet") {
			urls = append(urls, s.URL)
		}
	}
	return urls
}

// Sources ends the recording and returns every document, script and style in the
// order of their start, and what was there and could not be watched.
func (w *Watch) Sources() (sources []Source, unseen []string) {
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	w.reading.Wait()
	w.mu.Lock()
	w.compiled()
	w.mu.Unlock()
	w.reading.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.targets {
		w.wire.watch(s, nil)
	}
	return w.sorted(), w.unseen()
}

// compiled matches what the engine compiled with the requests, and reads what came
// without one.
func (w *Watch) compiled() {
	for _, p := range w.parsed {
		name, found := p.event.URL, false
		if p.event.HasSourceURL {
			name = p.event.EmbedderName
		}
		for i := range w.sources {
			if s := &w.sources[i]; s.Type == "Script" && s.Via == "linked" && withoutFragment(s.URL) == withoutFragment(name) {
				s.Parsed, found = true, true
			}
		}
		if found {
			continue
		}
		if i, ok := w.add(Source{Request: Request{URL: name, Type: "Script", Done: true}, Via: "linked", Target: w.targets[p.session], By: top(p.event.StackTrace), Parsed: true}); ok {
			w.read(&w.sources[i], func(ctx context.Context) ([]byte, error) { return w.text(ctx, p.session, &p.event) })
		}
	}
}

func withoutFragment(s string) string { s, _, _ = strings.Cut(s, "#"); return s }

// sorted leaves out what is neither document, script nor style, and a worker's
// script that is known by its request and by its text.
func (w *Watch) sorted() []Source {
	requested, compiled := map[string]bool{}, map[string]bool{}
	for _, s := range w.sources {
		if s.ID != "" && s.SHA384 != "" {
			requested[s.URL] = true
		}
		if s.ID == "" {
			compiled[s.URL] = true
		}
	}
	var kept []Source
	for _, s := range w.sources {
		twice := s.ID == "" && s.Via != "inline" && s.Via != "eval" && requested[s.URL]
		if (s.Type == "Document" || s.Type == "Script" || s.Type == "Stylesheet") && !twice {
			s.Parsed = s.Parsed || s.Type == "Script" && compiled[s.URL]
			if s.SHA384 == "" && s.Problem == "" {
				s.Problem = "it did not arrive while the page was watched"
			}
			kept = append(kept, s)
		}
	}
	return kept
}

func (w *Watch) unseen() []string {
	var list []string
	own := w.known[w.self]
	for id, info := range w.known {
		if w.attached[id] || own == nil || info.BrowserContextID != own.BrowserContextID || info.Type == "tab" || info.Type == "browser_ui" {
			continue
		}
		list = append(list, strings.TrimSpace(info.Type+" "+clip(info.URL, 500)))
	}
	if w.lost > 0 {
		list = append(list, fmt.Sprintf("%d requests and scripts after the first %d", w.lost, maxSources))
	}
	slices.Sort(list)
	return list
}

// Rule alters what a page gets, as somebody between it and the servers would.
type Rule struct {
	URL  string                // of the answer, without fragment
	Body func(b []byte) []byte // alters the body; nil leaves it
	Drop string                // a header to take out
	Make string                // answers with this script, without asking a server
}

func (w *Watch) alter(ctx context.Context) error {
	if len(w.rules) == 0 {
		return nil
	}
	var patterns []*fetch.RequestPattern
	for _, r := range w.rules {
		stage := fetch.RequestStageResponse
		if r.Make != "" {
			stage = fetch.RequestStageRequest
		}
		escaped := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(r.URL)
		patterns = append(patterns, &fetch.RequestPattern{URLPattern: escaped, RequestStage: stage})
	}
	return w.wire.call(ctx, w.page, fetch.Enable.Method, fetch.EnableParams{Patterns: patterns}, nil)
}

// answer lets a request that a rule held up go on. What goes wrong shows as a page
// that does not load.
func (w *Watch) answer(ev *fetch.EventRequestPaused) {
	ctx, cancel := context.WithTimeout(w.ctx, 20*time.Second)
	defer cancel()
	out := fetch.FulfillRequestParams{RequestID: ev.RequestID, ResponseCode: ev.ResponseStatusCode, ResponseHeaders: ev.ResponseHeaders}
	made := false
	for _, r := range w.rules {
		if r.URL != withoutFragment(ev.Request.URL) {
			continue
		}
		if r.Make != "" && ev.ResponseStatusCode == 0 {
			out.ResponseCode, out.Body, made = 200, []byte(r.Make), true
			out.ResponseHeaders = []*fetch.HeaderEntry{{Name: "Content-Type", Value: "text/javascript"}}
		}
		out.ResponseHeaders = slices.DeleteFunc(slices.Clone(out.ResponseHeaders), func(h *fetch.HeaderEntry) bool {
			return r.Drop != "" && strings.EqualFold(h.Name, r.Drop)
		})
	}
	if ev.ResponseStatusCode == 0 && !made || ev.ResponseStatusCode/100 == 3 {
		_ = w.wire.call(ctx, w.page, fetch.ContinueRequest.Method, fetch.ContinueRequestParams{RequestID: ev.RequestID}, nil)
		return
	}
	if !made {
		var got fetch.GetResponseBodyResult
		_ = w.wire.call(ctx, w.page, fetch.GetResponseBody.Method, fetch.GetResponseBodyParams{RequestID: ev.RequestID}, &got)
		out.Body = got.Body
		for _, r := range w.rules {
			if r.Body != nil && r.URL == withoutFragment(ev.Request.URL) {
				out.Body = r.Body(out.Body)
			}
		}
		// The body is decoded by now.
		out.ResponseHeaders = slices.DeleteFunc(out.ResponseHeaders, func(h *fetch.HeaderEntry) bool {
			return strings.EqualFold(h.Name, "Content-Encoding") || strings.EqualFold(h.Name, "Content-Length")
		})
	}
	_ = w.wire.call(ctx, w.page, fetch.FulfillRequest.Method, out, nil)
}
