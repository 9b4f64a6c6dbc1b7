package style

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
)

// BundleOptions says how sheets become one file.
type BundleOptions struct {
	// Name is the CSS file's path in the output folder, with slashes and
	// without ".css" ("css/checkout"). URLs of assets are relative to it.
	Name string
	// AssetNames is the pattern for files named by url(), without their
	// extension; empty means "static/[name]-[hash]".
	AssetNames string
	// Engines are the browsers to lower and prefix for.
	Engines []api.Engine
	Minify  bool
	// SourceMap asks for a map whose sources are named relative to Root.
	SourceMap bool
	// LegalComments says where comments of licences go; esbuild's default is
	// the end of the file.
	LegalComments api.LegalComments
}

// Bundled is one CSS file and the files it names.
type Bundled struct {
	CSS, Map []byte
	Assets   []Asset // sorted by path
	Inputs   []Input // sorted by path
	Deps     []string
	Warnings []Message
}

// Input is a style source that the CSS has rules of, and what it imports. Paths
// are relative to Root, with slashes.
type Input struct {
	Path    string
	Size    int // of its CSS
	Bytes   int // of the bundle's CSS
	Imports []string
}

// Asset is a file named by url(). Path is in the output folder, with slashes.
type Asset struct {
	Path    string
	Content []byte
}

// Bundle joins sheets in the order given. Local "@import"s are inlined, those
// of other hosts move to the top. A sheet that comes twice counts where it
// comes last, which is what the cascade makes of it.
func (c *Compiler) Bundle(ctx context.Context, sheets []*Sheet, options BundleOptions) (*Bundled, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if options.AssetNames == "" {
		options.AssetNames = "static/[name]-[hash]"
	}
	b, err := c.newBundle(ctx, sheets)
	if err != nil {
		return nil, err
	}
	result := api.Build(b.settings(options))
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if err := (reporter{compiler: c}).errors(result.Errors); err != nil {
		return nil, err
	}
	return b.collect(result, options)
}

// bundle is one run of esbuild over sheets.
type bundle struct {
	compiler *Compiler
	ctx      context.Context
	order    []string // real paths

	mu     sync.Mutex
	sheets map[string]*Sheet
	assets []string
}

func (c *Compiler) newBundle(ctx context.Context, sheets []*Sheet) (*bundle, error) {
	b := &bundle{compiler: c, ctx: ctx, sheets: map[string]*Sheet{}}
	for _, sheet := range sheets {
		real, err := c.locateSource(sheet.Path)
		if err != nil {
			return nil, err
		}
		b.order = append(b.order, real)
		b.sheets[real] = sheet
	}
	return b, nil
}

const (
	sheetsEntry     = "sheets"
	sheetsNamespace = "sheets"
)

func (b *bundle) settings(options BundleOptions) api.BuildOptions {
	sourceMaps := api.SourceMapNone
	if options.SourceMap {
		sourceMaps = api.SourceMapExternal
	}
	return api.BuildOptions{
		EntryPointsAdvanced: []api.EntryPoint{{InputPath: sheetsEntry, OutputPath: options.Name}},
		Bundle:              true,
		Outdir:              b.compiler.root, // nothing is written; paths are relative to it
		AbsWorkingDir:       b.compiler.root,
		AssetNames:          options.AssetNames,
		Engines:             options.Engines,
		MinifySyntax:        options.Minify,
		MinifyWhitespace:    options.Minify,
		Sourcemap:           sourceMaps,
		Metafile:            true,
		LegalComments:       options.LegalComments,
		LogLevel:            api.LogLevelSilent,
		TsconfigRaw:         "{}",
		Plugins: []api.Plugin{{Name: "sheets", Setup: func(build api.PluginBuild) {
			build.OnResolve(api.OnResolveOptions{Filter: `.*`}, b.resolve)
			build.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: sheetsNamespace}, b.loadEntry)
			build.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: "file"}, b.load)
		}}},
	}
}

// entryComment is esbuild's heading, in CSS that is not minified, of the file
// of imports: the last one, with nothing below it.
var entryComment = []byte("\n/* " + sheetsNamespace + ":" + sheetsEntry + " */\n")

// loadEntry writes the file that imports the sheets, by their place in the order.
func (b *bundle) loadEntry(api.OnLoadArgs) (api.OnLoadResult, error) {
	var text strings.Builder
	for i := range b.order {
		fmt.Fprintf(&text, "@import \"%d\";\n", i)
	}
	contents := text.String()
	return api.OnLoadResult{Contents: &contents, Loader: api.LoaderCSS}, nil
}

// assetMark tells the loader that a file is named by url(), whatever its extension.
type assetMark struct{}

func (b *bundle) resolve(args api.OnResolveArgs) (api.OnResolveResult, error) {
	switch {
	case args.Kind == api.ResolveEntryPoint:
		return api.OnResolveResult{Path: sheetsEntry, Namespace: sheetsNamespace}, nil
	case args.Namespace == sheetsNamespace:
		var i int
		if _, err := fmt.Sscan(args.Path, &i); err != nil {
			return api.OnResolveResult{}, err
		}
		return api.OnResolveResult{Path: b.order[i]}, nil
	case strings.HasPrefix(args.Path, "/"):
		// Of the server, as in a browser: "//host/x" and "/x".
		return api.OnResolveResult{Path: args.Path, External: true}, nil
	case hasURLScheme(args.Path) || strings.HasPrefix(args.Path, "#"):
		return api.OnResolveResult{}, nil // esbuild's: https:, data:, …
	}
	spec, suffix := cutSuffix(args.Path)
	found, err := b.compiler.findAsset(args.Path, args.Importer)
	if err == nil && found != "" {
		suffix = ""
	} else if err == nil && suffix != "" {
		found, err = b.compiler.findAsset(spec, args.Importer)
	}
	if err != nil || found == "" {
		return api.OnResolveResult{}, err // esbuild says it is not found
	}
	result := api.OnResolveResult{Path: found, Suffix: suffix}
	if args.Kind == api.ResolveCSSURLToken {
		result.PluginData = assetMark{}
	}
	return result, nil
}

func hasURLScheme(spec string) bool {
	before, _, ok := strings.Cut(spec, ":")
	return ok && !strings.ContainsAny(before, "/.~@")
}

// cutSuffix parts "font.eot?#iefix" into the file and what only the browser reads.
func cutSuffix(spec string) (file, suffix string) {
	if i := strings.IndexAny(spec, "?#"); i > 0 {
		return spec[:i], spec[i:]
	}
	return spec, ""
}

func (b *bundle) load(args api.OnLoadArgs) (api.OnLoadResult, error) {
	if _, ok := args.PluginData.(assetMark); ok {
		b.mu.Lock()
		b.assets = append(b.assets, args.Path)
		b.mu.Unlock()
		return b.compiler.loadAsset(args.Path)
	}
	sheet, err := b.sheet(args.Path)
	if err != nil {
		return api.OnLoadResult{}, err
	}
	text := withMap(sheet.CSS, sheet.Map)
	return api.OnLoadResult{Contents: &text, Loader: api.LoaderCSS, ResolveDir: filepath.Dir(args.Path)}, nil
}

// sheet is a listed sheet, or one that a listed one imports.
func (b *bundle) sheet(real string) (*Sheet, error) {
	b.mu.Lock()
	sheet := b.sheets[real]
	b.mu.Unlock()
	if sheet != nil {
		return sheet, nil
	}
	sheet, err := b.compiler.Compile(b.ctx, real)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sheets[real] = sheet
	return sheet, nil
}

// collect sorts esbuild's output into CSS, map and assets.
func (b *bundle) collect(result api.BuildResult, options BundleOptions) (*Bundled, error) {
	out := &Bundled{Warnings: reporter{compiler: b.compiler}.warnings(result.Warnings)}
	for _, file := range result.OutputFiles {
		rel, err := filepath.Rel(b.compiler.root, file.Path)
		if err != nil {
			return nil, err
		}
		switch name := filepath.ToSlash(rel); name {
		case options.Name + ".css":
			out.CSS = bytes.Replace(file.Contents, entryComment, nil, 1)
		case options.Name + ".css.map":
			if out.Map, err = rebase(file.Contents, path.Dir(name)); err != nil {
				return nil, fmt.Errorf("source map of %q: %w", options.Name+".css", err)
			}
		default:
			out.Assets = append(out.Assets, Asset{name, file.Contents})
		}
	}
	var err error
	if out.Inputs, err = readInputs(result.Metafile, options.Name+".css"); err != nil {
		return nil, fmt.Errorf("what %q is made of: %w", options.Name+".css", err)
	}
	for i, in := range out.Inputs {
		if sheet := b.sheets[filepath.Join(b.compiler.root, filepath.FromSlash(in.Path))]; sheet != nil {
			out.Inputs[i].Size = len(sheet.CSS) // without the map that esbuild read with it
		}
	}
	slices.SortFunc(out.Assets, func(a, b Asset) int { return strings.Compare(a.Path, b.Path) })
	for _, sheet := range b.sheets {
		out.Deps = append(out.Deps, sheet.Deps...)
	}
	out.Deps = append(out.Deps, b.compiler.presentAll(b.assets)...)
	slices.Sort(out.Deps)
	out.Deps = slices.Compact(out.Deps)
	return out, nil
}

// rebase names the sources of a map from the folder that folder is in.
func rebase(text []byte, folder string) ([]byte, error) {
	var m sourceMap
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, err
	}
	for i, source := range m.Sources {
		m.Sources[i] = path.Join(folder, source)
	}
	return json.Marshal(m)
}
