package link

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/bundle/link/scope"
)

//go:embed runtime_module.js
var runtimeModule string

// specifier is the bare name by which modules import each other. The import
// map leads it to a file: so no module's text holds another's hash, and a
// change in one leaves the others' bytes alone.
func (l *linker) specifier(u *unit) string { return l.Pass + "/" + u.id }

func (l *linker) runtimeSpecifier() string { return l.Pass + "/" + l.Name + "-runtime" }

// isRootChunk reports that a root's namespace is exported by the unit's file.
func (l *linker) isRootChunk(u *unit) []*Root {
	var out []*Root
	for i := range l.Roots {
		if l.Roots[i].Chunk == u.chunk.Name {
			out = append(out, &l.Roots[i])
		}
	}
	return out
}

// assembleModule writes a native module: what its root evaluates before it, in
// the order of the source, its imports, the code, its exports.
func (r *renderer) assembleModule() {
	var head strings.Builder
	for _, root := range r.isRootChunk(r.unit) {
		for _, u := range r.needs[root.ID] {
			if u != r.unit {
				fmt.Fprintf(&head, "import%s;", quoteJS(r.specifier(u)))
			}
		}
	}
	if len(r.envRefs) > 0 || len(r.file.ImportCalls) > 0 || r.isEntry() {
		fmt.Fprintf(&head, "import %s from%s;", r.names[r.r], quoteJS(r.runtimeSpecifier()))
	}
	for _, c := range r.imports {
		fmt.Fprintf(&head, "import{%s}from%s;", r.importList(c), quoteJS(r.specifier(c.unit)))
	}
	r.writeValues(&head)
	r.rope.literal(head.String())
	r.rope.splice(0, len(r.chunk.Code), r.edits)
	if exports := r.moduleExports(); exports != "" {
		r.rope.literal(";export{" + exports + "};")
	}
	if r.isEntry() {
		r.rope.literal(r.entryTail())
	}
}

func (r *renderer) isEntry() bool {
	return r.roots[r.Entry].Chunk == r.chunk.Name
}

// entryTail publishes the library, and starts what the source wants early.
func (r *renderer) entryTail() string {
	return fmt.Sprintf(";%s.start(%s,%s);", r.names[r.r], quoteJS(r.rootIDs[r.Entry]), r.names[r.unit.exports[RootExport]])
}

// importList gives each name taken from a unit its local name; a name that
// esbuild passed on through two chunks may have two.
func (r *renderer) importList(c *importedChunk) string {
	var out []string
	for i := range r.file.Symbols {
		if b, ok := r.imported[scope.SymbolID(i)]; ok && b.unit == c.unit {
			out = append(out, alias(c.unit.short[b.name], r.names[i]))
		}
	}
	return strings.Join(out, ",")
}

// moduleExports lists what others take, and for the roots the namespace; the
// entry keeps its own names too.
func (r *renderer) moduleExports() string {
	var out []string
	for _, name := range sortedBy(r.short) {
		out = append(out, alias(r.names[r.unit.exports[name]], r.short[name]))
	}
	if len(r.isRootChunk(r.unit)) == 0 {
		return strings.Join(out, ",")
	}
	for _, name := range sortedKeys(r.unit.exports) {
		if name == RootExport && r.short[name] != RootExport || r.isEntry() && name != r.short[name] {
			out = append(out, alias(r.names[r.unit.exports[name]], name))
		}
	}
	return strings.Join(out, ",")
}

func alias(from, to string) string {
	if from == to {
		return from
	}
	if !identifier.MatchString(to) {
		to = quoteJS(to)
	}
	return from + " as " + to
}

var identifier = regexp.MustCompile(`^[\pL_$][\pL\p{Nd}_$]*$`)

// sortedBy lists a map's keys in the order of its values, short ones first.
func sortedBy(m map[string]string) []string {
	return slices.SortedFunc(mapKeys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(m[a]), len(m[b])), cmp.Compare(m[a], m[b]))
	})
}

// modules writes the files of format esm: one per unit, the run time, and the
// import map, which holds every name and hash.
func (l *linker) modules(ctx context.Context) (*Output, error) {
	out := &Output{}
	styles, err := l.styleFiles(ctx, out)
	if err != nil {
		return nil, err
	}
	t := &table{files: map[string]int{}}
	for _, s := range styles.lazy {
		t.add(s.file)
	}
	imports, pins := map[string]string{}, map[string]string{}
	paths := map[*unit]string{}
	users, initial := l.users()
	for _, u := range l.inUseAsModules() {
		f, m, err := l.module(u, l.moduleName(u, users, initial))
		if err != nil {
			return nil, err
		}
		out.Files = append(append(out.Files, *f), m...)
		paths[u] = f.Path
		imports[l.specifier(u)], pins["./"+f.Path] = "./"+f.Path, f.Integrity
		if !initial[u] {
			t.add(f)
		}
	}
	rt, err := l.moduleRuntime(t, styles, paths)
	if err != nil {
		return nil, err
	}
	f, _, err := l.finish(&unitFile{name: l.Name + "-runtime"}, rt, nil)
	if err != nil {
		return nil, err
	}
	out.Files = append(out.Files, *f)
	imports[l.runtimeSpecifier()], pins["./"+f.Path] = "./"+f.Path, f.Integrity
	out.InitialJS = append(out.InitialJS, f.Path)
	entry := l.units[l.roots[l.Entry].Chunk]
	for _, r := range l.sortedRoots() {
		for _, u := range l.needs[r.ID] {
			if r.Initial && u != entry && !slices.Contains(out.InitialJS, paths[u]) {
				out.InitialJS = append(out.InitialJS, paths[u])
			}
		}
	}
	out.InitialJS = append(out.InitialJS, paths[entry])
	if out.ImportMap, err = json.MarshalIndent(map[string]any{"imports": imports, "integrity": pins}, "", "  "); err != nil {
		return nil, fmt.Errorf("writing the import map of %q: %w", l.Name, err)
	}
	out.ImportMap = append(out.ImportMap, '\n')
	l.describeModules(out, styles, paths)
	return out, nil
}

// inUseAsModules adds the roots' own chunks, which are files here even when
// they only pass on a namespace. Their order is that of what is in them: esbuild
// names a chunk by its text, with the source map's.
func (l *linker) inUseAsModules() []*unit {
	out := l.inUse()
	for _, u := range l.order {
		if len(l.isRootChunk(u)) > 0 && !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b *unit) int { return strings.Compare(a.id, b.id) })
	return out
}

func (l *linker) moduleName(u *unit, users map[*unit][]string, initial map[*unit]bool) string {
	if roots := l.isRootChunk(u); len(roots) > 0 {
		return roots[0].Name
	}
	switch {
	case initial[u]:
		return l.Name + "-chunk"
	case len(users[u]) == 1:
		return l.roots[users[u][0]].Name + "-chunk"
	}
	return "shared"
}

func (l *linker) module(u *unit, name string) (*File, []File, error) {
	var b bytes.Buffer
	var maps *mapWriter
	if l.Maps {
		maps = newMapWriter()
	}
	u.sourceAt = nil
	u.rope.write(&b, maps, u)
	b.WriteByte('\n')
	return l.finish(&unitFile{name: name, units: []*unit{u}}, b.Bytes(), maps.encoder())
}

// moduleRuntime is the run time with the entry's table.
func (l *linker) moduleRuntime(t *table, styles *styleFiles, paths map[*unit]string) ([]byte, error) {
	roots := map[string]any{}
	for i := range l.Roots {
		r := &l.Roots[i]
		css, all := []int{}, []int{}
		for _, f := range styles.ofRoot[r.ID] {
			css = append(css, t.files[f.Path])
		}
		all = append(all, css...)
		for _, u := range append(slices.Clone(l.needs[r.ID]), l.units[r.Chunk]) {
			if i, ok := t.files[paths[u]]; ok && !slices.Contains(all, i) {
				all = append(all, i)
			}
		}
		roots[l.rootIDs[r.ID]] = []any{l.specifier(l.units[r.Chunk]), css, l.shortIDs(r.Prefetch), l.shortIDs(r.Preload), all}
	}
	data, err := json.Marshal(map[string]any{"f": orEmptyRows(t.rows), "r": roots, "p": l.PublicPath, "l": l.Library})
	if err != nil {
		return nil, fmt.Errorf("writing the table of %q: %w", l.Name, err)
	}
	code, err := withTable(runtimeModule, data, true)
	return append([]byte(l.Banner), code...), err
}

func orEmptyRows(rows [][2]string) [][2]string {
	if rows == nil {
		return [][2]string{}
	}
	return rows
}

func (l *linker) describeModules(out *Output, styles *styleFiles, paths map[*unit]string) {
	users := map[string][]string{}
	hinted := l.hinted()
	for _, r := range l.sortedRoots() {
		if r.Initial {
			continue
		}
		lazy := LazyRoot{ID: r.ID, Name: r.Name, Prefetch: hinted[r.ID].prefetch, Preload: hinted[r.ID].preload}
		for _, f := range styles.ofRoot[r.ID] {
			lazy.CSS = append(lazy.CSS, f.Path)
		}
		for _, u := range append(slices.Clone(l.needs[r.ID]), l.units[r.Chunk]) {
			if p := paths[u]; p != "" && !slices.Contains(lazy.JS, p) && !slices.Contains(out.InitialJS, p) {
				lazy.JS = append(lazy.JS, p)
			}
		}
		for _, p := range append(slices.Clone(lazy.CSS), lazy.JS...) {
			users[p] = append(users[p], r.ID)
		}
		out.Lazy = append(out.Lazy, lazy)
	}
	for i := range out.Files {
		out.Files[i].Roots = users[out.Files[i].Path]
	}
}
