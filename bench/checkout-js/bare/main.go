// Bare is the benchmark's lower bound: esbuild's Go API with ES module
// splitting and the embedded Dart Sass on checkout-js, and nothing else. It
// does the work that build-bundle can't avoid: both passes (app and loader),
// minified, with source maps, one Sass process for all styles.
//
// What it writes does not run as the app expects: its auto-loader puts ES
// modules into classic script tags.
//
// With -again it builds as for development, and once more at each line on
// standard input: what esbuild's incremental API takes, with nobody who has to
// notice that a file has changed.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/bep/godartsass/v2"
	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	app := flag.String("app", "", "an installed checkout of checkout-js; nothing is written there")
	outdir := flag.String("outdir", "", "where to write the files")
	sass := flag.String("sass", "", "the embedded Dart Sass compiler")
	again := flag.Bool("again", false, "build for development, and again at each line on standard input")
	flag.Parse()
	run := build
	if *again {
		run = rebuild
	}
	if err := run(*app, *outdir, *sass); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

func build(app, outdir, sass string) (err error) {
	compiler, err := startSass(sass)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, compiler.Close()) }()
	first := application(app, outdir, styles(compiler, false))
	first.EntryNames = "[name]-[hash]"
	built, err := run("app", first)
	if err != nil {
		return err
	}
	inlined, err := manifest(entryName, outdir, built)
	if err != nil {
		return err
	}
	_, err = run("loader", loader(app, outdir, inlined))
	return err
}

func startSass(program string) (*godartsass.Transpiler, error) {
	compiler, err := godartsass.Start(godartsass.Options{
		DartSassEmbeddedFilename: program,
		Timeout:                  time.Minute,
		LogEventHandler:          func(godartsass.LogEvent) {}, // deprecations, by the hundred
	})
	if err != nil {
		return nil, fmt.Errorf("starting Dart Sass %q: %w", program, err)
	}
	return compiler, nil
}

// application is the first pass.
func application(app, outdir string, styles api.Plugin) api.BuildOptions {
	o := options(app, outdir, map[string]string{"checkout": "packages/core/src/app/index.ts"})
	o.MainFields = []string{"browser", "module", "main"}
	o.Plugins = []api.Plugin{styles}
	return o
}

// loader is the second pass, which has the first one's manifest in it.
func loader(app, outdir, manifest string) api.BuildOptions {
	o := options(app, outdir, map[string]string{
		"loader": "packages/core/src/app/loader.ts", "auto-loader": "packages/core/src/app/auto-loader.ts",
	})
	o.MainFields = []string{"module", "browser", "main"}
	o.Define["MANIFEST_JSON"] = manifest
	o.Define["LIBRARY_NAME"] = `"checkout"`
	o.Define["PRELOAD_ASSETS"] = `["billing", "shipping", "payment"]`
	return o
}

// options are the settings of both passes; they mirror the app's webpack file.
func options(app, outdir string, entries map[string]string) api.BuildOptions {
	o := api.BuildOptions{
		AbsWorkingDir: app, Outdir: outdir, Write: true,
		Bundle: true, Splitting: true, Format: api.FormatESModule, Platform: api.PlatformBrowser,
		MinifyIdentifiers: true, MinifySyntax: true, MinifyWhitespace: true,
		Sourcemap: api.SourceMapExternal, LegalComments: api.LegalCommentsNone,
		Engines:    []api.Engine{{Name: api.EngineChrome, Version: "61"}},
		Tsconfig:   "tsconfig.base.json",
		ChunkNames: "[name]-[hash]", AssetNames: "static/[name]-[hash]",
		Loader: map[string]api.Loader{
			".gif": api.LoaderFile, ".png": api.LoaderFile, ".jpg": api.LoaderFile, ".jpeg": api.LoaderFile, ".svg": api.LoaderFile,
		},
		Define: map[string]string{
			"process.env.NODE_ENV":    `"production"`,
			"global":                  "globalThis",
			"__webpack_public_path__": "globalThis.checkoutPublicPath",
		},
		LogLevel: api.LogLevelSilent,
	}
	for name, path := range entries {
		o.EntryPointsAdvanced = append(o.EntryPointsAdvanced, api.EntryPoint{OutputPath: name, InputPath: path})
	}
	return o
}

func run(pass string, o api.BuildOptions) (api.BuildResult, error) {
	res := api.Build(o)
	return res, failure(pass, res)
}

func failure(pass string, res api.BuildResult) error {
	if len(res.Errors) == 0 {
		return nil
	}
	lines := api.FormatMessages(res.Errors, api.FormatMessagesOptions{})
	return fmt.Errorf("building the %s pass:\n%s", pass, strings.Join(lines, ""))
}

// styles compiles Sass as sass-loader does: each imported file on its own,
// imports relative to it, dependencies' deprecations silenced.
func styles(compiler *godartsass.Transpiler, sourceMaps bool) api.Plugin {
	var known memory
	load := func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		dir := filepath.Dir(args.Path)
		css, err := known.compile(args.Path, func(source string) (godartsass.Result, error) {
			return compiler.Execute(godartsass.Args{
				Source: source, URL: "file://" + args.Path, EnableSourceMap: sourceMaps,
				IncludePaths: []string{dir}, SilenceDependencyDeprecations: true,
			})
		})
		if err != nil {
			return api.OnLoadResult{}, err
		}
		return api.OnLoadResult{Contents: &css, Loader: api.LoaderCSS, ResolveDir: dir}, nil
	}
	return api.Plugin{Name: "sass", Setup: func(b api.PluginBuild) {
		b.OnLoad(api.OnLoadOptions{Filter: `\.scss$`}, load)
	}}
}

// entryName matches the two files of the entry; a chunk's name may begin alike.
var entryName = regexp.MustCompile(`^checkout-[A-Z0-9]{8}\.(js|css)$`)

// manifest is the least that the loader needs: the entry's own two files.
func manifest(entry *regexp.Regexp, outdir string, built api.BuildResult) (string, error) {
	m := struct {
		Version       int                 `json:"version"`
		AppVersion    string              `json:"appVersion"`
		JS            []string            `json:"js"`
		CSS           []string            `json:"css"`
		DynamicChunks map[string][]string `json:"dynamicChunks"`
		Integrity     map[string]string   `json:"integrity"`
	}{Version: 2, DynamicChunks: map[string][]string{}, Integrity: map[string]string{}}
	for _, f := range built.OutputFiles {
		name, err := filepath.Rel(outdir, f.Path)
		if err != nil {
			return "", err
		}
		switch parts := entry.FindStringSubmatch(name); {
		case parts == nil:
		case parts[1] == "js":
			m.JS = append(m.JS, name)
		default:
			m.CSS = append(m.CSS, name)
		}
	}
	out, err := json.Marshal(m)
	return string(out), err
}
