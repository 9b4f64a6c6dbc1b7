//go:build linux

package main

import (
	"fmt"
	"strings"
	"time"
)

// Rebuilds is one run of the bench with -rebuild.
type Rebuilds struct {
	Machine string    `json:"machine"`
	Changed []string  `json:"changed"` // files of the checkout: there should be none
	Peers   []Watched `json:"peers"`
	Boots   []Result  `json:"boots"` // of what was written last, all edits undone
}

// Markdown is the report as tables: milliseconds, and how many times bare
// that is.
func (r Rebuilds) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", r.Machine)
	head, rule := "| edit |", "|---|"
	for _, p := range r.Peers {
		head += fmt.Sprintf(" %s ms | × %s |", p.Name, watcherNames[0])
		rule += "--:|--:|"
	}
	b.WriteString(head + "\n" + rule + "\n")
	for i, kind := range kinds() {
		fmt.Fprintf(&b, "| %s |", kind)
		base := r.median(i, watcherNames[0])
		for _, p := range r.Peers {
			if m := p.Edits[i].Median; m == 0 {
				b.WriteString(" – | – |")
			} else {
				fmt.Fprintf(&b, " %d | %s |", m.Milliseconds(), ratio(m, base))
			}
		}
		b.WriteByte('\n')
	}
	b.WriteString("\n| peer | rounds | first build s | peak MiB |\n|---|--:|--:|--:|\n")
	for _, p := range r.Peers {
		fmt.Fprintf(&b, "| %s | %d | %.2f | %d |\n", p.Name, len(p.Edits[0].Runs), p.First.Seconds(), p.Peak>>20)
	}
	b.WriteByte('\n')
	Report{Peers: r.Boots}.boots(&b)
	for _, p := range r.Peers {
		for _, failed := range p.Failed {
			fmt.Fprintf(&b, "- %s failed: %s\n", p.Name, firstLine(failed))
		}
	}
	for _, p := range r.Peers {
		fmt.Fprintf(&b, "- **%s**: %s.\n", p.Name, p.What)
	}
	b.WriteString("\nMedians, from before the file is written until a build with the new content is done, each peer by itself. First build: one, from the start of the process. Memory: the greatest sum of resident memory over all processes, looked at every 200 ms.\n")
	return b.String()
}

// median returns that of an edit or its undoing; of a peer that is not there 0.
func (r Rebuilds) median(i int, peer string) time.Duration {
	for _, p := range r.Peers {
		if p.Name == peer {
			return p.Edits[i].Median
		}
	}
	return 0
}
