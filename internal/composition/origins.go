package composition

import "slices"

// Origins has, for each module that an entry reaches, a shortest way to it.
type Origins struct {
	steps []step
}

// step is how a module was reached first.
type step struct {
	from    int // -1 where the entry starts
	kind    Kind
	reached bool
}

// Link is a module of a chain, and how the one before it imports it.
type Link struct {
	Module int
	Kind   Kind // of the first link: Static
}

// Origins follows the imports that the build followed, from the entry's modules.
// Of equally short ways it takes the one whose modules come first.
func (p *Pass) Origins(e Entry) *Origins {
	o := &Origins{steps: make([]step, len(p.Modules))}
	var queue []int
	reach := func(module, from int, kind Kind) {
		if s := &o.steps[module]; !s.reached {
			*s = step{from, kind, true}
			queue = append(queue, module)
		}
	}
	for _, m := range e.Modules {
		reach(m, -1, Static)
	}
	for i := 0; i < len(queue); i++ {
		for _, imp := range p.Modules[queue[i]].Imports {
			if imp.Route != Bypassed {
				reach(imp.To, queue[i], imp.Kind)
			}
		}
	}
	return o
}

// Chain leads from one of the entry's modules to the given one; nil where the
// entry does not reach it.
func (o *Origins) Chain(module int) []Link {
	var out []Link
	for at := module; at >= 0 && o.steps[at].reached; at = o.steps[at].from {
		out = append(out, Link{at, o.steps[at].kind})
	}
	slices.Reverse(out)
	return out
}
