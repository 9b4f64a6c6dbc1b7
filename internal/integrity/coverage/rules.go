package coverage

import "github.com/org/checkout-deploy/internal/finding"

// Rules describes every kind of finding of this package.
func Rules() []finding.Rule { return nil }
