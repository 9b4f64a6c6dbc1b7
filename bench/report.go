//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

// Report is one run of the bench.
type Report struct {
	Machine string   `json:"machine"`
	Changed []string `json:"changed"` // files of the checkout: there should be none
	Peers   []Result `json:"peers"`
}

// finish keeps a report as path.json and path.md, prints it, and fails where
// files of the checkout changed.
func finish(r interface{ Markdown() string }, path string, out io.Writer, app string, changed []string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	err = errors.Join(
		os.WriteFile(path+".json", append(data, '\n'), 0o644),
		os.WriteFile(path+".md", []byte(r.Markdown()), 0o644),
	)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(out, r.Markdown()); err != nil {
		return fmt.Errorf("printing the report: %w", err)
	}
	if n := len(changed); n > 0 {
		return fmt.Errorf("%d files of %s changed during the run, such as %s", n, app, changed[0])
	}
	return nil
}

// Markdown is the report as tables. What was not tried is a dash.
func (r Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", r.Machine)
	r.costs(&b)
	r.sizes(&b)
	r.boots(&b)
	for _, p := range r.Peers {
		fmt.Fprintf(&b, "- **%s**: %s.\n", p.Name, p.What)
	}
	b.WriteString("\nWhole processes, medians. CPU: user and system of all processes, orphans included. Memory: the greatest sum of resident memory over all processes, looked at every 20 ms. First load: the app's scripts without its loader, gzip -9 file by file.\n")
	if n := len(r.Changed); n > 0 {
		fmt.Fprintf(&b, "\n**%d files of the checkout changed during the run.**\n", n)
	}
	return b.String()
}

func (r Report) costs(b *strings.Builder) {
	base := r.base()
	b.WriteString("| build | runs | wall s | × bare | CPU s | × bare | peak MiB | × bare |\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, p := range r.Peers {
		if p.Failed != "" || len(p.Runs) == 0 {
			fmt.Fprintf(b, "| %s | – | – | – | – | – | – | – |\n", p.Name)
			continue
		}
		m := p.Median
		fmt.Fprintf(b, "| %s | %d | %.2f | %s | %.2f | %s | %d | %s |\n", p.Name, len(p.Runs),
			m.Wall.Seconds(), ratio(m.Wall, base.Wall), m.CPU.Seconds(), ratio(m.CPU, base.CPU), m.Peak>>20, ratio(m.Peak, base.Peak))
	}
	b.WriteByte('\n')
}

func (r Report) sizes(b *strings.Builder) {
	b.WriteString("| build | first load: files | raw B | gzip B | styles gzip B | all JavaScript: files | raw B |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, p := range r.Peers {
		if p.Failed != "" {
			fmt.Fprintf(b, "| %s | – | – | – | – | – | – |\n", p.Name)
			continue
		}
		s := p.Sizes
		fmt.Fprintf(b, "| %s | %d | %s | %s | %s | %d | %s |\n", p.Name, s.First.Files, thousands(s.First.Raw),
			thousands(s.First.Gzip), thousands(s.FirstCSS.Gzip), s.Scripts.Files, thousands(s.Scripts.Raw))
	}
	b.WriteByte('\n')
}

func (r Report) boots(b *strings.Builder) {
	b.WriteString("| build | page | payment step | after s | scripts and styles in the page | ever loaded | without integrity | requests to dist |\n|---|---|---|--:|--:|--:|--:|--:|\n")
	var notes []string
	for _, p := range r.Peers {
		if p.Failed != "" {
			fmt.Fprintf(b, "| %s | – | not built | – | – | – | – | – |\n", p.Name)
			notes = append(notes, fmt.Sprintf("- %s did not build: %s", p.Name, firstLine(p.Failed)))
			continue
		}
		if len(p.Boots) == 0 {
			fmt.Fprintf(b, "| %s | – | not tried | – | – | – | – | – |\n", p.Name)
		}
		for _, boot := range p.Boots {
			after, reached := "–", "no"
			if boot.Reached {
				after, reached = fmt.Sprintf("%.2f", boot.Marks[len(boot.Marks)-1].At.Seconds()), "reached"
			} else {
				notes = append(notes, fmt.Sprintf("- %s does not run: %s", p.Name, why(boot)))
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s | %d | %d | %d | %d |\n", p.Name, boot.Recording, reached, after,
				boot.InPage, boot.Loaded, boot.Unpinned, boot.Requests)
		}
	}
	b.WriteString("\n" + strings.Join(append(notes, ""), "\n"))
}

// why is the first thing the page complained of, or where it stopped.
func why(boot *Boot) string {
	if len(boot.Exceptions) > 0 {
		return firstLine(boot.Exceptions[0])
	}
	return boot.Stopped
}

// base is what ratios refer to.
func (r Report) base() Cost {
	for _, p := range r.Peers {
		if p.Name == peerNames[0] {
			return p.Median
		}
	}
	return Cost{}
}

func ratio[T ~int64](a, b T) string {
	if b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", float64(a)/float64(b))
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// machine says what the figures were taken on.
func machine() string {
	model := "unknown processor"
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, after, found := strings.Cut(string(data), "model name\t: "); found {
			model = firstLine(after)
		}
	}
	load := "unknown"
	if data, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = strings.Join(strings.Fields(string(data))[:3], " ")
	}
	return fmt.Sprintf("%d × %s, %s, load at the end %s", runtime.NumCPU(), model, runtime.Version(), load)
}
