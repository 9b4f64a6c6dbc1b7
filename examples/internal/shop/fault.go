package shop

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
)

// Fault is something that goes wrong with one built file. A prefetch of it goes
// wrong too, or the load would take the prefetched bytes, and does not count.
type Fault struct {
	Path string // as in the release
	Kind FaultKind
	// Times says how many answers are wrong; 0 means all.
	Times int
}

// FaultKind says what goes wrong.
type FaultKind int

const (
	Unavailable FaultKind = iota // the server answers 503
	FlippedByte                  // one bit of one byte is another one
)

// Break makes built files go wrong from now on, and forgets earlier faults and
// counts.
func (s *Shop) Break(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = faults
	s.asked, s.hinted = map[string]int{}, map[string]bool{}
}

// Asked returns how often a built file was asked for since the last Break, not
// counting prefetches.
func (s *Shop) Asked(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

// Sent reports whether a built file was asked for since the last Break, by a
// prefetch or in earnest.
func (s *Shop) Sent(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path] > 0 || s.hinted[path]
}

// count notes a request for a file and returns the fault that it meets, if any.
func (s *Shop) count(path string, prefetch bool) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if prefetch {
		s.hinted[path] = true
	} else {
		s.asked[path]++
	}
	for _, f := range s.faults {
		if f.Path == path && (prefetch || f.Times == 0 || s.asked[path] <= f.Times) {
			return f, true
		}
	}
	return Fault{}, false
}

func (s *Shop) serveFault(w http.ResponseWriter, r *http.Request, f Fault) {
	w.Header().Set("Cache-Control", "no-store")
	if f.Kind == Unavailable {
		http.Error(w, "this is what the test asked for", http.StatusServiceUnavailable)
		return
	}
	data, err := os.ReadFile(filepath.Join(s.build.Dir, filepath.FromSlash(f.Path)))
	if err != nil || len(data) == 0 {
		http.NotFound(w, r)
		return
	}
	data = bytes.Clone(data)
	data[len(data)/2] ^= 1
	file, _ := s.build.Release.File(f.Path)
	w.Header().Set("Content-Type", file.Type)
	w.Write(data)
}
