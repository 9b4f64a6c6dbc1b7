package difftest

import (
	"fmt"
	"slices"
	"strings"
)

// declare gives module i what it exports.
func (m *maker) declare(i int) {
	mod := m.g.Modules[i]
	if mod.CJS {
		m.declareCommonJS(mod)
		return
	}
	for range 1 + m.IntN(4) {
		m.declareOne(i)
	}
	if m.chance(40) && !m.locals[i]["export default"] {
		m.locals[i]["export default"] = true
		m.declareDefault(i)
	}
}

func (m *maker) declareOne(i int) {
	mod := m.g.Modules[i]
	local := m.local(i)
	what := mod.Name + ":" + local
	d := &Decl{Local: local, Names: []string{m.exportName(i, false)}}
	if m.chance(15) {
		d.Names = append(d.Names, m.exportName(i, true))
	}
	trace := fmt.Sprintf("%s(%q)", mod.Trace, mod.Name+" runs "+local)
	add := func(kind DeclKind, format string, args ...any) {
		d.Kind, d.Code = kind, fmt.Sprintf(format, args...)
		mod.Decls = append(mod.Decls, d)
	}
	switch m.IntN(9) {
	case 0:
		add(Const, "const %s = %q;", local, what)
	case 1: // a variable and its setter
		add(Const, "let %s = %q;", local, what)
		set := m.local(i)
		mod.Decls = append(mod.Decls, &Decl{
			Local: set, Names: []string{m.exportName(i, true)}, Kind: Late, Needs: []string{local},
			Code: fmt.Sprintf("function %s(v) { %s += \" set by \" + v; }", set, local),
		})
		if m.chance(50) && !mod.Pure {
			step := mod.Name + " sets " + local
			mod.Body = append(mod.Body, &Stmt{
				Code:  fmt.Sprintf("__steps[%q] = () => { %s += \"!\"; };", step, local),
				Needs: []string{local}, Loads: -1, Requires: -1, Step: "run " + step,
			})
		}
	case 2: // what a hoisted function does before the variable is initialised, and after
		add(Var, "var %s = %q;", local, what)
		bump := m.local(i)
		mod.Decls = append(mod.Decls, &Decl{
			Local: bump, Names: []string{m.exportName(i, true)}, Kind: Func, Needs: []string{local},
			Code: fmt.Sprintf("function %s(v) { %s = [%s, v]; return %s; }", bump, local, local, local),
		})
	case 3:
		add(Func, "function %s() { %s; return %q; }", local, trace, what)
	case 4:
		d.This = true
		add(Func, "function %s() { return [%q, this === undefined]; }", local, what)
	case 5:
		add(Class, "class %s { static who() { %s; return %q; } }", local, trace, what)
	case 6:
		add(Object, "const %s = { is: %q, list: [1, { a: 2 }] };", local, what)
	case 7:
		add(Const, "const { p: %s, ...%s } = { p: %q, q: 1 };", local, m.local(i), what)
	case 8:
		add(Func, "async function %s() { %s; return %q; }", local, trace, what)
	}
	if d.Kind != Func && d.Kind != Var && len(d.Names) == 1 && d.Names[0] == local && m.chance(70) {
		d.Inline, d.Code = true, "export "+d.Code
		if strings.Contains(d.Code, "...") { // would export the rest too
			d.Inline, d.Code = false, strings.TrimPrefix(d.Code, "export ")
		}
	}
}

func (m *maker) declareDefault(i int) {
	mod := m.g.Modules[i]
	what := mod.Name + ":default"
	d := &Decl{Local: "*default*", Names: []string{"default"}, Inline: true}
	switch m.IntN(4) {
	case 0:
		d.Kind, d.Code = Const, fmt.Sprintf("export default %q;", what)
	case 1:
		d.Kind, d.Code = Func, fmt.Sprintf("export default function () { return %q; }", what)
	case 2:
		d.Local = m.local(i)
		d.Kind, d.Code = Func, fmt.Sprintf("export default function %s() { return [%q, typeof %s]; }", d.Local, what, d.Local)
	case 3:
		d.Kind, d.Code = Class, fmt.Sprintf("export default class { static who() { return %q; } }", what)
	}
	mod.Decls = append(mod.Decls, d)
}

// declareCommonJS uses names that no other module has: Node leaves out a name that two `export *` bring, while a
// bundler, which sees a CommonJS module's names only when it runs, takes the first.
func (m *maker) declareCommonJS(mod *Module) {
	if mod.Shape == Again {
		return
	}
	if mod.Shape == Callable {
		mod.Body = append(mod.Body, &Stmt{
			Keep: true, Loads: -1, Requires: -1,
			Code: fmt.Sprintf("module.exports = function () { return %q; };", mod.Name+" called"),
		})
	}
	for j := range 1 + m.IntN(3) {
		key := fmt.Sprintf("%s%c", mod.Name, 'a'+j)
		d := &Decl{Local: key, Names: []string{key}}
		value := fmt.Sprintf("%q", mod.Name+":"+key)
		if m.chance(40) {
			d.Kind = Late
			value = fmt.Sprintf("function (v) { %s(%q, v); return %s; }", mod.Trace, mod.Name+" runs "+key, value)
		}
		to := map[Shape]string{Keys: "exports.", Flagged: "exports.", Callable: "module.exports.", Literal: "const "}[mod.Shape]
		mod.Decls = append(mod.Decls, d)
		mod.Body = append(mod.Body, &Stmt{Code: to + key + " = " + value + ";", Needs: []string{key}, Keep: true, Loads: -1, Requires: -1})
	}
	if mod.Shape == Flagged && m.chance(60) {
		mod.Body = append(mod.Body, &Stmt{Code: fmt.Sprintf("exports.default = %q;", mod.Name+":exports.default"), Loads: -1, Requires: -1})
	}
}

// writeBody gives module i its statements: what it says when it runs, what it reads, what it loads later.
func (m *maker) writeBody(i int) {
	mod := m.g.Modules[i]
	if mod.Pure {
		mod.Body = nil
		return
	}
	m.writeLoads(i)
	if mod.CJS {
		m.writeCommonJS(mod)
		return
	}
	m.writeReads(i)
	m.writeProbes(mod)
	rest := mod.Body
	m.Shuffle(len(rest), func(a, b int) { rest[a], rest[b] = rest[b], rest[a] })
	mod.Body = append([]*Stmt{m.say(mod)}, rest...)
}

func (m *maker) say(mod *Module) *Stmt {
	return &Stmt{Code: fmt.Sprintf("%s(%q);", mod.Trace, mod.Name), Keep: true, Loads: -1, Requires: -1}
}

func (m *maker) writeCommonJS(mod *Module) {
	t := mod.Trace
	for _, code := range []string{
		fmt.Sprintf("%s(%q, this === exports, typeof module, typeof exports);", t, mod.Name+" this is exports"),
		fmt.Sprintf("%s(%q, (function () { return this === globalThis; })());", t, sloppyPrefix+mod.Name),
		fmt.Sprintf("%s(%q, exports);", t, mod.Name+" so far"),
	} {
		if m.chance(30) {
			mod.Body = append(mod.Body, &Stmt{Code: code, Loads: -1, Requires: -1})
		}
	}
	body := mod.Body
	m.Shuffle(len(body), func(a, b int) { body[a], body[b] = body[b], body[a] })
	if mod.Shape == Callable { // the function comes before its properties
		at := slices.IndexFunc(body, func(s *Stmt) bool { return strings.HasPrefix(s.Code, "module.exports = ") })
		body = slices.Concat(body[at:at+1], body[:at], body[at+1:])
	}
	mod.Body = append([]*Stmt{m.say(mod)}, body...)
}

// writeReads uses the imported bindings while the module runs and in steps later.
func (m *maker) writeReads(i int) {
	mod := m.g.Modules[i]
	bound := m.g.bindings(i)
	locals := slices.Sorted(mapKeysOf(bound))
	m.Shuffle(len(locals), func(a, b int) { locals[a], locals[b] = locals[b], locals[a] })
	for _, local := range locals {
		if m.chance(70) {
			mod.Body = append(mod.Body, &Stmt{Code: m.read(mod, local, bound[local]), Needs: []string{local}, Early: []string{local}, Loads: -1, Requires: -1})
		}
		if m.chance(35) {
			step := fmt.Sprintf("%s later %s", mod.Name, local)
			mod.Body = append(mod.Body, &Stmt{
				Code:  fmt.Sprintf("__steps[%q] = () => { %s };", step, m.read(mod, local, bound[local])),
				Needs: []string{local}, Loads: -1, Requires: -1, Step: "run " + step,
			})
		}
	}
}

func mapKeysOf[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// read gives a statement that uses the binding x, in one of the ways that a renamer must get right.
func (m *maker) read(mod *Module, x string, d Def) string {
	t, label := mod.Trace, mod.Name+" reads "+x
	q := fmt.Sprintf("%q", label)
	switch m.g.kind(d) {
	case Func, Late:
		return m.pickCode(
			`%[1]s(%[2]s, %[3]s("%[4]s"));`,
			"%[1]s(%[2]s, typeof %[3]s, %[3]s?.(\"%[4]s\"));",
			`%[1]s(%[2]s, (() => { const { y = %[3]s } = {}; return y("%[4]s"); })());`,
			`%[1]s(%[2]s, [%[3]s("%[4]s")].map((%[3]s) => %[3]s));`,
		)(t, q, x, mod.Name)
	case Class:
		return m.pickCode(
			`%[1]s(%[2]s, %[3]s.who());`,
			`%[1]s(%[2]s, (class extends %[3]s { %[3]s() {} }).who());`,
			`%[1]s(%[2]s, new %[3]s() instanceof %[3]s);`,
		)(t, q, x)
	case Const, Var, Object, NS, Local: // below: these are values
	}
	return m.pickCode(
		`%[1]s(%[2]s, %[3]s);`,
		`%[1]s(%[2]s, %[3]s);`,
		`%[1]s(%[2]s, { %[3]s });`,
		`{ const y = [%[3]s]; { const %[3]s = "inner"; %[1]s(%[2]s, y, %[3]s); } }`,
		`try { throw %[3]s; } catch (y) { try { throw "caught"; } catch (%[3]s) { %[1]s(%[2]s, y, %[3]s); } }`,
		`%[1]s(%[2]s, (function (y = %[3]s) { var %[3]s = [y]; return %[3]s; })());`,
		`%[1]s(%[2]s, (() => { return [%[3]s(), typeof %[3]s]; function %[3]s() { return "inner"; } })(), %[3]s);`,
		`for (const y of [%[3]s]) for (const %[3]s in { k: 1 }) %[1]s(%[2]s, y, %[3]s);`,
		`%[3]s: for (;;) { %[1]s(%[2]s, { k: %[3]s }); break %[3]s; }`,
		`%[1]s(%[2]s, ((%[3]s, y = () => %[3]s) => y())("given"), %[3]s);`,
		`%[1]s(%[2]s, new (class { %[3]s() { return %[3]s; } static #%[3]s = 1; })().%[3]s());`,
		"switch (1) { case 1: let y = %[3]s; { let %[3]s = 2; %[1]s(%[2]s, y, `${%[3]s}`); } }",
	)(t, q, x)
}

func (m *maker) pickCode(formats ...string) func(args ...any) string {
	format := one(m, formats...)
	return func(args ...any) string { return fmt.Sprintf(format, args...) }
}

func (m *maker) writeProbes(mod *Module) {
	t := mod.Trace
	var codes []string
	codes = append(codes,
		fmt.Sprintf("%s(%q, this === undefined, (function () { return this; })() === undefined);", t, mod.Name+" is strict"),
		fmt.Sprintf("%s(%q, typeof undeclared_%s);", t, mod.Name+" undeclared", mod.Name),
	)
	for _, im := range mod.Imports {
		if im.Style >= 0 {
			name := m.g.Styles[im.Style].Name
			codes = append(codes, fmt.Sprintf("%s(%q, __css().includes(%q));", t, mod.Name+" has css "+name, name))
		}
	}
	for k, code := range codes {
		if k >= 2 || m.chance(20) {
			mod.Body = append(mod.Body, &Stmt{Code: code, Loads: -1, Requires: -1})
		}
	}
	for _, d := range mod.Decls {
		if d.Kind == Const && strings.HasPrefix(strings.TrimPrefix(d.Code, "export "), "let ") && m.chance(40) {
			mod.Body = append(mod.Body, &Stmt{Code: fmt.Sprintf("%s += \" then\";", d.Local), Needs: []string{d.Local}, Loads: -1, Requires: -1})
		}
	}
}

// writeLoads turns the lazy edges of module i into functions that steps call.
func (m *maker) writeLoads(i int) {
	mod := m.g.Modules[i]
	for k, e := range m.edges {
		if e.from != i || !e.lazy {
			continue
		}
		to := m.g.Modules[e.to]
		if to.CJS && m.flagged(e.to) && (mod.CJS || inPlain(mod)) {
			continue
		}
		where := specifier(mod.Path, to.Path)
		code := m.pickCode(
			"() => import(%[1]q)", "() => import(%[1]q)", "() => import(%[1]q)",
			"async () => { const { a, ...rest } = await import(%[1]q); return [a, rest]; }",
			"() => import(%[1]q).then(({ default: y }) => [y])",
			"async function () { try { return [await import(%[1]q)]; } catch (e) { return [e]; } }",
		)(where)
		if i == 0 {
			name := fmt.Sprintf("load%d", k)
			mod.Body = append(mod.Body, &Stmt{Code: fmt.Sprintf("export const %s = %s;", name, code), Loads: e.to, Requires: -1, Step: "call " + name})
			continue
		}
		step := fmt.Sprintf("%s loads %s %d", mod.Name, to.Name, k)
		mod.Body = append(mod.Body, &Stmt{Code: fmt.Sprintf("__steps[%q] = %s;", step, code), Loads: e.to, Requires: -1, Step: "run " + step})
	}
}
