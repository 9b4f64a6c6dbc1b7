package bundle

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/org/checkout-deploy/internal/bundle/link"
	"github.com/org/checkout-deploy/internal/bundle/style"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/timing"
)

var identifier = regexp.MustCompile(`^[A-Za-z_$][\w$]*$`)

// reserved words can't be names of exports that are declared with const.
var reserved = map[string]bool{
	"await": true, "break": true, "case": true, "catch": true, "class": true, "const": true, "continue": true, "debugger": true,
	"default": true, "delete": true, "do": true, "else": true, "enum": true, "export": true, "extends": true, "false": true,
	"finally": true, "for": true, "function": true, "if": true, "implements": true, "import": true, "in": true, "instanceof": true,
	"interface": true, "let": true, "new": true, "null": true, "package": true, "private": true, "protected": true, "public": true,
	"return": true, "static": true, "super": true, "switch": true, "this": true, "throw": true, "true": true, "try": true,
	"typeof": true, "var": true, "void": true, "while": true, "with": true, "yield": true,
}

// styleModule is the JavaScript in a style sheet's place: a mark for the
// linker, and the class names of a CSS module.
func (h *hooks) styleModule(path string) (string, error) {
	if err := h.opts.Styles.CanCompile(path); err != nil {
		return "", err
	}
	h.sources.style(h.rel(path))
	mark := envName + ".css(" + quote(h.rel(path)) + ");"
	if !strings.HasSuffix(strings.TrimSuffix(path, filepath.Ext(path)), ".module") {
		go func() { _, _ = h.opts.Styles.Compile(context.Background(), path) }() // needed soon; errors come then
		return mark, nil
	}
	sheet, err := h.opts.Styles.Compile(context.Background(), path)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, other := range sheet.Composes {
		fmt.Fprintf(&b, "import %s;", quote(other))
	}
	b.WriteString(mark)
	names, err := json.Marshal(sheet.Exports)
	if err != nil {
		return "", fmt.Errorf("writing the class names of %q: %w", path, err)
	}
	fmt.Fprintf(&b, "export default %s;", names)
	for _, local := range sheet.Names {
		if identifier.MatchString(local) && !reserved[local] {
			fmt.Fprintf(&b, "export const %s=%s;", local, quote(sheet.Exports[local]))
		}
	}
	return b.String(), nil
}

// bundleStyles makes one content-addressed file of style sources.
func (c *compilation) bundleStyles(ctx context.Context, name string, keys []string) (*link.StyleFile, error) {
	defer c.begun(timing.Optimisation, "style sheets").End()
	var sheets []*style.Sheet
	for _, key := range keys {
		s, err := c.opts.Styles.Compile(ctx, c.abs(key))
		if err != nil {
			return nil, err
		}
		for _, w := range s.Warnings {
			c.sources.warn(w.Finding(finding.Medium))
		}
		sheets = append(sheets, s)
	}
	out, err := c.opts.Styles.Bundle(ctx, sheets, style.BundleOptions{
		Name: name, Engines: c.opts.Engines, Minify: c.opts.Minify, SourceMap: c.opts.Maps != MapsNone,
	})
	if err != nil {
		return nil, fmt.Errorf("bundling the styles of %q: %w", name, err)
	}
	c.sources.styleDeps(out.Deps)
	for _, a := range out.Assets {
		c.sources.asset(a.Path, a.Content)
	}
	f := &link.StyleFile{Path: name + "-" + link.ContentHash(out.CSS) + ".css", CSS: out.CSS, Map: out.Map}
	for _, in := range out.Inputs {
		f.Parts = append(f.Parts, link.Part{Module: in.Path, Bytes: in.Bytes})
	}
	c.sources.sheet(out.Inputs)
	return f, nil
}
