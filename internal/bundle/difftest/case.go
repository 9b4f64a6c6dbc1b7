package difftest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/tools/txtar"
)

// Case is one module graph on disk: its files and what is done with it.
type Case struct {
	Name string
	// Comment says what the graph shows; hand-written cases only.
	Comment string
	Files   []txtar.File
	// Entry is the path of the entry module.
	Entry string
	// Steps are walked in order once the entry has been evaluated: "call f" calls the entry's export f, "run k" the
	// function that a module left in __steps[k]. Each is awaited.
	Steps []string
}

const stepsFile = "steps.txt"

// ReadCase reads a txtar archive: modules and style sheets, and steps.txt with one step a line. The entry is the file
// main.mjs or main.js.
func ReadCase(name string, data []byte) (*Case, error) {
	a := txtar.Parse(data)
	c := &Case{Name: name, Comment: strings.TrimSpace(string(a.Comment))}
	seen := map[string]bool{}
	for _, f := range a.Files {
		if seen[f.Name] {
			return nil, fmt.Errorf("reading case %q: file %q is there twice", name, f.Name)
		}
		seen[f.Name] = true
		switch f.Name {
		case stepsFile:
			c.Steps = append(c.Steps, lines(string(f.Data))...)
			continue
		case "main.mjs", "main.js":
			c.Entry = f.Name
		}
		if !filepath.IsLocal(f.Name) {
			return nil, fmt.Errorf("reading case %q: file %q is outside the graph", name, f.Name)
		}
		c.Files = append(c.Files, f)
	}
	if c.Entry == "" {
		return nil, fmt.Errorf("reading case %q: no entry: got %d files, want one of them to be main.mjs or main.js", name, len(c.Files))
	}
	return c, nil
}

// Txtar prints the case so that ReadCase reads it back.
func (c *Case) Txtar() []byte {
	a := &txtar.Archive{Files: append([]txtar.File(nil), c.Files...)}
	if c.Comment != "" {
		a.Comment = []byte(c.Comment + "\n")
	}
	if len(c.Steps) > 0 {
		a.Files = append(a.Files, txtar.File{Name: stepsFile, Data: []byte(strings.Join(c.Steps, "\n") + "\n")})
	}
	return txtar.Format(a)
}

// lines gives the lines of a text file that are neither empty nor a `#` comment.
func lines(s string) (out []string) {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

// WriteSource writes the graph as a bundler takes it.
func (c *Case) WriteSource(dir string) error { return writeFiles(dir, c.Files) }

// WriteReference writes the graph as Node takes it.
//
// Node knows no style sheets: `x.css` becomes a module `x.css.mjs` that says when it is evaluated, and the import
// statements of ES modules point there. Nor has an ES module a `require`: a module that uses it gets Node's own
// createRequire, which loads ES modules too.
func (c *Case) WriteReference(dir string) error {
	files := make([]txtar.File, 0, len(c.Files))
	for _, f := range c.Files {
		src := string(f.Data)
		switch filepath.Ext(f.Name) {
		case ".css":
			f = txtar.File{Name: f.Name + ".mjs", Data: []byte(styleModule(src))}
		case ".mjs", ".js":
			src = styleImport.ReplaceAllString(src, `$1.css.mjs$2`)
			if isModule(f.Name, src) && callsRequire.MatchString(src) {
				src = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url); ` + src
			}
			f.Data = []byte(src)
		}
		files = append(files, f)
	}
	return writeFiles(dir, files)
}

var (
	styleImport  = regexp.MustCompile(`(["'][^"'\n]*)\.css(["'])`)
	callsRequire = regexp.MustCompile(`\brequire\(`)
	esmSyntax    = regexp.MustCompile(`(?m)^(import|export)\b`)
	cssImport    = regexp.MustCompile(`@import\s+["']([^"']+)["']`)
	cssMarker    = regexp.MustCompile(`\.m-([\w-]+)`)
)

func isModule(name, src string) bool {
	return strings.HasSuffix(name, ".mjs") || esmSyntax.MatchString(src)
}

// styleModule gives the module that stands for a style sheet: its own imports first, then its markers.
func styleModule(css string) string {
	var b strings.Builder
	for _, m := range cssImport.FindAllStringSubmatch(css, -1) {
		fmt.Fprintf(&b, "import %q;\n", m[1]+".mjs")
	}
	for _, m := range cssMarker.FindAllStringSubmatch(css, -1) {
		fmt.Fprintf(&b, "globalThis.__style(%q);\n", m[1])
	}
	return b.String()
}

func writeFiles(dir string, files []txtar.File) error {
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("writing graph: %w", err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			return fmt.Errorf("writing graph: %w", err)
		}
	}
	return nil
}
