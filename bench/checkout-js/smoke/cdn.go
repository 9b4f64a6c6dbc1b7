package smoke

import (
	"bytes"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// cdn serves the built files from an origin of their own, with CORS open, under
// a path: integrity is only checked in earnest across origins.
type cdn struct {
	root *os.Root
	flip string // slash path of the file that is served with one byte changed

	mu     sync.Mutex
	served map[string]int // slash path → times
}

// mount is where the built files live on their origin.
const mount = "/dist/"

func (c *cdn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// What a CDN in front of a store sends: any origin, immutable, and a
	// request to intermediaries to leave the bytes alone.
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable, no-transform")
	name, inside := strings.CutPrefix(r.URL.Path, mount)
	if !inside || !filepath.IsLocal(name) {
		http.NotFound(w, r)
		return
	}
	c.mu.Lock()
	c.served[name]++
	c.mu.Unlock()
	if name != c.flip {
		http.ServeFileFS(w, r, c.root.FS(), name)
		return
	}
	data, err := c.root.ReadFile(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", contentType(name))
	w.Write(flipped(data))
}

// requests returns how often files were asked for, and which.
func (c *cdn) requests() (total int, names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.served {
		total += n
	}
	return total, sortedKeys(c.served)
}

// flipped changes one bit of one byte such that the text stays valid JavaScript
// or CSS where it can: integrity, not a syntax error, must stop it. It turns a
// letter into its capital, in the source map's name at the end if there is one.
func flipped(data []byte) []byte {
	out := slices.Clone(data)
	from := len(out) / 2
	if i := bytes.LastIndex(out, []byte("sourceMappingURL=")); i >= 0 {
		from = i + len("sourceMappingURL=")
	}
	for n := range out {
		if i := (from + n) % len(out); out[i] >= 'a' && out[i] <= 'z' {
			out[i] ^= 0x20
			return out
		}
	}
	if len(out) > 0 {
		out[0] ^= 1
	}
	return out
}

func contentType(name string) string {
	switch filepath.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	}
	return "application/octet-stream"
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
