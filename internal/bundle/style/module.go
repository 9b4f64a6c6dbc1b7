package style

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/org/checkout-deploy/internal/bundle/style/literal"
)

// scopeLength is the characters of hash in a name: 40 bits, and a collision is
// an error, not a clash of styles.
const scopeLength = 8

// scope is the part of generated names that stands for the file: a hash of its
// path from the root, and in front of it the file's name when that is wanted.
func (c *Compiler) scope(path string) (string, error) {
	sum := sha256.Sum256([]byte(c.display(path)))
	hash := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:scopeLength]
	name := "m" // a class name does not begin with a digit
	if c.options.Readable {
		base := filepath.Base(path)
		name, _, _ = strings.Cut(base, ".")
		name += "_"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if other, ok := c.scopes[hash]; ok && other != path {
		return "", fmt.Errorf("CSS modules %q and %q get the same names: rename one of them", c.display(path), c.display(other))
	}
	c.scopes[hash] = path
	return name + hash, nil
}

// scopedFile is the path esbuild sees in the place of path: it makes the names
// of a CSS module from the file's name.
func scopedFile(path, scope string) string {
	return filepath.Join(filepath.Dir(path), scope+".css")
}

// module gives a sheet the names of a CSS module. esbuild's local-css loader
// does it, twice where names are composed from other modules: once without the
// others for the CSS, which they have in their own sheets, once with them for
// the exported names.
func (c *Compiler) module(path string, sheet *Sheet) (*Sheet, error) {
	alone := moduleBuild{compiler: c, path: path}
	css, mapping, names, err := alone.run()
	if err != nil {
		return nil, err
	}
	sheet.CSS = css
	if sheet.Map, err = c.moduleMap(path, alone.fake, mapping); err != nil {
		return nil, err
	}
	sheet.Warnings = append(sheet.Warnings, alone.warnings...)
	if len(alone.composed) > 0 {
		together := moduleBuild{compiler: c, path: path, follow: true}
		if _, _, names, err = together.run(); err != nil {
			return nil, err
		}
		sheet.inputs = append(sheet.inputs, together.inputs...)
		sheet.Deps = c.presentAll(inputPaths(sheet.inputs))
		sheet.Composes = c.presentAll(alone.composed)
	}
	sheet.setExports(names)
	return sheet, nil
}

func (s *Sheet) setExports(names literal.Object) {
	s.Exports = map[string]string{}
	for _, name := range names {
		if text, ok := name.Value.(string); ok {
			s.Names = append(s.Names, name.Key)
			s.Exports[name.Key] = text
		}
	}
}

// moduleBuild is one run of esbuild over a CSS module.
type moduleBuild struct {
	compiler *Compiler
	path     string
	follow   bool // bundle the modules composed from

	fake     string
	composed []string
	inputs   []input
	warnings []Message
	real     map[string]string // scoped file to real path
}

func (b *moduleBuild) run() (css, mapping []byte, names literal.Object, err error) {
	scope, err := b.compiler.scope(b.path)
	if err != nil {
		return nil, nil, nil, err
	}
	b.fake = scopedFile(b.path, scope)
	b.real = map[string]string{b.fake: b.path}
	sourceMaps := api.SourceMapNone
	if b.compiler.options.SourceMap && !b.follow {
		sourceMaps = api.SourceMapExternal
	}
	folder := filepath.Dir(b.path)
	result := api.Build(api.BuildOptions{
		Stdin:         &api.StdinOptions{Contents: `import names from "` + moduleEntry + `"; export default names`, ResolveDir: folder},
		Bundle:        true,
		Format:        api.FormatESModule,
		Outdir:        folder,
		AbsWorkingDir: b.compiler.root,
		Sourcemap:     sourceMaps,
		LogLevel:      api.LogLevelSilent,
		LegalComments: api.LegalCommentsInline,
		TsconfigRaw:   "{}",
		Plugins:       []api.Plugin{{Name: "css-modules", Setup: b.setup}},
	})
	report := reporter{b.compiler, b.real}
	if err := report.errors(result.Errors); err != nil {
		return nil, nil, nil, err
	}
	b.warnings = report.warnings(result.Warnings)
	slices.Sort(b.composed)
	b.composed = slices.Compact(b.composed)
	for _, out := range result.OutputFiles {
		switch filepath.Ext(out.Path) {
		case ".css":
			css = out.Contents
		case ".js":
			names, err = exportedNames(out.Contents)
		case ".map":
			if strings.HasSuffix(out.Path, ".css.map") {
				mapping = out.Contents
			}
		}
		if err != nil {
			return nil, nil, nil, fmt.Errorf("names of CSS module %q: %w", b.compiler.display(b.path), err)
		}
	}
	return css, mapping, names, nil
}

const moduleEntry = "css-module"

// exportedNames reads the object that esbuild prints for a CSS module; the last
// module printed is the one asked for.
func exportedNames(script []byte) (literal.Object, error) {
	text := string(script)
	_, text, ok := strings.Cut(text, "_default = ")
	if !ok {
		return nil, fmt.Errorf("no names in %q", script)
	}
	value, err := literal.Parse(text)
	if err != nil {
		return nil, err
	}
	names, ok := value.(literal.Object)
	if !ok {
		return nil, fmt.Errorf("names are a %T", value)
	}
	return names, nil
}

func (b *moduleBuild) setup(build api.PluginBuild) {
	build.OnResolve(api.OnResolveOptions{Filter: `.*`}, b.resolve)
	build.OnLoad(api.OnLoadOptions{Filter: `.*`}, b.load)
}

// resolve leaves everything for the bundle of sheets but modules composed from.
func (b *moduleBuild) resolve(args api.OnResolveArgs) (api.OnResolveResult, error) {
	if args.Path == moduleEntry && args.Kind == api.ResolveJSImportStatement {
		return api.OnResolveResult{Path: b.fake}, nil
	}
	if args.Kind != api.ResolveCSSComposesFrom {
		return api.OnResolveResult{Path: args.Path, External: true}, nil
	}
	real, err := b.compiler.findAsset(args.Path, b.realPath(args.Importer))
	if err != nil || real == "" {
		return api.OnResolveResult{}, fmt.Errorf("no file %q to compose names from, looked from %q", args.Path, b.compiler.display(b.realPath(args.Importer)))
	}
	b.composed = append(b.composed, real)
	if !b.follow {
		return api.OnResolveResult{Path: args.Path, External: true}, nil
	}
	scope, err := b.compiler.scope(real)
	if err != nil {
		return api.OnResolveResult{}, err
	}
	fake := scopedFile(real, scope)
	b.real[fake] = real
	return api.OnResolveResult{Path: fake}, nil
}

func (b *moduleBuild) realPath(fake string) string {
	if real, ok := b.real[fake]; ok {
		return real
	}
	return fake
}

func (b *moduleBuild) load(args api.OnLoadArgs) (api.OnLoadResult, error) {
	real := b.realPath(args.Path)
	src, err := b.compiler.source(context.Background(), real)
	if err != nil {
		return api.OnLoadResult{}, err
	}
	b.inputs = append(b.inputs, src.inputs...)
	loader := api.LoaderLocalCSS
	if !isModule(real) {
		loader = api.LoaderGlobalCSS
	}
	text := withMap(src.css, src.sourceMap)
	return api.OnLoadResult{Contents: &text, Loader: loader, ResolveDir: filepath.Dir(real)}, nil
}

// withMap is CSS with its source map inlined, which esbuild reads.
func withMap(css, sourceMap []byte) string {
	if sourceMap == nil {
		return string(css)
	}
	return string(css) + "\n/*# sourceMappingURL=data:application/json;base64," + base64.StdEncoding.EncodeToString(sourceMap) + " */\n"
}

// moduleMap gives a plain CSS module's source its own name again.
func (c *Compiler) moduleMap(path, fake string, mapping []byte) ([]byte, error) {
	if mapping == nil {
		return nil, nil
	}
	var m sourceMap
	if err := json.Unmarshal(mapping, &m); err != nil {
		return nil, fmt.Errorf("source map of %q: %w", c.display(path), err)
	}
	for i, source := range m.Sources {
		if source == pathToURL(filepath.Base(fake)) {
			m.Sources[i] = pathToURL(filepath.Base(path))
		}
	}
	m.File = ""
	return json.Marshal(m)
}
