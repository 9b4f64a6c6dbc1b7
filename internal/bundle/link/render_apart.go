package link

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/bundle/link/scope"
)

// apartRenderer makes the function of one module.
type apartRenderer struct {
	renderer
	m        *module
	objects  []object
	replaced map[scope.SymbolID]member
}

// object is another module as this one sees it.
type object struct {
	specifier string
	target    *unit
	name      string // of the variable that holds its exports
}

// member is an imported name.
type member struct {
	of   int // index in objects
	name string
}

// renderApart makes the text, unless nothing that it depends on has changed.
func (l *linker) renderApart(u *unit) error {
	m := u.module
	signature := l.signature(m)
	if m.text != nil && m.signature == signature {
		return nil
	}
	if u.file == nil { // read the last time; what it imports has changed since
		fresh := &unit{chunk: u.chunk, id: u.id, short: u.short, module: m, original: l.Original, content: l.Content}
		if err := fresh.parseApart(); err != nil {
			return err
		}
		fresh.nameSources(l.SourceName)
		u.chunk, u.file, u.sourceMap, u.segments, u.envRefs = fresh.chunk, fresh.file, fresh.sourceMap, fresh.segments, fresh.envRefs
		u.original, u.content = fresh.original, fresh.content
	}
	r := &apartRenderer{renderer: renderer{linker: l, unit: u}, m: m, replaced: map[scope.SymbolID]member{}}
	if err := r.run(); err != nil {
		return err
	}
	m.signature = signature
	err := r.settle()
	u.file, u.sourceMap, u.segments, u.envRefs, u.rope = nil, nil, nil, nil, rope{} // large, and done with
	u.chunk = m.chunk
	return err
}

// signature says what besides its code makes a module's text.
func (l *linker) signature(m *module) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%t %t %t\n", m.chunk.Node, l.Maps, m.open)
	for _, of := range []map[string]string{m.chunk.Imports, m.chunk.Requires, m.chunk.Starts} {
		for _, specifier := range sortedKeys(of) {
			to := of[specifier]
			fmt.Fprintf(&b, "%s %s", specifier, to)
			if u := l.units[to]; u != nil {
				fmt.Fprintf(&b, " %t %t %t", u.module.chunk.CommonJS, u.module.open, m.chunk.Pure[to])
			}
			b.WriteByte('\n')
		}
		b.WriteByte('\n')
	}
	if len(m.stars) > 0 {
		for _, n := range sortedKeys(m.known) {
			fmt.Fprintln(&b, n, m.known[n].unit.id, m.known[n].name)
		}
	}
	if bytes.Contains(m.chunk.Code, []byte(ValuePrefix)) {
		for _, name := range sortedKeys(l.Values) {
			fmt.Fprintln(&b, name, l.Values[name])
		}
	}
	return b.String()
}

func (r *apartRenderer) run() error {
	r.checkClassic()
	r.synthesizeApart()
	r.names = r.mangle()
	var head strings.Builder
	if r.chunk.CommonJS {
		fmt.Fprintf(&head, "function(%s,%s,M){", r.names[r.r], r.names[r.e])
		r.writeValues(&head)
		fmt.Fprintf(&head, "%s.c(M,", r.names[r.r])
		r.editRequires("require")
	} else {
		r.nameImports()
		fmt.Fprintf(&head, `function(%s,%s){"use strict";`, r.names[r.r], r.names[r.e])
		r.writeExportsApart(&head)
		r.writeImports(&head)
		r.writeValues(&head)
		head.WriteByte('\n')
		r.editImports()
		r.editRequires("")
	}
	r.editEnv()
	r.editImportCalls()
	if err := errors.Join(r.errs...); err != nil {
		return err
	}
	slices.SortStableFunc(r.edits, func(a, b edit) int { return a.start - b.start })
	r.rope.literal(head.String())
	r.rope.splice(0, len(r.chunk.Code), r.edits)
	if r.chunk.CommonJS {
		r.rope.literal(")}")
	} else {
		r.rope.literal("}")
	}
	return errors.Join(r.errs...)
}

// settle writes the rope's text and map.
func (r *apartRenderer) settle() error {
	var out bytes.Buffer
	var maps *mapWriter
	if r.Maps && r.sourceMap != nil {
		maps = newMapWriter()
		maps.advance([]byte(quoteJS(r.id) + ":"))
	}
	r.unit.sourceAt = nil
	r.rope.write(&out, maps, r.unit)
	r.m.text, r.m.section = out.Bytes(), nil
	r.m.lines = bytes.Count(r.m.text, []byte("\n"))
	if maps == nil {
		return nil
	}
	section, err := maps.encode(baseOf(r.id))
	r.m.section = bytes.TrimSuffix(section, []byte("\n"))
	return err
}

// synthesizeApart adds the run time's names.
func (r *apartRenderer) synthesizeApart() {
	r.r = r.file.AddSymbol("$run")
	r.e = r.file.AddSymbol("$exports")
	r.value = map[string]scope.SymbolID{}
	for _, ref := range r.envRefs {
		if name, _, ok := r.envValue(ref); ok {
			if _, known := r.value[name]; !known {
				r.value[name] = r.file.AddSymbol("$value")
			}
		}
	}
	for i := range r.file.Stmts {
		if s := &r.file.Stmts[i]; s.From != nil && r.objectOf(s.From.Text) < 0 {
			target := r.target(r.chunk.Imports, s.From.Text)
			if target == nil {
				r.errs = append(r.errs, fmt.Errorf("%s: import of %q, which is not part of the bundle; a page without modules can't load it", r.sourcePlace(s.Start), s.From.Text))
				continue
			}
			r.file.AddSymbol("$module")
			r.objects = append(r.objects, object{specifier: s.From.Text, target: target})
		}
	}
}

func (r *apartRenderer) objectOf(specifier string) int {
	return slices.IndexFunc(r.objects, func(o object) bool { return o.specifier == specifier })
}

// nameImports gives each module asked for a variable that nothing else in the
// file is called, and says what the imported names stand for.
func (r *apartRenderer) nameImports() {
	taken := map[string]bool{}
	for i, n := range r.names {
		taken[n] = taken[n] || r.file.Symbols[i].Kind != scope.Synthetic
	}
	for i := range r.objects {
		name := fmt.Sprintf("$module%d", i+1)
		for taken[name] || r.file.Globals[name] != nil {
			name += "$"
		}
		r.objects[i].name = name
	}
	for i := range r.file.Stmts {
		s := &r.file.Stmts[i]
		if s.Kind != scope.ImportStmt {
			continue
		}
		of := r.objectOf(s.From.Text)
		if of < 0 {
			continue
		}
		if s.Import.Default != scope.NoSymbol {
			r.replaced[s.Import.Default] = member{of, "default"}
		}
		for _, n := range s.Import.Names {
			r.replaced[n.Symbol] = member{of, n.Imported}
		}
	}
}

var plainName = regexp.MustCompile(`^[A-Za-z_$][\w$]*$`)

func access(name string) string {
	if plainName.MatchString(name) {
		return "." + name
	}
	return "[" + quoteJS(name) + "]"
}

// propertyKey is a name in an object literal, where `__proto__` would be no name.
func propertyKey(name string) string {
	switch {
	case name == "__proto__":
		return "[" + quoteJS(name) + "]"
	case plainName.MatchString(name):
		return name
	}
	return quoteJS(name)
}

// writeExportsApart defines the exports before anything runs. In a cycle a
// module may be asked for a name before it has its imports.
func (r *apartRenderer) writeExportsApart(b *strings.Builder) {
	getters := map[string]string{}
	from := func(of int) string {
		o := r.objects[of]
		return fmt.Sprintf("(%s||%s.x(%s))", o.name, r.names[r.r], quoteJS(o.target.id))
	}
	for i := range r.file.Stmts {
		s := &r.file.Stmts[i]
		of := -1
		if s.From != nil {
			of = r.objectOf(s.From.Text)
		}
		for _, e := range s.Exports {
			switch m, imported := r.replaced[e.Symbol]; {
			case s.Kind == scope.ExportStar && e.Exported == "":
				r.addStar(getters, of)
			case s.Kind == scope.ExportStar:
				getters[e.Exported] = from(of)
			case s.Kind == scope.ExportFrom:
				getters[e.Exported] = from(of) + access(e.Local)
			case imported:
				getters[e.Exported] = from(m.of) + access(m.name)
			case e.Symbol == scope.NoSymbol:
				getters[e.Exported] = e.Local
			default:
				getters[e.Exported] = r.file.Symbols[e.Symbol].Name
			}
		}
	}
	if len(getters) == 0 {
		return
	}
	var out []string
	for _, n := range sortedKeys(getters) {
		out = append(out, propertyKey(n)+":()=>"+getters[n])
	}
	fmt.Fprintf(b, "%s.e(%s,{%s});", r.names[r.r], r.names[r.e], strings.Join(out, ","))
}

// addStar adds the names of an `export * from` that are known, and nobody else's.
func (r *apartRenderer) addStar(getters map[string]string, of int) {
	if of < 0 || r.objects[of].target.module.chunk.CommonJS {
		return
	}
	theirs := r.exportsOf(r.objects[of].target.module, map[*module]bool{})
	for n, b := range theirs {
		if n != "default" && !slices.Contains(r.m.names, n) && r.m.known[n] == b {
			// From where it is defined: the way there may be a circle.
			getters[n] = r.names[r.r] + ".x(" + quoteJS(b.unit.id) + ")" + access(b.name)
		}
	}
}

// writeImports asks for the modules in the order of the source.
func (r *apartRenderer) writeImports(b *strings.Builder) {
	asked := map[int]bool{}
	for i := range r.file.Stmts {
		s := &r.file.Stmts[i]
		if s.From == nil {
			continue
		}
		of := r.objectOf(s.From.Text)
		if of < 0 || s.Kind == scope.ImportStmt && s.Import.Bare && r.chunk.Pure[r.objects[of].target.id] {
			continue
		}
		o := r.objects[of]
		if !asked[of] {
			asked[of] = true
			ask := fmt.Sprintf("%s(%s)", r.names[r.r], quoteJS(o.target.id))
			if o.target.module.chunk.CommonJS {
				ask = fmt.Sprintf("%s.i(%s,%t)", r.names[r.r], ask, r.chunk.Node)
			}
			fmt.Fprintf(b, "var %s=%s;", o.name, ask)
		}
		if s.Kind == scope.ImportStmt && s.Import.Namespace != scope.NoSymbol {
			fmt.Fprintf(b, "var %s=%s;", r.file.Symbols[s.Import.Namespace].Name, o.name)
		}
		if s.Kind == scope.ExportStar && s.Exports[0].Exported == "" && (o.target.module.chunk.CommonJS || o.target.module.open) {
			fmt.Fprintf(b, "%s.s(%s,%s);", r.names[r.r], r.names[r.e], o.name)
		}
	}
}

// editImports removes the statements that the head stands for, and leads
// imported names to their modules.
func (r *apartRenderer) editImports() {
	for i := range r.file.Stmts {
		s := &r.file.Stmts[i]
		switch s.Kind {
		case scope.ImportStmt, scope.ExportNames, scope.ExportFrom, scope.ExportStar, scope.EmptyStmt:
			r.edits = append(r.edits, edit{start: s.Start, end: s.End})
		case scope.ExportDefault, scope.ExportDecl:
			r.errs = append(r.errs, fmt.Errorf("%s: esbuild left an %v statement, which it was not known to write", r.describe(), s.Kind))
		default: // the others stay
		}
	}
	for i := range r.file.Symbols {
		if m, ok := r.replaced[scope.SymbolID(i)]; ok {
			r.editMember(&r.file.Symbols[i], r.objects[m.of].name+access(m.name))
		}
	}
}

// editMember writes `x.a` for an imported name; `(0,x.a)(…)` where it is called,
// so that it gets no this.
func (r *apartRenderer) editMember(s *scope.Symbol, text string) {
	for _, ref := range useRefs(s.Refs) {
		as := text
		switch {
		case ref.Flags&scope.RefShorthand != 0:
			as = s.Name + ":" + text
		case ref.Flags&scope.RefCallee != 0:
			as = "(0," + text + ")"
		}
		r.edits = append(r.edits, edit{int(ref.Pos), ref.End(), as, true})
	}
}

// editRequires makes require("x") a request for the module: param names the
// parameter that is called so, "" where require is a free name.
func (r *apartRenderer) editRequires(param string) {
	refs := r.file.Globals["require"]
	if param != "" {
		refs = nil
		for i := range r.file.Symbols {
			if s := &r.file.Symbols[i]; s.Kind == scope.Param && s.Name == param && len(s.Refs) > 0 && int(s.Refs[0].Pos) < len(commonOpen) {
				refs = s.Refs
			}
		}
	}
	for _, ref := range refs {
		if ref.Flags&scope.RefDecl != 0 {
			continue
		}
		name := r.names[r.r]
		specifier, end, ok := r.requireCall(ref)
		target := r.target(r.chunk.Requires, specifier)
		switch {
		case ok && target != nil && target.module.chunk.CommonJS:
			r.edits = append(r.edits, edit{start: int(ref.Pos), end: end, text: name + "(" + quoteJS(target.id) + ")"})
		case ok && target != nil:
			r.edits = append(r.edits, edit{start: int(ref.Pos), end: end, text: name + ".q(" + quoteJS(target.id) + ")"})
		case param == "":
			r.edits = append(r.edits, edit{start: int(ref.Pos), end: ref.End(), text: name + ".r"})
		}
	}
}

// requireCall reads what follows a reference to require: `("x")`.
func (r *apartRenderer) requireCall(ref scope.Ref) (specifier string, end int, ok bool) {
	code := r.chunk.Code[ref.End():]
	if ref.Flags&scope.RefCallee == 0 || len(code) < 3 || code[0] != '(' {
		return "", 0, false
	}
	lit, ok := stringLiteral(code[1:])
	if !ok || len(code) <= 1+len(lit) || code[1+len(lit)] != ')' {
		return "", 0, false
	}
	specifier, err := unquote(lit)
	return specifier, ref.End() + len(lit) + 2, err == nil
}
