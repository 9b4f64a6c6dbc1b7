package composition

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// The JSON has columns and indices: a large application's is some hundred
// kilobytes.
type document struct {
	Passes []passText `json:"passes"`
}

type passText struct {
	Name     string        `json:"name"`
	Entries  []entryText   `json:"entries"`
	Packages []packageText `json:"packages"`
	Modules  modulesText   `json:"modules"`
	Files    []fileText    `json:"files"`
}

type entryText struct {
	Name    string `json:"name"`
	Modules []int  `json:"modules"`
}

type packageText struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Folder  string `json:"folder"`
}

// modulesText has a column a field, all of one length.
type modulesText struct {
	Paths    []string `json:"paths"`
	Sizes    []int64  `json:"sizes"`
	Packages []int    `json:"packages"`
	Imports  [][]int  `json:"imports"` // pairs: the module, and kind + 3 × route
}

type fileText struct {
	Path  string  `json:"path"`
	Size  int64   `json:"size"`
	Parts []int64 `json:"parts"` // pairs: the module, and its bytes
}

const kinds = int(Require) + 1

// Encode writes the composition as JSON, the same bytes for the same content.
func (c *Composition) Encode() ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("encoding a composition: %w", err)
	}
	doc := document{Passes: make([]passText, 0, len(c.Passes))}
	for i := range c.Passes {
		doc.Passes = append(doc.Passes, c.Passes[i].text())
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(doc)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func (p *Pass) text() passText {
	out := passText{Name: p.Name, Entries: []entryText{}, Packages: []packageText{}, Files: []fileText{}}
	for _, e := range p.Entries {
		out.Entries = append(out.Entries, entryText{e.Name, append([]int{}, e.Modules...)})
	}
	for _, pkg := range p.Packages {
		out.Packages = append(out.Packages, packageText(pkg))
	}
	m := modulesText{Paths: []string{}, Sizes: []int64{}, Packages: []int{}, Imports: [][]int{}}
	for _, mod := range p.Modules {
		m.Paths, m.Sizes, m.Packages = append(m.Paths, mod.Path), append(m.Sizes, mod.Size), append(m.Packages, mod.Package)
		imports := make([]int, 0, 2*len(mod.Imports))
		for _, imp := range mod.Imports {
			imports = append(imports, imp.To, int(imp.Kind)+kinds*int(imp.Route))
		}
		m.Imports = append(m.Imports, imports)
	}
	out.Modules = m
	for _, f := range p.Files {
		parts := make([]int64, 0, 2*len(f.Parts))
		for _, part := range f.Parts {
			parts = append(parts, int64(part.Module), part.Bytes)
		}
		out.Files = append(out.Files, fileText{f.Path, f.Size, parts})
	}
	return out
}

// Decode reads a composition of unknown origin and checks all of it.
func Decode(r io.Reader) (*Composition, error) {
	limited := &io.LimitedReader{R: r, N: MaxSize + 1}
	dec := json.NewDecoder(limited)
	dec.DisallowUnknownFields()
	var doc document
	if err := dec.Decode(&doc); err != nil {
		if limited.N == 0 {
			err = fmt.Errorf("got more than %d bytes, want at most that", MaxSize)
		}
		return nil, fmt.Errorf("reading a composition: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading a composition: got more behind its end, want one object")
	}
	c := &Composition{}
	for i := range doc.Passes {
		p, err := doc.Passes[i].pass()
		if err != nil {
			return nil, fmt.Errorf("reading a composition: pass %q: %w", doc.Passes[i].Name, err)
		}
		c.Passes = append(c.Passes, *p)
	}
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("reading a composition: %w", err)
	}
	return c, nil
}

func (t *passText) pass() (*Pass, error) {
	p := &Pass{Name: t.Name}
	for _, e := range t.Entries {
		p.Entries = append(p.Entries, Entry(e))
	}
	for _, pkg := range t.Packages {
		p.Packages = append(p.Packages, Package(pkg))
	}
	m, n := &t.Modules, len(t.Modules.Paths)
	if len(m.Sizes) != n || len(m.Packages) != n || len(m.Imports) != n {
		return nil, fmt.Errorf("got %d paths, %d sizes, %d packages and %d imports of modules, want as many of each", n, len(m.Sizes), len(m.Packages), len(m.Imports))
	}
	for i, path := range m.Paths {
		mod := Module{Path: path, Size: m.Sizes[i], Package: m.Packages[i]}
		if len(m.Imports[i])%2 != 0 {
			return nil, fmt.Errorf("module %q: got %d numbers for its imports, want pairs", path, len(m.Imports[i]))
		}
		for j := 0; j < len(m.Imports[i]); j += 2 {
			to, code := m.Imports[i][j], m.Imports[i][j+1]
			if code < 0 {
				return nil, fmt.Errorf("module %q: got an import of kind %d, want one from 0", path, code)
			}
			mod.Imports = append(mod.Imports, Import{to, Kind(code % kinds), Route(code / kinds)})
		}
		p.Modules = append(p.Modules, mod)
	}
	for _, f := range t.Files {
		file := File{Path: f.Path, Size: f.Size}
		if len(f.Parts)%2 != 0 {
			return nil, fmt.Errorf("file %q: got %d numbers for its parts, want pairs", f.Path, len(f.Parts))
		}
		for j := 0; j < len(f.Parts); j += 2 {
			if m := f.Parts[j]; m < 0 || m >= int64(n) {
				return nil, fmt.Errorf("file %q: got the module %d, the pass has %d", f.Path, m, n)
			}
			file.Parts = append(file.Parts, Part{int(f.Parts[j]), f.Parts[j+1]})
		}
		p.Files = append(p.Files, file)
	}
	return p, nil
}
