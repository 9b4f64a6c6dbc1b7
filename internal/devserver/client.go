package devserver

import (
	_ "embed"
	"encoding/json"
	"strings"

	"github.com/org/checkout-deploy/internal/release"
)

var (
	//go:embed client.js
	clientJS string
	//go:embed overlay.css
	overlayCSS string
)

// Client returns what stands before the code of each entry of a build that is
// served: it reloads the page, puts new style sheets in, and shows errors. It is
// one line, ended by a line break: a source map begins with ";" for it. It says
// nothing of strictness, so a "use strict" of the entry's own has to stand
// before it, or within a function.
func Client(format release.Format) string {
	// A worker's script has neither.
	src := `self.document&&document.currentScript&&document.currentScript.src`
	if format == release.ESM {
		src = `import.meta.url`
	}
	style, _ := json.Marshal(oneLine(overlayCSS)) // a string always encodes
	return strings.NewReplacer(`"__SRC__"`, src, `"__CSS__"`, string(style)).Replace(oneLine(clientJS)) + "\n"
}

// oneLine drops comments and indentation.
func oneLine(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "//") {
			out.WriteString(line)
		}
	}
	return out.String()
}
