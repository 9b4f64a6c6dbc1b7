package imports

import (
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// serveMemory lets esbuild bundle files in memory; with a rewriter, what it makes
// of them.
func serveMemory(g memory, r *Rewriter) api.Plugin {
	return api.Plugin{Name: "memory", Setup: func(b api.PluginBuild) {
		if r != nil && r.Enums != nil {
			serveEnums(b, r.Enums)
		}
		b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			if strings.HasPrefix(a.Path, EnumScheme) {
				return api.OnResolveResult{}, nil
			}
			file, ok := g.Resolve(a.Importer, a.Path)
			if !ok {
				return api.OnResolveResult{Path: a.Path, External: true}, nil
			}
			effects := api.SideEffectsTrue
			if g.Pure(file) {
				effects = api.SideEffectsFalse
			}
			return api.OnResolveResult{Path: file, Namespace: "file", SideEffects: effects}, nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "file"}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			src, err := g.Source(a.Path)
			if err == nil && r != nil && path.Ext(a.Path) != ".json" {
				src, _, _, err = r.Rewrite(a.Path, src)
			}
			text := string(src)
			return api.OnLoadResult{Contents: &text, Loader: loaderOf(a.Path)}, err
		})
	}}
}
