package config

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

var markdownLink = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)

// Reference is the Markdown reference of every key, made of the tables that the
// reader uses.
func Reference() string {
	var b strings.Builder
	b.WriteString("### The file\n\n")
	writeKeys(&b, rootEntries())
	for _, o := range mappings {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n", o.name, o.doc)
		writeKeys(&b, o.keys)
	}
	return b.String()
}

func writeKeys(b *strings.Builder, keys []entry) {
	b.WriteString("| key | type | default | meaning |\n| --- | --- | --- | --- |\n")
	for _, k := range keys {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", k.name, cell(k.words), cell(k.otherwise()), cell(k.meaning()))
	}
}

// otherwise says what holds where the key is missing.
func (e entry) otherwise() string {
	switch {
	case e.required != "":
		return "required"
	case e.fallback != nil:
		return "`" + inYAML(e.fallback) + "`"
	}
	return e.instead
}

func (e entry) meaning() string {
	if e.example == nil {
		return e.doc
	}
	return e.doc + " Example: `" + inYAML(e.example) + "`."
}

// inYAML writes a value as JSON, and text that needs no quotes without them.
func inYAML(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // values of the tables
	}
	if s := string(text); !strings.HasPrefix(s, `"`) {
		return strings.NewReplacer(`\u003e`, ">", `\u003c`, "<", `\u0026`, "&", `":`, `": `, `,"`, `, "`).Replace(s)
	}
	return fmt.Sprint(v)
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
