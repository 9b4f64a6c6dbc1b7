package style

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The bundle must mean what the sheets mean one after the other, though esbuild
// drops, merges and shortens rules. So random sheets are bundled and minified,
// and a small model of the cascade says what every element gets from either.

// declared is a declaration with all that decides whether it wins.
type declared struct {
	media     string // "" or "print"
	layer     string // "" outside layers
	selector  string // one compound of classes
	property  string
	value     string
	important bool
}

// computed is what an element with classes gets in a medium, by property.
func computed(rules []declared, layers []string, classes []string, medium string) map[string]string {
	type winner struct {
		rank  [3]int
		value string
	}
	best := map[string]winner{}
	for _, d := range rules {
		if d.media != "" && d.media != medium || !matches(d.selector, classes) {
			continue
		}
		// Later layers win over earlier ones and rules outside over both; for
		// important declarations it is the other way round.
		layer := len(layers)
		if d.layer != "" {
			layer = slices.Index(layers, d.layer)
		}
		rank := [3]int{0, layer, strings.Count(d.selector, ".")}
		if d.important {
			rank[0], rank[1] = 1, -layer
		}
		if old, ok := best[d.property]; !ok || slices.Compare(rank[:], old.rank[:]) >= 0 {
			best[d.property] = winner{rank, d.value}
		}
	}
	out := map[string]string{}
	for property, w := range best {
		out[property] = w.value
	}
	return out
}

func matches(selector string, classes []string) bool {
	for class := range strings.SplitSeq(strings.TrimPrefix(selector, "."), ".") {
		if !slices.Contains(classes, class) {
			return false
		}
	}
	return true
}

// parseRules reads the CSS that randomSheet and esbuild write.
func parseRules(t *testing.T, css, media, layer string, layers *[]string) []declared {
	t.Helper()
	var out []declared
	for css = strings.TrimSpace(css); css != ""; css = strings.TrimSpace(css) {
		at := strings.IndexAny(css, "{;")
		if at < 0 {
			t.Fatalf("rest of CSS: %q", css)
		}
		head := strings.TrimSpace(css[:at])
		if name, ok := strings.CutPrefix(head, "@layer"); ok {
			for one := range strings.SplitSeq(name, ",") {
				if one = strings.TrimSpace(one); !slices.Contains(*layers, one) {
					*layers = append(*layers, one)
				}
			}
		}
		if css[at] == ';' {
			css = css[at+1:]
			continue
		}
		body, rest := block(t, css[at:])
		css = rest
		switch {
		case strings.HasPrefix(head, "@media"):
			out = append(out, parseRules(t, body, strings.TrimSpace(strings.TrimPrefix(head, "@media")), layer, layers)...)
		case strings.HasPrefix(head, "@layer"):
			out = append(out, parseRules(t, body, media, strings.TrimSpace(strings.TrimPrefix(head, "@layer")), layers)...)
		default:
			for selector := range strings.SplitSeq(head, ",") {
				for _, d := range declarations(t, body) {
					d.media, d.layer, d.selector = media, layer, strings.TrimSpace(selector)
					out = append(out, d)
				}
			}
		}
	}
	return out
}

// block parts "{…}rest".
func block(t *testing.T, css string) (body, rest string) {
	depth := 0
	for i, c := range css {
		switch c {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return css[1:i], css[i+1:]
			}
		}
	}
	t.Fatalf("open block: %q", css)
	return "", ""
}

var sides = []string{"top", "right", "bottom", "left"}

// declarations reads a rule's body, with the shorthand margin taken apart.
func declarations(t *testing.T, body string) (out []declared) {
	for text := range strings.SplitSeq(body, ";") {
		if strings.TrimSpace(text) == "" {
			continue
		}
		property, value, ok := strings.Cut(text, ":")
		if !ok {
			t.Fatalf("declaration %q", text)
		}
		property, value = strings.TrimSpace(property), strings.TrimSpace(value)
		value, important := strings.CutSuffix(value, "!important")
		value = strings.TrimSpace(value)
		if property != "margin" {
			out = append(out, declared{property: property, value: value, important: important})
			continue
		}
		parts := strings.Fields(value)
		for i, side := range sides {
			// 1 to 4 values stand for the sides as CSS has it.
			index := [][]int{{0, 0, 0, 0}, {0, 1, 0, 1}, {0, 1, 2, 1}, {0, 1, 2, 3}}[len(parts)-1][i]
			out = append(out, declared{property: "margin-" + side, value: parts[index], important: important})
		}
	}
	return out
}

func randomSheet(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(8) {
		rule := fmt.Sprintf("%s { %s }\n", randomSelector(r), randomBody(r))
		switch r.IntN(6) {
		case 0:
			rule = "@media print { " + rule + " }\n"
		case 1:
			rule = fmt.Sprintf("@layer l%d { %s }\n", r.IntN(2), rule)
		}
		b.WriteString(rule)
	}
	return b.String()
}

func randomSelector(r *rand.Rand) string {
	selectors := []string{".a", ".b", ".c", ".a.b", ".b.c", ".a.b.c"}
	out := selectors[r.IntN(len(selectors))]
	if r.IntN(3) == 0 {
		out += ", " + selectors[r.IntN(len(selectors))]
	}
	return out
}

func randomBody(r *rand.Rand) string {
	var parts []string
	length := func() string { return []string{"0", "1px", "2px", "3px"}[r.IntN(4)] }
	for range 1 + r.IntN(4) {
		var text string
		switch r.IntN(4) {
		case 0:
			text = "color: " + []string{"amber", "beige", "coral"}[r.IntN(3)]
		case 1:
			text = "margin-" + sides[r.IntN(4)] + ": " + length()
		case 2:
			values := []string{length()}
			for range r.IntN(4) {
				values = append(values, length())
			}
			text = "margin: " + strings.Join(values, " ")
		case 3:
			text = "order: " + fmt.Sprint(r.IntN(3))
		}
		if r.IntN(5) == 0 {
			text += " !important"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

func checkCascade(t *testing.T, root string, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	c := newCompiler(t, Options{Root: root})
	var sheets []*Sheet
	var joined strings.Builder
	for i := range 1 + r.IntN(4) {
		path := filepath.Join(root, fmt.Sprintf("s%d.css", i))
		if err := os.WriteFile(path, []byte(randomSheet(r)), 0o644); err != nil {
			t.Fatal(err)
		}
		sheets = append(sheets, compile(t, c, path))
	}
	if r.IntN(3) == 0 {
		sheets = append(sheets, sheets[r.IntN(len(sheets))]) // one comes twice
	}
	for _, sheet := range sheets {
		joined.Write(sheet.CSS)
	}
	out, err := c.Bundle(context.Background(), sheets, BundleOptions{Name: "app", Minify: true})
	if err != nil {
		t.Fatal(err)
	}
	var wantLayers, gotLayers []string
	want := parseRules(t, joined.String(), "", "", &wantLayers)
	got := parseRules(t, string(out.CSS), "", "", &gotLayers)
	for set := range 8 {
		var classes []string
		for i, class := range []string{"a", "b", "c"} {
			if set&(1<<i) != 0 {
				classes = append(classes, class)
			}
		}
		for _, medium := range []string{"screen", "print"} {
			w, g := computed(want, wantLayers, classes, medium), computed(got, gotLayers, classes, medium)
			if !maps.Equal(w, g) {
				t.Fatalf("seed %d, element %q in %s: got %v, want %v\n%s\n->\n%s", seed, classes, medium, g, w, joined.String(), out.CSS)
			}
		}
	}
}

func TestBundleKeepsTheCascade(t *testing.T) {
	root := t.TempDir()
	for seed := range uint64(400) {
		checkCascade(t, root, seed)
	}
}

func FuzzCascade(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkCascade(t, t.TempDir(), seed) })
}
