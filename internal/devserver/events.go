package devserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// good is the event "release": the last good build.
type good struct {
	ID     string     `json:"id"`               // "" where there is none yet
	From   string     `json:"from,omitempty"`   // the build before
	Styles []restyled `json:"styles,omitempty"` // all that changed since; none: reload
	// Stale says that the page runs a script that is no longer of the build.
	Stale bool `json:"stale,omitempty"`
}

// events tells a client of every build, as Server-Sent Events: first how things
// are, then whenever they change. A client that is too slow for several builds
// gets the last one; it sees by From that it has missed some.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" && w.Header().Get("Access-Control-Allow-Origin") == "" {
		refuse(w, http.StatusForbidden, "got a page of "+quote(origin)+": start the server with this origin allowed")
		return
	}
	if !s.enter() {
		w.Header().Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, fmt.Sprintf("%d pages listen already; close some", maxClients))
		return
	}
	defer s.leave()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cross-Origin-Resource-Policy", "same-site")
	if r.Method == http.MethodHead {
		return
	}
	var sent told
	out := &stream{w: w, control: http.NewResponseController(w), now: s.Now}
	out.write("retry: 500\n\n")
	script := r.URL.Query().Get("script")
	if st, _ := s.now(); st.build == nil {
		out.send("release", good{})
	}
	for {
		st, changed := s.now()
		sent.tell(out, st, script)
		if out.err != nil {
			return
		}
		select {
		case <-changed:
		case <-s.After(heartbeat):
			out.write(": still here\n\n")
		case <-r.Context().Done():
			return
		}
	}
}

// told is what a client knows.
type told struct {
	build  *build
	errors *failure
}

// tell sends what a client does not know yet.
func (t *told) tell(out *stream, st state, script string) {
	if !st.idle {
		return
	}
	if st.build != nil && (st.build != t.build || t.errors != nil && st.errors == nil) {
		g := good{ID: st.build.id, From: st.build.from, Styles: st.build.restyled}
		if t.build == nil && script != "" {
			_, isFile := st.build.files[script]
			_, isAlias := st.build.aliases[script]
			g.Stale = !isFile && !isAlias
		}
		out.send("release", g)
	}
	if st.errors != nil && st.errors != t.errors {
		out.send("errors", st.errors)
	}
	t.build, t.errors = st.build, st.errors
}

// stream writes to a client, until that fails or takes too long.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	now     func() time.Time
	err     error
}

// send writes an event. JSON has no line break, which would end it.
func (o *stream) send(event string, v any) {
	data, _ := json.Marshal(v) // strings and numbers always encode
	o.write("event: " + event + "\ndata: " + string(data) + "\n\n")
}

func (o *stream) write(text string) {
	if o.err != nil {
		return
	}
	// A server without deadlines, such as a test's recorder, waits.
	_ = o.control.SetWriteDeadline(o.now().Add(writeTimeout))
	if _, o.err = o.w.Write([]byte(text)); o.err == nil {
		o.err = o.control.Flush()
	}
}

func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clients >= maxClients {
		return false
	}
	s.clients++
	return true
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients--
}
