package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/bundle/link"
)

// graph is what esbuild's metafile says of the modules: who imports whom, in
// the order of the source.
type graph struct {
	// live, where known, has the modules that are in the output: what is imported
	// for its effects and declares to have none is not, nor is what it imports.
	live    map[string]bool
	modules map[string]*module // by metafile key: path relative to Root, or "namespace:path"
}

type module struct {
	key    string
	bytes  int
	format string // "esm", "cjs", or "" (JSON, data)
	// attribute is the type that its imports ask for, where all ask for one.
	attribute string
	imports   []edge
	// declared are all imports of the text, where imports lacks those that
	// evaluate nothing; nil where it has them.
	declared []edge
}

// edges are all imports of the module's text.
func (m *module) edges() []edge {
	if m.declared != nil {
		return m.declared
	}
	return m.imports
}

type edge struct {
	to       string // metafile key
	kind     string // import-statement, require-call, dynamic-import
	original string // as the source has it; "" where esbuild made the import
}

type metafile struct {
	Inputs  map[string]metaInput  `json:"inputs"`
	Outputs map[string]metaOutput `json:"outputs"`
}

type metaInput struct {
	Bytes   int          `json:"bytes"`
	Format  string       `json:"format"`
	Imports []metaImport `json:"imports"`
	With    attributes   `json:"with"`
}

// attributes are those of an import: with { type: "json" }.
type attributes struct {
	Type string `json:"type"`
}

type metaImport struct {
	Path     string `json:"path"`
	Kind     string `json:"kind"`
	Original string `json:"original"`
	External bool   `json:"external"`

	With attributes `json:"with"`
}

type metaOutput struct {
	EntryPoint string       `json:"entryPoint"`
	Inputs     metaParts    `json:"inputs"`
	Imports    []metaImport `json:"imports"`
	Bytes      int          `json:"bytes"`
	Exports    []string     `json:"exports"`
}

// metaParts is an object whose members come in the order of their code.
type metaParts []link.Part

func (p *metaParts) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil { // the brace
		return err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var part struct{ BytesInOutput int }
		if err := dec.Decode(&part); err != nil {
			return err
		}
		name, _ := key.(string)
		*p = append(*p, link.Part{Module: name, Bytes: part.BytesInOutput})
	}
	return nil
}

// modules are the parts' names, sorted.
func (p metaParts) modules() []string {
	out := make([]string, len(p))
	for i, part := range p {
		out[i] = part.Module
	}
	slices.Sort(out)
	return out
}

func readMetafile(text string) (*metafile, error) {
	var m metafile
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return nil, fmt.Errorf("reading esbuild's metafile: %w", err)
	}
	return &m, nil
}

func newGraph(m *metafile) *graph {
	g := &graph{modules: make(map[string]*module, len(m.Inputs))}
	for key, in := range m.Inputs {
		mod := &module{key: key, bytes: in.Bytes, format: in.Format, attribute: in.With.Type}
		for _, imp := range in.Imports {
			if !imp.External {
				mod.imports = append(mod.imports, edge{imp.Path, imp.Kind, imp.Original})
			}
		}
		g.modules[key] = mod
	}
	return g
}

// imports are those of each module, as long as nobody changes the graph.
func (g *graph) imports() map[string][]edge {
	out := make(map[string][]edge, len(g.modules))
	for key, m := range g.modules {
		out[key] = m.imports
	}
	return out
}

// closure calls visit for every module that evaluating key evaluates, in
// evaluation order (ECMA-262 16.2.1.6: depth first, dependencies before
// dependents, in the order of the import statements). CommonJS modules count
// as evaluated where they're imported.
func (g *graph) closure(key string, visit func(*module)) {
	seen := map[string]bool{}
	var later []string
	var walk func(string)
	walk = func(key string) {
		if seen[key] {
			return
		}
		seen[key] = true
		m := g.modules[key]
		if m == nil || g.live != nil && !g.live[key] {
			return
		}
		for _, e := range m.imports {
			switch {
			case e.kind == "dynamic-import":
			case e.kind == "require-call" && m.format == "esm":
				later = append(later, e.to) // in a function, as a rule: whenever that runs
			default:
				walk(e.to)
			}
		}
		visit(m)
	}
	walk(key)
	for i := 0; i < len(later); i++ {
		walk(later[i])
	}
}

// starts lists the roots that the closure of each root can start.
func (g *graph) starts() map[rootID][]rootID {
	out := map[rootID][]rootID{}
	for key := range g.modules {
		id, ok := rootOfKey(key)
		if !ok || id == extraRoot {
			continue
		}
		seen := map[rootID]bool{}
		g.closure(key, func(m *module) {
			for _, e := range m.imports {
				to, ok := rootOfKey(e.to)
				if late, cut := strings.CutPrefix(e.to, lateNamespace+":"); cut {
					to, ok = newRootID(rootLate, strings.TrimSuffix(late, lateSuffix)), true
				} else if e.kind != "dynamic-import" {
					continue
				}
				if ok && !seen[to] {
					seen[to] = true
					out[id] = append(out[id], to)
				}
			}
		})
	}
	return out
}

func rootOfKey(key string) (rootID, bool) {
	path, ok := strings.CutPrefix(key, rootNamespace+":")
	return rootID(path), ok
}
