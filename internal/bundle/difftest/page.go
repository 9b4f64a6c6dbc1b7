package difftest

import (
	"encoding/json"
	"fmt"
	"html"
	"strings"
)

// page writes the document that loads a build as a shop's template would: pinned style sheets and scripts in order,
// for esm an inline import map before the first module.
func page(out *Output, format Format, steps []string) (string, error) {
	if len(out.Scripts) == 0 {
		return "", fmt.Errorf("laying out the page: got no initial scripts, want at least one")
	}
	stepList, err := json.Marshal(notNil(steps))
	if err != nil {
		return "", fmt.Errorf("laying out the page: %w", err)
	}
	var b strings.Builder
	b.WriteString("<!doctype html>\n<meta charset=utf-8>\n<link rel=icon href='data:,'>\n")
	fmt.Fprintf(&b, "<script>%s</script>\n<script>%s</script>\n", hostFile("prelude.js"), hostFile("page.js"))
	for _, s := range out.Styles {
		fmt.Fprintf(&b, "<link rel=stylesheet href=\"%s\"%s>\n", html.EscapeString(s.Path), pin(s))
	}
	if out.ImportMap != nil {
		fmt.Fprintf(&b, "<script type=importmap>%s</script>\n", out.ImportMap)
	}
	kind := ""
	if format == ESM {
		kind = " type=module"
	}
	for _, s := range out.Scripts {
		fmt.Fprintf(&b, "<script%s src=\"%s\"%s></script>\n", kind, html.EscapeString(s.Path), pin(s))
	}
	load := fmt.Sprintf("() => window[%q]", Library)
	if out.Exports != "" {
		entry, err := json.Marshal("./" + out.Exports)
		if err != nil {
			return "", fmt.Errorf("laying out the page: %w", err)
		}
		load = fmt.Sprintf("() => import(%s)", entry)
	}
	fmt.Fprintf(&b, "<script%s>__finish(%s, %s)</script>\n", kind, load, stepList)
	return b.String(), nil
}

func pin(r Resource) string {
	if r.Integrity == "" {
		return ""
	}
	return fmt.Sprintf(" integrity=\"%s\" crossorigin=anonymous", html.EscapeString(r.Integrity))
}
