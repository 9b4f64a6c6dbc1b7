package docs_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/house"
	"github.com/org/checkout-deploy/internal/config"
)

const patterns = "patterns.md"

var notYet = regexp.MustCompile(`(?i)not in this version: (.+)\.$`)

// outline is a page of patterns: its headings, groups and patterns, each group's
// in the alphabet's order.
func outline(lines []string) (all []string) {
	var group []string
	end := func() {
		slices.Sort(group)
		all, group = append(all, group...), nil
	}
	for _, line := range lines {
		if strings.HasPrefix(line, "- ") {
			group = append(group, line)
			continue
		}
		end()
		all = append(all, line)
	}
	end()
	return all
}

// listed are the lines of testdata/patterns.txt that patterns.md stands for.
func listed(text string) (all []string) {
	body := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "## ") || strings.HasPrefix(line, "### ") {
			all = append(all, line)
		}
		if m := regexp.MustCompile(`^\*\*.+?\*\*`).FindString(line); m != "" {
			all = append(all, m)
		}
		if m := notYet.FindStringSubmatch(line); m != nil {
			for name := range strings.SplitSeq(m[1], ", ") {
				all = append(all, "- "+name)
			}
		}
		if body && strings.HasPrefix(line, "| ") && !ruler.MatchString(line) {
			name, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
			all = append(all, "- "+name)
		}
		body = ruler.MatchString(line) || body && strings.HasPrefix(line, "|")
	}
	return all
}

// Each pattern is on the page once, in its place.
func TestPatternsAreAllThere(t *testing.T) {
	list, err := os.ReadFile("testdata/patterns.txt")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(patterns)
	if err != nil {
		t.Fatal(err)
	}
	want, got := outline(strings.Split(strings.TrimSpace(string(list)), "\n")), outline(listed(string(page)))
	if len(want) < 150 {
		t.Fatalf("got %d patterns in the list", len(want))
	}
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] {
			t.Fatalf("%s: line %d of the outline differs: got %q, want %q", patterns, i+1, got[min(i, len(got)):min(i+3, len(got))], want[min(i, len(want)):min(i+3, len(want))])
		}
	}
}

// A row's action, key and test exist.
func TestPatternsAreShown(t *testing.T) {
	specs := specsByName()
	rows := tableRows(t, patterns)
	if len(rows) < 20 {
		t.Errorf("got %d rows, want those of the page", len(rows))
	}
	for _, r := range rows {
		if len(r.cells) != 4 || len(spans(r.cells[1])) != 1 || len(spans(r.cells[3])) == 0 {
			t.Errorf("%q: want a pattern, an action, a key or –, and tests", r.cells)
			continue
		}
		spec := specs[spans(r.cells[1])[0]]
		if spec == nil {
			t.Errorf("%s: there is no action %s", r.cells[0], r.cells[1])
			continue
		}
		for _, name := range spans(r.cells[2]) {
			if !settable(spec, name) {
				t.Errorf("%s: %s has no input %s, nor the configuration such a key", r.cells[0], spec.Name, name)
			}
		}
		for _, name := range spans(r.cells[3]) {
			if err := testExists(name); err != nil {
				t.Errorf("%s: %v", r.cells[0], err)
			}
		}
	}
}

func specsByName() map[string]*action.Spec {
	root := house.Root()
	specs := map[string]*action.Spec{"checkout-deploy": &root.Spec}
	for _, a := range slices.Concat(house.Actions(), house.Commands()) {
		specs[a.Name] = &a.Spec
	}
	return specs
}

// settable says whether name is an input of the action, or section.key of the
// configuration.
func settable(spec *action.Spec, name string) bool {
	if section, key, ok := strings.Cut(name, "."); ok {
		_, keys, found := strings.Cut(config.Reference(), "\n### "+section+"\n")
		keys, _, _ = strings.Cut(keys, "\n### ")
		return found && strings.Contains(keys, "\n| `"+key+"` |")
	}
	return slices.ContainsFunc(spec.Inputs, func(in action.Input) bool { return in.Name == name })
}

// The checks refuse what is not there.
func TestPatternChecksRefuse(t *testing.T) {
	build := specsByName()["build-bundle"]
	for _, name := range []string{"build.nothing", "nothing.format", "nothing", "pass.groups.name"} {
		if settable(build, name) {
			t.Errorf("%s: got it taken for a key or an input", name)
		}
	}
	for _, name := range []string{"docs/patterns_test.go", "docs/patterns_test.go:TestNothing", "docs/nothing_test.go:TestPatternsAreShown"} {
		if testExists(name) == nil {
			t.Errorf("%s: got it taken for a test", name)
		}
	}
}
