package composition_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/org/checkout-deploy/internal/composition"
)

func TestCompare(t *testing.T) {
	before := composition.Sizes{"same": 5, "grown": 10, "shrunk": 50, "gone": 7, "empty": 0}
	after := composition.Sizes{"same": 5, "grown": 17, "shrunk": 20, "new": 7, "fresh and empty": 0}
	var got []string
	for _, d := range composition.Compare(before, after) {
		got = append(got, fmt.Sprintf("%s %d→%d %v %v", d.Name, d.Old, d.New, d.Added, d.Removed))
	}
	want := []string{
		"shrunk 50→20 false false", "gone 7→0 false true", "grown 10→17 false false", "new 0→7 true false",
		"empty 0→0 false true", "fresh and empty 0→0 true false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestSizesByName(t *testing.T) {
	c := sample(t)
	if got, want := c.ByPackage(), "map[a:50 react:500]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	got := c.ByModule()
	if got["src/page.tsx"] != 60 {
		t.Errorf("got %d bytes of src/page.tsx, want 60", got["src/page.tsx"])
	}
	if n, ok := got["src/ui/index.ts"]; ok {
		t.Errorf("got %d bytes of a barrel that left none", n)
	}
}

func TestLogicalName(t *testing.T) {
	for _, test := range []struct{ file, want string }{
		{"checkout-2eff4dbb94.js", "checkout.js"},
		{"checkout-2eff4dbb94.js.map", "checkout.js.map"},
		{"static/logo-0a1b2c3d.svg", "static/logo.svg"},
		{"static/logo-ABCD2345.svg", "static/logo.svg"},
		{"manifest.json", "manifest.json"},
		{"pay-later.js", "pay-later.js"},
		{"pay-deadbeef.js", "pay.js"},
		{"LICENSE", "LICENSE"},
	} {
		if got := composition.LogicalName(test.file); got != test.want {
			t.Errorf("%s: got %q, want %q", test.file, got, test.want)
		}
	}
}
