package bundle

import (
	"context"
	"fmt"
	"slices"

	"github.com/org/checkout-deploy/internal/bundle/link"
)

// Result is what a pass made.
type Result struct {
	Entries  []EntryResult
	Files    []link.File // scripts, styles, maps and assets; each path once
	Warnings []string    // sorted, each once
}

// EntryResult is what one entry loads.
type EntryResult struct {
	Name      string
	JS, CSS   []string // in load order
	Lazy      []link.LazyRoot
	ImportMap []byte // format esm
}

// Build runs a pass: each entry is a page's start and shares nothing with the
// others, so that what one page has evaluated can be relied on. The result
// depends on the sources and options alone, and nothing is written.
func Build(ctx context.Context, opts Options) (*Result, error) {
	res := &Result{}
	content := map[string]string{}
	add := func(f link.File) error {
		if have, ok := content[f.Path]; ok {
			// Two maps of one file may name esbuild's variables differently; either is right.
			if have != f.Integrity && f.Role != link.SourceMap {
				return fmt.Errorf("pass %q: two different files would be named %q", opts.Pass, f.Path)
			}
			return nil
		}
		content[f.Path] = f.Integrity
		res.Files = append(res.Files, f)
		return nil
	}
	c, err := newCompilation(opts)
	if err != nil {
		return nil, err
	}
	defer c.close()
	for i, entry := range opts.Entries {
		out, err := c.buildEntry(ctx, entry, i == len(opts.Entries)-1)
		if err != nil {
			return nil, err
		}
		for _, f := range out.Files {
			if err := add(f); err != nil {
				return nil, err
			}
		}
		for _, name := range sortedKeys(out.assets) {
			data := out.assets[name]
			if err := add(link.File{Path: name, Content: data, Integrity: link.Integrity(data), Role: link.Asset}); err != nil {
				return nil, err
			}
		}
		res.Warnings = append(res.Warnings, out.warnings...)
		res.Entries = append(res.Entries, EntryResult{
			Name: entry.Name, JS: out.InitialJS, CSS: out.InitialCSS, Lazy: out.Lazy, ImportMap: out.ImportMap,
		})
	}
	slices.Sort(res.Warnings)
	res.Warnings = slices.Compact(res.Warnings)
	return res, nil
}
