package composition_test

import (
	"testing"

	"github.com/org/checkout-deploy/internal/composition"
)

func TestOrigins(t *testing.T) {
	for _, test := range []struct{ name, graph, entry, module, want string }{
		{"the entry itself", "a.ts: b.ts", "a.ts", "a.ts", "a.ts"},
		{"by one import", "a.ts: b.ts", "a.ts", "b.ts", "a.ts import b.ts"},
		{"the shorter of two ways", "a.ts: b.ts c.ts\nb.ts: d.ts\nd.ts: c.ts", "a.ts", "c.ts", "a.ts import c.ts"},
		{"by import()", "a.ts: ~b.ts\nb.ts: c.ts", "a.ts", "c.ts", "a.ts import() b.ts import c.ts"},
		{"by require()", "a.ts: !b.ts", "a.ts", "b.ts", "a.ts require() b.ts"},
		{"past a barrel", "a.ts: -index.ts +c.ts\nindex.ts: b.ts c.ts", "a.ts", "c.ts", "a.ts import c.ts"},
		{"not by a bypassed barrel", "a.ts: -index.ts +c.ts\nindex.ts: b.ts c.ts", "a.ts", "b.ts", ""},
		{"of equal ways the first", "a.ts: c.ts b.ts\nb.ts: d.ts\nc.ts: d.ts", "a.ts", "d.ts", "a.ts import b.ts import d.ts"},
		{"in a cycle", "a.ts: b.ts\nb.ts: a.ts c.ts\nc.ts: b.ts", "a.ts", "c.ts", "a.ts import b.ts import c.ts"},
		{"not reached", "a.ts: b.ts\nc.ts: a.ts", "a.ts", "c.ts", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := passOf(t, test.graph)
			o := p.Origins(composition.Entry{Name: "page", Modules: []int{module(p, test.entry)}})
			got := ""
			for i, l := range o.Chain(module(p, test.module)) {
				if i > 0 {
					got += " " + l.Kind.String() + " "
				}
				got += p.Modules[l.Module].Path
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
