package ghtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
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

// generals are answers that any request can get; the description names them
// for some.
var generals = []int{301, 302, 307, 400, 401, 403, 404, 415, 429, 500, 502, 503, 504}

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

func (d *description) compile(raw json.RawMessage) (*operation, error) {
	doc, err := d.document(raw)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("github.json", doc); err != nil {
		return nil, err
	}
	at := func(pointer string) (*jsonschema.Schema, error) { return c.Compile("github.json#/operation" + pointer) }
	root := doc["operation"].(map[string]any)
	op := &operation{query: map[string]*jsonschema.Schema{}, responses: map[string]*jsonschema.Schema{}}
	parameters, _ := root["parameters"].([]any)
	for i, p := range parameters {
		if p := d.follow(doc, p); p["in"] == "query" {
			pointer := fmt.Sprintf("/parameters/%d/schema", i)
			if ref, ok := parameters[i].(map[string]any)["$ref"].(string); ok {
				pointer = strings.TrimPrefix(ref, "#") + "/schema"
				op.query[p["name"].(string)], err = c.Compile("github.json#" + pointer)
			} else {
				op.query[p["name"].(string)], err = at(pointer)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	const media = "/content/application~1json/schema"
	if body, ok := root["requestBody"].(map[string]any); ok {
		if op.body, err = at("/requestBody" + media); err != nil {
			return nil, err
		}
		op.required, _ = body["required"].(bool)
		op.fields = fields(d.follow(doc, value(body, "content", "application/json", "schema")))
	}
	for status, r := range root["responses"].(map[string]any) {
		op.responses[status] = nil
		if value(d.follow(doc, r), "content", "application/json", "schema") == nil {
			continue
		}
		from := "github.json#/operation/responses/" + status
		if ref, ok := r.(map[string]any)["$ref"].(string); ok {
			from = "github.json" + ref
		}
		if op.responses[status], err = c.Compile(from + media); err != nil {
			return nil, err
		}
	}
	return op, nil
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
// dropped: they are no schemas.
func nullable(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = nullable(v[i])
		}
	case map[string]any:
		delete(v, "examples")
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

// follow looks a reference up.
func (d *description) follow(doc map[string]any, v any) map[string]any {
	m, _ := v.(map[string]any)
	if ref, ok := m["$ref"].(string); ok {
		kind, name, _ := strings.Cut(strings.TrimPrefix(ref, "#/components/"), "/")
		m, _ = value(doc, "components", kind, name).(map[string]any)
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

func fields(schema map[string]any) []string {
	properties, _ := schema["properties"].(map[string]any)
	var names []string
	for name := range properties {
		names = append(names, name)
	}
	return names
}

// checkRequest says what of a request the description does not have.
func (op *operation) checkRequest(query url.Values, body []byte) error {
	var problems []error
	for name, values := range query {
		schema := op.query[name]
		switch {
		case name == "after" || name == "before": // in GitHub's own links
		case schema == nil:
			problems = append(problems, fmt.Errorf("the query's %q is not in the description", name))
		case len(values) != 1:
			problems = append(problems, fmt.Errorf("the query has %q %d times", name, len(values)))
		default:
			if err := schema.Validate(typed(schema, values[0])); err != nil {
				problems = append(problems, fmt.Errorf("the query's %q: %w", name, err))
			}
		}
	}
	switch {
	case len(body) == 0 && op.required:
		problems = append(problems, errors.New("the body is lacking"))
	case len(body) > 0 && op.body == nil:
		problems = append(problems, errors.New("a body is not in the description"))
	case len(body) > 0:
		problems = append(problems, op.checkBody(body))
	}
	return errors.Join(problems...)
}

// checkBody is stricter than GitHub, which ignores fields that it does not
// know: a name that is misspelled would be lost.
func (op *operation) checkBody(body []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the body: %w", err)
	}
	problems := []error{op.body.Validate(v)}
	m, _ := v.(map[string]any)
	for name := range m {
		if op.fields != nil && !slices.Contains(op.fields, name) {
			problems = append(problems, fmt.Errorf("the body's %q is not in the description", name))
		}
	}
	return errors.Join(problems...)
}

func typed(schema *jsonschema.Schema, s string) any {
	if schema.Types != nil && schema.Types.String() == "[integer]" {
		if n, err := strconv.Atoi(s); err == nil {
			return n
		}
	}
	return s
}

// checkAnswer says what of an answer the description does not have.
func (op *operation) checkAnswer(status int, h http.Header, body []byte) error {
	schema, known := op.responses[strconv.Itoa(status)]
	if !known {
		if slices.Contains(generals, status) {
			return nil
		}
		return fmt.Errorf("status %d is not in the description", status)
	}
	if schema == nil {
		return nil
	}
	if got := h.Get("Content-Type"); got != "application/json; charset=utf-8" {
		return fmt.Errorf("the answer's type is %q", got)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the answer: %w", err)
	}
	return schema.Validate(v)
}
