package bundle

import (
	"slices"
	"strings"
)

// A root is a module whose evaluation something other than a static import
// starts: the page (entry), import() (lazy), or require() of an ES module
// inside a function (late). Each gets a small virtual module of its own, so
// that esbuild sees an entry point that holds nothing but the root's
// namespace object.
type rootKind string

const (
	rootEntry rootKind = "entry"
	rootLazy  rootKind = "lazy"
	rootLate  rootKind = "late"
)

// rootID is the virtual module's path: "lazy|/abs/file.ts", "entry|checkout".
type rootID string

func newRootID(kind rootKind, name string) rootID { return rootID(string(kind) + "|" + name) }

func (id rootID) kind() rootKind {
	kind, _, _ := strings.Cut(string(id), "|")
	return rootKind(kind)
}

func (id rootID) target() string {
	_, target, _ := strings.Cut(string(id), "|")
	return target
}

// file is the target without marks.
func (id rootID) file() string { return strings.TrimSuffix(id.target(), nodeSuffix) }

const (
	rootNamespace = "checkout-deploy-root" // virtual root modules
	lateNamespace = "checkout-deploy-late" // CommonJS stand-ins of late required ES modules
	atomNamespace = "checkout-deploy-atom" // entry points that only give a module a chunk of its own
	scanNamespace = "checkout-deploy-scan" // stands between a root and its target in the scan
	evalNamespace = "checkout-deploy-eval" // evaluates a wrapped module at one import's place
)

// lateSuffix ends a stand-in's path: esbuild would take one that ends in .mjs
// for an ES module.
const lateSuffix = ".cjs"

// rootExport is the name under which a root module exports the namespace
// object of its target.
const rootExport = "ns"

// availability finds, for each root, the root that is surely evaluated before
// it (its immediate dominator in the graph "X's static closure starts Y").
// Modules that the dominator's closure holds need no place in the root's own
// chunks. The entry has none.
func availability(entry rootID, starts map[rootID][]rootID) map[rootID]rootID {
	order := reversePostorder(entry, starts)
	index := make(map[rootID]int, len(order))
	preds := make(map[rootID][]rootID)
	for i, id := range order {
		index[id] = i
		for _, to := range starts[id] {
			preds[to] = append(preds[to], id)
		}
	}
	// Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm.
	idom := map[rootID]rootID{entry: entry}
	for changed := true; changed; {
		changed = false
		for _, id := range order[1:] {
			var dom rootID
			for _, p := range preds[id] {
				if idom[p] == "" {
					continue
				}
				if dom == "" {
					dom = p
					continue
				}
				dom = intersect(dom, p, idom, index)
			}
			if idom[id] != dom {
				idom[id], changed = dom, true
			}
		}
	}
	out := make(map[rootID]rootID, len(idom))
	for id, dom := range idom {
		// A lazy root that fails leaves modules that another root must still be
		// able to evaluate; after a failed entry there is no page.
		for dom.kind() == rootLazy {
			dom = idom[dom]
		}
		if id != entry {
			out[id] = dom
		}
	}
	return out
}

func intersect(a, b rootID, idom map[rootID]rootID, index map[rootID]int) rootID {
	for a != b {
		for index[a] > index[b] {
			a = idom[a]
		}
		for index[b] > index[a] {
			b = idom[b]
		}
	}
	return a
}

func reversePostorder(entry rootID, starts map[rootID][]rootID) []rootID {
	seen := map[rootID]bool{}
	var order []rootID
	var visit func(rootID)
	visit = func(id rootID) {
		if seen[id] {
			return
		}
		seen[id] = true
		for _, to := range starts[id] {
			visit(to)
		}
		order = append(order, id)
	}
	visit(entry)
	slices.Reverse(order)
	return order
}
