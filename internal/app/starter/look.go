package starter

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/app/starter/script"
)

// looker looks at one project.
type looker struct {
	*plan
	root fs.FS
	js   *script.Reader
	pkg  packageJSON
}

// packageJSON is what is read of package.json.
type packageJSON struct {
	there           bool
	Dependencies    map[string]any `json:"dependencies"`
	DevDependencies map[string]any `json:"devDependencies"`
	Browserslist    any            `json:"browserslist"`
	SideEffects     any            `json:"sideEffects"`
}

func (p packageJSON) has(name string) bool {
	_, a := p.Dependencies[name]
	_, b := p.DevDependencies[name]
	return a || b
}

var (
	webpackFiles = named("webpack.config", "webpack.prod", "webpack.config.prod", "webpack.production", "config/webpack.prod", "config/webpack.config")
	viteFiles    = named("vite.config")
	plainEntries = []string{
		"src/index.ts", "src/index.tsx", "src/index.js", "src/index.jsx", "src/main.ts", "src/main.tsx", "src/main.js", "src/main.jsx",
		"index.ts", "index.tsx", "index.js",
	}
)

func named(bases ...string) (all []string) {
	for _, base := range bases {
		for _, ext := range []string{".js", ".ts", ".cjs", ".mjs", ".cts", ".mts"} {
			all = append(all, base+ext)
		}
	}
	return all
}

// look finds out what the project builds with, and reads that.
func look(ctx context.Context, root fs.FS) (*plan, error) {
	l := &looker{plan: &plan{}, root: root, js: script.NewReader(root)}
	if err := l.packageJSON(); err != nil {
		return nil, err
	}
	if err := l.bundler(); err != nil {
		return nil, err
	}
	l.share()
	l.surroundings()
	if err := l.styles(ctx); err != nil {
		return nil, err
	}
	for _, a := range l.js.Assumed {
		l.askf(script.Pos{}, "%s", a)
	}
	return l.plan, nil
}

func (l *looker) bundler() error {
	name, nx := l.first(webpackFiles), nxTarget{}
	if name == "" {
		nx = l.nx()
		name = nx.config
	}
	if name != "" {
		return l.webpack(name, nx)
	}
	if name = l.first(viteFiles); name != "" {
		return l.vite(name)
	}
	if l.plain() {
		return nil
	}
	return fmt.Errorf("got nothing to start from, want a webpack configuration (webpack.config.js, .ts, .cjs or .mjs, or one that an Nx project.json names), a Vite configuration (vite.config.*), an index.html with a module script, or one of %s; run it in the project's root, or write the file by hand: docs/configuration.md has a first one", strings.Join(plainEntries, ", "))
}

func (l *looker) packageJSON() error {
	data, err := fs.ReadFile(l.root, "package.json")
	if err != nil {
		return nil // a project without one is fine
	}
	if err := json.Unmarshal(data, &l.pkg); err != nil {
		return fmt.Errorf("reading %q: %w", "package.json", err)
	}
	l.pkg.there = true
	return nil
}

func (l *looker) isFile(name string) bool {
	info, err := fs.Stat(l.root, name)
	return err == nil && info.Mode().IsRegular()
}

// first returns the first of the names that is a file, "" for none.
func (l *looker) first(names []string) string {
	for _, name := range names {
		if l.isFile(name) {
			return name
		}
	}
	return ""
}

// surroundings adds what files beside the bundler's say.
func (l *looker) surroundings() {
	l.tsconfig()
	l.browsers()
	if l.pkg.SideEffects == false {
		l.sideEffects()
	}
}

// tsconfig names the file with the compiler options, where it is not the one
// that is found by itself.
func (l *looker) tsconfig() {
	if l.build.get("tsconfig") != nil {
		return
	}
	if l.isFile("tsconfig.json") {
		// Vite's templates: a file of references to one for the page and one for tools.
		if own, ok := l.js.Data("tsconfig.json").(*script.Object); ok && own.Get("compilerOptions") == nil && own.Get("references") != nil && l.isFile("tsconfig.app.json") {
			l.put(&l.build, "tsconfig", "tsconfig.app.json", script.Pos{File: "tsconfig.json refers to it"})
			l.foundf("compiler options: tsconfig.app.json")
		}
		return
	}
	if name := l.first([]string{"tsconfig.base.json", "tsconfig.app.json"}); name != "" {
		l.put(&l.build, "tsconfig", name, script.Pos{File: "there is no tsconfig.json"})
		l.foundf("compiler options: %s", name)
	}
}

// paths are the import paths that the tsconfig maps, without their *.
func (l *looker) paths() (map[string]bool, string) {
	for _, name := range []string{"tsconfig.json", "tsconfig.base.json", "tsconfig.app.json"} {
		o, ok := l.js.Data(name).(*script.Object)
		if !ok {
			continue
		}
		options, _ := o.Get("compilerOptions").(*script.Object)
		if options == nil {
			continue
		}
		if paths, ok := options.Get("paths").(*script.Object); ok {
			all := map[string]bool{}
			for _, k := range paths.Keys() {
				all[strings.TrimSuffix(strings.TrimSuffix(k, "*"), "/")] = true
			}
			return all, name
		}
	}
	return nil, ""
}

func (l *looker) browsers() {
	switch {
	case l.build.get("target") != nil:
	case l.pkg.Browserslist != nil:
		l.foundf("browsers: package.json")
	case l.isFile(".browserslistrc"):
		l.foundf("browsers: .browserslistrc")
	default:
		l.askf(script.Pos{}, "target: neither package.json's browserslist nor .browserslistrc says which browsers must run the scripts; write one, or a target such as [\"chrome >= 87\", \"safari >= 14\"] under build")
	}
}

// sideEffects warns of entries whose modules a package.json says do nothing.
func (l *looker) sideEffects() {
	for _, p := range l.passes {
		for _, e := range p.entries {
			if list, ok := e.value.([]any); ok && len(list) > 1 {
				l.askf(script.Pos{File: "package.json"}, "sideEffects is false, so bare imports of %s, such as a polyfill's, are dropped, here as by webpack; to keep them write side-effects: { %q: true } under build", list[0], list[0])
			}
		}
	}
}

// maxLooked bounds the files that are looked at for their names.
const maxLooked = 20_000

// styles asks for the Sass compiler where there is something for it.
func (l *looker) styles(ctx context.Context) error {
	found, looked := "", 0
	err := fs.WalkDir(l.root, ".", func(name string, d fs.DirEntry, err error) error {
		if looked++; looked > maxLooked || found != "" {
			return fs.SkipAll
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return nil // a folder that can't be read has nothing for us
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"node_modules", "dist", "build", "coverage"}, d.Name())):
			return fs.SkipDir
		case path.Ext(name) == ".scss" || path.Ext(name) == ".sass":
			found = name
		}
		return nil
	})
	if err != nil || found == "" {
		return err
	}
	l.foundf("Sass: %s", found)
	if !l.pkg.has("sass-embedded") {
		l.askf(script.Pos{}, "Sass is used (%s), and package.json has no sass-embedded: the action's image brings a compiler, but for a version of your own, and on a laptop, npm install --save-dev sass-embedded", found)
	}
	return nil
}

// plain takes the sources themselves for the start.
func (l *looker) plain() bool {
	l.source = "the sources"
	entries := l.pageEntries()
	if len(entries) == 0 {
		var there []string
		for _, name := range plainEntries {
			if l.isFile(name) {
				there = append(there, name)
			}
		}
		if len(there) == 0 {
			return false
		}
		base := path.Base(there[0])
		entries = pairs{{strings.TrimSuffix(base, path.Ext(base)), there[0]}}
		for _, other := range there[1:] {
			l.askf(script.Pos{}, "entries: %s is there too; add it if pages start with it", other)
		}
	}
	p := &pass{name: "app", entries: entries}
	l.passes = []*pass{p}
	l.foundEntries(p, "")
	l.askf(script.Pos{}, "library: where the page reads the exports from a global variable, name it: library: checkout in the pass")
	return true
}

func (l *looker) foundEntries(p *pass, from string) {
	for _, e := range p.entries {
		l.foundf("entry %s of pass %s: %s%s", e.key, p.name, strings.Trim(flow(e.value), "[]"), from)
	}
}
