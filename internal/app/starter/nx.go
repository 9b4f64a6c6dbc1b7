package starter

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/app/starter/script"
)

// nxTarget is the build target of an Nx project.json.
type nxTarget struct{ file, config, main, out string }

// nx looks for a project.json whose build target names a webpack configuration.
func (l *looker) nx() nxTarget {
	files, _ := fs.Glob(l.root, "*/*/project.json")
	more, _ := fs.Glob(l.root, "*/project.json")
	var found []nxTarget
	for _, file := range slices.Concat([]string{"project.json"}, more, files) {
		o, ok := l.js.Data(file).(*script.Object)
		if !ok || strings.HasPrefix(file, "node_modules/") {
			continue
		}
		options := object(object(object(o.Get("targets")).Get("build")).Get("options"))
		t := nxTarget{file: file, config: nxPath(options, "webpackConfig"), main: nxPath(options, "main"), out: nxPath(options, "outputPath")}
		if t.config != "" && l.isFile(t.config) {
			found = append(found, t)
		}
	}
	if len(found) == 0 {
		return nxTarget{}
	}
	// One that says where its sources start is surer than one that does not.
	slices.SortStableFunc(found, func(a, b nxTarget) int { return strings.Compare(noMain(a), noMain(b)) })
	for _, other := range found[1:] {
		l.askf(script.Pos{File: other.file}, "%s builds too; this file is of %s only", other.config, found[0].config)
	}
	l.foundf("webpack configuration: %s (%s)", found[0].config, found[0].file)
	return found[0]
}

func noMain(t nxTarget) string {
	if t.main == "" {
		return "none"
	}
	return ""
}

func nxPath(options *script.Object, key string) string {
	s, _ := script.Known(options.Get(key))
	s = strings.TrimPrefix(strings.TrimPrefix(s, "{workspaceRoot}"), "/")
	if s == "" || strings.Contains(s, "{") {
		return ""
	}
	if s = path.Clean(s); s == ".." || strings.HasPrefix(s, "../") {
		return ""
	}
	return s
}
