// Package target turns the browsers a project supports, written as browserslist
// queries, into the engines esbuild lowers for.
//
// browserslist picks releases out of a table; here a query stands for a range
// of versions, so that most need no table. Where an answer can't be exact it is
// too low, never too high: code for an older browser runs in a newer one.
package target

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Targets is what a build is lowered for.
type Targets struct {
	// Engines has the lowest version of each engine, sorted by name.
	Engines []api.Engine
	// Edition bounds the syntax as well, for queries such as es2017;
	// api.DefaultTarget when there is none.
	Edition api.Target
	// Queries is what was asked, Origin where it was written.
	Queries []string
	Origin  string
	// Ignored are browsers that were selected and that esbuild can't write for,
	// each with the reason. Worth a notice.
	Ignored []string
}

// String is as short as esbuild's own notation: "chrome61,safari12.1".
func (t Targets) String() string {
	var parts []string
	for _, e := range editions {
		if t.Edition != api.DefaultTarget && e.target == t.Edition {
			parts = append(parts, e.name)
			break
		}
	}
	for _, e := range t.Engines {
		parts = append(parts, engineNames[e.Name]+e.Version)
	}
	return strings.Join(parts, ",")
}

// Default is used when a project says nothing: the browsers that have ES
// modules with dynamic import and import.meta without flaws, from 2020 and
// 2021, which is also what Vite builds for. A checkout page that must reach
// older ones says so; one that says nothing should not pay for them.
var Default = []string{"chrome >= 87", "edge >= 88", "firefox >= 78", "safari >= 14", "ios >= 14"}

// Resolve finds the project's queries and answers them.
func Resolve(o Options) (Targets, error) {
	queries, origin, err := o.queries()
	if err != nil {
		return Targets{}, err
	}
	targets, err := answer(queries, func() (*usage, error) { return findUsage(o.Root) })
	if err != nil {
		return Targets{}, fmt.Errorf("browser targets (%s): %w", origin, err)
	}
	targets.Origin = origin
	return targets, nil
}

// answer runs queries; data is read only when one needs it.
func answer(lists []string, read func() (*usage, error)) (Targets, error) {
	queries, err := parse(lists)
	if err != nil {
		return Targets{}, err
	}
	var data *usage
	if slices.ContainsFunc(queries, query.needsData) {
		if data, err = read(); err != nil {
			return Targets{}, err
		}
	}
	selected, err := resolve(queries, data)
	if err != nil {
		return Targets{}, err
	}
	targets := Targets{Edition: selected.edition, Queries: lists}
	targets.Engines, targets.Ignored = selected.lowest()
	if len(targets.Engines) == 0 && targets.Edition == api.DefaultTarget {
		return Targets{}, fmt.Errorf("queries %q: no browser is left to build for%s; allowed are %s", lists, because(targets.Ignored), forms)
	}
	return targets, nil
}

func because(ignored []string) string {
	if len(ignored) == 0 {
		return ""
	}
	return " but " + strings.Join(ignored, ", ")
}

func (q query) needsData() bool {
	for _, f := range queryForms {
		if f.pattern.MatchString(q.text) {
			return f.needsData
		}
	}
	return false
}
