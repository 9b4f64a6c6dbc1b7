package bundle

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// reads is what a pass has looked at outside of itself: whoever wants to build
// it elsewhere has to bring that along. The hooks run in many goroutines.
type reads struct {
	mu    sync.Mutex
	files map[string]bool     // absolute
	asked map[importSite]bool // folder and package that an import there names
}

func newReads() *reads { return &reads{files: map[string]bool{}, asked: map[importSite]bool{}} }

func (r *reads) file(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files[path] = true
}

// all are the files noted so far.
func (r *reads) all() map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.files)
}

// readFile is os.ReadFile, noted.
func (r *reads) readFile(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err == nil {
		r.file(filepath.FromSlash(path))
	}
	return data, err
}

// specifier notes an import of a package, also where nothing of it is used.
func (r *reads) specifier(folder, path string) {
	name := packageName(path)
	if folder == "" || name == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[importSite{folder, name}] = true
}

// packageName is the package of an import path, "" where it names none.
func packageName(path string) string {
	if path == "" || strings.ContainsAny(path[:1], "./#") || strings.Contains(path, ":") || filepath.IsAbs(path) {
		return ""
	}
	parts := strings.SplitN(path, "/", 3)
	if strings.HasPrefix(path, "@") {
		if len(parts) == 1 {
			return ""
		}
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

// askedFor are the folders of the packages asked for, as node_modules names
// them: they may be links. What is in no node_modules is somebody's alias.
func (c *compilation) askedFor() []string {
	c.reads.mu.Lock()
	defer c.reads.mu.Unlock()
	found := map[string]bool{}
	for at := range c.reads.asked {
		if holder := c.sources.packageFolder(at.importer, at.specifier); holder != "" {
			found[filepath.Join(holder, "node_modules", filepath.FromSlash(at.specifier))] = true
		}
	}
	return sortedKeys(found)
}

// noteModules notes the files of a graph.
func (c *compilation) noteModules(g *graph) {
	for key := range g.modules {
		if isFileKey(key) {
			file, _, _ := strings.Cut(key, " with {")
			c.reads.file(c.abs(file))
		}
	}
}
