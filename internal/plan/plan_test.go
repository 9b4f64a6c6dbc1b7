package plan_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/plan"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/target"
)

var a, b = release.Digest{0xaa}, release.Digest{0xbb}

func TestBlueGreen(t *testing.T) {
	whole := "stage verify preview publish(bb:10000) confirm watch(5m0s) record collect"
	resumed := "confirm watch(5m0s) record collect"
	settings, adopting := plan.Settings{Watch: 5 * time.Minute}, plan.Settings{Watch: 5 * time.Minute, Adopt: true}
	for _, row := range []struct {
		name      string
		situation target.Situation
		settings  plan.Settings
		want      string
		why       string // what the sentence has
		err       error
	}{
		{"nothing is live", target.Situation{Wanted: b}, settings, whole, "release bb0000000000 is the first", nil},
		{"another is live", target.Situation{Wanted: b, Live: a, Healthy: true}, settings, whole, "bb0000000000 replaces aa0000000000", nil},
		{"another is live, and was not watched", target.Situation{Wanted: b, Live: a}, settings, whole, "replaces", nil},
		{"it is live, and was not watched", target.Situation{Wanted: b, Live: b}, settings, resumed, "was not watched to the end", nil},
		{"it is live and healthy", target.Situation{Wanted: b, Live: b, Healthy: true}, settings, "", "live and healthy already", nil},
		{"it is live and healthy, and held", target.Situation{Wanted: b, Live: b, Healthy: true, Held: "5xx"}, settings, "", "already", nil},
		{"held", target.Situation{Wanted: b, Live: a, Healthy: true, Held: "5xx"}, settings, "", "", plan.ErrHeld},
		{"held, and it is live", target.Situation{Wanted: b, Live: b, Held: "5xx"}, settings, "", "", plan.ErrHeld},
		{"held and foreign", target.Situation{Wanted: b, Held: "5xx", Foreign: true}, adopting, "", "", plan.ErrHeld},
		{"a foreign page", target.Situation{Wanted: b, Foreign: true}, settings, "", "", plan.ErrForeign},
		{"a foreign page that is adopted", target.Situation{Wanted: b, Foreign: true}, adopting, whole, "something else put there, which is kept", nil},
		{"nothing to adopt", target.Situation{Wanted: b, Live: a}, adopting, whole, "replaces", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, err := plan.BlueGreen(row.situation, row.settings)
			if !errors.Is(err, row.err) || !strings.Contains(p.Why, row.why) {
				t.Errorf("got %q and error %v", p.Why, err)
			}
			if errors.Is(err, plan.ErrHeld) && !strings.Contains(err.Error(), "5xx") {
				t.Errorf("got %v, want why it is held", err)
			}
			if got := text(p); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
			again, _ := plan.BlueGreen(row.situation, row.settings)
			if text(again) != text(p) || again.Why != p.Why {
				t.Errorf("got %v and then %v", p, again)
			}
		})
	}
}

// text is a plan as the table of BlueGreen's comment has it.
func text(p plan.Plan) string {
	var parts []string
	for _, s := range p.Steps {
		part := s.Kind.String()
		for _, w := range s.Weights {
			part += "(" + w.Release.String()[:2] + ":" + strconv.Itoa(w.BasisPoints) + ")"
		}
		if s.For != 0 {
			part += "(" + s.For.String() + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " ")
}

// TestSteps: a dry run says what each step will do, and of one that it does not know
// that it does not.
func TestSteps(t *testing.T) {
	canary := []target.Weight{{Release: b, BasisPoints: 250}, {Release: a, BasisPoints: 9750}}
	for _, row := range []struct {
		step       plan.Step
		kind, says string
	}{
		{plan.Step{Kind: plan.Stage}, "stage", "upload the files that are not there yet"},
		{plan.Step{Kind: plan.Verify}, "verify", "read every file back, and mark the release complete"},
		{plan.Step{Kind: plan.Preview}, "preview", "check the release at its own address, before anybody is led there"},
		{plan.Step{Kind: plan.Publish, Weights: canary[:1]}, "publish", "publish bb0000000000 to 2.5 %, by one conditional write"},
		{plan.Step{Kind: plan.Publish, Weights: canary}, "publish", "publish bb0000000000 to 2.5 % and aa0000000000 to 97.5 %, by one conditional write"},
		{plan.Step{Kind: plan.Publish, Weights: []target.Weight{{Release: b, BasisPoints: 10_000}}}, "publish", "publish bb0000000000, by one conditional write"},
		{plan.Step{Kind: plan.Confirm}, "confirm", "read back what the public address serves"},
		{plan.Step{Kind: plan.Watch, For: 90 * time.Second}, "watch", "check it for 1m30s; go back if it fails"},
		{plan.Step{Kind: plan.Record}, "record", "record that it is healthy"},
		{plan.Step{Kind: plan.Collect}, "collect", "collect releases that nobody needs"},
		{plan.Step{Kind: plan.Collect + 1}, "step 8", "do what this version does not know (step 8)"},
		{plan.Step{Kind: -1}, "step -1", "do what this version does not know (step -1)"},
	} {
		if got := row.step.Kind.String(); got != row.kind {
			t.Errorf("got %q, want %q", got, row.kind)
		}
		if got := row.step.String(); got != row.says {
			t.Errorf("got %q, want %q", got, row.says)
		}
	}
}
