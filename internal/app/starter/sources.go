package starter

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	metaEnv   = regexp.MustCompile(`\bimport\.meta\.env\.([A-Za-z_]\w*)`)
	alwaysSet = []string{"MODE", "DEV", "PROD", "SSR"}
)

// metaEnvNames are the other names of import.meta.env in the sources below src.
func (l *looker) metaEnvNames() []string {
	var names []string
	looked := 0
	_ = fs.WalkDir(l.root, "src", func(name string, d fs.DirEntry, err error) error { // what can't be read uses nothing
		if looked++; err != nil || looked > maxLooked {
			return fs.SkipAll
		}
		if d.IsDir() || !strings.Contains(".ts.tsx.js.jsx.mjs", path.Ext(name)) || path.Ext(name) == "" {
			return nil
		}
		if info, err := d.Info(); err != nil || info.Size() > 1<<20 || strings.HasSuffix(name, ".d.ts") {
			return nil // the others are looked at
		}
		data, err := fs.ReadFile(l.root, name)
		if err != nil {
			return nil // the others are looked at
		}
		for _, m := range metaEnv.FindAllSubmatch(data, -1) {
			if member := string(m[1]); !slices.Contains(alwaysSet, member) && !slices.Contains(names, member) {
				names = append(names, member)
			}
		}
		return nil
	})
	return names
}
