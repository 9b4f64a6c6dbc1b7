package bundle

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/org/checkout-deploy/internal/bundle/imports"
)

// Session builds a pass again and again. With Options.Apart a change within a
// module costs that module and the writing of its file; one that changes who
// imports whom costs another look at the graph. Not for concurrent use.
type Session struct {
	opts    Options
	c       *compilation
	entries []compiledEntry
	inputs  map[string]bool
	failed  []string // paths of changes that no build has taken yet
	broken  bool     // the last look at the graph ended in an error
}

// NewSession prepares a session. Close ends it.
func NewSession(opts Options) *Session { return &Session{opts: opts} }

// Close frees what the session holds.
func (s *Session) Close() {
	if s.c != nil {
		s.c.close()
	}
}

// Compile runs the pass up to its last step. changed has the absolute paths of
// files that are not what they were at the last call; at the first it is not
// looked at.
func (s *Session) Compile(ctx context.Context, changed []string) (*Compiled, error) {
	changed = append(s.failed, changed...)
	if s.entries == nil || s.broken || !s.replace(ctx, changed) {
		if err := s.compileAll(ctx, changed); err != nil {
			s.failed, s.broken = changed, true
			return nil, err
		}
	}
	s.failed, s.broken, s.inputs = nil, false, nil
	s.note(s.entries)
	return &Compiled{c: s.c, entries: slices.Clone(s.entries)}, nil
}

// Inputs lists the files that the pass is made of, absolute and sorted; after an
// error also those of the last good build.
func (s *Session) Inputs() []string {
	s.note(s.entries) // style sheets are read when files are made
	return sortedKeys(s.inputs)
}

// note takes in what is known of the files that were read.
func (s *Session) note(entries []compiledEntry) {
	if s.inputs == nil {
		s.inputs = map[string]bool{}
	}
	if s.c == nil {
		return
	}
	maps.Copy(s.inputs, s.c.reads.all())
	for _, path := range s.c.effects.files() {
		s.inputs[path] = true
	}
	s.inputs[filepath.Join(s.opts.Root, "tsconfig.json")] = true
	if s.opts.TSConfig != "" {
		s.inputs[s.c.abs(s.opts.TSConfig)] = true
	}
	for _, e := range entries {
		if e.state.graph != nil {
			for key := range e.state.graph.modules {
				if file, _, _ := strings.Cut(key, " with {"); isFileKey(file) {
					s.inputs[s.c.abs(file)] = true
				}
			}
		}
		for path := range e.state.sources.esm {
			s.inputs[path] = true
		}
		for path := range e.state.sources.deps {
			s.inputs[path] = true
		}
	}
}

// compileAll looks at the whole graph.
func (s *Session) compileAll(ctx context.Context, changed []string) error {
	if s.c == nil || slices.ContainsFunc(changed, describesOthers) {
		c, err := newCompilation(s.opts)
		if err != nil {
			return err
		}
		s.Close()
		s.c = c
		if s.opts.Apart != nil {
			s.opts.Apart.entries = nil
		}
	}
	s.forget(changed)
	entries := make([]compiledEntry, 0, len(s.opts.Entries))
	var errs []error
	for _, entry := range s.opts.Entries {
		s.c.begin(entry)
		out, err := s.c.compile(ctx)
		entries = append(entries, compiledEntry{s.c.entryState, out})
		if errs = append(errs, err); ctx.Err() != nil {
			break
		}
	}
	s.note(entries)
	if err := JoinErrors(errs...); err != nil {
		return err
	}
	s.entries = entries
	return nil
}

// describesOthers reports a file that says what other files mean.
func describesOthers(path string) bool {
	base := filepath.Base(path)
	return base == "package.json" || declarationFile.MatchString(base) ||
		strings.HasPrefix(base, "tsconfig") && strings.HasSuffix(base, ".json")
}

var declarationFile = regexp.MustCompile(`\.d\.[cm]?ts$`)

// forget drops what the files were compiled to.
func (s *Session) forget(changed []string) {
	if s.opts.Apart == nil {
		return
	}
	for _, known := range s.opts.Apart.entries {
		for key := range known.modules {
			file, _, _ := strings.Cut(key, " with {")
			if slices.Contains(changed, s.c.abs(file)) {
				delete(known.modules, key)
			}
		}
	}
}

// replace takes changes that leave the graph as it is, and reports whether they
// all do. What is no module of the graph is a style's part, or nobody's.
func (s *Session) replace(ctx context.Context, changed []string) bool {
	if s.opts.Apart == nil || slices.ContainsFunc(changed, describesOthers) || slices.ContainsFunc(changed, s.isNewOrGone) {
		return len(changed) == 0
	}
	for i := range s.entries {
		e := &s.entries[i]
		s.c.entryState = e.state
		out, ok := s.c.again(ctx, s.opts.Apart.entry(e.state.entry.Name), e.out, changed)
		if !ok {
			return false
		}
		e.out = out
	}
	return true
}

// isNewOrGone reports a file that no module was made of, and that an import may
// lead to from now on, or one that was and is gone.
func (s *Session) isNewOrGone(path string) bool {
	if _, err := os.Stat(path); err != nil || s.inputs[path] {
		return err != nil && s.inputs[path]
	}
	return isScriptFile(path) || styleFile.MatchString(path) || s.opts.isAsset(path) || filepath.Ext(path) == ".json"
}

// again compiles the changed modules of the entry at hand; false where they bring
// something that the graph does not have, or are in error.
func (c *compilation) again(ctx context.Context, known *entryApart, last *compiled, changed []string) (*compiled, bool) {
	for _, path := range changed {
		if key := c.rel(path); c.graph.modules[key] != nil && known.modules[key] == nil {
			return nil, false // what imports are led past decides, too, where they lead
		}
	}
	keys := c.affected(known, changed)
	for _, key := range keys {
		if c.opts.isAsset(key) || !c.reread(key, known.modules[key]) {
			return nil, false
		}
	}
	modules, err := c.compileModules(ctx, keys)
	if err != nil {
		return nil, false // the whole build says it better
	}
	fresh := map[string]*compiledModule{}
	rewired := false
	for _, m := range modules {
		old := known.modules[m.key]
		if m.format != old.format || c.leadsElsewhere(m, old) {
			return nil, false
		}
		if !slices.Equal(m.imports, old.imports) || !maps.Equal(m.bare, old.bare) {
			if !c.rewire(m, known) {
				return nil, false
			}
			rewired = true
		}
		fresh[m.key] = m
	}
	maps.Copy(known.modules, fresh)
	warnings := last.warnings
	for key, m := range fresh {
		warnings = slices.DeleteFunc(slices.Clone(warnings), func(w api.Message) bool { return w.Location != nil && w.Location.File == key })
		warnings = append(warnings, m.warnings...)
	}
	if rewired {
		c.polyfills = nil
		c.plan.available = availability(c.entryRoot(), c.graph.starts())
		out := c.layOut(known, c.reachable())
		out.warnings = warnings
		return out, true
	}
	out := *last
	out.warnings = warnings
	out.apart = slices.Clone(out.apart)
	for i := range out.apart {
		if m := fresh[out.apart[i].Name]; m != nil {
			out.apart[i].Code, out.apart[i].Map = m.code, m.sourceMap
		}
	}
	return &out, true
}

var exportClause = regexp.MustCompile(`\bexport\s*(?:type\s*)?\{[^}]*\}`)

// leadsElsewhere reports a module whose exports others were led to, past a
// barrel, and that has others now.
func (c *compilation) leadsElsewhere(m, old *compiledModule) bool {
	if !c.pureTarget(m.key) {
		return false
	}
	clauses := func(text []byte) string { return string(bytes.Join(exportClause.FindAll(text, -1), nil)) }
	return !slices.Equal(m.exports, old.exports) || clauses(m.source) != clauses(old.source)
}

// affected lists the modules that changed files make.
func (c *compilation) affected(known *entryApart, changed []string) []string {
	paths := map[string]bool{}
	for _, path := range changed {
		paths[path] = true
	}
	var keys []string
	for key := range known.modules {
		file, _, _ := strings.Cut(key, " with {")
		switch {
		case !isFileKey(file):
		case styleModuleFile.MatchString(file) && slices.ContainsFunc(changed, styleFile.MatchString):
			keys = append(keys, key) // its class names may come from another
		case paths[c.abs(file)] && !styleFile.MatchString(file):
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// rewire gives a module the imports that it has now, where all of them lead to
// modules that are known.
func (c *compilation) rewire(m *compiledModule, known *entryApart) bool {
	mod := c.graph.modules[m.key]
	if mod == nil || m.common { // esbuild made require() of a script's imports
		return false
	}
	var now []edge
	for _, imp := range m.imports {
		to, ok := c.targetOf(mod, imp)
		if _, root := rootOfKey(to); !ok || !root && known.modules[to] == nil || c.graph.modules[to] == nil {
			return false
		}
		now = append(now, edge{to, imp.Kind, imp.Path})
	}
	for _, e := range mod.edges() {
		if c.opts.isAsset(e.to) && !slices.Contains(now, e) {
			return false // the release may have one file less
		}
	}
	mod.imports, mod.declared = now, nil
	return true
}

// targetOf says what an import of the module means.
func (c *compilation) targetOf(mod *module, imp metaImport) (key string, ok bool) {
	for _, e := range mod.edges() {
		if e.kind == imp.Kind && e.original == imp.Path {
			return e.to, true
		}
	}
	kind, known := map[string]api.ResolveKind{
		"import-statement": api.ResolveJSImportStatement, "require-call": api.ResolveJSRequireCall, "dynamic-import": api.ResolveJSDynamicImport,
	}[imp.Kind]
	path, ok := c.ask(c.abs(mod.key), imp.Path, kind)
	if !known || !ok {
		return "", false
	}
	if kind == api.ResolveJSDynamicImport {
		id := newRootID(rootLazy, c.rel(path))
		if c.effects.nodeMode(c.abs(mod.key)) {
			id += nodeSuffix
		}
		return rootNamespace + ":" + string(id), true
	}
	return c.rel(path), true
}

// ask resolves an import of a file as the build does.
func (c *compilation) ask(importer, specifier string, kind api.ResolveKind) (path string, ok bool) {
	h := &hooks{compilation: c, build: c.build}
	r := h.ask(api.OnResolveArgs{Path: specifier, Importer: importer, Namespace: "file", ResolveDir: filepath.Dir(importer), Kind: kind})
	return r.Path, len(r.Errors) == 0 && !r.External && r.Namespace == "file" && r.Suffix == ""
}

// reread looks at a script's new source as the load hooks did; false where it
// says something else to the graph.
func (c *compilation) reread(key string, old *compiledModule) bool {
	path := c.abs(key)
	if !isScriptFile(key) || old.source == nil {
		return !isScriptFile(key) && styleFile.MatchString(key)
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	typescript := strings.Contains(filepath.Ext(path), "ts")
	before, now := imports.Scan(old.source, typescript).Decls, imports.Scan(src, typescript).Decls
	was, is := newSources(), newSources()
	was.script(path, key, old.source)
	is.script(path, key, src)
	if !is.asks(was) || !c.allows(path, before, now) || calls(old.source) != calls(src) {
		return false
	}
	c.sources.reads[key] = is.reads[key]
	delete(c.rewritten, path)
	c.sources.texts[path] = src
	h := &hooks{compilation: c, build: c.build}
	h.enumRewriter = &imports.Rewriter{Graph: enumGraph{h}, Enums: c.enums, Specifier: relativeSpecifier}
	if rw, changed, err := h.giveEnumsValues(path, src); err != nil {
		return false
	} else if changed {
		c.rewritten[path] = rw
	}
	text, edits, changed, err := c.rerouter.Rewrite(path, src)
	if err != nil {
		return false
	}
	if changed {
		c.rewritten[path] = rewritten{src, text, edits}
	}
	return true
}

var callOfModule = regexp.MustCompile(`\b(?:import|require)\s*\([^)\n]*\)?`)

// calls are a text's import() and require(): esbuild tells of two ways to one file
// only the first.
func calls(text []byte) string { return string(bytes.Join(callOfModule.FindAll(text, -1), nil)) }

// allows reports that a file's declarations may become others without another
// look at the graph: what it passes on stays, and where its imports lead is known.
func (c *compilation) allows(path string, before, now []imports.Decl) bool {
	if slices.EqualFunc(before, now, equalDecl) {
		return true
	}
	exports := func(decls []imports.Decl) (out []imports.Decl, local bool) {
		for _, d := range decls {
			local = local || d.Kind == imports.ExportLocal
			if d.Kind != imports.Import {
				out = append(out, d)
			}
		}
		return out, local
	}
	old, local1 := exports(before)
	fresh, local2 := exports(now)
	if local1 || local2 || !slices.EqualFunc(old, fresh, equalDecl) {
		return false
	}
	graph, ok := c.rerouter.Graph.(*rerouteGraph)
	if !ok {
		return false
	}
	for _, d := range now {
		site := importSite{path, d.Specifier}
		if _, known := graph.edges[site]; known || d.TypeOnly || d.Kind != imports.Import {
			continue
		}
		if target, ok := c.ask(path, d.Specifier, api.ResolveJSImportStatement); ok {
			graph.edges[site] = target
		}
	}
	return true
}

func equalDecl(x, y imports.Decl) bool {
	return x.Kind == y.Kind && x.TypeOnly == y.TypeOnly && x.Default == y.Default && x.Namespace == y.Namespace &&
		x.Specifier == y.Specifier && x.Attributed == y.Attributed &&
		slices.EqualFunc(x.Names, y.Names, func(m, n imports.Name) bool {
			return m.Foreign == n.Foreign && m.Local == n.Local && m.TypeOnly == n.TypeOnly
		})
}

// asks reports that two texts of a file ask the same of the graph.
func (s *sources) asks(other *sources) bool {
	return maps.Equal(s.comments, other.comments) && maps.Equal(s.lates, other.lates) &&
		maps.Equal(s.esm, other.esm) && len(s.warnings) == 0 && len(other.warnings) == 0
}
