package starter

import (
	"fmt"
	"path"
	"strings"

	"github.com/org/checkout-deploy/internal/app/starter/script"
	"github.com/org/checkout-deploy/internal/release"
)

// webpack reads a configuration, or the list of several that one run makes.
func (l *looker) webpack(name string, nx nxTarget) error {
	l.source = name
	v, err := l.js.Exports(name)
	if err != nil {
		return err
	}
	v, err = l.js.Call(v, script.Of("production", true), script.Of("mode", script.Text("production"), "env", script.Of("production", true)))
	if err != nil {
		return fmt.Errorf("reading %q: %w", name, err)
	}
	configs := []script.Value{v} // each of a list may be a function too
	if list, ok := v.(*script.List); ok {
		configs = list.Items
	}
	for _, c := range configs {
		if c, err = l.js.Call(c, script.Of("production", true), script.Of("mode", script.Text("production"))); err != nil {
			return fmt.Errorf("reading %q: %w", name, err)
		}
		if o, ok := c.(*script.Object); ok {
			l.webpackPass(o, name, nx)
		} else {
			l.askf(at(c, name), "a configuration could not be read; what it builds is left out")
		}
	}
	if len(l.passes) == 0 {
		l.rescue(name, nx)
	}
	if len(l.passes) == 0 {
		return fmt.Errorf("got no entries from %q that could be read, and no source of a usual name (%s): %s", name, strings.Join(plainEntries, ", "), strings.Join(l.questions, "; "))
	}
	return nil
}

// rescue starts from a usual source where the configuration's entries could not
// be read.
func (l *looker) rescue(name string, nx nxTarget) {
	source := l.first(plainEntries)
	if nx.main != "" {
		source = nx.main
	}
	if source == "" {
		return
	}
	l.askf(script.Pos{File: name}, "the entries could not be read; %s is a guess", source)
	p := &pass{name: "app", entries: pairs{{stem(source), source}}}
	l.passes = append(l.passes, p)
	l.foundEntries(p, " (a guess)")
}

func at(v script.Value, name string) script.Pos {
	switch v := v.(type) {
	case *script.Unknown:
		return v.Pos
	case *script.Env:
		return v.Pos
	case *script.Instance:
		return v.Pos
	}
	return script.Pos{File: name}
}

func object(v script.Value) *script.Object {
	if o, ok := v.(*script.Object); ok {
		return o
	}
	return script.Of()
}

// webpackPass makes a pass of one configuration.
func (l *looker) webpackPass(c *script.Object, name string, nx nxTarget) {
	p := &pass{}
	base := "."
	if s, ok := script.Path(c.Get("context")); ok && c.Get("context") != nil {
		base = s
	}
	entry := c.Get("entry")
	if entry == nil {
		entry = script.Text("./src")
		if nx.main != "" {
			entry = script.Text(path.Join(script.Root, nx.main))
		}
	}
	p.entries = l.entries(entry, base, c.At("entry"), name)
	if len(p.entries) == 0 {
		return
	}
	p.name = l.passName(c, p)
	l.passes = append(l.passes, p)
	l.foundEntries(p, " ("+where(c.At("entry"), name)+")")
	l.output(p, c, nx)
	l.resolve(p, object(c.Get("resolve")))
	optimization := object(c.Get("optimization"))
	l.groups(p, object(optimization.Get("splitChunks")))
	if optimization.Get("minimize") == false && l.build.get("minify") == nil {
		l.put(&l.build, "minify", false, optimization.At("minimize"))
	}
	l.plugins(p, c, name)
	l.rules(object(c.Get("module")))
	l.devtool(c)
	if v := c.Get("externals"); v != nil {
		l.askf(c.At("externals"), "externals have no counterpart in classic scripts: write an alias to a module that exports the page's global, or take the format esm with external")
	}
}

func where(p script.Pos, name string) string {
	if p.File == "" {
		return name
	}
	return p.String()
}

func (l *looker) passName(c *script.Object, p *pass) string {
	name := "app"
	if len(l.passes) > 0 {
		name = p.entries[0].key
	}
	if s, ok := script.Known(c.Get("name")); ok && s != "" {
		name = s
	}
	for _, other := range l.passes {
		if strings.EqualFold(other.name, name) {
			return fmt.Sprintf("%s-%d", name, len(l.passes)+1)
		}
	}
	return name
}

// entries reads entry in any of its forms.
func (l *looker) entries(v script.Value, base string, from script.Pos, name string) (all pairs) {
	add := func(key string, v script.Value, from script.Pos) {
		if o, ok := v.(*script.Object); ok {
			v = o.Get("import")
		}
		if err := release.CheckName(key); err != nil {
			l.askf(from, "entry %q is left out: %v", key, err)
			return
		}
		modules := l.modules(key, v, base, from)
		switch len(modules) {
		case 0:
		case 1:
			all = append(all, pair{key, modules[0]})
		default:
			all = append(all, pair{key, modules})
		}
	}
	switch v := v.(type) {
	case *script.Object:
		for _, key := range v.Keys() {
			add(key, v.Get(key), v.At(key))
		}
		if v.Open {
			l.askf(from, "entry has more entries than could be read; add them")
		}
	case script.Text, *script.List:
		add("main", v, from)
	default:
		l.askf(where2(at(v, name), from), "entry is computed; write the entries by hand")
	}
	return all
}

func where2(a, b script.Pos) script.Pos {
	if a.Line > 0 || b.File == "" {
		return a
	}
	return b
}

// modules are the files of an entry.
func (l *looker) modules(key string, v script.Value, base string, from script.Pos) (all []any) {
	items := []script.Value{v}
	if list, ok := v.(*script.List); ok {
		items = list.Items
		if list.Open {
			l.askf(from, "entry %s has more modules than could be read; add them", key)
		}
	}
	for _, item := range items {
		s, ok := script.Known(item)
		switch file := l.file(s, base); {
		case !ok:
			l.askf(from, "entry %s has a module whose path is computed; add it", key)
		case file != "":
			all = append(all, file)
		case !strings.HasPrefix(s, ".") && !strings.HasPrefix(s, "/"):
			l.askf(from, "entry %s has the package %s; import it at the top of the entry's first module instead", key, s)
		default:
			l.askf(from, "entry %s has %s, which is not a file of the project", key, strings.TrimPrefix(s, script.Root+"/"))
		}
	}
	return all
}

// file finds the file that a module's path means, "" for none.
func (l *looker) file(s, base string) string {
	p, ok := script.Path(script.Text(s))
	if !ok || s == "" {
		return ""
	}
	if !strings.HasPrefix(s, script.Root) {
		p = path.Join(base, p)
	}
	for _, ext := range []string{"", ".ts", ".tsx", ".js", ".jsx", ".mjs", "/index.ts", "/index.tsx", "/index.js", "/index.jsx"} {
		if l.isFile(p + ext) {
			return p + ext
		}
	}
	return ""
}

// output reads where files go and what they are called by.
func (l *looker) output(p *pass, c *script.Object, nx nxTarget) {
	o := object(c.Get("output"))
	l.outDir(o.Get("path"), o.At("path"), nx)
	l.publicPath(o.Get("publicPath"), o.At("publicPath"))
	library := o.Get("library")
	kind, _ := script.Known(o.Get("libraryTarget"))
	if lib, ok := library.(*script.Object); ok {
		library = lib.Get("name")
		if k, ok := script.Known(lib.Get("type")); ok {
			kind = k
		}
	}
	switch kind {
	case "module":
		l.put(&p.settings, "format", "esm", o.At("library"))
	case "commonjs", "commonjs2", "commonjs-module", "amd", "system", "jsonp":
		l.askf(o.At("library"), "the library type %s has no counterpart; pages get the exports as a global variable", kind)
	}
	if s, ok := script.Known(library); ok {
		if l.put(&p.settings, "library", s, o.At("library")) {
			l.foundf("library of pass %s: %s (%s)", p.name, s, o.At("library"))
		}
	} else if library != nil {
		l.askf(o.At("library"), "the library's name is not one text; write it by hand: library: name")
	}
}

func (l *looker) outDir(v script.Value, from script.Pos, nx nxTarget) {
	dir, ok := script.Path(v)
	switch {
	case v == nil && nx.out == "":
		return
	case v == nil:
		dir, from = nx.out, script.Pos{File: nx.file}
	case !ok:
		l.askf(from, "the output folder is computed or lies elsewhere; dist is taken")
		return
	}
	if l.build.get("outdir") == nil && dir != "" {
		if l.put(&l.build, "outdir", dir, from) {
			l.foundf("output folder: %s (%s)", dir, from)
		}
	} else if l.build.get("outdir") != any(dir) {
		l.askf(from, "the output folder %s is another than that of the first configuration; a build has one", dir)
	}
}

func (l *looker) publicPath(v script.Value, from script.Pos) {
	s, ok := script.Known(v)
	switch {
	case v == nil || ok && (s == "auto" || s == "" || s == "./"):
		// the running script's folder, as here
	case !ok:
		l.askf(from, "the public path is computed; where it is not the script's own folder, write public-path: https://…/ or let the page set __webpack_public_path__")
	case l.build.get("public-path") == nil:
		if l.put(&l.build, "public-path", s, from) {
			l.foundf("public path: %s (%s)", s, from)
		}
	}
}

// resolve reads aliases and package fields.
func (l *looker) resolve(p *pass, o *script.Object) {
	l.alias(o.Get("alias"), o.At("alias"))
	list, ok := o.Get("mainFields").(*script.List)
	if !ok {
		return
	}
	if fields, ok := texts(list); ok {
		l.put(&p.settings, "main-fields", fields, o.At("mainFields"))
	} else {
		l.askf(o.At("mainFields"), "resolve.mainFields could not be read wholly; the usual ones are taken")
	}
}

func texts(list *script.List) (all []any, ok bool) {
	for _, item := range list.Items {
		s, known := script.Known(item)
		if !known {
			return nil, false
		}
		all = append(all, s)
	}
	return all, len(all) > 0 && !list.Open
}

// alias reads resolve.alias of webpack or Vite.
func (l *looker) alias(v script.Value, from script.Pos) {
	aliases, ok := v.(*script.Object)
	if list, isList := v.(*script.List); isList {
		aliases, ok = l.listedAliases(list, from), true
	}
	if v == nil {
		return
	}
	if !ok {
		l.askf(from, "resolve.alias is computed; import paths of tsconfig.json are read anyway, write others under alias")
		return
	}
	mapped, config := l.paths()
	skipped, taken := 0, pairs{}
	if had, ok := l.build.get("alias").(pairs); ok {
		taken = had
	}
	for _, key := range aliases.Keys() {
		if mapped[strings.TrimSuffix(key, "$")] {
			skipped++
			continue
		}
		value, ok := l.aliasValue(aliases.Get(key))
		switch {
		case strings.HasSuffix(key, "$"):
			l.askf(aliases.At(key), "the alias %s is for that path only, which aliases here can't say", key)
		case !ok:
			l.askf(aliases.At(key), "the alias %s is computed; write it under alias", key)
		case taken.get(key) == nil:
			if probe := (settings{}); l.put(&probe, "alias", pairs{{key, value}}, aliases.At(key)) {
				taken = append(taken, pair{key, value})
			}
		}
	}
	if skipped > 0 {
		l.foundf("aliases: %d that %s maps too, which is read by itself", skipped, config)
	}
	if aliases.Open {
		l.askf(from, "resolve.alias has more aliases than could be read; add them")
	}
	l.setAlias(taken, from)
}

func (l *looker) setAlias(taken pairs, from script.Pos) {
	if len(taken) == 0 {
		return
	}
	for i := range l.build {
		if l.build[i].key == "alias" {
			l.build[i].value = taken
			return
		}
	}
	if l.put(&l.build, "alias", taken, from) {
		l.foundf("aliases: %d (%s)", len(taken), from)
	}
}

// listedAliases reads Vite's [{find, replacement}].
func (l *looker) listedAliases(list *script.List, from script.Pos) *script.Object {
	var all []any
	for _, item := range list.Items {
		o := object(item)
		if find, ok := script.Known(o.Get("find")); ok {
			all = append(all, find, o.Get("replacement"))
		} else {
			l.askf(from, "an alias is a pattern, which aliases here can't be")
		}
	}
	return script.Of(all...)
}

func (l *looker) aliasValue(v script.Value) (string, bool) {
	s, ok := script.Known(v)
	if !ok || s == "" {
		return "", false
	}
	if strings.HasPrefix(s, script.Root) || strings.HasPrefix(s, ".") || strings.HasPrefix(s, "/") {
		return pathOf(s)
	}
	return s, true
}

// pathOf is a path in the project; Vite takes /src for one from its root.
func pathOf(s string) (string, bool) {
	p, ok := script.Path(script.Text(s))
	return path.Clean(p), ok
}

func (l *looker) devtool(c *script.Object) {
	if v := c.Get("devtool"); v == false && l.build.get("source-maps") == nil {
		l.put(&l.build, "source-maps", "none", c.At("devtool"))
	}
}
