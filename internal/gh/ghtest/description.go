package ghtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// GitHub's REST descriptions, OpenAPI 3.0, as `make npm` installs them: 13 MB
// each, of which only what the fake serves is read. An Enterprise Server is the
// oldest that GitHub still describes.
const (
	descriptions = "internal/gh/ghtest/testdata/npm/node_modules/@octokit/openapi/generated/"
	cloud        = descriptions + "api.github.com.json"
	enterprise   = descriptions + "ghes-3.17.json"
)

// description checks requests and answers against GitHub's own words.
type description struct {
	paths      map[string]map[string]json.RawMessage
	components map[string]map[string]json.RawMessage

	mu  sync.Mutex
	ops map[string]*operation
}

// operation is one method of one path.
type operation struct {
	query     map[string]*jsonschema.Schema
	fields    []string // of the body's object; nil if it isn't one
	body      *jsonschema.Schema
	required  bool // the body is
	responses map[string]*jsonschema.Schema
}

// A description is read once, and is nil where npm has installed nothing.
var (
	readCloud      = sync.OnceValues(func() (*description, error) { return readDescription(cloud) })
	readEnterprise = sync.OnceValues(func() (*description, error) { return readDescription(enterprise) })
)

func readDescription(file string) (*description, error) {
	// A test runs in its package's folder, somewhere below the module.
	for up, n := ".", 0; n < 8; up, n = filepath.Join(up, ".."), n+1 {
		data, err := os.ReadFile(filepath.Join(up, filepath.FromSlash(file)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		d := &description{ops: map[string]*operation{}}
		parts := struct {
			Paths, Components *map[string]map[string]json.RawMessage
		}{&d.paths, &d.components}
		if err := json.Unmarshal(data, &parts); err != nil {
			return nil, fmt.Errorf("reading GitHub's description: %w", err)
		}
		return d, nil
	}
	return nil, nil
}

// operation compiles one, with all that it refers to.
func (d *description) operation(method, template string) (*operation, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := method + " " + template
	if op := d.ops[id]; op != nil {
		return op, nil
	}
	raw, ok := d.paths[template][strings.ToLower(method)]
	if !ok {
		return nil, fmt.Errorf("%s is not in GitHub's description", id)
	}
	op, err := d.compile(raw)
	if err != nil {
		return nil, fmt.Errorf("%s in GitHub's description: %w", id, err)
	}
	d.ops[id] = op
	return op, nil
}

// media is where a body's schema is.
var media = []string{"content", "application/json", "schema"}

func (d *description) compile(raw json.RawMessage) (*operation, error) {
	doc, err := d.document(raw)
	if err != nil {
		return nil, err
	}
	c := &compiler{Compiler: jsonschema.NewCompiler(), doc: doc}
	c.AssertFormat()
	if err := c.AddResource("github.json", doc); err != nil {
		return nil, err
	}
	root := doc["operation"].(map[string]any)
	op := &operation{query: map[string]*jsonschema.Schema{}, responses: map[string]*jsonschema.Schema{}}
	parameters, _ := root["parameters"].([]any)
	for i, p := range parameters {
		if what := c.follow(p); what["in"] == "query" {
			op.query[what["name"].(string)] = c.schema(p, "parameters/"+strconv.Itoa(i), "schema")
		}
	}
	if body, ok := root["requestBody"].(map[string]any); ok {
		op.body = c.schema(body, "requestBody", media...)
		op.required, _ = body["required"].(bool)
		properties, _ := c.follow(value(body, media...))["properties"].(map[string]any)
		op.fields = slices.Collect(maps.Keys(properties))
	}
	for status, r := range root["responses"].(map[string]any) {
		op.responses[status] = c.schema(r, "responses/"+status, media...)
	}
	return op, c.err
}

// compiler makes schemas of a document's parts and keeps the first error.
type compiler struct {
	*jsonschema.Compiler
	doc map[string]any
	err error
}

// schema is that of a part of the operation, at a path below it or where a
// reference there leads; nil if there is none.
func (c *compiler) schema(part any, path string, below ...string) *jsonschema.Schema {
	if value(c.follow(part), below...) == nil {
		return nil
	}
	at := "#/operation/" + path
	if ref, ok := value(part, "$ref").(string); ok {
		at = ref
	}
	for _, key := range below {
		at += "/" + strings.ReplaceAll(key, "/", "~1")
	}
	schema, err := c.Compile("github.json" + at)
	if c.err == nil {
		c.err = err
	}
	return schema
}

// follow looks a reference up.
func (c *compiler) follow(v any) map[string]any {
	m, _ := v.(map[string]any)
	if ref, ok := m["$ref"].(string); ok {
		m, _ = value(c.doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...).(map[string]any)
	}
	return m
}

func value(v any, keys ...string) any {
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

// document is an operation and the components that it refers to, as JSON Schema
// has them.
func (d *description) document(raw json.RawMessage) (map[string]any, error) {
	root, err := parse(raw)
	if err != nil {
		return nil, err
	}
	parts := map[string]any{}
	for todo := refs(root, nil); len(todo) > 0; {
		ref := todo[0]
		todo = todo[1:]
		kind, name, _ := strings.Cut(strings.TrimPrefix(ref, "#/components/"), "/")
		all, _ := parts[kind].(map[string]any)
		if all == nil {
			all = map[string]any{}
			parts[kind] = all
		}
		if all[name] != nil {
			continue
		}
		if all[name], err = parse(d.components[kind][name]); err != nil {
			return nil, fmt.Errorf("%s: %w", ref, err)
		}
		todo = refs(all[name], todo)
	}
	return map[string]any{"operation": root, "components": parts}, nil
}

func parse(raw []byte) (any, error) {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return nullable(v), nil
}

func refs(v any, all []string) []string {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			return append(all, ref)
		}
		for _, e := range v {
			all = refs(e, all)
		}
	case []any:
		for _, e := range v {
			all = refs(e, all)
		}
	}
	return all
}

// nullable writes OpenAPI 3.0's word for null as JSON Schema's. Examples are
// dropped: they are no schemas. So is the format of an address that is "" by
// default, which no address is.
func nullable(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = nullable(v[i])
		}
	case map[string]any:
		delete(v, "examples")
		if v["default"] == "" {
			delete(v, "format")
		}
		for k := range v {
			v[k] = nullable(v[k])
		}
		if v["nullable"] == true {
			delete(v, "nullable")
			return map[string]any{"anyOf": []any{map[string]any{"type": "null"}, v}}
		}
	}
	return v
}
