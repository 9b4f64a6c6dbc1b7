package link

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/bundle/link/scope"
)

// render turns every unit into its new text.
func (l *linker) render(ctx context.Context) error {
	return l.each(ctx, func(u *unit) error {
		if u.forward && (l.Format == Classic || len(l.isRootChunk(u)) == 0) {
			return nil
		}
		return (&renderer{linker: l, unit: u}).run()
	})
}

type renderer struct {
	*linker
	*unit
	r, e  scope.SymbolID // the run time's and the exports object's names
	names []string
	value map[string]scope.SymbolID // name of a value → the variable that holds it
	edits []edit
	errs  []error
}

func (r *renderer) run() error {
	if r.Format == Classic {
		r.checkClassic()
	}
	r.synthesize()
	r.names = r.mangle()
	r.editStatements()
	r.editEnv()
	r.editImportCalls()
	r.editWrapperKeys()
	r.editNames()
	if err := errors.Join(r.errs...); err != nil {
		return err
	}
	slices.SortStableFunc(r.edits, func(a, b edit) int { return cmp.Compare(a.start, b.start) })
	r.assemble()
	r.unit.parts = r.countParts()
	return errors.Join(r.errs...)
}

// checkClassic refuses what a function can't do.
func (r *renderer) checkClassic() {
	for _, at := range r.file.TopLevelAwait {
		r.errs = append(r.errs, fmt.Errorf("%s: top-level await can't run in format classic, whose scripts run at once: use format esm, or move it into an async function", r.sourcePlace(at)))
	}
	for _, m := range r.file.ImportMetas {
		r.errs = append(r.errs, fmt.Errorf("%s: import.meta exists in modules only; import.meta.url and import.meta.env are understood in format classic, other properties are not", r.sourcePlace(m.Start)))
	}
}

// synthesize adds the names that the linker brings: the run time, the exports
// object, and one for each unit used, which stands for all names taken from it.
func (r *renderer) synthesize() {
	r.r = r.file.AddSymbol("$run")
	r.e = r.file.AddSymbol("$exports")
	r.value = map[string]scope.SymbolID{}
	for _, ref := range r.envRefs {
		name, _, ok := r.envValue(ref)
		if !ok {
			r.file.AddReference(r.r, int(ref.Pos))
			continue
		}
		if _, known := r.value[name]; !known {
			r.value[name] = r.file.AddSymbol("$value")
		}
		r.file.AddReference(r.value[name], int(ref.Pos))
	}
	for _, c := range r.file.ImportCalls {
		r.file.AddReference(r.r, c.Start)
	}
	if r.Format != Classic {
		return
	}
	from := map[*unit][]scope.SymbolID{}
	for i := range r.file.Symbols {
		if b, ok := r.imported[scope.SymbolID(i)]; ok {
			from[b.unit] = append(from[b.unit], scope.SymbolID(i))
		}
	}
	for _, c := range r.imports {
		c.symbol = r.file.AddSymbol("$" + c.unit.id)
		r.file.Merge(c.symbol, from[c.unit]...)
	}
}

// mangle gives each symbol its new name; without minification only what the
// linker brings gets one.
func (r *renderer) mangle() []string {
	if r.Minify {
		return r.file.Mangle(scope.Options{Alphabet: r.alphabet})
	}
	taken := map[string]bool{}
	for i := range r.file.Symbols {
		taken[r.file.Symbols[i].Name] = taken[r.file.Symbols[i].Name] || r.file.Symbols[i].Kind != scope.Synthetic
	}
	names := make([]string, len(r.file.Symbols))
	for i := range names {
		names[i] = r.file.Symbols[i].Name
		for r.file.Symbols[i].Kind == scope.Synthetic && (taken[names[i]] || r.file.Globals[names[i]] != nil) {
			names[i] += "$"
		}
	}
	return names
}

// useRefs leaves out the import and export clauses, which go.
func useRefs(refs []scope.Ref) []scope.Ref {
	return slices.DeleteFunc(slices.Clone(refs), func(r scope.Ref) bool {
		return r.Flags&(scope.RefImport|scope.RefExport) != 0
	})
}

// editStatements removes imports and exports.
func (r *renderer) editStatements() {
	for i := range r.file.Stmts {
		s := &r.file.Stmts[i]
		switch s.Kind {
		case scope.ImportStmt, scope.ExportNames, scope.EmptyStmt:
			if !r.external(s) {
				r.edits = append(r.edits, edit{start: s.Start, end: s.End})
			}
		default: // the others stay
		}
	}
}

// editEnv replaces the run time's long name, resolves late roots, and takes
// the style marks out.
func (r *renderer) editEnv() {
	name := r.names[r.r]
	for _, ref := range r.envRefs {
		if value, end, ok := r.envValue(ref); ok {
			r.edits = append(r.edits, edit{start: int(ref.Pos), end: end, text: r.names[r.value[value]]})
			continue
		}
		member, arg, end := r.envCall(ref)
		switch member {
		case "css":
			// The call is an expression statement or an operand of a comma
			// expression; `0` keeps either whole.
			if end < len(r.chunk.Code) && r.chunk.Code[end] == ';' && r.statementStart(int(ref.Pos)) {
				r.edits = append(r.edits, edit{start: int(ref.Pos), end: end + 1})
			} else {
				r.edits = append(r.edits, edit{start: int(ref.Pos), end: end, text: "0"})
			}
		case "t":
			r.edits = append(r.edits, edit{start: int(ref.Pos), end: end, text: name + `.t("` + r.rootID(arg, int(ref.Pos)) + `")`})
		default:
			r.edits = append(r.edits, edit{start: int(ref.Pos), end: ref.End(), text: name})
		}
	}
}

func (r *renderer) statementStart(at int) bool {
	for i := range r.file.Stmts {
		if r.file.Stmts[i].Start == at {
			return true
		}
	}
	return false
}

func (r *renderer) rootID(id string, at int) string {
	short, ok := r.rootIDs[id]
	if !ok {
		r.errs = append(r.errs, fmt.Errorf("%s: root %q is not known to the linker", r.sourcePlace(at), id))
	}
	return short
}

// editImportCalls makes import("./chunk.js") a request for the root it holds.
func (r *renderer) editImportCalls() {
	name := r.names[r.r]
	for _, c := range r.file.ImportCalls {
		root := r.rootOfCall(c.Text)
		if !c.Static || root == nil {
			switch {
			case c.Static && r.units[path.Base(c.Text)] != nil: // esbuild's answer to a template
				r.errs = append(r.errs, fmt.Errorf("%s: import() of a path with variable parts: write one import() for each file, with its whole path", r.sourcePlace(c.Start)))
			case r.Format == Classic:
				r.errs = append(r.errs, fmt.Errorf("%s: import() of something that is not part of the bundle: format classic loads its own files only", r.sourcePlace(c.Start)))
			}
			continue
		}
		r.edits = append(r.edits, edit{start: c.Start, end: c.End, text: name + `.l("` + r.rootIDs[root.ID] + `")`})
	}
}

// rootOfCall is the root that an import() in the unit starts.
func (r *renderer) rootOfCall(specifier string) *Root {
	if r.Apart != nil {
		return r.roots[r.chunk.Starts[specifier]]
	}
	return r.rootOfChunk(specifier)
}

func (l *linker) rootOfChunk(specifier string) *Root {
	for i := range l.Roots {
		if l.Roots[i].Chunk == path.Base(specifier) && strings.HasPrefix(specifier, "./") {
			return &l.Roots[i]
		}
	}
	return nil
}

// editWrapperKeys shortens the paths in `__commonJS({"src/a.js"(…){…}})` and
// `__esm({…})`, which serve debugging only: they are 2 % of a page's code.
func (r *renderer) editWrapperKeys() {
	if !r.Minify {
		return
	}
	for i := range r.file.Symbols {
		name := strings.TrimRight(r.file.Symbols[i].Name, "0123456789")
		if name != "__commonJS" && name != "__esm" {
			continue
		}
		for _, ref := range r.file.Symbols[i].Refs {
			at := ref.End()
			if rest := r.chunk.Code[min(at, len(r.chunk.Code)):]; ref.Flags&scope.RefCallee != 0 && bytes.HasPrefix(rest, []byte(`({"`)) {
				if lit, ok := stringLiteral(rest[2:]); ok {
					r.edits = append(r.edits, edit{start: at + 2, end: at + 2 + len(lit), text: "a"})
				}
			}
		}
	}
}

// editNames renames the unit's own variables and leads imported ones to their
// unit's exports object. Renames leaves out what was merged.
func (r *renderer) editNames() {
	for _, e := range r.file.Renames(r.names) {
		if !r.removed(e.Start) {
			r.edits = append(r.edits, edit{start: e.Start, end: e.End, text: e.Text, renamed: e.Start < e.End})
		}
	}
	if r.Format != Classic {
		return
	}
	for i := range r.file.Symbols {
		if b, ok := r.imported[scope.SymbolID(i)]; ok {
			r.editImported(&r.file.Symbols[i], b)
		}
	}
}

// removed reports that the offset lies in an import or export statement.
func (r *renderer) removed(at int) bool {
	i, found := slices.BinarySearchFunc(r.file.Stmts, at, func(s scope.Stmt, at int) int { return s.Start - at })
	if !found {
		i--
	}
	if i < 0 || at >= r.file.Stmts[i].End {
		return false
	}
	s := &r.file.Stmts[i]
	return s.Kind == scope.ImportStmt && !r.external(s) || s.Kind == scope.ExportNames
}

// external reports an import of something outside the bundle, which only
// modules can have.
func (l *linker) external(s *scope.Stmt) bool {
	return l.Format == Module && s.Kind == scope.ImportStmt && l.units[path.Base(s.From.Text)] == nil
}

// editImported writes `x.a` for an imported name, so that every read sees the
// binding's present value; `(0,x.a)(…)` where it is called, so that it gets no this.
func (r *renderer) editImported(s *scope.Symbol, b binding) {
	var object string
	for _, c := range r.imports {
		if c.unit == b.unit {
			object = r.names[c.symbol]
		}
	}
	member := object + "." + b.unit.short[b.name]
	for _, ref := range useRefs(s.Refs) {
		text := member
		switch {
		case ref.Flags&scope.RefShorthand != 0:
			text = s.Name + ":" + member
		case ref.Flags&scope.RefCallee != 0:
			text = "(0," + member + ")"
		}
		r.edits = append(r.edits, edit{int(ref.Pos), ref.End(), text, true})
	}
}

// assemble puts the unit's text together.
func (r *renderer) assemble() {
	if r.Format == Classic {
		r.assembleFunction()
		return
	}
	r.assembleModule()
}

// writeValues declares the variables of Input.Values that the unit reads.
func (r *renderer) writeValues(b *strings.Builder) {
	for _, name := range sortedKeys(r.value) {
		text, ok := r.Values[name]
		if !ok {
			r.errs = append(r.errs, fmt.Errorf("%s: the value %q is not given", r.describe(), name))
		}
		fmt.Fprintf(b, "var %s=%s;", r.names[r.value[name]], text)
	}
}

// assembleFunction writes `function(R,E){…}`. Exports come first: bindings
// exist before the code runs. Function and var declarations are hoisted as ever.
//
// ES modules are strict code, CommonJS files may rely on sloppy mode, and a
// function can't leave the mode it is in. So where a unit has both, the
// CommonJS files come first, sloppy, and the rest is a strict function inside.
func (r *renderer) assembleFunction() {
	modes := r.splitModes()
	var head strings.Builder
	fmt.Fprintf(&head, "function(%s,%s){", r.names[r.r], r.names[r.e])
	if modes.sloppy == nil {
		head.WriteString(`"use strict";`)
	}
	r.writeExports(&head, modes.isOuter)
	for i, c := range r.imports {
		if i == 0 {
			head.WriteString("var ")
		} else {
			head.WriteByte(',')
		}
		fmt.Fprintf(&head, `%s=%s("%s")`, r.names[c.symbol], r.names[r.r], c.unit.id)
	}
	if len(r.imports) > 0 {
		head.WriteByte(';')
	}
	r.writeValues(&head)
	r.rope.literal(head.String())
	if modes.sloppy == nil {
		r.rope.splice(0, len(r.chunk.Code), r.edits)
		r.rope.literal("}")
		return
	}
	r.assembleModes(modes)
}

// assembleModes writes the sloppy statements, then the strict rest.
func (r *renderer) assembleModes(m modes) {
	for _, s := range m.sloppy {
		r.rope.splice(s.Start, s.End, r.editsIn(s.Start, s.End))
		r.rope.literal("\n")
	}
	if len(m.shared) > 0 {
		var names []string
		for _, sym := range m.shared {
			names = append(names, r.names[sym])
		}
		r.rope.literal("var " + strings.Join(names, ",") + ";")
	}
	var head strings.Builder
	head.WriteString(`(function(){"use strict";`)
	r.writeExports(&head, func(sym scope.SymbolID) bool { return !m.isOuter(sym) })
	r.rope.literal(head.String())
	at := 0
	for _, s := range append(m.sloppy, scope.Stmt{Start: len(r.chunk.Code), End: len(r.chunk.Code)}) {
		r.rope.splice(at, s.Start, r.editsIn(at, s.Start))
		at = s.End
	}
	r.rope.literal("})()}")
}

func (r *renderer) editsIn(start, end int) []edit {
	i, _ := slices.BinarySearchFunc(r.edits, start, func(e edit, at int) int { return e.start - at })
	j, _ := slices.BinarySearchFunc(r.edits, end, func(e edit, at int) int { return e.start - at })
	return r.edits[i:j]
}

func (r *renderer) writeExports(b *strings.Builder, which func(scope.SymbolID) bool) {
	var out []string
	for _, n := range sortedBy(r.short) {
		if sym := r.unit.exports[n]; which(sym) {
			out = append(out, r.short[n]+":()=>"+r.names[sym])
		}
	}
	if len(out) > 0 {
		fmt.Fprintf(b, "%s.e(%s,{%s});", r.names[r.r], r.names[r.e], strings.Join(out, ","))
	}
}
