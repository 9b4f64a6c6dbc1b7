package style

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Sheet is one compiled style source.
type Sheet struct {
	// Path is the file compiled. Relative URLs in CSS are relative to its folder.
	Path string
	CSS  []byte
	// Map is a source map (version 3, JSON) from CSS to the sources, which are
	// named relative to the folder of Path. Nil for plain CSS and without
	// Options.SourceMap.
	Map []byte
	// Deps are the files read, Path among them, sorted.
	Deps []string
	// Warnings are the project's own and the deliberate ones of dependencies;
	// deprecations of files in node_modules are left out. Omitted counts what
	// was over Options.MaxWarnings.
	Warnings []Message
	Omitted  int
	// Exports gives the class names of a CSS module by local name, those it
	// composes included, separated by spaces. Nil for other sheets. Names has
	// the local names in source order.
	Exports map[string]string
	Names   []string
	// Composes lists the CSS modules this one composes names from: a bundle
	// that has this sheet must have theirs before it.
	Composes []string

	inputs []input
}

// ExportsJSON is Exports as a JSON object in the order of Names, for esbuild's
// JSON loader: that gives the script module of a CSS module a default export
// and a named one for each name, and drops those nobody uses.
func (s *Sheet) ExportsJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range s.Names {
		key, err1 := json.Marshal(name)
		value, err2 := json.Marshal(s.Exports[name])
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("names of %q: %w", s.Path, err)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(append(append(key, ':'), value...))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// kind is how a source is read, by the end of its name.
type kind int

const (
	unknownKind kind = iota
	cssKind
	scssKind
	sassKind
)

func kindOf(path string) kind {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".css":
		return cssKind
	case ".scss":
		return scssKind
	case ".sass":
		return sassKind
	}
	return unknownKind
}

func isModule(path string) bool {
	ext := filepath.Ext(path)
	return strings.HasSuffix(strings.ToLower(strings.TrimSuffix(path, ext)), ".module")
}

// source is a style source brought to CSS, before CSS modules.
type source struct {
	css, sourceMap []byte
	warnings       []Message
	omitted        int
	inputs         []input
}

// input is a file as it was read.
type input struct {
	path string // real
	sum  [sha256.Size]byte
}

func (s *source) files() []string { return inputPaths(s.inputs) }

func inputPaths(inputs []input) []string {
	paths := make([]string, 0, len(inputs))
	for _, in := range inputs {
		paths = append(paths, in.path)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// unchanged says whether every input still has the content it was read with.
// Content and not time: a checkout or a generator rewrites equal bytes.
func unchanged(inputs []input) bool {
	for _, in := range inputs {
		content, err := os.ReadFile(in.path)
		if err != nil || sha256.Sum256(content) != in.sum {
			return false
		}
	}
	return true
}

func (s *source) fresh() bool { return unchanged(s.inputs) }
func (s *Sheet) fresh() bool  { return unchanged(s.inputs) }

var byteOrderMark = []byte("\xef\xbb\xbf")

func (c *Compiler) readPlain(path string) (*source, error) {
	if err := c.origin.Check(path); err != nil {
		return nil, err
	}
	content, err := c.readFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading style source %q: %w", c.display(path), err)
	}
	return &source{
		css:    bytes.TrimPrefix(content, byteOrderMark),
		inputs: []input{{path, sha256.Sum256(content)}},
	}, nil
}
