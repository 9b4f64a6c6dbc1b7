// Package advice says what to do first about what a scan found: which package or
// base image to raise, what to remove, what to mend. It does no I/O.
package advice

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/scan/result"
)

// Kind is what is to be done.
type Kind string

// The kinds, in the order in which those that mend the same come.
const (
	Rebase Kind = "base"    // build again on a newer base image
	Raise  Kind = "package" // raise a package
	Revoke Kind = "secret"  // remove and revoke a secret
	Mend   Kind = "configuration"
	Settle Kind = "licence"
	Wait   Kind = "unfixed" // no version mends it
)

var kinds = []Kind{Rebase, Raise, Revoke, Mend, Settle, Wait}

// Advice is one thing to do.
type Advice struct {
	Kind Kind
	// Sentence says in the imperative what to do, and Details what is known of it, a
	// sentence each. They hold names of unknown origin, on one line and without
	// control characters; whoever shows them escapes them.
	Sentence string
	Details  []string
	// Counts are the findings that it mends, by severity; finding.Info are those that
	// nobody has rated. IDs are a few of them, the worst first.
	Counts map[finding.Severity]int
	IDs    []string
	Fails  bool // one of them fails the scan
	// Below is what this one does too: the packages of a base image.
	Below []Advice
}

// Total is how many findings it mends.
func (a Advice) Total() (n int) {
	for _, of := range a.Counts {
		n += of
	}
	return n
}

// Compare orders versions of an ecosystem, result.Finding's: -1 for a before b.
type Compare func(ecosystem, a, b string) int

// Advise says what to do about the findings that count, what mends the most first:
// by the worst of them, then by their number. What no version mends is last.
func Advise(j *policy.Judgement, r *result.Result, compare Compare) []Advice {
	packages, unfixed := raises(j.Found, compare)
	base, most := rebase(j, r)
	var all []Advice
	for _, p := range packages {
		if most && p.ofBase {
			base.Below = append(base.Below, p.Advice)
			continue
		}
		all = append(all, p.Advice)
	}
	all = slices.Concat(all, revokes(j.Found), mends(j.Found), licences(j.Found))
	slices.SortStableFunc(base.Below, order)
	slices.SortStableFunc(all, order)
	switch {
	case most:
		all = slices.Insert(all, 0, base)
	case base.Sentence != "":
		i, _ := slices.BinarySearchFunc(all, base, order)
		all = slices.Insert(all, i, base)
	}
	if len(unfixed) > 0 {
		all = append(all, wait(unfixed))
	}
	return all
}

// order puts first what mends the most.
func order(a, b Advice) int {
	for _, s := range slices.Backward(finding.Severities) {
		if a.Counts[s] != b.Counts[s] {
			return b.Counts[s] - a.Counts[s]
		}
	}
	return cmp.Or(
		cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)),
		strings.Compare(a.Sentence, b.Sentence),
	)
}

// about begins an Advice with what it mends. The findings are in result.Sort's order.
func about(kind Kind, all []policy.One) Advice {
	a := Advice{Kind: kind, Counts: map[finding.Severity]int{}}
	for _, f := range all {
		a.Counts[f.Severity]++
		a.Fails = a.Fails || f.Fails
		if len(a.IDs) < maxNamed && !slices.Contains(a.IDs, f.ID) {
			a.IDs = append(a.IDs, f.ID)
		}
	}
	return a
}

func (a *Advice) detail(format string, args ...any) {
	a.Details = append(a.Details, fmt.Sprintf(format, args...))
}

// groups puts findings of one kind that have the same key together, in the order of
// their first.
func groups(all []policy.One, kind result.Kind, key func(policy.One) string) (out [][]policy.One) {
	at := map[string]int{}
	for _, f := range all {
		if f.Kind != kind {
			continue
		}
		k := key(f)
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k], out = i, append(out, nil)
		}
		out[i] = append(out[i], f)
	}
	return out
}

// wait is about what no version mends.
func wait(all []policy.One) Advice {
	a := about(Wait, all)
	a.Sentence = fmt.Sprintf("Decide about %s that no version mends yet.", counted(len(all), "finding"))
	a.detail("Packages: %s.", listed(distinct(all, func(f policy.One) string { return f.Source })))
	given := 0
	for _, f := range all {
		if f.Status == "will_not_fix" || f.Status == "end_of_life" {
			given++
		}
	}
	if given > 0 {
		a.detail("Of %d the distribution says that it will not be mended: waiting does not help.", given)
	}
	a.detail("What can't be reached in this image: say so in a VEX statement.")
	a.detail("What you can live with for a while: write an ignore with an owner, a reason and a day.")
	a.detail("Else leave the package out, or build on another base image.")
	return a
}
