package bundle

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/bundle/imports"
)

// Session builds a pass again and again. With Options.Apart a change within a
// module costs that module and the writing of its file; one that changes who
// imports whom costs another look at the graph. Not for concurrent use.
type Session struct {
	opts    Options
	c       *compilation
	entries []compiledEntry
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
	s.failed, s.broken = nil, false
	return &Compiled{c: s.c, entries: slices.Clone(s.entries)}, nil
}

// Inputs lists the files that the pass is made of, absolute and sorted; after an
// error those known by then.
func (s *Session) Inputs() []string {
	files := map[string]bool{}
	for _, e := range s.entries {
		if e.state == nil || e.state.graph == nil {
			continue
		}
		for key := range e.state.graph.modules {
			if isFileKey(key) {
				file, _, _ := strings.Cut(key, " with {")
				files[s.c.abs(file)] = true
			}
		}
	}
	return sortedKeys(files)
}

// compileAll looks at the whole graph.
func (s *Session) compileAll(ctx context.Context, changed []string) error {
	if s.c == nil || slices.ContainsFunc(changed, describesOthers) {
		if s.c != nil {
			s.c.close()
		}
		c, err := newCompilation(s.opts)
		if err != nil {
			s.c = nil
			return err
		}
		s.c = c
		if s.opts.Apart != nil {
			s.opts.Apart.entries = nil
		}
	}
	s.forget(changed)
	entries := make([]compiledEntry, 0, len(s.opts.Entries))
	for _, entry := range s.opts.Entries {
		s.c.begin(entry)
		out, err := s.c.compile(ctx)
		entries = append(entries, compiledEntry{s.c.entryState, out})
		if err != nil {
			if s.entries == nil || s.c.graph != nil {
				s.entries = entries
			}
			return err
		}
	}
	s.entries = entries
	return nil
}

// describesOthers reports a file that says what other files mean.
func describesOthers(path string) bool {
	base := filepath.Base(path)
	return base == "package.json" || strings.HasSuffix(base, ".d.ts") ||
		strings.HasPrefix(base, "tsconfig") && strings.HasSuffix(base, ".json")
}

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
	if s.opts.Apart == nil || slices.ContainsFunc(changed, describesOthers) {
		return len(changed) == 0
	}
	for i := range s.entries {
		e := &s.entries[i]
		s.c.entryState = e.state
		known := s.opts.Apart.entry(e.state.entry.Name)
		fresh, ok := s.c.again(ctx, known, changed)
		if !ok {
			return false
		}
		out := *e.out
		out.apart = slices.Clone(out.apart)
		for j := range out.apart {
			if m := fresh[out.apart[j].Name]; m != nil {
				out.apart[j].Code, out.apart[j].Map = m.code, m.sourceMap
			}
		}
		maps.Copy(known.modules, fresh)
		e.out = &out
	}
	return true
}

// again compiles the changed modules of the entry at hand; false where the graph
// may have changed, or a module is in error.
func (c *compilation) again(ctx context.Context, known *entryApart, changed []string) (map[string]*compiledModule, bool) {
	paths := map[string]bool{}
	for _, path := range changed {
		paths[path] = true
	}
	var keys []string
	for key := range known.modules {
		file, _, _ := strings.Cut(key, " with {")
		if !isFileKey(file) {
			continue
		}
		switch path := c.abs(file); {
		case styleModuleFile.MatchString(file) && slices.ContainsFunc(changed, styleFile.MatchString):
			keys = append(keys, key)
		case paths[path] && styleFile.MatchString(file):
		case paths[path]:
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		if !c.reread(key, known.modules[key]) {
			return nil, false
		}
	}
	fresh, err := c.compileModules(ctx, keys)
	if err != nil {
		return nil, false // the whole build says it better
	}
	out := map[string]*compiledModule{}
	for _, m := range fresh {
		old := known.modules[m.key]
		if m.format != old.format || !slices.Equal(m.imports, old.imports) || !maps.Equal(m.bare, old.bare) {
			return nil, false
		}
		out[m.key] = m
	}
	return out, true
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
	if !equalDecls(old.source, src, typescript) || !newSources().says(path, key, src, newSources(), old.source) {
		return false
	}
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

// equalDecls reports that two texts import and export alike.
func equalDecls(a, b []byte, typescript bool) bool {
	return slices.EqualFunc(imports.Scan(a, typescript).Decls, imports.Scan(b, typescript).Decls, func(x, y imports.Decl) bool {
		return x.Kind == y.Kind && x.TypeOnly == y.TypeOnly && x.Default == y.Default && x.Namespace == y.Namespace &&
			x.Specifier == y.Specifier && x.Attributed == y.Attributed &&
			slices.EqualFunc(x.Names, y.Names, func(m, n imports.Name) bool {
				return m.Foreign == n.Foreign && m.Local == n.Local && m.TypeOnly == n.TypeOnly
			})
	})
}

// says reports that two texts of a file tell the load hooks the same.
func (s *sources) says(path, name string, text []byte, other *sources, old []byte) bool {
	s.script(path, name, text)
	other.script(path, name, old)
	return maps.Equal(s.comments, other.comments) && maps.Equal(s.lates, other.lates) && maps.Equal(s.bare, other.bare) &&
		maps.Equal(s.esm, other.esm) && len(s.warnings) == 0 && len(other.warnings) == 0
}
