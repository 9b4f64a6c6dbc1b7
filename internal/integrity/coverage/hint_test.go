package coverage

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/checkout-deploy/internal/integrity/page"
	"github.com/org/checkout-deploy/internal/release"
)

// One cause is one finding, and its hint is what helps.
func TestHints(t *testing.T) {
	const public = "https://CDN.example.com:443/shop/"
	pinned := ` integrity="` + pin("m") + `" crossorigin>`
	for _, row := range []struct{ name, html, public, rule, says, hint string }{
		{"a slip", `<script src="mian.js"></script>`, "", ruleMissingFile, `the page loads "mian.js"`, `did you mean "main.js"?`},
		{"another folder", `<script src="js/main.js"></script>`, "", ruleMissingFile, `the page loads "js/main.js"`, `did you mean "main.js"?`},
		{"nothing like it", `<script src="vendor.js"></script>`, "", ruleMissingFile, `"vendor.js"`, "build again, and keep the folder whole"},
		{"a preload's slip", `<link rel=preload as=script href="mian.js">`, "", ruleMissingFile, "the page preloads", `did you mean "main.js"?`},
		{"a template's tag", `<script src="{{.}}"></script>`, "", ruleUncovered, "its tag has no integrity, and its address is a template's expression", "when the page is built"},
		{"a server's tag", `<script src="/js/<%= name %>.js"></script>`, "", ruleUncovered, "a template's expression", "when the page is built"},
		{"a template's host", `<script src="https://{{ host }}/a.js"></script>`, "", ruleUncovered, "a template's expression", "when the page is built"},
		{"a name that a build left", `<script src="MANIFEST_JSON"></script>`, "", ruleUncovered, "a template's expression", "when the page is built"},
		{"somebody else's with a template's query", `<script src="https://js.example.com/t.js?id={{ id }}"></script>`, "", ruleUncovered, "a template's expression", "name it in the inventory with an exception"},
		{"a template's preload", `<link rel=preload as=script href="{{.}}">`, "", ruleHint, "no integrity", "the same integrity"},
		{"a template's tag that is pinned", `<script src="{{.}}"` + pinned + `</script>`, "", "", "", ""},
		{"somebody else's", `<script src="//JS.example.com/v3/"></script>`, "", ruleUncovered, `"https://js.example.com/v3/"`, "name it in the inventory with an exception"},
		{"a base", `<base href="https://cdn.example.com/shop/"><script src="main.js"></script>`, "", ruleUncovered, "base element puts it on another host", "integrity.public-url: https://cdn.example.com/shop/"},
		{"an own host", `<script src="https://cdn.example.com/shop/main.js"></script>`, "", ruleUncovered, "", "integrity.public-url: https://cdn.example.com/shop/"},
		{"an import", `<style>@import "x.css";</style>`, "", ruleImport, `@import of "x.css"`, "bundle the style sheet"},
		{"none of a browser's", `<script src="https://js.example.com/" crossorigin integrity="undefined"></script>`, "", rulePlaceholder, `"undefined"`, "run the step"},
		{"the public URL", `<script src="https://cdn.example.com/shop/main.js"` + pinned + `</script>`, public, "", "", ""},
		{"as browsers read it", `<script src="https:\\cdn.EXAMPLE.com\shop\main.js"` + pinned + `</script>`, public, "", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			doc, err := page.Scan([]byte(row.html))
			if err != nil {
				t.Fatal(err)
			}
			files := fstest.MapFS{"main.js": {Data: []byte("m")}, "index.html": {Data: []byte(row.html)}}
			rel := &release.Release{Files: []release.File{
				{Path: "index.html", Role: release.HTML, Size: int64(len(row.html)), Integrity: release.IntegrityOf([]byte(row.html))},
				{Path: "main.js", Role: release.Script, Size: 1, Integrity: release.IntegrityOf([]byte("m"))},
			}}
			report, err := Read(Input{Release: rel, Files: files, Pages: map[string]*page.Document{"index.html": doc}, PublicURL: row.public})
			if err != nil {
				t.Fatal(err)
			}
			found := report.Findings[:0]
			for _, f := range report.Findings {
				if f.Rule != ruleUnlisted || strings.Contains(row.hint, "main.js") || strings.Contains(row.hint, "public-url") { // main.js, where no page means it
					found = append(found, f)
				}
			}
			if row.rule == "" {
				if len(found) > 0 {
					t.Errorf("got %v", found)
				}
				return
			}
			if len(found) != 1 || found[0].Rule != row.rule || !strings.Contains(found[0].Message, row.says) || !strings.Contains(found[0].Hint, row.hint) {
				t.Errorf("got %+v", found)
			}
		})
	}
}
