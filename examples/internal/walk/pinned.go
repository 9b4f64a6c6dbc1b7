package walk

import (
	"context"
	"fmt"
	"strings"

	"github.com/org/checkout-deploy/internal/browser"
	"github.com/org/checkout-deploy/internal/release"
)

// Pins counts the page's scripts and styles from files.
type Pins struct {
	Scripts, Styles int
	// Unpinned says which of them the browser would have run whatever their bytes.
	Unpinned []string
}

// Pins looks at every script and style that the page asked for from the assets'
// origin. Elements carry their integrity; a module that another one imports has
// no element and is pinned by the page's import map, which mapped lists.
func (s Shopper) Pins(ctx context.Context, assets string, rel *release.Release, mapped bool) (Pins, error) {
	resources, err := s.Page.Resources(ctx)
	if err != nil {
		return Pins{}, fmt.Errorf("listing the page's scripts and styles: %w", err)
	}
	byURL := map[string]browser.Resource{}
	for _, r := range resources {
		if r.Kind == browser.Script || r.Kind == browser.Style {
			byURL[r.URL] = r
		}
	}
	var pins Pins
	seen := map[string]bool{}
	for _, q := range s.Page.Requests() {
		path, ours := strings.CutPrefix(q.URL, assets+"/")
		if !ours || seen[q.URL] || q.Type != "Script" && q.Type != "Stylesheet" {
			continue
		}
		seen[q.URL] = true
		if q.Type == "Script" {
			pins.Scripts++
		} else {
			pins.Styles++
		}
		file, _ := rel.File(path)
		element, tagged := byURL[q.URL]
		switch {
		case tagged && element.Integrity == file.Integrity.String():
		case q.Type == "Script" && mapped:
		case tagged:
			pins.Unpinned = append(pins.Unpinned, fmt.Sprintf("%s: got integrity %q, want %q", path, element.Integrity, file.Integrity))
		default:
			pins.Unpinned = append(pins.Unpinned, path+": no element of the page has it")
		}
	}
	return pins, nil
}
