package walk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/org/checkout-deploy/internal/browser"
	"github.com/org/checkout-deploy/internal/release"
)

// Trap is something that bundlers are known to get wrong, planted in an example.
type Trap struct {
	Name  string `json:"name"`
	Means string `json:"means"` // what is true when it is fine
	// Formats that can get it right; empty means all.
	Formats []release.Format `json:"formats"`
}

// Applies reports whether builds of a format can get the trap right.
func (t Trap) Applies(format release.Format) bool {
	return len(t.Formats) == 0 || slices.Contains(t.Formats, format)
}

// ReadTraps reads the list of an example's traps.
func ReadTraps(example string) ([]Trap, error) {
	data, err := os.ReadFile(filepath.Join(example, "traps.json"))
	if err != nil {
		return nil, fmt.Errorf("reading the example's traps: %w", err)
	}
	var traps []Trap
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&traps); err != nil {
		return nil, fmt.Errorf("reading the example's traps: %w", err)
	}
	return traps, nil
}

// Sight is what a page saw of a trap.
type Sight struct {
	OK   bool `json:"ok"`
	Got  any  `json:"got"`
	Want any  `json:"want"`
}

// Sights returns what the page saw so far, by the trap's name.
func (s Shopper) Sights(ctx context.Context) (map[string]Sight, error) {
	return browser.Evaluate[map[string]Sight](ctx, s.Page, `window.__traps || {}`)
}

// Judge says what is wrong: a trap that bit, one that the page saw nothing of,
// and one that the list does not know.
func Judge(traps []Trap, sights map[string]Sight, format release.Format) []string {
	var wrong []string
	listed := map[string]bool{}
	for _, t := range traps {
		listed[t.Name] = true
		sight, seen := sights[t.Name]
		switch {
		case !seen:
			wrong = append(wrong, fmt.Sprintf("%s: the page reported nothing; expected that %s", t.Name, t.Means))
		case !sight.OK && t.Applies(format):
			wrong = append(wrong, fmt.Sprintf("%s: got %#v, want %#v; expected that %s", t.Name, sight.Got, sight.Want, t.Means))
		}
	}
	for name := range sights {
		if !listed[name] {
			wrong = append(wrong, fmt.Sprintf("%s: the page reported it, traps.json does not list it", name))
		}
	}
	slices.Sort(wrong)
	return wrong
}
