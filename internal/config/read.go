package config

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
)

// Find reads the configuration of the project in root: the file of the given
// name, or, where name is "", the first of Names that is there, or else Default.
func Find(root fs.FS, name string, env Env) (*Config, error) {
	if name != "" {
		return read(root, name, env)
	}
	for i, name := range Names {
		c, err := read(root, name, env)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		for _, other := range Names[i+1:] {
			if _, err := fs.Stat(root, other); err == nil {
				return nil, fmt.Errorf("got both %s and %s, want one of them", name, other)
			}
		}
		return c, err
	}
	return Default(root)
}

func read(root fs.FS, name string, env Env) (*Config, error) {
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return Parse(name, data, root, env)
}

// Parse reads a configuration; name is for messages. root is only looked into
// for sources where the file names no passes. The error is an *Error, or
// Default's.
func Parse(name string, data []byte, root fs.FS, env Env) (*Config, error) {
	r := &reader{env: env, allowed: map[string]bool{}, root: root}
	n := parse(data, &r.problems)
	if n == nil {
		return nil, r.err(name)
	}
	c := r.config(n)
	if err := r.err(name); err != nil {
		return nil, err
	}
	c.File = name
	if r.noSources != nil {
		return nil, r.noSources
	}
	return c, nil
}

func (r *reader) config(n *node) *Config {
	f := r.object(n, "", slices.Concat([]string{"version", "build"}, laterSections)...)
	c := &Config{sections: map[string]*node{}}
	if n.kind != isMap {
		return c
	}
	r.version(f)
	for _, name := range laterSections {
		if section, _ := f.get(name); section != nil {
			c.sections[name] = section
		}
	}
	build, _ := f.get("build")
	if build == nil {
		build = &node{kind: isMap}
	}
	c.Build = r.build(build)
	return c
}

func (r *reader) version(f fields) {
	n := f.n.get("version")
	switch {
	case n == nil:
		r.add(f.n.line, f.n.column, "version: got nothing, want version: %d", Version)
	case n.value != Version:
		r.at(n, "version: got %s, want %s, the one version this tool knows", n.describe(), strconv.Itoa(Version))
	}
}
