package imagetest

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
)

// Kind is a way to fail.
type Kind string

// The ways in which a registry fails.
const (
	Answer  Kind = "answer"  // Status, Header and Body instead of an answer
	Hang    Kind = "hang"    // nothing more after the first Bytes bytes of the answer
	Cut     Kind = "cut"     // the connection is reset after Bytes bytes
	Short   Kind = "short"   // only Bytes bytes, as if there were no more
	Corrupt Kind = "corrupt" // one bit of the answer's body is another
	Lost    Kind = "lost"    // the request is done, the answer never arrives
)

// Fault is a failure to come.
type Fault struct {
	Kind   Kind
	Method string // "" for every one
	Path   string // a part of it
	After  int    // how many such requests go well before
	Times  int    // how many fail then; 0 for all

	Status int
	Header http.Header
	Body   string
	Bytes  int

	seen int
}

// Fail lets requests fail from now on. The first fault that a request fits is its.
func (r *Registry) Fail(f Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, &f)
}

// Heal ends all faults.
func (r *Registry) Heal() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = nil
}

func (r *Registry) fault(req *http.Request) *Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.faults {
		if f.Method != "" && f.Method != req.Method || !strings.Contains(req.URL.Path, f.Path) {
			continue
		}
		f.seen++
		if n := f.seen - f.After; n > 0 && (f.Times == 0 || n <= f.Times) {
			return f
		}
	}
	return nil
}

// late says that the fault needs the real answer, to spoil it.
func (f *Fault) late() bool { return f.Kind != Answer }

func (f *Fault) write(w http.ResponseWriter) {
	for k, v := range f.Header {
		w.Header()[http.CanonicalHeaderKey(k)] = v
	}
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(f.Body))
}

// spoil sends a part of an answer, or a wrong one.
func (f *Fault) spoil(w http.ResponseWriter, answer *httptest.ResponseRecorder, req *http.Request, closed <-chan struct{}) {
	body := answer.Body.Bytes()
	first := body[:min(f.Bytes, len(body))]
	switch f.Kind {
	case Corrupt:
		if len(body) > 0 {
			body[len(body)/2] ^= 1
		}
		send(w, answer)
		return
	case Short:
		answer.Header().Del("Content-Length")
		answer.Body.Truncate(len(first))
		send(w, answer)
		return
	case Lost:
		reset(w)
		return
	case Answer, Hang, Cut:
	}
	if f.Bytes > 0 {
		for k, v := range answer.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(first)
		_ = http.NewResponseController(w).Flush()
	}
	if f.Kind == Hang {
		select {
		case <-req.Context().Done():
		case <-closed:
		}
	}
	reset(w)
}

// reset ends the connection as a crashed server's does.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
