package imports

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evanw/esbuild/pkg/api"
)

// TestApplication runs over a real application: a folder with node_modules and
// tsconfig.base.json, named with its entry file in the environment. It is skipped
// without.
//
//	IMPORTS_APP=/path/to/app IMPORTS_ENTRY=packages/core/src/app/index.ts go test -run Application -v
func TestApplication(t *testing.T) {
	root, entry := os.Getenv("IMPORTS_APP"), os.Getenv("IMPORTS_ENTRY")
	if root == "" {
		t.Skip("IMPORTS_APP names no application")
	}
	plain := bundleApp(t, root, entry, nil, nil)
	g := newMetaGraph(t, root, plain.Metafile)
	var files []string
	for file := range g.inputs {
		if isScript(file) && !strings.Contains(file, ":") {
			files = append(files, file)
		}
	}
	slices.Sort(files)
	for _, file := range files {
		if _, err := g.Source(file); err != nil {
			t.Fatal(err)
		}
		g.Pure(file)
	}

	start := time.Now()
	complete := 0
	for _, file := range files {
		src, _ := g.Source(file)
		if Scan(src, isTypeScript(file)).Complete {
			complete++
		}
	}
	t.Logf("Scan: %d files, %d complete, %v", len(files), complete, time.Since(start))

	r := &Rewriter{Graph: g, Enums: &Enums{Root: root, Read: os.ReadFile}}
	out := make(map[string][]byte)
	start = time.Now()
	statements := 0
	for _, file := range files {
		src, _ := g.Source(file)
		text, edits, changed, err := r.Rewrite(file, src)
		if err != nil {
			t.Fatal(err)
		}
		if changed {
			out[file] = text
			statements += len(edits)
		}
	}
	t.Logf("Rewrite: %d files, %d statements, %v, %d modules read", len(out), statements, time.Since(start), len(r.modules))

	after := bundleApp(t, root, entry, out, r.Enums)
	t.Logf("plain:     %s", describe(plain))
	t.Logf("rewritten: %s", describe(after))
	before := warnings(plain)
	for text, count := range warnings(after) {
		if count > before[text] {
			t.Errorf("esbuild warns %d times, without rewriting %d: %s", count, before[text], text)
		}
	}
	leftBarrels(t, r, g, files, out)
}

func warnings(r api.BuildResult) map[string]int {
	counts := make(map[string]int)
	for _, w := range r.Warnings {
		counts[w.Text]++
	}
	return counts
}

func bundleApp(t testing.TB, root, entry string, replaced map[string][]byte, enums *Enums) api.BuildResult {
	t.Helper()
	plugin := api.Plugin{Name: "rewrite", Setup: func(b api.PluginBuild) {
		b.OnLoad(api.OnLoadOptions{Filter: `\.scss$`}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
			empty := ""
			return api.OnLoadResult{Contents: &empty, Loader: api.LoaderCSS}, nil
		})
		serveEnums(b, enums)
		b.OnLoad(api.OnLoadOptions{Filter: `\.[cm]?[jt]sx?$`}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			text, ok := replaced[filepath.ToSlash(a.Path)]
			if !ok {
				return api.OnLoadResult{}, nil
			}
			contents := string(text)
			return api.OnLoadResult{Contents: &contents, Loader: loaderOf(a.Path)}, nil
		})
	}}
	result := api.Build(api.BuildOptions{
		AbsWorkingDir: root, EntryPoints: []string{entry},
		Bundle: true, Splitting: true, Format: api.FormatESModule, Outdir: "out", Metafile: true,
		MinifyIdentifiers: true, MinifySyntax: true, MinifyWhitespace: true,
		Tsconfig: "tsconfig.base.json", MainFields: []string{"browser", "module", "main"},
		Define:        map[string]string{"process.env.NODE_ENV": `"production"`, "global": "globalThis"},
		Loader:        loaders,
		Engines:       []api.Engine{{Name: api.EngineChrome, Version: "61"}},
		LegalComments: api.LegalCommentsNone,
		Plugins:       []api.Plugin{plugin},
	})
	for _, o := range result.OutputFiles {
		for _, name := range strings.Fields(os.Getenv("IMPORTS_FIND")) {
			if i := bytes.Index(o.Contents, []byte(name)); i >= 0 {
				t.Logf("%s: %q", filepath.Base(o.Path), o.Contents[max(0, i-60):min(len(o.Contents), i+60)])
			}
		}
	}
	for _, e := range result.Errors {
		t.Errorf("esbuild: %s %+v", e.Text, e.Location)
	}
	return result
}

// serveEnums resolves and loads the virtual modules with const enums.
func serveEnums(b api.PluginBuild, enums *Enums) {
	b.OnResolve(api.OnResolveOptions{Filter: "^" + EnumScheme}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
		return api.OnResolveResult{Path: strings.TrimPrefix(a.Path, EnumScheme), Namespace: "const-enum"}, nil
	})
	b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "const-enum"}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		text, err := enums.Source(EnumScheme + a.Path)
		return api.OnLoadResult{Contents: &text, Loader: api.LoaderTS}, err
	})
}

func loaderOf(file string) api.Loader {
	switch path.Ext(file) {
	case ".tsx":
		return api.LoaderTSX
	case ".ts", ".mts", ".cts":
		return api.LoaderTS
	}
	return api.LoaderJSX
}

// describe gives the first load: the entry's output and what it imports.
func describe(r api.BuildResult) string {
	type output struct {
		EntryPoint string
		Imports    []struct{ Path, Kind string }
		Inputs     map[string]struct{ BytesInOutput int }
	}
	var meta struct{ Outputs map[string]output }
	if err := json.Unmarshal([]byte(r.Metafile), &meta); err != nil {
		return err.Error()
	}
	contents := make(map[string][]byte)
	for _, f := range r.OutputFiles {
		for name := range meta.Outputs {
			if strings.HasSuffix(filepath.ToSlash(f.Path), "/"+name) {
				contents[name] = f.Contents
			}
		}
	}
	var first string
	for name, o := range meta.Outputs {
		if o.EntryPoint != "" && strings.Contains(name, "index") && strings.HasSuffix(name, ".js") && strings.HasSuffix(o.EntryPoint, "app/index.ts") {
			first = name
		}
	}
	seen := map[string]bool{}
	var visit func(string)
	bytesRaw, bytesZip, modules := 0, 0, 0
	visit = func(name string) {
		if seen[name] || !strings.HasSuffix(name, ".js") {
			return
		}
		seen[name] = true
		bytesRaw += len(contents[name])
		bytesZip += zipped(contents[name])
		modules += len(meta.Outputs[name].Inputs)
		for _, im := range meta.Outputs[name].Imports {
			if im.Kind == "import-statement" {
				visit(im.Path)
			}
		}
	}
	visit(first)
	all := 0
	for name, c := range contents {
		if strings.HasSuffix(name, ".js") {
			all += len(c)
		}
	}
	text, _ := json.Marshal(map[string]int{"files": len(seen), "bytes": bytesRaw, "gzip": bytesZip, "modules": modules, "allJS": all})
	return string(text)
}

func zipped(b []byte) int {
	var buf bytes.Buffer
	w, _ := gzip.NewWriterLevel(&buf, 9)
	_, failed := w.Write(b)
	if err := errors.Join(failed, w.Close()); err != nil {
		panic(err) // a buffer takes everything
	}
	return buf.Len()
}

// leftBarrels reports what still imports names from pure files with re-exports.
func leftBarrels(t *testing.T, r *Rewriter, g *metaGraph, files []string, out map[string][]byte) {
	counts := map[string]int{}
	for _, file := range files {
		src := out[file]
		if src == nil {
			src, _ = g.Source(file)
		}
		for _, d := range Scan(src, isTypeScript(file)).Decls {
			if d.TypeOnly || d.Kind == TypeDeclaration {
				continue
			}
			to, ok := g.Resolve(file, d.Specifier)
			m := r.module(to)
			if !ok || m == nil || !g.Pure(to) || !reexports(m) || strings.Contains(file, "node_modules") {
				continue
			}
			for _, n := range d.Names {
				if !n.TypeOnly {
					counts[strings.TrimPrefix(to, g.root)+" "+n.Foreign+" complete="+map[bool]string{true: "y", false: "n"}[m.Complete]]++
				}
			}
			if d.Namespace != "" || d.Default != "" {
				counts[strings.TrimPrefix(to, g.root)+" *|default"]++
			}
		}
	}
	var keys []string
	for k := range counts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return counts[b] - counts[a] })
	for _, k := range keys[:min(60, len(keys))] {
		t.Logf("left %4d %s", counts[k], k)
	}
}

func reexports(m *module) bool {
	for _, o := range m.all().explicit {
		if o.specifier != "" && !o.typeOnly {
			return true
		}
	}
	return len(m.all().stars) > 0
}

// TestApplicationSources scans every source file of the application's packages
// and the scripts of its node_modules that the bundle reaches, and compares what
// it reads with what esbuild imports, file by file.
func TestApplicationSources(t *testing.T) {
	root, entry := os.Getenv("IMPORTS_APP"), os.Getenv("IMPORTS_ENTRY")
	if root == "" {
		t.Skip("IMPORTS_APP names no application")
	}
	files := sources(t, root)
	for file := range newMetaGraph(t, root, bundleApp(t, root, entry, nil, nil).Metafile).inputs {
		if isScript(file) && strings.Contains(file, "/node_modules/") && !strings.Contains(file, ":") {
			files = append(files, file)
		}
	}
	slices.Sort(files)
	g := newMetaGraph(t, root, metafileOf(t, root, files))
	complete, barrels, disagree, parsed := 0, 0, 0, 0
	stops := map[string]int{}
	for _, file := range files {
		src, err := g.Source(file)
		if err != nil {
			t.Fatal(err)
		}
		in, known := g.inputs[file]
		if !known {
			continue // esbuild does not parse it
		}
		parsed++
		m := Scan(src, isTypeScript(file))
		if m.Complete {
			complete++
		}
		if strings.HasPrefix(path.Base(file), "index.") {
			barrels++
			if !m.Complete {
				c := cursor{src: src, at: m.End}
				stops[c.word()+" "+c.word()]++
			}
		}
		var seen []string
		for _, im := range in.Imports {
			if im.Kind == "import-statement" {
				seen = append(seen, im.Path)
			}
		}
		if !t.Run(strings.TrimPrefix(file, root), func(t *testing.T) { agree(t, m, seen, isTypeScript(file)) }) {
			disagree++
		}
	}
	t.Logf("%d files, %d compared, %d complete; %d index files, incomplete ones stop at %v; %d disagreements", len(files), parsed, complete, barrels, stops, disagree)
}

func sources(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	dirs, err := filepath.Glob(filepath.Join(root, "packages", "*", "src"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(file string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() && isScript(file) && !isDeclaration(file) {
				files = append(files, filepath.ToSlash(file))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// metafileOf lets esbuild parse each file for itself: what it imports is external.
func metafileOf(t *testing.T, root string, files []string) string {
	t.Helper()
	result := api.Build(api.BuildOptions{
		AbsWorkingDir: root, EntryPoints: files, Bundle: true, Format: api.FormatESModule,
		Outdir: "out", Metafile: true, Write: false, LogLevel: api.LogLevelSilent,
		Loader: map[string]api.Loader{".js": api.LoaderJSX},
		Plugins: []api.Plugin{{Name: "external", Setup: func(b api.PluginBuild) {
			b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
				if a.Kind == api.ResolveEntryPoint {
					return api.OnResolveResult{}, nil
				}
				return api.OnResolveResult{Path: a.Path, External: true}, nil
			})
		}}},
	})
	for _, e := range result.Errors {
		t.Logf("esbuild: %s %+v", e.Text, e.Location)
	}
	return result.Metafile
}

// BenchmarkApplication measures the CPU time of rewriting all files of the bundle,
// reading them from the disk excluded.
func BenchmarkApplication(b *testing.B) {
	root, entry := os.Getenv("IMPORTS_APP"), os.Getenv("IMPORTS_ENTRY")
	if root == "" {
		b.Skip("IMPORTS_APP names no application")
	}
	g := newMetaGraph(b, root, bundleApp(b, root, entry, nil, nil).Metafile)
	cached := &sync.Map{}
	read := func(file string) ([]byte, error) {
		if src, ok := cached.Load(file); ok {
			if src == nil {
				return nil, os.ErrNotExist
			}
			return src.([]byte), nil
		}
		src, err := os.ReadFile(file)
		if err != nil {
			cached.Store(file, nil)
			return nil, err
		}
		cached.Store(file, src)
		return src, nil
	}
	b.ReportAllocs()
	for b.Loop() {
		r := &Rewriter{Graph: g, Enums: &Enums{Root: root, Read: read}}
		for file := range g.inputs {
			if src, err := g.Source(file); err == nil && isScript(file) {
				if _, _, _, err := r.Rewrite(file, src); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.ReportMetric(float64(len(g.inputs)), "files")
}
