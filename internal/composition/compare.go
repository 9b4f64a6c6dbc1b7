package composition

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Sizes is how many bytes something has, by name: of modules, packages, files,
// entries or chunks.
type Sizes map[string]int64

// Delta is what one of them was and is; 0 for not there.
type Delta struct {
	Name     string
	Old, New int64
	// Added and Removed tell one that is new or gone from one that had, or has, no
	// bytes.
	Added, Removed bool
}

// Change is by how much it grew.
func (d Delta) Change() int64 { return d.New - d.Old }

// Compare lists what differs, the largest change first, equal ones by name.
func Compare(before, after Sizes) []Delta {
	var out []Delta
	for name, n := range after {
		if was, ok := before[name]; !ok || was != n {
			out = append(out, Delta{Name: name, Old: was, New: n, Added: !ok})
		}
	}
	for name, was := range before {
		if _, ok := after[name]; !ok {
			out = append(out, Delta{Name: name, Old: was, Removed: true})
		}
	}
	slices.SortFunc(out, func(a, b Delta) int {
		return cmp.Or(cmp.Compare(abs(b.Change()), abs(a.Change())), strings.Compare(a.Name, b.Name))
	})
	return out
}

func abs(n int64) int64 { return max(n, -n) }

// ByModule is what each module has in the files of all passes; those without
// bytes are left out.
func (c *Composition) ByModule() Sizes {
	out := Sizes{}
	for i := range c.Passes {
		p := &c.Passes[i]
		for m, n := range p.Sizes() {
			if n > 0 {
				out[p.Modules[m].Path] += n
			}
		}
	}
	return out
}

// ByPackage is the same for packages, all versions of one together.
func (c *Composition) ByPackage() Sizes {
	out := Sizes{}
	for i := range c.Passes {
		p := &c.Passes[i]
		for m, n := range p.Sizes() {
			if pkg := p.Modules[m].Package; n > 0 && pkg != None {
				out[p.Packages[pkg].Name] += n
			}
		}
	}
	return out
}

// contentHash is what the names of files change by: hexadecimal digits of this
// tool's, or esbuild's base32.
var contentHash = regexp.MustCompile(`-(?:[0-9a-f]{8,}|[A-Z2-7]{8})$`)

// LogicalName is a file's name without the hash of its content, so that a file
// can be known again in another release: "checkout-2eff4dbb94.js" is
// "checkout.js".
func LogicalName(file string) string {
	base := file
	ends := ""
	for _, end := range []string{".map", path.Ext(strings.TrimSuffix(file, ".map"))} {
		if rest, ok := strings.CutSuffix(base, end); ok {
			base, ends = rest, end+ends
		}
	}
	return contentHash.ReplaceAllString(base, "") + ends
}
