package composition_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/org/checkout-deploy/internal/composition"
)

func TestDuplicates(t *testing.T) {
	const two = `
		src/a.ts: node_modules/x/index.js node_modules/y/index.js
		node_modules/y/index.js: node_modules/y/node_modules/x/index.js node_modules/y/other.js
	`
	for _, test := range []struct {
		name, graph string
		bytes       map[string]int64
		want        []string
	}{
		{"one copy", "src/a.ts: node_modules/x/index.js node_modules/x/b.js", map[string]int64{"node_modules/x/index.js": 10, "node_modules/x/b.js": 5}, nil},
		{
			"two folders", two,
			map[string]int64{"node_modules/x/index.js": 10, "node_modules/y/node_modules/x/index.js": 30},
			[]string{"x wastes 10", "node_modules/y/node_modules/x 30 [y 1.0.0]", "node_modules/x 10 [src/a.ts]"},
		},
		{"one of two left no bytes", two, map[string]int64{"node_modules/x/index.js": 10}, nil},
		{
			"scoped", "a.ts: node_modules/@s/x/i.js\nb.ts: lib/node_modules/@s/x/i.js\nc.ts: lib/node_modules/@s/x/i.js",
			map[string]int64{"node_modules/@s/x/i.js": 2, "lib/node_modules/@s/x/i.js": 1},
			[]string{"@s/x wastes 1", "node_modules/@s/x 2 [a.ts]", "lib/node_modules/@s/x 1 [b.ts c.ts]"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := passOf(t, test.graph)
			holds(p, "a.js", test.bytes)
			var got []string
			for _, d := range p.Duplicates() {
				got = append(got, fmt.Sprintf("%s wastes %d", d.Name, d.Wasted()))
				for _, c := range d.Copies {
					got = append(got, fmt.Sprintf("%s %d %s", p.Packages[c.Package].Folder, c.Bytes, c.Brought))
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestFolderOf(t *testing.T) {
	for _, test := range []struct{ path, want string }{
		{"src/a.ts", ""},
		{"node_modules/react/index.js", "node_modules/react"},
		{"node_modules/@a/b/c/d.js", "node_modules/@a/b"},
		{"node_modules/.pnpm/x@1/node_modules/x/i.js", "node_modules/.pnpm/x@1/node_modules/x"},
		{"../node_modules/x/i.js", "../node_modules/x"},
		{"my_node_modules/x/i.js", ""},
		{"node_modules/file.js", ""},
		{"node_modules/@a/file.js", ""},
	} {
		if got, ok := composition.FolderOf(test.path); got != test.want || ok != (test.want != "") {
			t.Errorf("%s: got %q, want %q", test.path, got, test.want)
		}
	}
}
