// Package devserver serves a build to the browser beside the editor: files from
// memory, pages that reload when a build is done, and a build's errors in them.
//
// A Server answers with the files of the last good build, and keeps those of
// the builds before for the tabs that are still open. What a request gets is
// always of one build: what may change with the next one waits for it.
//
// What is built may be read by nobody but the developer: an unfinished feature
// is not public yet, and a page of any site can send requests to this machine.
// So only pages of this machine may read, and those of origins that are named;
// and a name that somebody's DNS leads here is not this machine's.
package devserver

import (
	"context"
	"io/fs"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// Prefix is the folder of the server's own addresses.
const Prefix = "/__checkout-deploy/"

// Bounds of a server.
const (
	keptBuilds   = 10               // whose files are still there for open tabs
	patience     = 10 * time.Second // how long a request waits for a build
	heartbeat    = 20 * time.Second // proxies close what is silent for a minute
	writeTimeout = 5 * time.Second  // for one event to a client
	maxClients   = 100              // that listen to events
)

// Server is an http.Handler. Until the first Publish or Fail, and from Begin to
// the next of them, a build is under way.
type Server struct {
	// Public is a folder with the project's own pages and files; may be nil.
	// Links that lead out of it are not followed.
	Public *os.Root
	// Sources is what findings' paths are relative to, for excerpts; may be nil.
	Sources fs.FS
	// Hosts are names that the server answers to besides localhost and addresses.
	Hosts []string
	// Origins are those whose pages may read files and events, such as
	// "https://store.example", besides the pages of this machine; "*" is every one.
	Origins []string

	// The clock: time.Now and time.After.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time

	mu      sync.Mutex
	state   state
	changed chan struct{} // closed when state changes; nil while nobody waits
	clients int
}

// state is what the server knows of the builds. A state is never changed, but
// replaced.
type state struct {
	idle   bool // no build is under way
	build  *build
	errors *failure // of the last build; nil when it was good
	shelf  map[string]shelved
	count  int // of published builds
}

// build is a good one.
type build struct {
	release  *release.Release
	id       string
	files    map[string]file
	aliases  map[string]string // a name that stays, to the one of this build
	from     string            // the id of the build before
	restyled []restyled        // all that changed since from; nil where more did
}

type file struct {
	content   []byte
	mediaType string
}

// shelved is a file of this build or one before.
type shelved struct {
	file
	last int // the number of the last build that had it
}

// now returns the state, and what is closed when it has changed.
func (s *Server) now() (state, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.state, s.changed
}

// change replaces the state and tells who waits.
func (s *Server) change(edit func(*state)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	edit(&s.state)
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// settled waits for the end of a build that is under way, but not forever.
func (s *Server) settled(ctx context.Context) state {
	st, changed := s.now()
	if st.idle {
		return st
	}
	bound := s.After(patience)
	for !st.idle {
		select {
		case <-changed:
			st, changed = s.now()
		case <-bound:
			return st
		case <-ctx.Done():
			return st
		}
	}
	return st
}

// Serve answers requests on a listener until the context ends.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}
