package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/org/checkout-deploy/internal/bundle/imports"
)

// envName is the free variable by which module code reaches the run time; the
// linker replaces it. It can't be a name of anyone's.
const envName = "__checkout_deploy_env__"

// ours marks a resolution that the plugin itself asked for.
type ours struct{}

func (c *compilation) plugin() api.Plugin {
	return api.Plugin{Name: "checkout-deploy", Setup: func(b api.PluginBuild) {
		if c.build.Resolve == nil { // the context's own: it outlives the runs for modules apart
			c.build = b
		}
		h := &hooks{compilation: c, build: b}
		h.enumRewriter = &imports.Rewriter{Graph: enumGraph{h}, Enums: c.enums, Specifier: relativeSpecifier}
		b.OnResolve(api.OnResolveOptions{Filter: `^` + rootNamespace + `:`}, inNamespace(rootNamespace))
		b.OnResolve(api.OnResolveOptions{Filter: `^` + imports.EnumScheme}, h.resolveEnum)
		b.OnResolve(api.OnResolveOptions{Filter: `^` + scanNamespace + `:`}, resolveScan)
		b.OnLoad(api.OnLoadOptions{Filter: `.`, Namespace: scanNamespace}, h.loadRoot)
		for _, ns := range []string{atomNamespace, evalNamespace} {
			b.OnResolve(api.OnResolveOptions{Filter: `^` + ns + `:`}, inNamespace(ns))
		}
		b.OnResolve(api.OnResolveOptions{Filter: `.`}, h.resolve)
		b.OnLoad(api.OnLoadOptions{Filter: `.`, Namespace: atomNamespace}, h.loadAtom)
		b.OnLoad(api.OnLoadOptions{Filter: `.`, Namespace: evalNamespace}, h.loadEval)
		b.OnLoad(api.OnLoadOptions{Filter: `.`, Namespace: enumNamespace}, h.timed("const enums", h.loadEnum))
		b.OnLoad(api.OnLoadOptions{Filter: `.`, Namespace: rootNamespace}, h.loadRoot)
		b.OnLoad(api.OnLoadOptions{Filter: `.`, Namespace: lateNamespace}, h.loadLate)
		b.OnLoad(api.OnLoadOptions{Filter: `.`, Namespace: "file"}, h.checkOrigin) // before all that read
		b.OnLoad(api.OnLoadOptions{Filter: `\.(css|scss|sass)$`, Namespace: "file"}, h.timed("styles", h.loadStyle))
		b.OnLoad(api.OnLoadOptions{Filter: c.assetFilter(), Namespace: "file"}, h.timed("assets", h.loadAsset))
		b.OnLoad(api.OnLoadOptions{Filter: `\.[cm]?[jt]sx?$`, Namespace: "file"}, h.timed("scripts", h.loadScript))
	}}
}

type hooks struct {
	*compilation
	build        api.PluginBuild
	enumRewriter *imports.Rewriter
}

var (
	styleFile       = regexp.MustCompile(`\.(css|scss|sass)$`)
	styleModuleFile = regexp.MustCompile(`\.module\.(css|scss|sass)$`)
)

// resolve takes over the imports that esbuild would not treat as we need:
// import() and late require() become roots, styles always count as effects,
// assets never.
func (h *hooks) resolve(a api.OnResolveArgs) (api.OnResolveResult, error) {
	if _, again := a.PluginData.(ours); again {
		return api.OnResolveResult{}, nil
	}
	h.reads.specifier(a.ResolveDir, a.Path)
	switch a.Kind {
	case api.ResolveJSDynamicImport:
		return h.resolveLazy(a)
	case api.ResolveJSRequireCall:
		return h.resolveRequire(a)
	case api.ResolveJSImportStatement:
		if h.mayBeOverridden(a) {
			from := a
			if folder := h.sources.packageFolder(a.ResolveDir, a.Path); folder != "" && !strings.HasPrefix(a.Path, ".") {
				from.ResolveDir = folder
			}
			if r := h.ask(from); len(r.Errors) == 0 && !r.External && r.Namespace == "file" {
				if has, ok := h.effects.override(r.Path); ok && has {
					return api.OnResolveResult{Path: r.Path, SideEffects: api.SideEffectsTrue}, nil
				}
			}
		}
		if styleFile.MatchString(a.Path) {
			return h.resolveAs(a, api.SideEffectsTrue)
		}
		if h.opts.isAsset(a.Path) {
			return h.resolveAs(a, api.SideEffectsFalse)
		}
	default: // entries, require.resolve and what styles import are esbuild's
	}
	return api.OnResolveResult{}, nil
}

func (h *hooks) ask(a api.OnResolveArgs) api.ResolveResult {
	return h.sources.resolved(a, func() api.ResolveResult {
		return h.build.Resolve(a.Path, api.ResolveOptions{
			Importer: a.Importer, Namespace: a.Namespace, ResolveDir: a.ResolveDir, Kind: a.Kind, PluginData: ours{},
		})
	})
}

func (h *hooks) resolveAs(a api.OnResolveArgs, effects api.SideEffects) (api.OnResolveResult, error) {
	if strings.HasPrefix(a.Path, ".") {
		path := filepath.Join(a.ResolveDir, filepath.FromSlash(a.Path))
		if real, err := filepath.EvalSymlinks(path); err == nil && real == path {
			return api.OnResolveResult{Path: path, SideEffects: effects}, nil
		}
	}
	r := h.ask(a)
	if len(r.Errors) > 0 || r.External || r.Namespace != "file" {
		return api.OnResolveResult{}, nil // esbuild will say it with the place
	}
	return api.OnResolveResult{Path: r.Path, SideEffects: effects}, nil
}

func (h *hooks) resolveLazy(a api.OnResolveArgs) (api.OnResolveResult, error) {
	if h.opts.Format == IIFE {
		return api.OnResolveResult{}, nil
	}
	r := h.ask(a)
	if len(r.Errors) > 0 || r.External || r.Namespace != "file" {
		return api.OnResolveResult{}, nil
	}
	id := newRootID(rootLazy, h.rel(r.Path))
	if h.effects.nodeMode(a.Importer) {
		id = newRootID(rootLazy, h.rel(r.Path)+nodeSuffix)
	}
	h.sources.lazy(a, id)
	return api.OnResolveResult{Path: string(id), Namespace: rootNamespace}, nil
}

// resolveRequire finds require() of an ES module in an ES module's function:
// "late" evaluation on purpose. esbuild would wrap everything below it and
// keep every export; as a root of its own it keeps its meaning and its tree
// shaking. (Native modules can't be evaluated synchronously: format esm keeps
// esbuild's way.)
func (h *hooks) resolveRequire(a api.OnResolveArgs) (api.OnResolveResult, error) {
	if h.opts.Format != Classic || h.opts.Apart != nil || a.Namespace != "file" || strings.Contains(filepath.ToSlash(a.Importer), "/node_modules/") {
		return api.OnResolveResult{}, nil
	}
	if !h.sources.lateRequire(a.Importer, a.Path) {
		return api.OnResolveResult{}, nil
	}
	r := h.ask(a)
	if len(r.Errors) > 0 || r.External || r.Namespace != "file" || !isESM(r.Path) {
		return api.OnResolveResult{}, nil
	}
	return api.OnResolveResult{Path: h.rel(r.Path) + lateSuffix, Namespace: lateNamespace}, nil
}

// loadRoot writes a root's module. The namespace object is exported by name,
// so that default exports, CommonJS and `export *` need no case of their own.
//
// In the scan a root imports all that by way of a module that declares to have
// no side effects, for nothing: so esbuild reads every file, and links none.
func (h *hooks) loadRoot(a api.OnLoadArgs) (api.OnLoadResult, error) {
	id := rootID(a.Path)
	if h.scan && a.Namespace == rootNamespace && id != extraRoot {
		text := "import " + quote(scanNamespace+":"+a.Path) + ";export{}"
		return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
	}
	var b strings.Builder
	switch {
	case id == extraRoot:
		b.WriteString("export{};") // an empty file would be CommonJS
		if !h.scan {
			h.writeExtra(&b)
		}
	case id.kind() == rootEntry:
		mods := h.entry.Modules
		for _, m := range mods[:len(mods)-1] {
			fmt.Fprintf(&b, "import %s;", quote(h.entrySpecifier(m)))
		}
		last := h.entrySpecifier(mods[len(mods)-1])
		fmt.Fprintf(&b, "import * as %s from %s;export{%[1]s};", rootExport, quote(last))
		if h.opts.Format == ESM {
			fmt.Fprintf(&b, "export * from %s;", quote(last)) // a module's own exports are its page's to import
			if hasDefault(h.abs(last)) {
				fmt.Fprintf(&b, "export{default}from %s;", quote(last))
			}
		}
	default:
		if dom := h.plan.available[id]; dom != "" {
			fmt.Fprintf(&b, "import %s;", quote(rootNamespace+":"+string(dom)))
		}
		h.writeNamespace(&b, id)
	}
	text := b.String()
	return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS, ResolveDir: h.opts.Root}, nil
}

// nodeSuffix marks a root that a file of Node's module mode loads (.mjs, or
// "type": "module"): such a file sees a CommonJS module as its default export,
// whatever __esModule says. esbuild knows that of files, not of our modules.
const nodeSuffix = "?node"

func (h *hooks) writeNamespace(b *strings.Builder, id rootID) {
	path := id.file()
	if m := h.graphModule(path); m == nil || m.format != "cjs" || path == id.target() {
		fmt.Fprintf(b, "import * as %s from %s;export{%[1]s};", rootExport, quote(h.fromRoot(path)))
		return
	}
	fmt.Fprintf(b, `const m=require(%s),%s=m!=null&&(typeof m=="object"||typeof m=="function")?Object.create(Object.getPrototypeOf(m)):{};`, quote(h.fromRoot(path)), rootExport)
	fmt.Fprintf(b, `if(m!=null&&(typeof m=="object"||typeof m=="function"))for(const k of Object.getOwnPropertyNames(m))if(k!="default")Object.defineProperty(%s,k,{get:()=>m[k],enumerable:(Object.getOwnPropertyDescriptor(m,k)||{}).enumerable!==false});`, rootExport)
	fmt.Fprintf(b, `Object.defineProperty(%s,"default",{value:m,enumerable:true});export{%[1]s};`, rootExport)
}

func (h *hooks) graphModule(key string) *module {
	if h.graph == nil {
		return nil
	}
	return h.graph.modules[key]
}

// writeExtra starts the late roots and the atoms, which no import() reaches.
func (h *hooks) writeExtra(b *strings.Builder) {
	for _, key := range sortedKeys(h.graph.modules) {
		if id, ok := rootOfKey(key); ok && id.kind() == rootLate {
			fmt.Fprintf(b, "import(%s);", quote(key))
		}
	}
	for _, key := range sortedKeys(h.plan.atoms) {
		fmt.Fprintf(b, "import(%s);", quote(atomNamespace+":"+key))
	}
	if h.opts.Format == Classic { // the others don't merge chunks into files
		for i := range h.opts.Groups {
			fmt.Fprintf(b, "import(%s);", quote(fmt.Sprintf("%s:%s%d", atomNamespace, groupMark, i)))
		}
	}
	for _, key := range sortedKeys(h.plan.wraps) {
		fmt.Fprintf(b, "require(%s);", quote(h.fromRoot(key)))
	}
}

// loadAtom and loadEval write modules that do nothing but import one file: an
// entry point of its own gives a module a chunk of its own, an importer's own
// gives a CommonJS module's evaluation its place among the ES modules.
func (h *hooks) loadAtom(a api.OnLoadArgs) (api.OnLoadResult, error) {
	text := "import " + quote(h.fromRoot(a.Path)) + ";export{}"
	if n, ok := strings.CutPrefix(a.Path, groupMark); ok {
		text = h.groupAtom(n)
	}
	return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS, ResolveDir: h.opts.Root}, nil
}

func (h *hooks) loadEval(a api.OnLoadArgs) (api.OnLoadResult, error) {
	_, target, _ := strings.Cut(a.Path, "|")
	text := "import " + quote(h.fromRoot(target)) + ";export{}"
	return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS, ResolveDir: h.opts.Root}, nil
}

// groupMark starts the name of the atom that keeps a group's modules apart
// from others: no file has such a name.
const groupMark = "group|"

func (h *hooks) groupAtom(number string) string {
	i, _ := strconv.Atoi(number)
	var b strings.Builder
	for _, key := range sortedKeys(h.graph.modules) {
		if isFileKey(key) && isScriptFile(key) && h.opts.Groups[i].Pattern.MatchString(key) {
			fmt.Fprintf(&b, "import %s;", quote(h.fromRoot(key)))
		}
	}
	return b.String() + "export{}"
}

func resolveScan(a api.OnResolveArgs) (api.OnResolveResult, error) {
	return api.OnResolveResult{Path: strings.TrimPrefix(a.Path, scanNamespace+":"), Namespace: scanNamespace, SideEffects: api.SideEffectsFalse}, nil
}

// inNamespace resolves "namespace:path" as written by these hooks.
func inNamespace(namespace string) func(api.OnResolveArgs) (api.OnResolveResult, error) {
	return func(a api.OnResolveArgs) (api.OnResolveResult, error) {
		return api.OnResolveResult{Path: strings.TrimPrefix(a.Path, namespace+":"), Namespace: namespace}, nil
	}
}

// loadLate writes the CommonJS module that require() of a late root reaches.
// In the real build it holds no import(): esbuild wraps everything below a
// CommonJS module's import() as if it were required.
func (h *hooks) loadLate(a api.OnLoadArgs) (api.OnLoadResult, error) {
	id := newRootID(rootLate, strings.TrimSuffix(a.Path, lateSuffix))
	text := "module.exports=" + envName + ".t(" + quote(string(id)) + ")"
	if h.scan {
		text = "module.exports=import(" + quote(rootNamespace+":"+string(id)) + ")"
	}
	return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS, ResolveDir: h.opts.Root}, nil
}

// Ambient const enums have no value in any file: the package's declarations
// become a module, which esbuild inlines.
const enumNamespace = "const-enum"

func (h *hooks) resolveEnum(a api.OnResolveArgs) (api.OnResolveResult, error) {
	return api.OnResolveResult{Path: strings.TrimPrefix(a.Path, imports.EnumScheme), Namespace: enumNamespace, SideEffects: api.SideEffectsFalse}, nil
}

func (h *hooks) loadEnum(a api.OnLoadArgs) (api.OnLoadResult, error) {
	text, err := h.enums.Source(imports.EnumScheme + a.Path)
	if err != nil {
		return api.OnLoadResult{}, err
	}
	return api.OnLoadResult{Contents: &text, Loader: api.LoaderTS}, nil
}

// checkOrigin refuses files that must not be in a release, and leaves others to
// the hooks after it.
func (h *hooks) checkOrigin(a api.OnLoadArgs) (api.OnLoadResult, error) {
	return api.OnLoadResult{}, h.origin.Check(a.Path)
}

// loadStyle leaves a call in the style's place: where it is evaluated is
// where the style belongs in the cascade.
func (h *hooks) loadStyle(a api.OnLoadArgs) (api.OnLoadResult, error) {
	text, err := h.styleModule(a.Path)
	if err != nil {
		return api.OnLoadResult{}, err
	}
	return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
}

func (h *hooks) loadAsset(a api.OnLoadArgs) (api.OnLoadResult, error) {
	data, err := os.ReadFile(a.Path)
	if err != nil {
		return api.OnLoadResult{}, err
	}
	name := assetName(a.Path, data)
	h.sources.asset(name, data, h.rel(a.Path))
	text := "export default " + envName + ".p+" + quote(name)
	return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
}

// assetName is content-addressed: static/<base>-<8 hex of sha256><ext>.
func assetName(path string, data []byte) string {
	sum := sha256.Sum256(data)
	ext := filepath.Ext(path)
	base := strings.TrimSuffix(filepath.Base(path), ext)
	return "static/" + safeName(base) + "-" + hex.EncodeToString(sum[:4]) + ext
}

// loadScript notes what the text says in the scan, and gives the rewritten
// text in the real build.
func (h *hooks) loadScript(a api.OnLoadArgs) (api.OnLoadResult, error) {
	if !h.scan {
		rw, ok := h.rewritten[a.Path]
		if !ok {
			return api.OnLoadResult{}, nil
		}
		text := string(rw.text)
		return api.OnLoadResult{Contents: &text, Loader: scriptLoader(a.Path)}, nil
	}
	if strings.Contains(filepath.ToSlash(a.Path), "/node_modules/") {
		return api.OnLoadResult{}, nil
	}
	data, err := os.ReadFile(a.Path)
	if err != nil {
		return api.OnLoadResult{}, nil // esbuild reports it with the import's place
	}
	h.sources.script(a.Path, h.rel(a.Path), data)
	rw, changed, err := h.giveEnumsValues(a.Path, data)
	if err != nil || !changed {
		return api.OnLoadResult{}, err
	}
	text := string(rw.text)
	return api.OnLoadResult{Contents: &text, Loader: scriptLoader(a.Path)}, nil
}

func scriptLoader(path string) api.Loader {
	switch filepath.Ext(path) {
	case ".ts", ".mts", ".cts":
		return api.LoaderTS
	case ".tsx":
		return api.LoaderTSX
	case ".jsx":
		return api.LoaderJSX
	}
	return api.LoaderJS
}

func (c *compilation) assetFilter() string {
	var exts []string
	for _, e := range assetExtensions {
		if c.opts.isAsset("x" + e) {
			exts = append(exts, regexp.QuoteMeta(e[1:]))
		}
	}
	for e := range c.opts.Loaders {
		if c.opts.isAsset("x" + e) {
			exts = append(exts, regexp.QuoteMeta(strings.TrimPrefix(e, ".")))
		}
	}
	return `(?i)\.(` + strings.Join(exts, "|") + `)$`
}

func (c *compilation) entrySpecifier(m string) string {
	if _, err := os.Stat(c.abs(m)); err == nil {
		return c.fromRoot(m)
	}
	return m // a package, or a mistake that esbuild reports
}

// rel is the name of a file in everything that reaches the output: relative
// to the project, so that the folder it lies in changes no byte.
func (c *compilation) rel(path string) string {
	r, err := filepath.Rel(c.opts.Root, path)
	if err != nil {
		r = path
	}
	return filepath.ToSlash(r)
}

// fromRoot is an import path for a file of the project in our own modules,
// whose folder is the root.
func (c *compilation) fromRoot(rel string) string {
	if filepath.IsAbs(rel) || strings.HasPrefix(rel, "../") || strings.HasPrefix(rel, "./") {
		return filepath.ToSlash(rel)
	}
	return "./" + filepath.ToSlash(rel)
}

func (c *compilation) abs(rel string) string {
	if filepath.IsAbs(rel) {
		return rel
	}
	return filepath.Join(c.opts.Root, filepath.FromSlash(rel))
}

// quote writes a string literal that JavaScript and JSON read alike; Go's own
// has escapes that they lack.
func quote(s string) string {
	b, _ := json.Marshal(s) // a string always encodes
	return string(b)
}
