package ghtest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// generals are answers that any request can get; the description names them
// for some.
var generals = []int{301, 302, 307, 400, 401, 403, 404, 415, 429, 500, 502, 503, 504}

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
