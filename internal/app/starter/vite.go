package starter

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/org/checkout-deploy/internal/app/starter/script"
)

// vite reads a Vite configuration and the pages it builds.
func (l *looker) vite(name string) error {
	l.source = name
	v, err := l.js.Exports(name)
	if err == nil {
		v, err = l.js.Call(v, script.Of("mode", script.Text("production"), "command", script.Text("build")))
	}
	if err != nil {
		return err
	}
	c, ok := v.(*script.Object)
	if !ok {
		l.askf(at(v, name), "the configuration could not be read; its defaults are taken")
		c = script.Of()
	}
	build := object(c.Get("build"))
	rollup := object(build.Get("rollupOptions"))
	p := &pass{name: "app"}
	l.viteEntries(p, build, rollup, name)
	if len(p.entries) == 0 {
		return fmt.Errorf("got no entries from %q or index.html, want a page with <script type=\"module\" src=\"…\">, build.rollupOptions.input or build.lib.entry", name)
	}
	l.passes = []*pass{p}
	l.foundEntries(p, "")
	if p.get("format") == nil {
		l.put(&p.settings, "format", "esm", script.Pos{File: "as Vite builds"})
	}
	l.outDir(rooted(build.Get("outDir")), build.At("outDir"), nxTarget{})
	l.viteBase(c)
	l.viteTarget(build)
	l.alias(object(c.Get("resolve")).Get("alias"), object(c.Get("resolve")).At("alias"))
	if d := c.Get("define"); d != nil {
		l.viteDefines(p, d, c.At("define"))
	}
	if build.Get("sourcemap") == true {
		l.put(&l.build, "source-maps", "linked", build.At("sourcemap"))
	}
	if build.Get("minify") == false {
		l.put(&l.build, "minify", false, build.At("minify"))
	}
	l.manualChunks(p, rollup)
	l.viteRest(c)
	return nil
}

// rooted makes a relative path one from the project's root.
func rooted(v script.Value) script.Value {
	if s, ok := script.Known(v); ok && !strings.HasPrefix(s, "/") {
		return script.Text(path.Join(script.Root, s))
	}
	return v
}

func (l *looker) viteEntries(p *pass, build, rollup *script.Object, name string) {
	if lib, ok := build.Get("lib").(*script.Object); ok {
		p.entries = l.entries(lib.Get("entry"), ".", lib.At("entry"), name)
		if s, ok := script.Known(lib.Get("name")); ok {
			l.put(&p.settings, "library", s, lib.At("name"))
		}
		if formats, ok := lib.Get("formats").(*script.List); ok && len(formats.Items) > 0 {
			if s, _ := script.Known(formats.Items[0]); s == "iife" || s == "umd" {
				l.put(&p.settings, "format", "iife", lib.At("formats"))
			}
		}
		return
	}
	input := rollup.Get("input")
	if input == nil {
		p.entries = l.pageEntries()
		return
	}
	add := func(key string, v script.Value, from script.Pos) {
		s, ok := script.Known(v)
		file, inside := script.Path(v)
		switch {
		case !ok || !inside:
			l.askf(from, "an input is computed; write the entry by hand")
		case path.Ext(s) == ".html":
			if key == "" {
				key = stem(file)
			}
			p.entries = append(p.entries, l.entriesOfPage(path.Clean(file), key)...)
		default:
			if key == "" {
				key = stem(file)
			}
			for _, m := range l.modules(key, v, ".", from) {
				p.entries = append(p.entries, pair{key, m})
			}
		}
	}
	from := rollup.At("input")
	switch v := input.(type) {
	case *script.Object:
		for _, key := range v.Keys() {
			add(key, v.Get(key), v.At(key))
		}
	case *script.List:
		for _, item := range v.Items {
			add("", item, from)
		}
	default:
		add("", v, from)
	}
}

func (l *looker) viteBase(c *script.Object) {
	v := c.Get("base")
	if s, ok := script.Known(v); ok && (s == "/" || s == "./" || s == "") {
		return // the running script's own folder serves as well
	}
	l.publicPath(v, c.At("base"))
}

var viteBrowser = regexp.MustCompile(`^(chrome|edge|firefox|safari|ios|opera)([0-9]+(\.[0-9]+)?)$`)

// viteTarget turns esbuild's names of browsers into queries.
func (l *looker) viteTarget(build *script.Object) {
	v := build.Get("target")
	list, ok := v.(*script.List)
	if !ok && v != nil {
		list = &script.List{Items: []script.Value{v}}
	}
	if v == nil {
		return
	}
	var queries []any
	for _, item := range list.Items {
		s, _ := script.Known(item)
		m := viteBrowser.FindStringSubmatch(s)
		if m == nil {
			if s != "modules" && s != "esnext" && !strings.HasPrefix(s, "baseline") {
				l.askf(build.At("target"), "the target %q is no browser; write a browserslist query", s)
			}
			continue
		}
		queries = append(queries, m[1]+" >= "+m[2])
	}
	if len(queries) > 0 && l.put(&l.build, "target", queries, build.At("target")) {
		l.foundf("browsers: %s", build.At("target"))
	}
}

// viteDefines reads define, where values that are no text are JSON.
func (l *looker) viteDefines(p *pass, v script.Value, from script.Pos) {
	o, ok := v.(*script.Object)
	if !ok {
		l.defines(p, v, from)
		return
	}
	for _, key := range o.Keys() {
		value := o.Get(key)
		switch value.(type) {
		case *script.Object, *script.List:
			value = &script.JSON{Value: value}
		}
		l.define(p, key, value, o.At(key))
	}
	if o.Open {
		l.askf(from, "there are more defines than could be read; add them under define")
	}
}

// manualChunks reads the form that lists packages.
func (l *looker) manualChunks(p *pass, rollup *script.Object) {
	output := object(rollup.Get("output"))
	v := output.Get("manualChunks")
	chunks, ok := v.(*script.Object)
	if v == nil {
		return
	}
	if !ok || p.get("format") == "esm" {
		l.askf(output.At("manualChunks"), "manualChunks has no counterpart in the format esm, and a function could not be read; with format: classic write groups")
		return
	}
	var all []any
	for _, key := range chunks.Keys() {
		list, ok := chunks.Get(key).(*script.List)
		packages, known := []any(nil), false
		if ok {
			packages, known = texts(list)
		}
		if !known {
			l.askf(chunks.At(key), "the chunk %s is computed; write a group", key)
			continue
		}
		parts := make([]string, len(packages))
		for i, one := range packages {
			parts[i] = regexp.QuoteMeta(fmt.Sprint(one))
		}
		all = append(all, pairs{{"name", key}, {"pattern", "^node_modules/(" + strings.Join(parts, "|") + ")/"}})
	}
	if len(all) > 0 {
		l.put(&p.settings, "groups", all, output.At("manualChunks"))
	}
}

// jsxPlugin is done by the compiler.
var jsxPlugin = regexp.MustCompile(`react`)

// viteRest asks about what Vite does besides.
func (l *looker) viteRest(c *script.Object) {
	page := script.Pos{File: "index.html"}
	if l.isFile("index.html") {
		l.askf(page, "pages are not made; the page must load the release's scripts, which the manifest and the import map in the output folder name")
	}
	if _, err := fs.Stat(l.root, "public"); err == nil {
		l.askf(script.Pos{File: "public/"}, "its files are not copied; put them beside the output")
	}
	if names := l.metaEnvNames(); len(names) > 0 {
		l.askf(script.Pos{}, "the sources read import.meta.env; files such as .env are not read: give a name its value under define, or write expose: [%s] to take it from the environment", strings.Join(names, ", "))
	}
	if plugins, ok := c.Get("plugins").(*script.List); ok {
		for _, item := range plugins.Items {
			if u, ok := item.(*script.Unknown); ok && !jsxPlugin.MatchString(u.What) {
				l.askf(u.Pos, "the plugin %s does not run here; see whether the sources need it", u.What)
			}
		}
	}
}
