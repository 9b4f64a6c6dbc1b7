package plan

import (
	"fmt"

	"github.com/org/checkout-deploy/internal/target"
)

// BlueGreen leads everybody to the wanted release at once, and back if it fails.
// What was live stays as it is, so that going back is one write:
//
//	live     wanted   healthy   plan
//	–, A     B                  stage verify preview publish(B) confirm watch record collect
//	B        B        no        confirm watch record collect   (a run before stopped here)
//	B        B        yes       nothing
//
// What is live and was altered, or on a hold that is to end, is published anew.
func BlueGreen(s target.Situation, o Settings) (Plan, error) {
	whole := s.Live == s.Wanted && !s.Altered && (s.Held == "" || !o.ClearHold)
	if whole && s.Healthy {
		return Plan{Why: fmt.Sprintf("release %.12s is live and healthy already", s.Wanted)}, nil
	}
	if err := allowed(s, o); err != nil {
		return Plan{}, err
	}
	after := []Step{{Kind: Confirm}, {Kind: Watch, For: o.Watch}, {Kind: Record}, {Kind: Collect}}
	if whole {
		return Plan{Why: fmt.Sprintf("release %.12s is live, and was not watched to the end", s.Wanted), Steps: after}, nil
	}
	everybody := []target.Weight{{Release: s.Wanted, BasisPoints: all}}
	before := []Step{{Kind: Stage}, {Kind: Verify}, {Kind: Preview}, {Kind: Publish, Weights: everybody}}
	why := fmt.Sprintf("release %.12s is the first", s.Wanted)
	switch {
	case s.Foreign:
		why = fmt.Sprintf("release %.12s replaces a page that something else put there, which is kept", s.Wanted)
	case s.Live == s.Wanted && s.Altered:
		why = fmt.Sprintf("release %.12s is live, and its page was altered in the store", s.Wanted)
	case s.Live == s.Wanted:
		why = fmt.Sprintf("release %.12s is live, and on hold", s.Wanted)
	case !s.Live.IsZero():
		why = fmt.Sprintf("release %.12s replaces %.12s", s.Wanted, s.Live)
	}
	return Plan{Why: why, Steps: append(before, after...)}, nil
}
