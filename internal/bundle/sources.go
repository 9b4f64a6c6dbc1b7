package bundle

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/org/checkout-deploy/internal/bundle/style"
	"github.com/org/checkout-deploy/internal/finding"
)

// sources is what the load hooks learn of the source files. The hooks run in
// many goroutines; nothing here may depend on their order.
type sources struct {
	mu       sync.Mutex
	answers  map[question]api.ResolveResult
	comments map[importSite]hints
	lazies   map[rootID]hints
	sites    map[rootID]importSite // where an import() leads there
	lates    map[importSite]bool
	bare     map[importSite]bool   // imports for the effects alone
	packages map[importSite]string // see packageFolder; by folder and name
	esm      map[string]bool
	assets   map[string][]byte
	reads    map[string][]envRead // by path in the project
	texts    map[string][]byte    // of the project's scripts, where they will be compared
	styles   map[string]bool      // relative to the root
	deps     map[string]bool      // files that styles are made of, absolute
	assetOf  map[string][]string  // the files that modules import an asset by
	sheets   []style.Input
	warnings []finding.Finding
}

type question struct {
	dir, path string
	kind      api.ResolveKind
}

// importSite is one import() or require() as the source writes it.
type importSite struct{ importer, specifier string }

// hints are webpack's magic comments at an import().
type hints struct {
	Name              string
	Prefetch, Preload bool
}

func newSources() *sources {
	return &sources{
		answers: map[question]api.ResolveResult{}, comments: map[importSite]hints{}, lazies: map[rootID]hints{}, sites: map[rootID]importSite{},
		lates: map[importSite]bool{}, bare: map[importSite]bool{}, packages: map[importSite]string{}, esm: map[string]bool{}, assets: map[string][]byte{},
		reads:  map[string][]envRead{},
		styles: map[string]bool{}, deps: map[string]bool{},
		assetOf: map[string][]string{},
	}
}

// resolved answers from memory what was asked before: asking esbuild from a
// plugin starts a resolver without caches each time.
func (s *sources) resolved(a api.OnResolveArgs, ask func() api.ResolveResult) api.ResolveResult {
	q := question{a.ResolveDir, a.Path, a.Kind} // a workspace may have packages of its own
	s.mu.Lock()
	r, ok := s.answers[q]
	s.mu.Unlock()
	if ok {
		return r
	}
	r = ask()
	s.mu.Lock()
	s.answers[q] = r
	s.mu.Unlock()
	return r
}

var (
	importWithComment = regexp.MustCompile("import\\s*\\(\\s*((?:/\\*[^*]*(?:\\*[^/*][^*]*)*\\*/\\s*|//[^\\n]*\\n\\s*)+)[\"'`]([^\"'`\\n]+)[\"'`]")
	commentName       = regexp.MustCompile("webpackChunkName\\s*:\\s*[\"'`]([^\"'`]+)[\"'`]")
	commentPrefetch   = regexp.MustCompile(`webpackPrefetch\s*:\s*(true|-?\d+)`)
	commentPreload    = regexp.MustCompile(`webpackPreload\s*:\s*(true|-?\d+)`)
	relativeURL       = regexp.MustCompile(`new\s+URL\(\s*["'][^"'\n]+["']\s*,\s*import\.meta\.url`)
	bareImport        = regexp.MustCompile(`(?m)^\s*import\s*["']([^"'\n]+)["']`)
	requireCall       = regexp.MustCompile(`\brequire\s*(?:<[^()]*>)?\s*\(\s*["']([^"'\n]+)["']\s*\)`)
	moduleSyntax      = regexp.MustCompile(`(?m)^\s*(?:import\s*[\w{*"'$]|export\s+(?:default|const|let|var|function|async|class|enum|type|interface|abstract|declare|namespace)\b|export\s*[{*])`)
)

// script notes what a project's source file says beyond what esbuild tells;
// name is its path in the project.
func (s *sources) script(path, name string, data []byte) {
	s.encoding(name, data)
	isESM := looksESM(path, data)
	if isESM && bytes.Contains(data, []byte("require")) && requireCall.Match(data) {
		isESM, _ = declared(path, data)
	}
	s.mu.Lock() // what follows is rare, but for the first line
	defer s.mu.Unlock()
	s.esm[path] = isESM
	if s.texts != nil {
		s.texts[path] = data
	}
	if bytes.Contains(data, []byte("webpack")) {
		for _, m := range importWithComment.FindAllSubmatch(data, -1) {
			h := hints{Prefetch: commentPrefetch.Match(m[1]), Preload: commentPreload.Match(m[1])}
			if n := commentName.FindSubmatch(m[1]); n != nil {
				h.Name = string(n[1])
			}
			s.comments[importSite{path, string(m[2])}] = h
		}
	}
	if bytes.Contains(data, []byte(`import "`)) || bytes.Contains(data, []byte(`import '`)) || bytes.Contains(data, []byte(`import"`)) || bytes.Contains(data, []byte(`import'`)) {
		for _, m := range bareImport.FindAllSubmatch(data, -1) {
			s.bare[importSite{path, string(m[1])}] = true
		}
	}
	if bytes.Contains(data, []byte("import.meta.url")) {
		for _, m := range relativeURL.FindAllIndex(data, -1) {
			line := bytes.Count(data[:m[0]], []byte("\n")) + 1
			s.warnings = append(s.warnings, finding.Finding{
				Rule: "build/url-left", Severity: finding.Medium, Location: finding.Location{Path: name, Line: line},
				Message: fmt.Sprintf("%s) is left as it is: the file is not part of the release", data[m[0]:m[1]]),
				Hint:    "workers and such assets are not bundled; import the file instead to get its URL",
			})
		}
	}
	if bytes.Contains(data, []byte("process.env")) || bytes.Contains(data, []byte("import.meta.env")) {
		s.reads[name] = envReads(name, data)
	}
	if isESM && bytes.Contains(data, []byte("require")) {
		for _, m := range requireCall.FindAllSubmatchIndex(data, -1) {
			if insideFunction(data[:m[0]]) {
				s.lates[importSite{path, string(data[m[2]:m[3]])}] = true
			}
		}
	}
}

// encoding warns of a file that is not UTF-8: a browser would show other text.
func (s *sources) encoding(name string, data []byte) {
	if utf8.Valid(data) {
		return
	}
	at := 0
	for at < len(data) {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	line := data[bytes.LastIndexByte(data[:at], '\n')+1 : at]
	s.warn(finding.Finding{
		Rule: "build/encoding", Severity: finding.Medium,
		Location: finding.Location{Path: name, Line: bytes.Count(data[:at], []byte("\n")) + 1, Column: 1 + units(string(line), len(line))},
		Message:  fmt.Sprintf("got the byte 0x%X, which is not UTF-8: browsers show another character", data[at]),
		Hint:     "save the file as UTF-8",
	})
}

// insideFunction tells a call in a function body from one at the top level, by
// the source before it: it has an open brace, or ends in an arrow's expression.
// A brace in a string or comment can mislead it, and then the import is left to
// esbuild's own way or becomes a root: both keep the meaning, but for the place
// of a style sheet that is imported elsewhere too.
func insideFunction(before []byte) bool {
	expression := before[bytes.LastIndexAny(before, ";{}")+1:]
	return bytes.Count(before, []byte("{")) > bytes.Count(before, []byte("}")) || bytes.Contains(expression, []byte("=>"))
}

func (s *sources) lateRequire(importer, specifier string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lates[importSite{importer, specifier}]
}

// packageFolder is the folder whose node_modules has the package that a file in
// dir means by the specifier; "" for what is no package, such as an alias of
// tsconfig. Packages are asked for from there: asking esbuild is slow, and all
// files below mean the same.
func (s *sources) packageFolder(dir, specifier string) string {
	parts := strings.SplitN(specifier, "/", 3)
	name := parts[0]
	if strings.HasPrefix(name, "@") && len(parts) > 1 {
		name += "/" + parts[1]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.findPackage(dir, name)
}

func (s *sources) findPackage(dir, name string) string {
	key := importSite{dir, name}
	folder, ok := s.packages[key]
	if !ok {
		if _, err := os.Stat(filepath.Join(dir, "node_modules", filepath.FromSlash(name))); err == nil {
			folder = dir
		} else if parent := filepath.Dir(dir); parent != dir {
			folder = s.findPackage(parent, name)
		}
		s.packages[key] = folder
	}
	return folder
}

func (s *sources) isBare(importer, specifier string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bare[importSite{importer, specifier}]
}

var defaultExport = regexp.MustCompile(`\bexport\s+default\b|\bexport\s*\{(?:[^}]*(?:,|\bas\s))?\s*default\s*[,}]`)

// hasDefault asks esbuild where the text may say so: it may be a comment's.
func hasDefault(path string) bool {
	data, err := os.ReadFile(path)
	if err != nil || !defaultExport.Match(data) {
		return false
	}
	esm, exports := declared(path, data)
	return esm && slices.Contains(exports, "default")
}

// declared asks esbuild whether a script is an ES module, and what it exports: a
// comment may look like either. A text with mistakes is what it looks like.
func declared(path string, data []byte) (esm bool, exports []string) {
	alone := api.Build(api.BuildOptions{
		Stdin:    &api.StdinOptions{Contents: string(data), Sourcefile: path, Loader: scriptLoader(path)},
		Metafile: true, Format: api.FormatESModule, LogLevel: api.LogLevelSilent,
	})
	meta, err := readMetafile(alone.Metafile)
	if err != nil {
		return looksESM(path, data), nil
	}
	for _, in := range meta.Inputs {
		esm = in.Format == "esm"
	}
	for _, out := range meta.Outputs {
		exports = out.Exports
	}
	return esm, exports
}

func looksESM(path string, data []byte) bool {
	return strings.HasSuffix(path, ".mjs") || strings.HasSuffix(path, ".mts") || moduleSyntax.Match(data)
}

func isESM(path string) bool {
	data, err := os.ReadFile(path)
	if err != nil || !looksESM(path, data) {
		return false
	}
	esm, _ := declared(path, data)
	return esm
}

// lazy merges the hints of every import() that leads to the root; the name is
// the first in alphabetical order.
func (s *sources) lazy(a api.OnResolveArgs, id rootID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.comments[importSite{a.Importer, a.Path}]
	if site, ok := s.sites[id]; !ok || a.Importer < site.importer {
		s.sites[id] = importSite{a.Importer, a.Path}
	}
	old := s.lazies[id]
	if h.Name == "" || (old.Name != "" && old.Name < h.Name) {
		h.Name = old.Name
	}
	s.lazies[id] = hints{Name: h.Name, Prefetch: h.Prefetch || old.Prefetch, Preload: h.Preload || old.Preload}
}

func (s *sources) site(id rootID) importSite {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sites[id]
}

func (s *sources) asset(name string, data []byte, of ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.assets[name] = data
	for _, source := range of {
		if !slices.Contains(s.assetOf[name], source) {
			s.assetOf[name] = append(s.assetOf[name], source)
		}
	}
}

func (s *sources) style(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.styles[name] = true
}

func (s *sources) styleFiles() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sortedKeys(s.styles)
}

func (s *sources) styleDeps(paths []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, path := range paths {
		s.deps[path] = true
	}
}

func (s *sources) sheet(inputs []style.Input) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sheets = append(s.sheets, inputs...)
}

func (s *sources) warn(f finding.Finding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warnings = append(s.warnings, f)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// safeName keeps a name that every file system and URL takes as it is.
func safeName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '-'
	}, s)
}
