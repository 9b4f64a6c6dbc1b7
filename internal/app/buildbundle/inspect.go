package buildbundle

import (
	"github.com/org/checkout-deploy/internal/bundle"
	"github.com/org/checkout-deploy/internal/composition"
	"github.com/org/checkout-deploy/internal/release"
)

// compositionStatement says what the files of a release are made of.
func compositionStatement(id release.Digest, c *composition.Composition) (release.Statement, error) {
	data, err := c.Encode()
	return release.Statement{Release: id, PredicateType: composition.PredicateType, Predicate: data}, err
}

// circularScope says of a module's path whether its circular imports are told:
// the project's own, or what the configuration lists.
func circularScope(globs []string) func(path string) bool {
	if len(globs) == 0 {
		return func(path string) bool { return !composition.Installed(path) }
	}
	var all []bundle.Matcher
	for _, glob := range globs {
		all = append(all, bundle.Glob(glob))
	}
	return func(path string) bool {
		for _, g := range all {
			if g.MatchString(path) {
				return true
			}
		}
		return false
	}
}
