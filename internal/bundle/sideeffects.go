package bundle

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// sideEffects answers as esbuild and webpack do: the nearest package.json
// decides, unless the configuration overrides it.
type sideEffects struct {
	root      string
	overrides []Override
	mu        sync.Mutex
	dirs      map[string]*declaration
}

// declaration is what a package.json says of its files.
type declaration struct {
	dir     string
	all     bool // may have some
	globs   []*regexp.Regexp
	modules bool // "type": "module"
}

// pure reports that an import of the file only for its effects may be dropped.
func (s *sideEffects) pure(file string) bool {
	if has, ok := s.override(file); ok {
		return !has
	}
	d := s.lookup(filepath.Dir(file))
	if d == nil || d.all {
		return false
	}
	slash := filepath.ToSlash(file)
	for _, g := range d.globs {
		if g.MatchString(slash) {
			return false
		}
	}
	return true
}

func (s *sideEffects) override(file string) (has, ok bool) {
	rel, err := filepath.Rel(s.root, file)
	if err != nil {
		return false, false
	}
	for _, o := range s.overrides {
		if o.Pattern.MatchString(filepath.ToSlash(rel)) {
			return o.SideEffects, true
		}
	}
	return false, false
}

func (s *sideEffects) lookup(dir string) *declaration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(dir)
}

func (s *sideEffects) find(dir string) *declaration {
	if d, ok := s.dirs[dir]; ok {
		return d
	}
	d, found := readDeclaration(dir)
	if parent := filepath.Dir(dir); !found && parent != dir && filepath.Base(dir) != "node_modules" {
		d = s.find(parent)
	}
	if s.dirs == nil {
		s.dirs = map[string]*declaration{}
	}
	s.dirs[dir] = d
	return d
}

// files are the package.json files that were looked for and found.
func (s *sideEffects) files() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for dir, d := range s.dirs {
		if d != nil && d.dir == dir {
			out = append(out, filepath.Join(dir, "package.json"))
		}
	}
	return out
}

func readDeclaration(dir string) (d *declaration, found bool) {
	data, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		return nil, false
	}
	var pkg struct {
		SideEffects any    `json:"sideEffects"`
		Type        string `json:"type"`
	}
	if json.Unmarshal(data, &pkg) != nil {
		return nil, true // esbuild reports the file
	}
	d = &declaration{dir: dir, modules: pkg.Type == "module"}
	switch v := pkg.SideEffects.(type) {
	case bool:
		d.all = v
	case []any:
		for _, item := range v {
			if glob, ok := item.(string); ok {
				d.globs = append(d.globs, sideEffectsGlob(dir, glob))
			}
		}
	default:
		d.all = true
	}
	return d, true
}

// nodeMode reports that the file is a module by Node's rules.
func (s *sideEffects) nodeMode(file string) bool {
	switch filepath.Ext(file) {
	case ".mjs", ".mts":
		return true
	case ".js", ".jsx", ".ts", ".tsx":
		d := s.lookup(filepath.Dir(file))
		return d != nil && d.modules
	}
	return false
}

// sideEffectsGlob follows webpack: a pattern without a slash matches in any
// folder of the package.
func sideEffectsGlob(dir, glob string) *regexp.Regexp {
	glob = strings.TrimPrefix(glob, "./")
	if !strings.Contains(glob, "/") {
		glob = "**/" + glob
	}
	// The folder is no pattern: its name may hold any character.
	folder := regexp.QuoteMeta(strings.TrimSuffix(filepath.ToSlash(dir), "/") + "/")
	return compileGlob(folder + globPattern(path.Clean(glob)))
}

// globPattern translates `**/`, `*`, `?` and `{a,b}`; all else is itself, also
// braces that have no counterpart.
func globPattern(glob string) string {
	var b strings.Builder
	braces := 0
	pairs := balanced(glob)
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; {
		case strings.HasPrefix(glob[i:], "**/"):
			b.WriteString("(?:[^/]*/)*")
			i += 2
		case c == '*' && strings.HasPrefix(glob[i:], "**"):
			b.WriteString(".*")
			i++
		case c == '*':
			b.WriteString("[^/]*")
		case c == '?':
			b.WriteString("[^/]")
		case c == '{' && pairs:
			braces++
			b.WriteString("(?:")
		case c == '}' && braces > 0:
			braces--
			b.WriteString(")")
		case c == ',' && braces > 0:
			b.WriteString("|")
		default:
			b.WriteString(regexp.QuoteMeta(glob[i : i+1]))
		}
	}
	return b.String()
}

// balanced reports that every brace has its counterpart.
func balanced(glob string) bool {
	open := 0
	for _, c := range glob {
		switch c {
		case '{':
			open++
		case '}':
			if open--; open < 0 {
				return false
			}
		}
	}
	return open == 0
}

// Glob matches a slash-separated path relative to the project: `**/`, `*`, `?`
// and `{a,b}` as in package.json's sideEffects; a pattern without a slash
// matches in any folder.
func Glob(glob string) Matcher {
	glob = strings.TrimPrefix(glob, "./")
	if !strings.Contains(glob, "/") {
		glob = "**/" + glob
	}
	return compileGlob(globPattern(glob))
}

// compileGlob takes bytes that are no UTF-8 for U+FFFD, as the matching does.
func compileGlob(pattern string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.ToValidUTF8(pattern, "\uFFFD") + "$")
}
