package bundle

import (
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// mayBeOverridden says whether an import may lead to a file whose side effects
// the configuration declares. Asking esbuild is slow, so it is asked for few:
// packages, and paths that match with some ending.
func (h *hooks) mayBeOverridden(a api.OnResolveArgs) bool {
	if len(h.opts.Overrides) == 0 {
		return false
	}
	if !strings.HasPrefix(a.Path, ".") && !filepath.IsAbs(a.Path) {
		return true
	}
	path := a.Path
	if !filepath.IsAbs(path) {
		path = filepath.Join(a.ResolveDir, path)
	}
	for _, end := range []string{"", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts"} {
		for _, p := range []string{path + end, filepath.Join(path, "index"+end)} {
			if has, ok := h.effects.override(p); ok && has {
				return true
			}
		}
	}
	// TypeScript lets "./a.js" mean a.ts.
	bare := strings.TrimSuffix(path, filepath.Ext(path))
	for _, end := range []string{".ts", ".tsx"} {
		if has, ok := h.effects.override(bare + end); ok && has {
			return true
		}
	}
	return false
}
