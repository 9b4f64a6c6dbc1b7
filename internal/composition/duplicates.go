package composition

import (
	"cmp"
	"slices"
	"strings"
)

// Duplicate is a package of which the files hold several copies.
type Duplicate struct {
	Name   string
	Copies []Copy // the largest first
}

// Copy is one of them.
type Copy struct {
	Package int   // index into Pass.Packages
	Bytes   int64 // in all files of the pass
	// Brought has who imports it from outside: own modules by their path, and
	// packages as "name version", sorted.
	Brought []string
}

// Wasted is what all copies but the largest weigh.
func (d Duplicate) Wasted() int64 {
	var sum int64
	for _, c := range d.Copies[1:] {
		sum += c.Bytes
	}
	return sum
}

// Duplicates lists the packages that left bytes of several folders, the most
// wasteful first.
func (p *Pass) Duplicates() []Duplicate {
	bytes := make([]int64, len(p.Packages))
	for m, n := range p.Sizes() {
		if pkg := p.Modules[m].Package; pkg != None {
			bytes[pkg] += n
		}
	}
	byName := map[string][]Copy{}
	for i, n := range bytes {
		if n > 0 {
			byName[p.Packages[i].Name] = append(byName[p.Packages[i].Name], Copy{Package: i, Bytes: n})
		}
	}
	brought := p.brought()
	var out []Duplicate
	for name, copies := range byName {
		if len(copies) < 2 {
			continue
		}
		for i := range copies {
			copies[i].Brought = brought[copies[i].Package]
		}
		slices.SortStableFunc(copies, func(a, b Copy) int { return cmp.Compare(b.Bytes, a.Bytes) })
		out = append(out, Duplicate{name, copies})
	}
	slices.SortFunc(out, func(a, b Duplicate) int {
		return cmp.Or(cmp.Compare(b.Wasted(), a.Wasted()), strings.Compare(a.Name, b.Name))
	})
	return out
}

// brought says by package who imports it.
func (p *Pass) brought() [][]string {
	out := make([][]string, len(p.Packages))
	for _, m := range p.Modules {
		for _, imp := range m.Imports {
			if to := p.Modules[imp.To].Package; to != None && to != m.Package && imp.Route != Bypassed {
				out[to] = append(out[to], p.bringer(m))
			}
		}
	}
	for i := range out {
		slices.Sort(out[i])
		out[i] = slices.Compact(out[i])
	}
	return out
}

func (p *Pass) bringer(m Module) string {
	if m.Package == None {
		return m.Path
	}
	return p.Packages[m.Package].String()
}

func (p Package) String() string {
	return strings.TrimSpace(p.Name + " " + p.Version)
}
