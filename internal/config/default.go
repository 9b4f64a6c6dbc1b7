package config

import (
	"io/fs"
	"strings"
)

// defaultEntries are looked for, in this order, where nothing names entries.
var defaultEntries = []string{"src/index.ts", "src/index.tsx", "src/index.js"}

// Default is the configuration of a project without a file: one classic pass
// named app over src/index.{ts,tsx,js}. The error is an *Error.
func Default(root fs.FS) (*Config, error) { return Overrides{}.preset(root) }

func (o Overrides) preset(root fs.FS) (*Config, error) {
	r := &reader{root: root, overrides: o}
	c := r.config(&node{kind: isMap, keys: []pair{{name: "version", value: &node{kind: isNumber, value: Version}}}})
	if err := r.err("", nil); err != nil {
		return nil, err
	}
	return c, nil
}

// defaultPasses makes up the one pass of a file that names none.
func (r *reader) defaultPasses(d *draft) {
	var found []string
	for _, name := range defaultEntries {
		if info, err := fs.Stat(r.root, name); err == nil && info.Mode().IsRegular() {
			found = append(found, name)
		}
	}
	switch len(found) {
	case 1:
		p := d.shared
		p.Name, p.Entries = "app", []Entry{{Name: "index", Modules: found}}
		d.Passes = []Pass{p}
	case 0:
		r.add(ruleSources, 0, 0, "nothing to build: got no build.passes in %s, and none of %s; write the file, or let `checkout-deploy init` do it",
			strings.Join(Names, " or "), strings.Join(defaultEntries, ", "))
	default:
		r.add(ruleSources, 0, 0, "several places to start: got %s, want one of them, or build.passes in %s", strings.Join(found, ", "), Names[0])
	}
}
