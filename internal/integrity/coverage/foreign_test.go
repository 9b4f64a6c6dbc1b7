package coverage

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/integrity/page"
)

// What other bundlers write: testdata/webpack is webpack 5 with
// mini-css-extract-plugin and webpack-subresource-integrity, testdata/vite is Vite's
// build of the same sources: a script that imports another, each with a style.
func TestForeign(t *testing.T) {
	for _, row := range []struct {
		name, dir string
		page      func(pinOf func(string) string) []page.Element
		want      string
	}{
		{
			name: "webpack, whose table has no styles", dir: "webpack",
			page: func(pinOf func(string) string) []page.Element {
				return []page.Element{script("/main.00bb4854.js", pinOf("main.00bb4854.js")), style("/main.324df592.css", pinOf("main.324df592.css"))}
			},
			want: `covered initial main.00bb4854.js [tag index.html:1:1]
covered initial main.324df592.css [tag index.html:2:1]
covered lazy pay.2b796e3a.js [run-time table main.00bb4854.js:1:1415]
uncovered lazy pay.8b9509e7.css
medium uncovered main.00bb4854.js:1:380
`,
		},
		{
			name: "Vite as it is", dir: "vite",
			want: `uncovered initial assets/index-CLQWEYio.js
uncovered initial assets/index-aI-KMijL.css
uncovered lazy assets/pay-BNnkEQBv.js
uncovered lazy assets/pay-C59Tpb9t.css
high uncovered assets/index-CLQWEYio.js:1:59
high uncovered index.html:1:46
medium uncovered assets/index-CLQWEYio.js:1:84
medium uncovered index.html:2:3
`,
		},
		{
			name: "Vite with an import map and a guard", dir: "vite",
			page: func(pinOf func(string) string) []page.Element {
				return []page.Element{
					inline(page.ImportMap, `{"integrity":{"/assets/index-CLQWEYio.js":"`+pinOf("assets/index-CLQWEYio.js")+`","/assets/pay-BNnkEQBv.js":"`+pinOf("assets/pay-BNnkEQBv.js")+`"}}`),
					inline(page.Script, `guard({"/assets/pay-C59Tpb9t.css":"`+pinOf("assets/pay-C59Tpb9t.css")+`"})`),
					module("/assets/index-CLQWEYio.js", ""), style("/assets/index-aI-KMijL.css", pinOf("assets/index-aI-KMijL.css")),
				}
			},
			want: `covered initial assets/index-CLQWEYio.js [import map index.html:1:1]
covered initial assets/index-aI-KMijL.css [tag index.html:4:1]
covered lazy assets/pay-BNnkEQBv.js [import map index.html:1:1]
covered lazy assets/pay-C59Tpb9t.css [guard index.html:2:44]
`,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			files := map[string]string{"index.html": ""}
			tree := os.DirFS("testdata/" + row.dir)
			err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				data, err := fs.ReadFile(tree, path)
				files[path] = string(data)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			r, dir := made(t, files)
			doc, err := page.Scan([]byte(files["index.html"]))
			if err != nil {
				t.Fatal(err)
			}
			if row.page != nil { // in the place of the bundler's
				doc = document(row.page(func(path string) string { return pin(files[path]) })...)
			}
			report, err := Read(Input{Release: r, Files: dir, Pages: map[string]*page.Document{"index.html": doc}})
			if err != nil {
				t.Fatal(err)
			}
			if got := said(report); strings.TrimSpace(got) != strings.TrimSpace(row.want) {
				t.Errorf("got\n%swant\n%s", got, row.want)
			}
		})
	}
}
