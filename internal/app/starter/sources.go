package starter

import (
	"bytes"
	"io/fs"
	"path"
	"strings"
)

// usesEnv reports whether a source below src names import.meta.env.
func (l *looker) usesEnv() bool {
	found, looked := false, 0
	_ = fs.WalkDir(l.root, "src", func(name string, d fs.DirEntry, err error) error { // what can't be read uses nothing
		if looked++; err != nil || found || looked > maxLooked {
			return fs.SkipAll
		}
		if d.IsDir() || !strings.Contains(".ts.tsx.js.jsx.mjs", path.Ext(name)) || path.Ext(name) == "" {
			return nil
		}
		if info, err := d.Info(); err != nil || info.Size() > 1<<20 || strings.HasSuffix(name, ".d.ts") {
			return nil // the others are looked at
		}
		data, err := fs.ReadFile(l.root, name)
		found = err == nil && bytes.Contains(data, []byte("import.meta.env"))
		return nil
	})
	return found
}
