package inventory

import (
	"encoding/json"
	"fmt"
)

// schema is a JSON Schema, or a part of one.
type schema = map[string]any

var (
	textSchema    = schema{"type": "string", "minLength": 1, "maxLength": maxText}
	textsSchema   = schema{"anyOf": []any{textSchema, schema{"type": "array", "items": textSchema, "minItems": 1, "maxItems": maxList}}}
	daySchema     = schema{"type": "string", "pattern": `^([0-9]{4}-[0-9]{2}-[0-9]{2}|TODO.*)$`}
	patternSchema = schema{"type": "string", "pattern": `^(https?://|TODO)`}
)

// Schema is the file's JSON Schema (draft 2020-12), for editors.
func Schema() ([]byte, error) {
	s := objectOf(fileTable)
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["$id"] = "https://github.com/org/checkout-deploy/raw/v1/docs/checkout-scripts.schema.json"
	s["title"] = "The inventory of a payment page's scripts"
	s["required"] = []string{"version"}
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the inventory's schema: %w", err)
	}
	return append(out, '\n'), nil
}

func objectOf[T any](table []field[T]) schema {
	properties := schema{}
	for _, f := range table {
		p := schema{"description": f.doc}
		for k, v := range f.schema {
			p[k] = v
		}
		properties[f.name] = p
	}
	return schema{"type": "object", "properties": properties, "additionalProperties": false}
}

func listOf[T any](table []field[T]) schema {
	return schema{"type": "array", "items": objectOf(table), "maxItems": maxEntries}
}
