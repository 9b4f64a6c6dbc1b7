package config

import (
	"fmt"
	"io/fs"
	"strings"
)

// defaultEntries are looked for, in this order, where nothing names entries.
var defaultEntries = []string{"src/index.ts", "src/index.tsx", "src/index.js"}

// Default is the configuration of a project without a file: one classic pass
// named app over src/index.{ts,tsx,js}.
func Default(root fs.FS) (*Config, error) {
	r := &reader{root: root}
	c := r.config(&node{kind: isMap, keys: []key{{name: "version", value: &node{kind: isNumber, value: Version}}}})
	if r.noSources != nil {
		return nil, r.noSources
	}
	return c, nil
}

func (r *reader) defaultPasses(c common) []Pass {
	p, err := defaultPass(r.root)
	if err != nil {
		r.noSources = err
		return nil
	}
	p.inherit(c)
	return []Pass{p}
}

func defaultPass(root fs.FS) (Pass, error) {
	var found []string
	for _, name := range defaultEntries {
		if info, err := fs.Stat(root, name); err == nil && info.Mode().IsRegular() {
			found = append(found, name)
		}
	}
	switch len(found) {
	case 1:
		return Pass{Name: "app", Entries: []Entry{{Name: "index", Modules: found}}}, nil
	case 0:
		return Pass{}, fmt.Errorf("nothing to build: got no build.passes in %s, and none of %s; write the file, or let `checkout-deploy init` do it",
			strings.Join(Names, " or "), strings.Join(defaultEntries, ", "))
	}
	return Pass{}, fmt.Errorf("several places to start: got %s, want one of them, or build.passes in %s",
		strings.Join(found, ", "), Names[0])
}
