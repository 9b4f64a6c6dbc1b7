package config

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/org/checkout-deploy/internal/release"
)

// SchemaURL is where the schema is published, and its $id.
const SchemaURL = "https://github.com/org/checkout-deploy/raw/v1/docs/checkout-deploy.schema.json"

// EditorLine, at the top of a file, tells editors with the YAML language server
// which schema is meant.
const EditorLine = "# yaml-language-server: $schema=" + SchemaURL

// mapping is a mapping with known keys, for the schema and the reference.
type mapping struct {
	name, doc string
	keys      []entry
}

var (
	mappings []mapping
	shapes   = map[string]schema{}
)

// addObject and addShape are for the init functions of sections. Both end up
// under $defs; mappings are in the reference too, in this order.
func addObject(name, doc string, keys []entry) { mappings = append(mappings, mapping{name, doc, keys}) }

func addShape(name string, s schema) { shapes[name] = s }

func init() {
	or := func(s schema) schema { return schema{"anyOf": []any{s, ref("variable")}} }
	not := func(patterns ...string) []any {
		var all []any
		for _, p := range patterns {
			all = append(all, schema{"not": schema{"pattern": p}})
		}
		return all
	}
	listOf := func(name string, more schema) schema {
		list := schema{"type": "array", "items": ref(name), "minItems": 1}
		for k, v := range more {
			list[k] = v
		}
		return schema{"anyOf": []any{ref(name), list}}
	}
	addShape("text", schema{"type": "string", "pattern": `\S`})
	addShape("texts", listOf("text", schema{"uniqueItems": true}))
	addShape("variable", schema{"type": "string", "pattern": `\$\{`, "description": "Text with `${NAME}`, a variable that build.env lists."})
	addShape("variables", listOf("variable-name", nil))
	addShape("variable-name", schema{"type": "string", "pattern": validVariable.String()})
	addShape("path", schema{
		"type": "string", "pattern": `\S`, "allOf": not(`\\`, `[\x00-\x1f\x7f]`, `^/`, `^.:`, `^(\./+)*\.\.(/|$)`),
		"description": "A path relative to the project's root, with `/`.",
	})
	addShape("paths", listOf("path", nil))
	addShape("name", schema{
		"type": "string", "maxLength": 128, "pattern": `^[A-Za-z0-9_@]([A-Za-z0-9._~@+-]*[A-Za-z0-9_~@+-])?$`,
		"not": schema{"pattern": `^([Cc][Oo][Nn]|[Pp][Rr][Nn]|[Aa][Uu][Xx]|[Nn][Uu][Ll]|[Cc][Oo][Mm][0-9]|[Ll][Pp][Tt][0-9])(\.|$)`},
	})
	addShape("library", or(schema{"type": "string", "maxLength": 128, "pattern": `^[A-Za-z_$][A-Za-z0-9_$]*$`, "not": schema{"enum": reservedLibraries()}}))
	addShape("public-path", or(schema{"type": "string", "pattern": `^[^?#\\ ]*/$`}))
	addShape("extension", schema{"pattern": extension.String()})
	addShape("glob", schema{"minLength": 1})
	addShape("alias", schema{"pattern": `\S`, "allOf": not(`^[./]`)})
	addShape("define-name", schema{"pattern": defineName.String()})
}

// reservedLibraries asks package release which well-known names it refuses.
func reservedLibraries() []string {
	var refused []string
	for _, name := range []string{
		"__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty",
		"window", "self", "globalThis", "top", "location", "document", "undefined", "NaN", "Infinity",
	} {
		if release.CheckLibrary(name) != nil {
			refused = append(refused, name)
		}
	}
	return refused
}

// Schema is the JSON Schema (draft 2020-12) of the file, made of the tables that
// the reader uses. It takes what the reader takes; what only the reader can see
// (variables, files, values that depend on each other) it lets pass.
func Schema() []byte {
	defs := schema{}
	for name, s := range shapes {
		defs[name] = s
	}
	for _, o := range mappings {
		defs[o.name] = objectSchema(o.doc, o.keys)
	}
	root := objectSchema("What checkout-deploy builds and where it ships it.", rootEntries())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = SchemaURL
	root["title"] = "checkout-deploy.yml"
	root["$defs"] = defs
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(root); err != nil {
		panic(err) // maps, lists and text always encode
	}
	return b.Bytes()
}

func rootEntries() []entry {
	all := []entry{{
		name: "version", doc: "The version of this file's format.", required: "version: 1",
		shape: shape{"`1`", schema{"const": Version}}, example: Version,
	}}
	for _, s := range sections {
		all = append(all, entry{name: s.name, doc: s.doc, shape: shape{"[" + s.name + "](#" + s.name + ")", s.schema}})
	}
	return all
}

func objectSchema(doc string, keys []entry) schema {
	properties, required := schema{}, []string{}
	for _, k := range keys {
		properties[k.name] = k.property()
		if k.required != "" {
			required = append(required, k.name)
		}
	}
	out := schema{"type": "object", "description": plain(doc), "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

// property is the key's schema with what editors show.
func (e entry) property() schema {
	out := schema{"title": e.name, "description": plain(e.doc), "markdownDescription": e.doc}
	for k, v := range e.schema {
		out[k] = v
	}
	if e.fallback != nil {
		out["default"] = e.fallback
	}
	if e.example != nil {
		out["examples"] = []any{e.example}
	}
	return out
}

// plain leaves out the marks of Markdown.
func plain(markdown string) string {
	return strings.ReplaceAll(markdownLink.ReplaceAllString(markdown, "$1"), "`", "")
}
