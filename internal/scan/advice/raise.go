package advice

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/scan/result"
)

// raise is the advice to raise one package.
type raise struct {
	Advice
	ofBase bool // all that it mends comes from the base image
}

// raises says which packages to raise, and gives the findings that none would mend.
func raises(found []policy.One, compare Compare) (all []raise, unfixed []policy.One) {
	for _, group := range groups(found, result.Vulnerability, together) {
		var fixed []policy.One
		for _, f := range group {
			if len(versions(f.Fixed)) == 0 {
				unfixed = append(unfixed, f)
				continue
			}
			fixed = append(fixed, f)
		}
		if len(fixed) > 0 {
			all = append(all, raiseOf(fixed, compare))
		}
	}
	slices.SortStableFunc(unfixed, func(a, b policy.One) int { return result.Compare(a.Finding, b.Finding) })
	return all, unfixed
}

// together is equal for what is raised in one go: all that a distribution builds from
// one source; of libraries every version for itself, and apart where the base image
// brings it.
func together(f policy.One) string {
	parts := []string{f.Ecosystem, cmp.Or(f.Source, f.Package)}
	if !f.OfSystem {
		parts = append(parts, f.Version, fmt.Sprint(f.FromBase))
	}
	return strings.Join(parts, "\x00")
}

func raiseOf(all []policy.One, compare Compare) raise {
	first := all[0]
	a := about(Raise, all)
	to := lowest(all, compare)
	from := distinct(all, func(f policy.One) string { return f.Version })
	a.Sentence = fmt.Sprintf("Raise %s from %s to %s.", name(cmp.Or(first.Source, first.Package)), listed(from), name(to))
	if first.Package == "stdlib" && strings.HasPrefix(first.Ecosystem, "go") {
		a.Sentence = fmt.Sprintf("Build with Go %s or later; %s was used.", name(strings.TrimPrefix(to, "v")), listed(from))
	}
	if packages := distinct(all, func(f policy.One) string { return f.Package }); first.OfSystem && !slices.Equal(packages, []string{first.Source}) {
		a.detail("Packages: %s.", listed(packages))
	}
	if paths := distinct(all, func(f policy.One) string { return f.Path }); len(paths) > 0 {
		a.detail("In %s.", listed(paths))
	}
	if !first.OfSystem {
		a.brought(first)
		if breaks(first, to) {
			a.detail("This is a new major version: look for what it breaks.")
		}
	}
	return raise{a, !slices.ContainsFunc(all, func(f policy.One) bool { return !f.FromBase })}
}

// harmless are names that may stand in a command which people copy.
var harmless = regexp.MustCompile(`^@?[A-Za-z0-9][A-Za-z0-9._/-]*$`)

// asks has the command that says who brings a library, of what has a lock file.
var asks = map[string]string{
	"npm": "npm ls %s", "yarn": "yarn why %s", "pnpm": "pnpm why %s", "bun": "bun why %s", "gomod": "go mod why -m %s",
	"composer": "composer why %s", "cargo": "cargo tree -i %s", "bundler": "bundle info %s",
}

func (a *Advice) brought(f policy.One) {
	ask, locked := asks[f.Ecosystem]
	switch {
	case f.Direct:
		a.detail("The project asks for it directly.")
	case locked && harmless.MatchString(f.Package):
		a.detail(ask+" says what brings it.", f.Package)
	case locked:
		a.detail("Another package may bring it.")
	}
}

// versions splits "1.2.3, 2.0.1".
func versions(fixed string) (out []string) {
	for _, v := range strings.Split(fixed, ",") {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

// lowest is the lowest version that is above what is installed and fixes all of the
// findings, or the highest that fixes any.
func lowest(all []policy.One, compare Compare) string {
	order := func(a, b string) int { return compare(all[0].Ecosystem, a, b) }
	var candidates []string
	for _, f := range all {
		candidates = append(candidates, versions(f.Fixed)...)
	}
	slices.SortStableFunc(candidates, order)
	for _, v := range candidates {
		if !slices.ContainsFunc(all, func(f policy.One) bool { return order(f.Version, v) >= 0 || !fixes(v, versions(f.Fixed), order) }) {
			return v
		}
	}
	return candidates[len(candidates)-1]
}

// fixes says whether a version is fixed, where each branch has a first that is. One
// between two of them, "1.3.0" of "1.2.3, 2.0.1", goes with that which it has more
// numbers in common with: "2.0.0" is not fixed.
func fixes(v string, fixed []string, order func(a, b string) int) bool {
	below, above := "", ""
	for _, f := range fixed {
		if order(f, v) <= 0 {
			if below == "" || order(f, below) > 0 {
				below = f
			}
		} else if above == "" || order(f, above) < 0 {
			above = f
		}
	}
	return below != "" && (above == "" || common(v, below) > common(v, above))
}

func numbers(v string) []string {
	return strings.FieldsFunc(strings.TrimPrefix(v, "v"), func(r rune) bool { return strings.ContainsRune(".:-~+", r) })
}

// common counts the numbers that two versions begin with alike.
func common(a, b string) (n int) {
	x, y := numbers(a), numbers(b)
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	return n
}

// breaks says whether a version promises less than to be compatible: another first
// number, or below 1 another second.
func breaks(f policy.One, to string) bool {
	switch f.Ecosystem {
	case "npm", "yarn", "pnpm", "bun", "node-pkg", "gomod", "gobinary":
	default:
		return false
	}
	kept := common(f.Version, to)
	return f.Version != "" && kept == 0 || kept == 1 && numbers(to)[0] == "0"
}
