package page

import (
	_ "embed"
	"encoding/json"
	"strings"

	"github.com/org/checkout-deploy/internal/integrity"
)

// guardCode sets integrity and crossorigin on each script and link element whose
// address a script sets, if the table has the file. It is given the table,
// whose keys begin with "/", so that none is a name of Object.prototype's, and the
// release's folder. Setters alone see an element before anything is fetched,
// whichever way it is then put into the page.
//
//go:embed guard.js
var guardCode string

// guardText is the script with its table.
func guardText(table map[string]string, folder string) string {
	return strings.TrimSpace(guardCode) + "(" + script(table) + "," + script(folder) + ",document)"
}

// script writes a value as JSON that can stand in a script element: its text
// can't end the element, nor begin a comment.
func script(value any) string {
	text, err := json.Marshal(value) // escapes <, > and &, and sorts keys
	if err != nil {
		panic(err) // text and maps of text always can be
	}
	return string(text)
}

// table is what the guard knows.
func (w *writer) table() map[string]string {
	table := map[string]string{}
	for _, path := range w.o.Guard {
		if m := w.o.Integrity(path); m != nil {
			table["/"+path] = m.String()
		}
	}
	return table
}

// same says that a page's integrity enforces what m pins.
func same(attribute string, m integrity.Metadata) bool {
	got, problems := integrity.Parse(attribute)
	if len(problems) > 0 || len(got) != len(m) {
		return false
	}
	for _, h := range m {
		found := false
		for _, g := range got {
			found = found || g == h
		}
		if !found {
			return false
		}
	}
	return true
}
