package devserver

import (
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/spell"
)

// tags returns the elements that load an entry, one a line: its styles, its
// scripts, or both for kind "". base is the address of the build's files.
func (b *build) tags(p release.Pass, e release.Entry, kind, base string) (string, error) {
	var out strings.Builder
	tag := func(format, path string) {
		f, _ := b.release.File(path)
		fmt.Fprintf(&out, format+"\n", html.EscapeString(base+path), f.Integrity)
	}
	if kind != "js" {
		for _, path := range e.CSS {
			tag(`<link rel="stylesheet" href="%s" integrity="%s" crossorigin="anonymous">`, path)
		}
	}
	if kind == "css" {
		return out.String(), nil
	}
	if p.Format != release.ESM {
		for _, path := range e.JS {
			tag(`<script src="%s" integrity="%s" crossorigin="anonymous"></script>`, path)
		}
		return out.String(), nil
	}
	pins, err := b.importMap(p.Name, base)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&out, "<script type=\"importmap\">%s</script>\n", pins)
	if len(e.JS) > 0 { // the rest are its imports
		tag(`<script type="module" src="%s" integrity="%s" crossorigin="anonymous"></script>`, e.JS[len(e.JS)-1])
	}
	return out.String(), nil
}

// importMap returns the map that leads a pass's modules to their files and pins
// them: the one that the build wrote, or one of the record.
func (b *build) importMap(pass, base string) (string, error) {
	data, err := b.release.ImportMap(pass, base)
	for _, f := range b.release.Files {
		if f.Role == release.Manifest && strings.Contains(f.Path, "importmap") && slices.Contains(f.Passes, pass) {
			data, err = rebase(b.files[f.Path].content, base)
		}
	}
	// "<" would end the element, and in JSON it can be written otherwise.
	return strings.ReplaceAll(string(data), "<", `\u003c`), err
}

// rebase leads an import map's relative addresses to base.
func rebase(data []byte, base string) ([]byte, error) {
	var m struct {
		Imports   map[string]string `json:"imports,omitempty"`
		Integrity map[string]string `json:"integrity"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("reading the import map: %w", err)
	}
	absolute := func(address string) string {
		if rest, ok := strings.CutPrefix(address, "./"); ok {
			return base + rest
		}
		return address
	}
	for name, address := range m.Imports {
		m.Imports[name] = absolute(address)
	}
	pins := make(map[string]string, len(m.Integrity))
	for address, integrity := range m.Integrity {
		pins[absolute(address)] = integrity
	}
	m.Integrity = pins
	return json.Marshal(m)
}

// asked is a comment that stands for an entry's tags.
var asked = regexp.MustCompile(`<!--\s*entry:\s*([^\s>]+)(?:\s+(css|js))?\s*-->`)

// fill puts an entry's tags where a page of the project asks for them:
//
//	<!-- entry: checkout -->
//
// With "css" or "js" after the name, it is those alone.
func (b *build) fill(page []byte) (_ []byte, err error) {
	filled := asked.ReplaceAllFunc(page, func(comment []byte) []byte {
		m := asked.FindSubmatch(comment)
		p, e, problem := b.entry(string(m[1]))
		var text string
		if problem == nil {
			text, problem = b.tags(p, e, string(m[2]), "/")
		}
		if err == nil {
			err = problem
		}
		return []byte(strings.TrimSuffix(text, "\n"))
	})
	return filled, err
}

func (b *build) entry(name string) (release.Pass, release.Entry, error) {
	var have []string
	for _, p := range b.release.Passes {
		if e, ok := p.Entry(name); ok {
			return p, e, nil
		}
		for _, e := range p.Entries {
			have = append(have, e.Name)
		}
	}
	err := fmt.Errorf("it asks for the entry %q; the build has %s", name, strings.Join(have, ", "))
	if meant := spell.Nearest(name, have); meant != "" {
		err = fmt.Errorf("%w: did you mean %s?", err, meant)
	}
	return release.Pass{}, release.Entry{}, err
}
