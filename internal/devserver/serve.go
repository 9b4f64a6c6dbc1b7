package devserver

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// ServeHTTP answers with a file of a build, of the public folder, or a page
// that says what there is.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.guard(w, r) {
		return
	}
	if name, own := strings.CutPrefix(r.URL.Path, Prefix); own {
		s.own(w, r, name)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	st, _ := s.now()
	// What has a hash in its name is the same in every build, so an old page
	// gets its files while a new build is under way.
	if f, ok := st.shelf[name]; ok && hashed(name) {
		s.send(w, r, f.file)
		return
	}
	st = s.settled(r.Context())
	if f, ok := st.find(name); ok {
		s.send(w, r, f)
		return
	}
	if s.Public != nil && s.public(w, r, st, name) {
		return
	}
	switch {
	case name == "" || st.build == nil:
		s.index(w, r, st)
	default:
		s.missing(w, r, st, name)
	}
}

// own answers at the server's own addresses.
func (s *Server) own(w http.ResponseWriter, r *http.Request, name string) {
	switch name {
	case "":
		s.index(w, r, s.settled(r.Context()))
	case "events":
		s.events(w, r)
	case "client.js":
		s.send(w, r, file{[]byte(Client(release.Classic)), release.TypeOf(name)})
	case "page.js":
		s.send(w, r, file{pageJS, release.TypeOf(name)})
	case "page.css":
		s.send(w, r, file{pageCSS, release.TypeOf(name)})
	default:
		refuse(w, http.StatusNotFound, "got "+quote(r.URL.Path)+": there is nothing of the server's own")
	}
}

// find looks for a file of the last build, then of those before.
func (st *state) find(name string) (file, bool) {
	if st.build != nil {
		if path, ok := st.build.aliases[name]; ok {
			name = path
		}
	}
	f, ok := st.shelf[name]
	return f.file, ok
}

func (s *Server) send(w http.ResponseWriter, r *http.Request, f file) {
	w.Header().Set("Content-Type", f.mediaType)
	w.Header().Set("Cross-Origin-Resource-Policy", s.embeddable(r, f.mediaType))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.content))
}

// maxPublic bounds a page of the public folder, which is read whole.
const maxPublic = 16 << 20

// public answers with a file of the project's folder, and reports whether there
// is one: the path itself, a page without its ending, or a folder's index.html.
func (s *Server) public(w http.ResponseWriter, r *http.Request, st state, name string) bool {
	folder := strings.HasSuffix(r.URL.Path, "/")
	name = path.Clean("/" + name)[1:]
	if hidden(name) {
		return false
	}
	tries := []string{name, name + ".html", path.Join(name, "index.html")}
	if folder {
		tries = tries[2:]
	}
	for i, try := range tries {
		f := s.openPublic(try)
		if f == nil {
			continue
		}
		defer func() { _ = f.Close() }() // it was only read
		switch {
		case i == 2:
			// Relative addresses in it are meant from inside the folder.
			w.Header().Set("Location", "./"+path.Base(name)+"/")
			w.WriteHeader(http.StatusTemporaryRedirect)
		case strings.HasSuffix(try, ".html"):
			s.projectPage(w, r, st, try, f)
		default:
			mediaType := release.TypeOf(try)
			w.Header().Set("Content-Type", mediaType)
			w.Header().Set("Cross-Origin-Resource-Policy", s.embeddable(r, mediaType))
			http.ServeContent(w, r, "", time.Time{}, f)
		}
		return true
	}
	return false
}

// hidden reports a path with a name that begins with a dot: nobody's business,
// but for what the web calls well known.
func hidden(name string) bool {
	for i, segment := range strings.Split(name, "/") {
		if strings.HasPrefix(segment, ".") && (i > 0 || segment != ".well-known") {
			return true
		}
	}
	return false
}

// openPublic opens a regular file of the public folder; nil where there is none.
func (s *Server) openPublic(name string) *os.File {
	info, err := s.Public.Stat(name)
	if err != nil || !info.Mode().IsRegular() { // opening a pipe would wait
		return nil
	}
	f, err := s.Public.Open(name)
	if err != nil {
		return nil
	}
	return f
}

// projectPage answers with a page of the project, with tags where it asks for
// an entry's.
func (s *Server) projectPage(w http.ResponseWriter, r *http.Request, st state, name string, f io.Reader) {
	html, err := io.ReadAll(io.LimitReader(f, maxPublic+1))
	if err == nil && len(html) > maxPublic {
		err = fmt.Errorf("it is larger than %d MiB", maxPublic>>20)
	}
	if err == nil && st.build != nil {
		html, err = st.build.fill(html)
	}
	if err != nil {
		s.problem(w, r, http.StatusInternalServerError, "The page "+name+" can't be shown", err.Error())
		return
	}
	if st.build == nil {
		s.index(w, r, st)
		return
	}
	s.send(w, r, file{html, release.TypeOf(name)})
}

func quote(text string) string {
	if len(text) > 200 {
		text = text[:200] + "…"
	}
	return strconv.Quote(text)
}
