package imports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// An Edit says that the text of the original from Start to End (byte offsets)
// became NewLen bytes. Edits are in order and do not overlap.
type Edit struct {
	Start, End, NewLen int
}

// A Rewriter sends named imports past barrels. It may be used from several
// goroutines; it reads each file of the graph at most once.
type Rewriter struct {
	Graph Graph
	// Enums, where set, gives the ambient const enums of packages a value.
	Enums *Enums
	// Specifier, where set, writes the way from importer to file; else it is the
	// file's path.
	Specifier func(importer, file string) string

	mu      sync.Mutex
	modules map[string]*once
	results sync.Map // [2]string → found
}

type once struct {
	sync.Once
	module *module
}

// module gives a script of the graph, nil for what is not one or can't be read.
func (r *Rewriter) module(file string) *module {
	if !isScript(file) {
		return nil
	}
	r.mu.Lock()
	if r.modules == nil {
		r.modules = make(map[string]*once)
	}
	o := r.modules[file]
	if o == nil {
		o = new(once)
		r.modules[file] = o
	}
	r.mu.Unlock()
	o.Do(func() {
		if src, err := r.Graph.Source(file); err == nil {
			o.module = newModule(file, src)
		}
	})
	return o.module
}

// Rewrite gives the text of importer with its named imports and re-exports
// leading to the modules that define the names, where that can be proven and the
// barrels between are pure. Line breaks stay in number; edits tells what moved
// ([Positions] corrects source maps with them).
//
// Default imports count as imports of the name "default"; namespace imports,
// type-only ones and those with attributes are left. In a statement that is
// split, type-only names are dropped. A name not proven to exist at run time stays
// in a statement of its own, so that what the bundler drops or reports for it
// does not change.
func (r *Rewriter) Rewrite(importer string, src []byte) (out []byte, edits []Edit, changed bool, err error) {
	var buf bytes.Buffer
	m := Scan(src, isTypeScript(importer))
	at := 0
	for i := range m.Decls {
		d := &m.Decls[i]
		p, ok := r.plan(importer, d)
		if !ok {
			continue
		}
		text, err := p.text(src, func(file string) string { return r.specifier(importer, file) })
		if err != nil {
			return nil, nil, false, fmt.Errorf("rewriting the import of %q in %q: %w", d.Specifier, importer, err)
		}
		buf.Write(src[at:d.Start])
		buf.WriteString(text)
		at = d.End
		edits = append(edits, Edit{d.Start, d.End, len(text)})
	}
	if len(edits) == 0 {
		return src, nil, false, nil
	}
	buf.Write(src[at:])
	return buf.Bytes(), edits, true, nil
}

func (r *Rewriter) specifier(importer, file string) string {
	if r.Specifier == nil || strings.HasPrefix(file, EnumScheme) {
		return file
	}
	return r.Specifier(importer, file)
}

// A plan splits one statement.
type plan struct {
	decl  *Decl
	kept  []Name // stay, default import excluded
	moved []move
	// keptDefault is the default binding, when it stays.
	keptDefault string
}

type move struct {
	target
	local string
}

func (r *Rewriter) plan(importer string, d *Decl) (p plan, ok bool) {
	if d.TypeOnly || d.Attributed || d.Namespace != "" || d.Kind != Import && d.Kind != ExportFrom {
		return p, false
	}
	if len(d.Names) == 0 && d.Default == "" {
		return p, false
	}
	barrel, ok := r.Graph.Resolve(importer, d.Specifier)
	if !ok || barrel == importer {
		return p, false
	}
	p.decl = d
	if d.Default != "" {
		if t, ok := r.lead(importer, d.Specifier, barrel, "default"); ok {
			p.moved = append(p.moved, move{t, d.Default})
		} else {
			p.keptDefault = d.Default
		}
	}
	for _, n := range d.Names {
		if n.TypeOnly {
			continue
		}
		if t, ok := r.lead(importer, d.Specifier, barrel, n.Foreign); ok {
			p.moved = append(p.moved, move{t, n.Local})
		} else {
			p.kept = append(p.kept, n)
		}
	}
	slices.SortStableFunc(p.moved, func(a, b move) int {
		return slices.Compare(a.trail, b.trail)
	})
	return p, len(p.moved) > 0
}

// lead gives where a name that importer takes from barrel should come from; false
// when that is barrel itself.
func (r *Rewriter) lead(importer, specifier, barrel, name string) (target, bool) {
	s := &search{Rewriter: r, seen: make(map[[2]string]found)}
	if t, ok := s.enum(importer, specifier, barrel, name); ok {
		return t, true
	}
	if m := r.module(barrel); m == nil || !m.leads() {
		return target{}, false
	}
	key := [2]string{barrel, name}
	f, ok := r.results.Load(key)
	if !ok {
		t, ok := s.find(barrel, name)
		f, _ = r.results.LoadOrStore(key, found{t, ok})
	}
	t := f.(found)
	return t.target, t.ok && t.file != barrel && t.file != importer
}

// text prints the statements that replace the plan's, followed by as many line
// breaks as the original had.
func (p *plan) text(src []byte, specifier func(file string) string) (string, error) {
	var statements []string
	word := "import "
	if p.decl.Kind == ExportFrom {
		word = "export "
	}
	if p.keptDefault != "" || len(p.kept) > 0 {
		statements = append(statements, word+p.keptClause()+" from "+
			string(src[p.decl.SpecifierStart:p.decl.SpecifierEnd])+";")
	}
	for i, m := range p.moved {
		from, err := quote(specifier(m.file))
		if err != nil {
			return "", err
		}
		if m.namespace {
			statements = append(statements, word+"* as "+nameText(m.local)+" from "+from+";")
			continue
		}
		if i > 0 && p.moved[i-1].file == m.file && !p.moved[i-1].namespace {
			last := &statements[len(statements)-1]
			*last = strings.TrimSuffix(*last, " } from "+from+";") + ", " + specifierText(m) + " } from " + from + ";"
			continue
		}
		statements = append(statements, word+"{ "+specifierText(m)+" } from "+from+";")
	}
	text := strings.Join(statements, " ")
	return text + strings.Repeat("\n", lineBreaks(src[p.decl.Start:p.decl.End])), nil
}

func (p *plan) keptClause() string {
	var names []string
	for _, n := range p.kept {
		names = append(names, specifierText(move{target{name: n.Foreign}, n.Local}))
	}
	clause := "{ " + strings.Join(names, ", ") + " }"
	switch {
	case p.keptDefault == "":
		return clause
	case len(names) == 0:
		return p.keptDefault
	}
	return p.keptDefault + ", " + clause
}

func specifierText(m move) string {
	if m.name == m.local {
		return nameText(m.name)
	}
	return nameText(m.name) + " as " + nameText(m.local)
}

// nameText prints a module export name, quoted when it is no identifier.
func nameText(name string) string {
	if wordEnd([]byte(name), 0) != len(name) || name == "" {
		text, _ := quote(name)
		return text
	}
	return name
}

// quote makes a string literal that JavaScript and JSON read alike.
func quote(text string) (string, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(filepath.ToSlash(text)); err != nil {
		return "", err
	}
	return strings.TrimSuffix(buf.String(), "\n"), nil
}
