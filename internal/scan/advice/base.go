package advice

import (
	"fmt"
	"slices"
	"time"

	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/scan/result"
)

// rebase is the advice to build again on a newer base image, without a sentence if
// nothing comes from it. Most says that it would mend more than half of what matters:
// of what fails, or of all if nothing does.
func rebase(j *policy.Judgement, r *result.Result) (a Advice, most bool) {
	all := only(j.Found, func(f policy.One) bool { return f.FromBase && f.Kind == result.Vulnerability })
	fixed := only(all, func(f policy.One) bool { return f.Fixed != "" })
	if len(fixed) == 0 {
		return a, false
	}
	fails := func(f policy.One) bool { return f.Fails }
	failing, ofBase := len(only(j.Found, fails)), len(only(all, fails))
	a = about(Rebase, fixed)
	base := baseOf(r)
	on := "base image"
	if base.Name != "" {
		on = name(base.Name)
	}
	a.Sentence = fmt.Sprintf("Build again (docker build --pull) on a newer %s.", on)
	if failing > 0 {
		a.detail("It brings %d of the %s that fail the scan.", ofBase, counted(failing, "finding"))
	}
	a.detail("Of the %s in all that it brings %d can be fixed.", counted(len(all), "finding"), len(fixed))
	a.described(base, r)
	if failing > 0 {
		return a, 2*ofBase > failing
	}
	return a, 2*len(all) > len(j.Found)
}

func only(all []policy.One, want func(policy.One) bool) []policy.One {
	return slices.DeleteFunc(slices.Clone(all), func(f policy.One) bool { return !want(f) })
}

func (a *Advice) described(base result.Base, r *result.Result) {
	if base.Digest != "" {
		a.detail("It was built on %s.", name(base.Digest))
	}
	if !base.Created.IsZero() {
		a.detail("The base was made on %s.", base.Created.UTC().Format(time.DateOnly))
	}
	if i := slices.IndexFunc(r.Reports, func(r result.Report) bool { return r.OS.EndOfLife }); i >= 0 {
		os := r.Reports[i].OS
		a.Sentence = fmt.Sprintf("Build on a version of %s that gets security updates: %s gets none any more.", name(os.Family), name(os.Version))
	}
}

// baseOf is the base of the first report that knows it; where there are several, each
// platform's has another digest.
func baseOf(r *result.Result) result.Base {
	for _, report := range r.Reports {
		if base := report.Base; base != (result.Base{}) {
			if len(r.Reports) > 1 {
				base.Digest = ""
			}
			return base
		}
	}
	return result.Base{}
}
