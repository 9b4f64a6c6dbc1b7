package walk

import (
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/release"
)

func TestJudge(t *testing.T) {
	traps := []Trap{
		{Name: "order", Means: "styles come in order"},
		{Name: "sloppy", Means: "code may be sloppy", Formats: []release.Format{release.Classic}},
	}
	fine := Sight{OK: true, Got: true, Want: true}
	bitten := Sight{Got: false, Want: true}
	for _, test := range []struct {
		name   string
		sights map[string]Sight
		format release.Format
		want   []string // how each remark starts
	}{
		{"all fine", map[string]Sight{"order": fine, "sloppy": fine}, release.Classic, nil},
		{"one bites", map[string]Sight{"order": bitten, "sloppy": fine}, release.Classic, []string{"order: got false"}},
		{"one that the format can't get right", map[string]Sight{"order": fine, "sloppy": bitten}, release.ESM, nil},
		{"the same in a format that can", map[string]Sight{"order": fine, "sloppy": bitten}, release.Classic, []string{"sloppy: got false"}},
		{"silence is no success", map[string]Sight{"sloppy": fine}, release.Classic, []string{"order: the page reported nothing"}},
		{"silence of one that the format can't get right", map[string]Sight{"order": fine}, release.ESM, []string{"sloppy: the page reported nothing"}},
		{"one that is not listed", map[string]Sight{"order": fine, "sloppy": fine, "new": fine}, release.Classic, []string{"new: the page reported it"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Judge(traps, test.sights, test.format)
			if len(got) != len(test.want) {
				t.Fatalf("got %q, want %d remarks", got, len(test.want))
			}
			for i, want := range test.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("got %q, want it to start with %q", got[i], want)
				}
			}
		})
	}
}

func TestReadTraps(t *testing.T) {
	for _, example := range []string{"checkout", "checkout-vanilla"} {
		t.Run(example, func(t *testing.T) {
			traps, err := ReadTraps("../../" + example)
			if err != nil {
				t.Fatal(err)
			}
			names := map[string]bool{}
			for _, trap := range traps {
				if trap.Name == "" || trap.Means == "" || names[trap.Name] {
					t.Errorf("trap %+v: its name or meaning is missing, or the name is there twice", trap)
				}
				names[trap.Name] = true
			}
		})
	}
}
