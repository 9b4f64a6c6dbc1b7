package config

import (
	"errors"
	"fmt"
	"io/fs"
)

// Find reads the configuration of the project in root: the file of the given
// name, or, where name is "", the first of Names that is there, or else Default.
func Find(root fs.FS, name string, env Env) (*Config, error) {
	return Overrides{}.Find(root, name, env)
}

// Parse reads a configuration; name is for messages. root is only looked into
// for sources where the file names no passes. The error is an *Error.
func Parse(name string, data []byte, root fs.FS, env Env) (*Config, error) {
	return Overrides{}.Parse(name, data, root, env)
}

// Find is as the function Find, with o over what the file says.
func (o Overrides) Find(root fs.FS, name string, env Env) (*Config, error) {
	if name != "" {
		return o.read(root, name, env)
	}
	for i, name := range Names {
		c, err := o.read(root, name, env)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		for _, other := range Names[i+1:] {
			if _, err := fs.Stat(root, other); err == nil {
				return nil, &Error{File: name, Problems: []Problem{{Rule: ruleFile, Message: fmt.Sprintf("got both %s and %s, want one of them", name, other)}}}
			}
		}
		return c, err
	}
	return o.preset(root)
}

func (o Overrides) read(root fs.FS, name string, env Env) (*Config, error) {
	if info, err := fs.Stat(root, name); err == nil && !info.Mode().IsRegular() {
		return nil, &Error{File: name, Problems: []Problem{{Rule: ruleFile, Message: "got what is no regular file, want a YAML file"}}}
	}
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return o.Parse(name, data, root, env)
}

// Parse is as the function Parse, with o over what the file says.
func (o Overrides) Parse(name string, data []byte, root fs.FS, env Env) (*Config, error) {
	r := &reader{env: env, allowed: map[string]bool{}, root: root, overrides: o}
	var c *Config
	if n := parse(data, &r.problems); n != nil {
		r.secrets(n)
		c = r.config(n)
		c.File = name
	}
	if err := r.err(name, data); err != nil {
		return nil, err
	}
	return c, nil
}
