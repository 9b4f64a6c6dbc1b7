package link

import (
	"bytes"
	"regexp"
	"slices"
	"sort"

	"github.com/org/checkout-deploy/internal/bundle/link/scope"
)

// Part is how many bytes of a chunk, or of a file, came of a module.
type Part struct {
	Module string
	Bytes  int
}

// run is a range of a chunk, up to the next run's start, that came of one
// module: owner is its index in Chunk.Parts, or nobody.
type run struct{ start, owner int }

const nobody = -1

// ownership says whose a chunk's bytes are; nil where it finds no answer.
//
// esbuild tells how many bytes each module left, and Chunk.Parts has the modules
// in the order of their code. So that code, between the imports and the exports,
// is cut into pieces of those lengths. Some statements stand apart from the rest
// of their module, before the code of what it imports: those that bring in a
// CommonJS module, and the namespace object. They count where what they declare
// is used, or what they name is declared.
func ownership(file *scope.File, parts []Part) []run {
	c := newCutter(file)
	first, last := 0, len(file.Stmts)
	for last > 0 && (file.Stmts[last-1].Kind == scope.ExportNames || file.Stmts[last-1].Kind == scope.EmptyStmt) {
		last--
	}
	left := c.start(last)
	for _, p := range parts {
		left -= p.Bytes
	}
	for first < last && c.start(first) < left {
		first++
	}
	if c.start(first) != left {
		return nil
	}
	c.tie(first, last)
	if !c.cut(first, last, parts) {
		return nil
	}
	runs := make([]run, 0, len(c.owner)+2)
	runs = append(runs, run{0, nobody})
	for i := first; i < last; i++ {
		if owner := c.owner[i]; runs[len(runs)-1].owner != owner {
			runs = append(runs, run{c.start(i), owner})
		}
	}
	return append(runs, run{c.start(last), nobody})
}

// cutter gives statements to modules.
type cutter struct {
	file  *scope.File
	owner []int         // by statement: index of a part
	heads map[int][]int // statement → those that stand apart and belong to it
	apart []bool
	loose []int // other statements that stand apart and belong to nothing yet
}

func newCutter(file *scope.File) *cutter {
	n := len(file.Stmts)
	return &cutter{file: file, owner: make([]int, n), heads: map[int][]int{}, apart: make([]bool, n)}
}

// start is where the statement starts; what is between two is the first one's.
func (c *cutter) start(i int) int {
	if i < len(c.file.Stmts) {
		return c.file.Stmts[i].Start
	}
	return len(c.file.Src)
}

func (c *cutter) text(i int) []byte { return c.file.Src[c.start(i):c.start(i+1)] }

// at is the statement that an offset is in.
func (c *cutter) at(pos int) int {
	return sort.Search(len(c.file.Stmts), func(i int) bool { return c.file.Stmts[i].Start > pos }) - 1
}

// tie finds the statements that stand apart, and where they belong.
func (c *cutter) tie(first, last int) {
	for i := range c.file.Symbols {
		s := &c.file.Symbols[i]
		if s.Scope != 0 || s.Kind == scope.Import {
			continue
		}
		declared, used := -1, last
		for _, r := range s.Refs {
			if at := c.at(int(r.Pos)); r.Flags&scope.RefDecl != 0 {
				declared = at
			} else if at >= first && at != declared {
				used = min(used, at)
			}
		}
		if declared >= first && declared < last && used < last && !c.apart[declared] && !c.isNamespace(declared) && c.isImport(declared) {
			c.apart[declared] = true
			c.heads[used] = append(c.heads[used], declared)
		}
	}
}

// importing is `var import_a=__toESM(require_a());`, or several of it; with an
// empty namespace object, which has no call behind it.
var importing = regexp.MustCompile(`^var (?:[\w$]+=(?:__toESM\d*\(require_[\w$]+\(\)(?:,1)?\)|require_[\w$]+\(\)|\{\})[,;])+$`)

// isImport reports a statement that does nothing but bring in CommonJS modules.
func (c *cutter) isImport(i int) bool {
	text := c.text(i)
	return bytes.HasPrefix(text, []byte("var ")) && importing.Match(text)
}

// isNamespace reports the first of `var a_exports={};__export(a_exports,{…});`.
func (c *cutter) isNamespace(i int) bool {
	return i+1 < len(c.file.Stmts) && bytes.HasPrefix(c.text(i), []byte("var ")) && bytes.HasSuffix(c.text(i), []byte("={};")) && bytes.HasPrefix(c.text(i+1), []byte("__export"))
}

// isCall reports `require_a();` and `init_a();`: a module imported for its effects.
func (c *cutter) isCall(i int) bool {
	text := c.text(i)
	return bytes.HasSuffix(text, []byte("();")) && (bytes.HasPrefix(text, []byte("require_")) || bytes.HasPrefix(text, []byte("init_")))
}

// cut gives the statements to the parts in turn.
func (c *cutter) cut(at, last int, parts []Part) bool {
	for part, p := range parts {
		left := p.Bytes
		for left > 0 && !c.settle(part, left) {
			if at == last {
				return false
			}
			if n := c.setApart(at); n > 0 {
				at += n
				continue
			}
			left -= c.give(at, part)
			at++
		}
		if left < 0 {
			return false
		}
	}
	for at < last && c.apart[at] {
		at++
	}
	return at == last && len(c.loose) == 0
}

// setApart says how many statements from here on stand apart.
func (c *cutter) setApart(at int) int {
	switch {
	case c.apart[at]:
	case c.isNamespace(at):
		c.loose = append(c.loose, at, at+1)
		return 2
	case c.isCall(at), c.isImport(at): // whose variables nobody uses
		c.loose = append(c.loose, at)
	default:
		return 0
	}
	return 1
}

// settle gives a part the last of the loose statements if they are just what it
// lacks: those of the modules that it imports are given out before.
func (c *cutter) settle(part, left int) bool {
	for n := len(c.loose) - 1; n >= 0 && left > 0; n-- {
		left -= len(c.text(c.loose[n]))
		if left == 0 {
			for _, i := range c.loose[n:] {
				c.owner[i] = part
			}
			c.loose = c.loose[:n]
			return true
		}
	}
	return false
}

// give gives a statement and those that belong to it to a part, and returns
// their bytes.
func (c *cutter) give(i, part int) int {
	c.owner[i] = part
	n := len(c.text(i))
	for _, head := range c.heads[i] {
		n += c.give(head, part)
	}
	return n
}

// countParts says how many bytes each of the chunk's parts has in the unit's new
// text. Where it is not known whose the bytes are, they are shared out as they
// were before.
func (u *unit) countParts() []Part {
	runs := ownership(u.file, u.chunk.Parts)
	out := slices.Clone(u.chunk.Parts)
	total := 0
	if runs != nil {
		for i := range out {
			out[i].Bytes = 0
		}
	}
	for _, p := range u.rope.pieces {
		total += p.size()
		if runs != nil && p.start >= 0 {
			p.credit(runs, out)
		}
	}
	if runs == nil {
		for i := range out {
			out[i].Bytes = out[i].Bytes * total / max(1, len(u.chunk.Code))
		}
	}
	return out
}

func (p piece) size() int {
	if p.text != "" {
		return len(p.text)
	}
	return int(p.end - p.start)
}

// credit adds the piece's bytes to those whose they are.
func (p piece) credit(runs []run, parts []Part) {
	i := sort.Search(len(runs), func(i int) bool { return runs[i].start > int(p.start) }) - 1
	if p.text != "" {
		if runs[i].owner != nobody {
			parts[runs[i].owner].Bytes += len(p.text)
		}
		return
	}
	for at := int(p.start); at < int(p.end); i++ {
		end := int(p.end)
		if i+1 < len(runs) {
			end = min(end, runs[i+1].start)
		}
		if runs[i].owner != nobody {
			parts[runs[i].owner].Bytes += end - at
		}
		at = end
	}
}
