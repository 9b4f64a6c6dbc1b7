package imports

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// metaGraph answers from esbuild's metafile, as the bundler does.
type metaGraph struct {
	root     string
	resolved map[[2]string]string
	inputs   map[string]metaInput // by absolute path
	sources  sync.Map             // path → []byte
	pure     sync.Map             // folder → func(file) bool
}

type metaInput struct {
	Bytes   int
	Imports []metaImport
}

type metaImport struct {
	Path, Kind, Original string
	External             bool
}

func newMetaGraph(t testing.TB, root, metafile string) *metaGraph {
	t.Helper()
	var meta struct{ Inputs map[string]metaInput }
	if err := json.Unmarshal([]byte(metafile), &meta); err != nil {
		t.Fatal(err)
	}
	g := &metaGraph{root: root, resolved: make(map[[2]string]string), inputs: make(map[string]metaInput)}
	for file, in := range meta.Inputs {
		file = g.absolute(file)
		g.inputs[file] = in
		for _, im := range in.Imports {
			if !im.External && im.Original != "" && im.Kind == "import-statement" {
				g.resolved[[2]string{file, im.Original}] = g.absolute(im.Path)
			}
		}
	}
	return g
}

func (g *metaGraph) absolute(file string) string {
	if path.IsAbs(file) || strings.Contains(file, ":") {
		return file
	}
	return path.Join(filepath.ToSlash(g.root), file)
}

func (g *metaGraph) Resolve(importer, specifier string) (string, bool) {
	file, ok := g.resolved[[2]string{importer, specifier}]
	return file, ok
}

func (g *metaGraph) Source(file string) ([]byte, error) {
	if src, ok := g.sources.Load(file); ok {
		return src.([]byte), nil
	}
	src, err := os.ReadFile(file)
	if err == nil {
		g.sources.Store(file, src)
	}
	return src, err
}

func (g *metaGraph) Pure(file string) bool {
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		if test, ok := g.folder(dir); ok {
			return test(strings.TrimPrefix(file, dir+"/"))
		}
		if dir == path.Dir(dir) {
			return false
		}
	}
}

// folder gives the sideEffects test of the package.json in dir.
func (g *metaGraph) folder(dir string) (func(string) bool, bool) {
	if test, ok := g.pure.Load(dir); ok {
		return test.(func(string) bool), test.(func(string) bool) != nil
	}
	var test func(string) bool
	if text, err := os.ReadFile(path.Join(dir, "package.json")); err == nil {
		var pkg struct{ SideEffects json.RawMessage }
		_ = json.Unmarshal(text, &pkg)
		test = sideEffectsTest(pkg.SideEffects)
	}
	g.pure.Store(dir, test)
	return test, test != nil
}

func sideEffectsTest(field json.RawMessage) func(string) bool {
	var list []string
	if json.Unmarshal(field, &list) != nil || list == nil {
		pure := string(field) == "false"
		return func(string) bool { return pure }
	}
	var globs []*regexp.Regexp
	for _, glob := range list {
		glob = strings.TrimPrefix(glob, "./")
		if !strings.Contains(glob, "/") {
			glob = "**/" + glob
		}
		text := regexp.QuoteMeta(glob)
		text = strings.ReplaceAll(text, `\*\*/`, `(.*/)?`)
		text = strings.ReplaceAll(text, `\*\*`, `.*`)
		text = strings.ReplaceAll(text, `\*`, `[^/]*`)
		globs = append(globs, regexp.MustCompile("^"+text+"$"))
	}
	return func(file string) bool {
		for _, glob := range globs {
			if glob.MatchString(file) {
				return false
			}
		}
		return true
	}
}

var loaders = map[string]api.Loader{
	".svg": api.LoaderFile, ".png": api.LoaderFile, ".gif": api.LoaderFile, ".jpg": api.LoaderFile,
}
