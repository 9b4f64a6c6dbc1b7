package difftest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing/fstest"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/org/checkout-deploy/internal/bundle"
	"github.com/org/checkout-deploy/internal/bundle/style"
)

// ours is the bundler under test. Its fields are settings that must not matter to what a graph does.
type ours struct {
	readable bool // not minified
	grouped  bool // with chunk groups
}

// oursFor varies the settings from graph to graph.
func oursFor(seed uint64) ours { return ours{readable: seed%4 == 0, grouped: seed%3 == 0} }

// groups are like those of a real project: packages, and what several lazy modules share. Of scripts only: a group of
// styles brings some before their modules run, which is what it is for.
func (o ours) groups() []bundle.Group {
	if !o.grouped {
		return nil
	}
	return []bundle.Group{
		{Name: "vendor", Pattern: regexp.MustCompile(`^(node_modules|lib)/.*js$`), Chunks: bundle.LoadInitial, Priority: 2},
		{Name: "vendor-async", Pattern: regexp.MustCompile(`^(node_modules|lib)/.*js$`), Chunks: bundle.LoadAsync, Priority: 1},
		{Name: "common", Pattern: regexp.MustCompile(`^plain/.*js$`), Chunks: bundle.LoadAsync, MinShare: 2},
	}
}

// pass is part of the one name that a page's chunks share in the global scope.
const pass = "graphs"

// Build implements Builder.
func (o ours) Build(ctx context.Context, dir string, format Format) (*Output, error) {
	styles, err := style.New(style.Options{Root: dir})
	if err != nil {
		return nil, err
	}
	defer func() { _ = styles.Close() }()
	entry := "main.mjs"
	if _, err := os.Stat(filepath.Join(dir, entry)); err != nil {
		entry = "main.js"
	}
	var apart *bundle.Apart
	if format == Apart {
		format, apart = Classic, new(bundle.Apart)
	}
	built, err := bundle.Build(ctx, bundle.Options{
		Root: dir, Pass: pass, Library: Library, Format: bundle.Format(format), Target: api.ES2022,
		Entries: []bundle.Entry{{Name: "main", Modules: []string{entry}}},
		Define:  map[string]string{"global": "globalThis"},
		Maps:    bundle.MapsNone, Minify: !o.readable && apart == nil, Groups: o.groups(), Styles: styles, Apart: apart,
	})
	if err != nil {
		return nil, err
	}
	files := fstest.MapFS{}
	pins := map[string]string{}
	for _, f := range built.Files {
		files[f.Path] = &fstest.MapFile{Data: f.Content}
		pins[f.Path] = f.Integrity
	}
	out := &Output{Files: files, ImportMap: built.Entries[0].ImportMap, Globals: []string{"checkout-deploy:" + pass}}
	for _, path := range built.Entries[0].JS {
		out.Scripts = append(out.Scripts, Resource{path, pins[path]})
	}
	for _, path := range built.Entries[0].CSS {
		out.Styles = append(out.Styles, Resource{path, pins[path]})
	}
	if len(out.Scripts) == 0 {
		return nil, fmt.Errorf("format %q: no initial scripts: %w", format, ErrUnsupported)
	}
	return out, nil
}
