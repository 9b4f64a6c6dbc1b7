package bundle

import (
	"maps"
	"testing"
)

func TestAvailability(t *testing.T) {
	entry := newRootID(rootEntry, "page")
	lazy := func(name string) rootID { return newRootID(rootLazy, name) }
	late := func(name string) rootID { return newRootID(rootLate, name) }
	tests := []struct {
		name   string
		starts map[rootID][]rootID
		want   map[rootID]rootID
	}{
		{"one lazy module", map[rootID][]rootID{entry: {lazy("a")}}, map[rootID]rootID{lazy("a"): entry}},
		{
			"below a late one",
			map[rootID][]rootID{entry: {late("app")}, late("app"): {lazy("a")}},
			map[rootID]rootID{late("app"): entry, lazy("a"): late("app")},
		},
		{
			"by two ways",
			map[rootID][]rootID{entry: {late("x"), late("y")}, late("x"): {lazy("a")}, late("y"): {lazy("a")}},
			map[rootID]rootID{late("x"): entry, late("y"): entry, lazy("a"): entry},
		},
		{
			"a lazy parent may fail",
			map[rootID][]rootID{entry: {lazy("a")}, lazy("a"): {lazy("b")}},
			map[rootID]rootID{lazy("a"): entry, lazy("b"): entry},
		},
		{
			"a cycle",
			map[rootID][]rootID{entry: {lazy("a")}, lazy("a"): {lazy("b")}, lazy("b"): {lazy("a")}},
			map[rootID]rootID{lazy("a"): entry, lazy("b"): entry},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := availability(entry, test.starts); !maps.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestGlob(t *testing.T) {
	tests := []struct {
		glob, path string
		want       bool
	}{
		{"*.css", "src/a/b.css", true},
		{"./src/*.ts", "src/a.ts", true},
		{"src/*.ts", "src/a/b.ts", false},
		{"src/**/*.ts", "src/a/b.ts", true},
		{"src/**", "src/a/b.ts", true},
		{"src/{a,b}.ts", "src/b.ts", true},
		{"src/{a,b}.ts", "src/c.ts", false},
		{"src/a?.ts", "src/ab.ts", true},
		{"src/a.ts", "src/axts", false},
	}
	for _, test := range tests {
		if got := Glob(test.glob).MatchString(test.path); got != test.want {
			t.Errorf("Glob(%q) on %q: got %v, want %v", test.glob, test.path, got, test.want)
		}
	}
}
