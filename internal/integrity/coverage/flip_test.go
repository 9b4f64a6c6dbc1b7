package coverage

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/integrity/page"
	"github.com/org/checkout-deploy/internal/release"
)

// runTime is one of build-bundle's run times, with a table of lazy files.
func runTime(t *testing.T, name string, files map[string]string, lazy ...string) string {
	t.Helper()
	text, err := os.ReadFile("../../bundle/link/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][2]string
	for _, f := range lazy {
		rows = append(rows, [2]string{f, pin(files[f])})
	}
	data, err := json.Marshal(map[string]any{"f": rows})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `"__TABLE__"`) {
		t.Fatalf("%s has no place for a table", name)
	}
	return strings.ReplaceAll(string(text), `"__TABLE__"`, string(data))
}

// pages are an application as build-bundle writes it, and its page, of either
// format. A change of files changes the page with it, as a new build does.
func pages(t *testing.T, format release.Format) (map[string]string, release.Pass, func(files map[string]string) *page.Document) {
	files := map[string]string{"c-1.js": chunkJS, "l-1.css": lazyCSS, "e-1.css": "b{}", "index.html": ""}
	pass := release.Pass{
		Name: "app", Format: format, Library: "checkout",
		Entries: []release.Entry{{Name: "checkout", JS: []string{"e-1.js"}, CSS: []string{"e-1.css"}, Chunks: []string{"lazy"}}},
		Chunks:  []release.Chunk{{Name: "lazy", JS: []string{"c-1.js"}, CSS: []string{"l-1.css"}}},
	}
	if format == release.Classic {
		files["e-1.js"] = runTime(t, "runtime_classic.js", files, "c-1.js", "l-1.css")
		return files, pass, func(files map[string]string) *page.Document {
			return document(style("e-1.css", pin(files["e-1.css"])), script("e-1.js", pin(files["e-1.js"])))
		}
	}
	files["e-1.js"] = runTime(t, "runtime_module.js", files, "l-1.css") + `R.l("./c-1.js")`
	lazy := pin(chunkJS)
	return files, pass, func(files map[string]string) *page.Document {
		return document(
			inline(page.ImportMap, `{"integrity":{"./e-1.js":"`+pin(files["e-1.js"])+`","./c-1.js":"`+lazy+`"}}`),
			style("e-1.css", pin(files["e-1.css"])), module("e-1.js", ""),
		)
	}
}

func formats(t *testing.T, test func(t *testing.T, files map[string]string, pass release.Pass, doc func(map[string]string) *page.Document)) {
	for _, format := range []release.Format{release.Classic, release.ESM} {
		t.Run(string(format), func(t *testing.T) {
			files, pass, doc := pages(t, format)
			r, dir := made(t, files, pass)
			if got := judged(t, r, dir, doc(files)); got.Totals() != (Totals{Covered: 4}) || len(got.Findings) > 0 {
				t.Fatalf("as built: got\n%s", said(got))
			}
			test(t, files, pass, doc)
		})
	}
}

func judged(t *testing.T, r *release.Release, dir fstest.MapFS, doc *page.Document) *Report {
	t.Helper()
	report, err := Read(Input{Release: r, Files: dir, Pages: map[string]*page.Document{"index.html": doc}})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func worst(r *Report) finding.Severity {
	if len(r.Findings) == 0 {
		return finding.Info
	}
	return r.Findings[0].Severity
}

// One byte of any script or style that is another on disk is seen, and the file no
// longer counts as covered, whichever byte it is.
func TestFlippedByteOnDisk(t *testing.T) {
	formats(t, func(t *testing.T, files map[string]string, pass release.Pass, doc func(map[string]string) *page.Document) {
		r, dir := made(t, files, pass)
		for _, path := range slices.Sorted(maps.Keys(files)) {
			text := files[path]
			for at := 0; at < len(text); at += 1 + len(text)/40 {
				flipped := maps.Clone(dir)
				data := []byte(text)
				data[at] ^= 1
				flipped[path] = &fstest.MapFile{Data: data}
				got := judged(t, r, flipped, doc(files))
				if got.Totals().Covered == 4 || worst(got) != finding.Critical {
					t.Errorf("byte %d of %s: got\n%s", at, path, said(got))
				}
			}
		}
	})
}

// A hash in the run time's table that is not the file's is seen, though the record,
// the tag and the import map are of the table as it is: a stale table, or one that
// somebody wrote.
func TestFlippedHashInTable(t *testing.T) {
	formats(t, func(t *testing.T, files map[string]string, pass release.Pass, doc func(map[string]string) *page.Document) {
		entry := files["e-1.js"]
		at := strings.Index(entry, "sha384-")
		for i := at; i < at+len(pin("")); i++ {
			stale := maps.Clone(files)
			data := []byte(entry)
			if data[i]++; data[i] == '"' || data[i] == '\\' {
				data[i]++
			}
			stale["e-1.js"] = string(data)
			r, dir := made(t, stale, pass)
			got := judged(t, r, dir, doc(stale))
			if got.Totals().Covered == 4 || worst(got).Rank() < finding.Medium.Rank() {
				t.Errorf("character %d of the hash (%s): got\n%s", i-at, data[at:at+80], said(got))
			}
		}
	})
}
