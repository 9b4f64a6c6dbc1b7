package shop

import (
	"net/http"
	"path/filepath"
	"strings"
)

// asset answers with a file of the release, and with nothing that is not in it.
func (s *Shop) asset(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	// Without CORS the browser can't check the integrity of another origin's file.
	w.Header().Set("Access-Control-Allow-Origin", "*")
	file, ok := s.build.Release.File(path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	if fault, ok := s.count(path, r.Header.Get("Sec-Purpose") == "prefetch"); ok {
		s.serveFault(w, r, fault)
		return
	}
	w.Header().Set("Content-Type", file.Type)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	// Names hold a hash of the content. no-transform keeps proxies from
	// changing bytes that are pinned.
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable, no-transform")
	http.ServeFile(w, r, filepath.Join(s.build.Dir, filepath.FromSlash(path)))
}
