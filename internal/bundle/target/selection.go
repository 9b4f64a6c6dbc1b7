package target

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// selection is what a query stands for: versions of browsers, and maybe an
// edition of ECMAScript.
type selection struct {
	versions map[string]spans
	edition  api.Target // api.DefaultTarget: none
}

func (s *selection) add(name string, sp span) {
	if s.versions == nil {
		s.versions = map[string]spans{}
	}
	if sp.from.less(sp.to) {
		s.versions[name] = s.versions[name].union(spans{sp})
	}
}

func (s selection) union(o selection) selection {
	out := selection{versions: maps.Clone(s.versions), edition: lowerEdition(s.edition, o.edition)}
	if out.versions == nil {
		out.versions = map[string]spans{}
	}
	for name, sp := range o.versions {
		out.versions[name] = out.versions[name].union(sp)
	}
	return out
}

func (s selection) intersect(o selection) selection {
	out := selection{versions: map[string]spans{}, edition: s.edition}
	for name, sp := range s.versions {
		out.versions[name] = sp.intersect(o.versions[name])
	}
	return out
}

func (s selection) without(o selection) selection {
	out := selection{versions: map[string]spans{}, edition: s.edition}
	for name, sp := range s.versions {
		out.versions[name] = sp.without(o.versions[name])
	}
	return out
}

// lowest is the lowest version of each engine, and the browsers that have none.
func (s selection) lowest() ([]api.Engine, []string) {
	byEngine := map[api.EngineName]version{}
	var ignored []string
	for _, name := range slices.Sorted(maps.Keys(s.versions)) {
		if len(s.versions[name]) == 0 {
			continue
		}
		b := browsers[name]
		if b.engine == nil {
			ignored = append(ignored, fmt.Sprintf("%s (%s)", name, b.why))
			continue
		}
		engine, v := b.engine(s.versions[name][0].from)
		if old, ok := byEngine[engine]; ok {
			v = minVersion(old, v)
		}
		byEngine[engine] = v
	}
	engines := make([]api.Engine, 0, len(byEngine))
	for _, name := range slices.Sorted(maps.Keys(byEngine)) {
		engines = append(engines, api.Engine{Name: name, Version: byEngine[name].String()})
	}
	slices.SortFunc(engines, func(a, b api.Engine) int { return strings.Compare(engineNames[a.Name], engineNames[b.Name]) })
	return engines, ignored
}

var engineNames = map[api.EngineName]string{
	api.EngineChrome: "chrome", api.EngineEdge: "edge", api.EngineFirefox: "firefox", api.EngineIE: "ie",
	api.EngineIOS: "ios", api.EngineNode: "node", api.EngineOpera: "opera", api.EngineSafari: "safari",
}

// editions are esbuild's names of ECMAScript editions, oldest first.
var editions = []struct {
	name   string
	target api.Target
}{
	{"es5", api.ES5},
	{"es2015", api.ES2015},
	{"es6", api.ES2015},
	{"es2016", api.ES2016},
	{"es2017", api.ES2017},
	{"es2018", api.ES2018},
	{"es2019", api.ES2019},
	{"es2020", api.ES2020},
	{"es2021", api.ES2021},
	{"es2022", api.ES2022},
	{"es2023", api.ES2023},
	{"es2024", api.ES2024},
	{"es2025", api.ES2025},
	{"esnext", api.ESNext},
}

func findEdition(name string) (api.Target, bool) {
	for _, e := range editions {
		if strings.EqualFold(name, e.name) {
			return e.target, true
		}
	}
	return api.DefaultTarget, false
}

func lowerEdition(a, b api.Target) api.Target {
	for _, e := range editions {
		if e.target == a || e.target == b {
			return e.target
		}
	}
	return api.DefaultTarget
}
