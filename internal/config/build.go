package config

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/release"
)

func init() {
	addSection(section{
		name:   "build",
		doc:    "How build-bundle makes files from sources. [build-bundle.md](build-bundle.md) explains each setting.",
		schema: ref("build"),
		read:   func(r *reader, n *node, c *Config) { c.Build = r.build(n) },
	})
	addObject("build", "How files are made from sources.", buildRows().entries())
	addObject("profile", "What a profile changes of build. What a pass says itself stays.", profileRows().entries())
	addObject("pass", "One run of the bundler over entries that share chunks. Passes run in the file's order; what a pass does not say it takes from build.", passRows().entries())
	addObject("group", "Gathers modules in files of one name, as a cacheGroup of webpack's splitChunks does.", groupTable.entries())
	addDefineForms()
}

// draft is a build while it is read: what it says for all passes is in shared.
type draft struct {
	Build
	shared Pass
}

var envRow = custom("env", shape{"name or list of names", ref("variables")}, (*reader).environment,
	"Variables of the environment that this file may use, as `${NAME}` and `{ env: NAME }`. Their values end up in files that everybody can read: names and values that look like secrets are refused.",
	example([]string{"APP_VERSION"}))

var exposeRow = custom("expose", shape{"name or list of names", ref("variables")}, (*reader).expose,
	"Variables of the environment that the sources may read, as `process.env.NAME` and `import.meta.env.NAME`. A `define` of such a name goes first.",
	example([]string{"APP_VERSION"}))

var buildTable = table[draft]{
	keyOr("outdir", filePath(), "dist", func(d *draft) *string { return &d.OutDir },
		"Folder for the files, inside the project. A build replaces it whole."),
	key("tsconfig", filePath(), func(d *draft) *string { return &d.TSConfig },
		"The tsconfig.json with `paths`, `jsx` and the like.", instead("the nearest")),
	custom("alias", mapOf("mapping of import paths to paths", "alias", ref("text")), (*reader).alias,
		"Replaces the start of import paths.", example(map[string]string{"@app": "src/app"})),
	custom("side-effects", mapOf("mapping of globs to `true` or `false`", "glob", schema{"type": "boolean"}), (*reader).sideEffects,
		"Whether modules do something by being imported. Overrides package.json; the last glob that matches wins.",
		instead("package.json's `sideEffects`"), example(map[string]bool{"src/polyfill.ts": true})),
	key("public-path", checkedText("URL or path that ends in /", "public-path", checkPublicPath), func(d *draft) *string { return &d.PublicPath },
		"Where lazy files and assets are loaded from.", instead("the running script's folder"), example("https://cdn.example.com/checkout/")),
	custom("loaders", mapOf("mapping of extensions to loaders", "extension", oneOfThe(loaders).schema), (*reader).loaders,
		"How files of an extension become modules: "+oneOfThe(loaders).words+".", instead("by extension"), example(map[string]string{".svg": "text"})),
	key("conditions", texts(), func(d *draft) *[]string { return &d.Conditions },
		"Conditions of package.json's `exports`, besides the usual ones.", example([]string{"worker"})),
	key("external", texts(), func(d *draft) *[]string { return &d.External },
		"Import paths that are left to the page; for the format `esm` only.", example([]string{"https://js.example.com/v3/"})),
	keyOr("views", severalOf(views), []View{ViewCheckout}, func(d *draft) *[]View { return &d.Views },
		"Manifests that are written beside the files, in the formats of others. `[]` is none. An `esm` pass has its import map in any case.",
		example([]View{ViewCheckout, ViewVite})),
	key("precompress", severalOf(compressions), func(d *draft) *[]Compression { return &d.Precompress },
		"Copies that are compressed as well as can be, `.gz` and `.br`, for a server to send as they are.",
		instead("none"), example(compressions)),
}

// commonTable has what build says for all passes and a pass may say itself.
var commonTable = table[Pass]{
	keyOr("format", oneOfThe(release.Formats), release.Classic, func(p *Pass) *release.Format { return &p.Format },
		"How pages load the scripts: `classic` by script tags, `esm` as modules with an import map, `iife` as one file."),
	key("library", checkedText("identifier", "library", release.CheckLibrary), func(p *Pass) *string { return &p.Library },
		"The global variable that holds the entry's exports.", example("checkout")),
	key("app-version", text(), func(p *Pass) *string { return &p.AppVersion },
		"Goes into manifests.", instead("package.json's `version`"), example("${APP_VERSION}")),
	key("target", texts(), func(p *Pass) *[]string { return &p.Target },
		"[Browserslist](https://browsersl.ist/) queries of the browsers that must run the scripts.",
		instead("package.json's `browserslist`"), example([]string{"chrome >= 87", "safari >= 14"})),
	custom("define", mapOf("mapping of names to values", "define-name", ref("define-value")), (*reader).defines,
		"Replaces names in the sources by values. A pass adds to those of build.",
		example(schema{"FEATURES": schema{"wallet": true}, "VERSION": schema{"env": "APP_VERSION"}, "HOST": schema{"expr": "window.location.host"}})),
	custom("groups", shape{"list of [group](#group)", schema{"type": "array", "items": ref("group")}}, (*reader).groups,
		"Which modules share a file. A pass's own replace those of build; `[]` is none.",
		example([]schema{{"name": "vendor", "pattern": "^node_modules/", "chunks": "initial"}})),
	key("main-fields", texts(), func(p *Pass) *[]string { return &p.MainFields },
		"Fields of package.json that name a package's main module, by preference.",
		instead("`browser`, `module`, `main`"), example([]string{"module", "browser", "main"})),
}

var passesRow = custom("passes", shape{"list of [pass](#pass)", schema{"type": "array", "items": ref("pass"), "minItems": 1}}, (*reader).passes,
	"The runs of the bundler, in order.", instead("one pass `app` over src/index.{ts,tsx,js}"),
	example([]schema{{"name": "app", "entries": schema{"checkout": "src/index.ts"}, "library": "checkout"}}))

// firstRows has the keys that the others depend on.
func firstRows() table[draft] { return table[draft]{envRow, profileRow} }

// sharedRows has the keys that all passes share, in the order they are read.
func sharedRows() table[draft] {
	rows := slices.Concat(table[draft]{exposeRow}, profiledTable, buildTable)
	return append(rows, within(commonTable, func(d *draft) *Pass { return &d.shared })...)
}

// buildRows has build's keys in the order they are read: what a profile changes
// comes after what build says, and passes last, for they inherit.
func buildRows() table[draft] {
	return slices.Concat(firstRows(), sharedRows(), table[draft]{profilesRow, passesRow})
}

// within makes a table of a part that of the whole.
func within[T, P any](t table[P], part func(*T) *P) table[T] {
	var rows table[T]
	for _, of := range t {
		lifted := row[T]{entry: of.entry, read: func(r *reader, n *node, at string, into *T) { of.read(r, n, at, part(into)) }}
		if of.init != nil {
			lifted.init = func(into *T) { of.init(part(into)) }
		}
		rows = append(rows, lifted)
	}
	return rows
}

func (r *reader) build(n *node) Build {
	rows := buildRows()
	d := draft{Build: Build{Alias: map[string]string{}, Loaders: map[string]Loader{}}}
	rows.defaults(&d)
	f := r.object(n, "build", rows.names())
	firstRows().take(f, &d)
	r.overrideProfile(&d.Build)
	d.fill()
	rows[len(firstRows()):].take(f, &d)
	if f.n.get("passes") == nil && !r.overrides.Built {
		r.defaultPasses(&d)
	}
	r.override(&d.Build)
	tsconfig, at := f.get("tsconfig")
	r.presentFile(tsconfig, at, d.TSConfig)
	r.outside(f, d.Build)
	r.external(f, d.Build)
	return d.Build
}

// outside refuses an output folder that a build would replace sources with.
func (r *reader) outside(f fields, b Build) {
	report := func(format string, args ...any) { r.input("outdir", format, args...) }
	if r.overrides.OutDir == "" {
		n, at := f.get("outdir")
		if n == nil {
			return
		}
		report = func(format string, args ...any) { r.report(ruleConflict, n, at+": "+format, args...) }
	}
	top, _, _ := strings.Cut(b.OutDir, "/")
	if b.OutDir == "." || top == ".git" || top == "node_modules" || top == ".github" {
		report("got %s, want a folder of its own, such as dist: a build replaces it whole", quote(b.OutDir))
		return
	}
	for _, p := range b.Passes {
		for _, e := range p.Entries {
			for _, m := range e.Modules {
				if strings.HasPrefix(m, b.OutDir+"/") {
					report("got %s, which holds the source %s; want a folder of its own, such as dist: a build replaces it whole", quote(b.OutDir), quote(m))
					return
				}
			}
		}
	}
}

// external refuses externals where nothing would provide them.
func (r *reader) external(f fields, b Build) {
	n, at := f.get("external")
	if n == nil {
		return
	}
	for _, p := range b.Passes {
		if p.Format != release.ESM && p.Format != "" {
			r.report(ruleConflict, n, "%s: got externals, but the pass %s has the format %s, whose scripts can't import; want the format esm, or an alias to a module that reads the page's global", at, quote(p.Name), p.Format)
			return
		}
	}
}

func (r *reader) alias(n *node, at string, d *draft) {
	r.pairs(n, at, func(k pair, at2 string) {
		if strings.TrimSpace(k.name) == "" || strings.HasPrefix(k.name, ".") || strings.HasPrefix(k.name, "/") {
			r.add(ruleValue, k.line, k.column, "%s: got the alias %s, want the start of a package's import path, such as @app", at, quote(k.name))
		}
		if s, ok := r.text(k.value, at2); ok {
			d.Alias[k.name] = s
		}
	})
	r.aliases = d.Alias
}

func (r *reader) sideEffects(n *node, at string, d *draft) {
	r.pairs(n, at, func(k pair, at2 string) {
		has, _ := boolean().read(r, k.value, at2)
		if err := checkGlob(k.name); err != nil {
			r.add(ruleConflict, k.line, k.column, "%s: got the pattern %s: %v", at, quote(k.name), err)
		}
		d.SideEffects = append(d.SideEffects, SideEffect{k.name, has})
	})
}

// checkGlob looks at each part, as ** stands for any number of them.
func checkGlob(glob string) error {
	if glob == "" {
		return errors.New("want a path with * and **")
	}
	for part := range strings.SplitSeq(glob, "/") {
		if _, err := path.Match(part, ""); err != nil {
			return fmt.Errorf("want a path with *, ** and [a-z]: %w", err)
		}
	}
	return nil
}

func checkPublicPath(s string) error {
	if !strings.HasSuffix(s, "/") || strings.ContainsAny(s, "?#\\ ") {
		return errors.New("got " + quote(s) + ", want a URL or path that ends in /")
	}
	return nil
}

var extension = regexp.MustCompile(`^(\.[A-Za-z0-9_-]+)+$`)

func (r *reader) loaders(n *node, at string, d *draft) {
	r.pairs(n, at, func(k pair, at2 string) {
		if !extension.MatchString(k.name) {
			r.add(ruleValue, k.line, k.column, "%s: got %s, want an extension such as .svg", at, quote(k.name))
		}
		d.Loaders[k.name], _ = oneOfThe(loaders).read(r, k.value, at2)
	})
}
