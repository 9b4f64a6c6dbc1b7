package difftest

import (
	"fmt"
	"slices"
)

// addLateRequires lets ES modules `require` an ES module when a step asks for it, as TypeScript sources do to have it
// evaluated late. A style sheet there has no moment on which Node and a page could agree.
func (m *maker) addLateRequires() {
	if !m.chance(20) {
		return
	}
	for range 1 + m.IntN(2) {
		from, to := m.IntN(len(m.g.Modules)), m.IntN(len(m.g.Modules))
		a, b := m.g.Modules[from], m.g.Modules[to]
		if a.CJS || a.Pure || b.CJS || b.Pure || from == to || m.g.styled(to) {
			continue
		}
		step := fmt.Sprintf("%s requires %s", a.Name, b.Name)
		a.Body = append(a.Body, &Stmt{
			Code:  fmt.Sprintf("__steps[%q] = () => require(%q);", step, specifier(a.Path, b.Path)),
			Loads: -1, Requires: to, Later: true, Step: "run " + step,
		})
	}
}

// addEager lets one module start an import while it is evaluated. One only: two would race.
func (m *maker) addEager() {
	if !m.chance(25) {
		return
	}
	from, to := m.IntN(len(m.g.Modules)), m.IntN(len(m.g.Modules))
	a, b := m.g.Modules[from], m.g.Modules[to]
	if a.CJS || a.Pure || b.CJS || b.Pure || from == to {
		return
	}
	a.Body = append(a.Body, &Stmt{Code: fmt.Sprintf("__pending.push(import(%q).then((y) => { %s(%q, y); }));",
		specifier(a.Path, b.Path), a.Trace, a.Name+" loaded "+b.Name), Loads: to, Requires: -1})
}

// addThrowers lets lazy modules fail. Not the entry's own, not one above which there is a cycle (a module of a cycle
// that failed halfway has bindings that throw in Node and are undefined once bundled), and not with lazy style sheets:
// a page has them before the module that would never have got to them.
func (m *maker) addThrowers() {
	if !m.chance(20) {
		return
	}
	first := m.g.closure(0)
	if m.g.lazilyStyled() {
		return
	}
	for range 1 + m.IntN(2) {
		k := m.IntN(len(m.g.Modules))
		mod := m.g.Modules[k]
		if mod.CJS || mod.Pure || first[k] || m.belowCycle(k) {
			continue
		}
		at := 1 + m.IntN(len(mod.Body))
		mod.Body = slices.Insert(mod.Body, at, &Stmt{Code: fmt.Sprintf("throw new globalThis.Error(%q);", "boom in "+mod.Name), Throws: true, Loads: -1, Requires: -1})
	}
}

// belowCycle tells whether module k, or one that imports it, is part of a static cycle.
func (m *maker) belowCycle(k int) bool {
	for i := range m.g.Modules {
		if !m.g.closure(i)[k] {
			continue
		}
		for _, d := range m.g.statics(i) {
			if m.g.closure(d)[i] {
				return true
			}
		}
	}
	return false
}

// writeSteps orders what the modules offer, with repeats; a step may come before the module that provides it.
func (m *maker) writeSteps() {
	var all []string
	for _, mod := range m.g.Modules {
		for _, s := range mod.Body {
			if s.Step != "" {
				all = append(all, s.Step)
			}
		}
	}
	if len(all) == 0 {
		return
	}
	m.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	n := min(len(all), 14)
	m.g.Steps = append(m.g.Steps, all[:n]...)
	for range m.IntN(n + 1) {
		m.g.Steps = append(m.g.Steps, one(m, all...))
	}
	// Entry's loads first is the common case: everything else is only there afterwards.
	if m.chance(50) {
		slices.SortStableFunc(m.g.Steps, func(a, b string) int { return rank(a) - rank(b) })
	}
}

func rank(step string) int {
	if step[:4] == "call" {
		return 0
	}
	return 1
}
