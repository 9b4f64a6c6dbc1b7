package bundle

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// StyleResolver answers the imports of style sources that tsconfig paths and
// aliases lead somewhere, as they do for scripts.
func StyleResolver(root, tsconfig string, alias map[string]string) func(spec, from string) (string, bool) {
	names := sortedKeys(alias)
	slices.Reverse(names) // longer ones first
	return func(spec, from string) (string, bool) {
		for _, name := range names {
			if rest, ok := strings.CutPrefix(spec, name); ok && (rest == "" || rest[0] == '/') {
				return absIn(root, alias[name]+rest), true
			}
		}
		return resolveOnce(root, tsconfig, spec, from)
	}
}

// aliases has the values as esbuild takes them: it looks for a package of the
// name unless the path starts with a dot.
func aliases(root string, alias map[string]string) map[string]string {
	out := make(map[string]string, len(alias))
	for name, path := range alias {
		out[name] = path
		if _, err := os.Stat(absIn(root, path)); err == nil && filepath.IsLocal(filepath.FromSlash(path)) && !strings.HasPrefix(path, "./") {
			out[name] = "./" + path
		}
	}
	return out
}

func absIn(root, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(root, filepath.FromSlash(path))
}

// resolveOnce asks esbuild where the specifier leads. Few style sources use
// tsconfig paths, and only those that nothing else finds come here.
func resolveOnce(root, tsconfig, spec, from string) (string, bool) {
	var found string
	opts := api.BuildOptions{
		AbsWorkingDir: root, Bundle: true, Write: false, LogLevel: api.LogLevelSilent,
		Stdin:             &api.StdinOptions{Contents: "import " + quote(spec), ResolveDir: filepath.Dir(from), Loader: api.LoaderJS},
		ResolveExtensions: []string{".scss", ".sass", ".css"},
		Plugins: []api.Plugin{{Name: "find", Setup: func(b api.PluginBuild) {
			b.OnLoad(api.OnLoadOptions{Filter: `.`}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
				empty := ""
				found = a.Path
				return api.OnLoadResult{Contents: &empty, Loader: api.LoaderJS}, nil
			})
		}}},
	}
	if tsconfig != "" {
		opts.Tsconfig = absIn(root, tsconfig)
	}
	res := api.Build(opts)
	return found, len(res.Errors) == 0 && found != ""
}
