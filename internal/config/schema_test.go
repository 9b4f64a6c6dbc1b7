package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource(SchemaURL, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(SchemaURL)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plainValue is a node as a JSON document has it.
func plainValue(n *node) any {
	switch n.kind {
	case isList:
		all := []any{}
		for _, item := range n.items {
			all = append(all, plainValue(item))
		}
		return all
	case isMap:
		all := map[string]any{}
		for _, k := range n.keys {
			all[k.name] = plainValue(k.value)
		}
		return all
	case isText:
		return n.text
	case isNumber:
		text, _ := json.Marshal(n.value)
		return json.Number(text)
	}
	return n.value
}

func documentOf(t *testing.T, data []byte) (any, bool) {
	t.Helper()
	var p problems
	n := parse(data, &p)
	if n == nil || len(p.list) > 0 {
		return nil, false
	}
	return plainValue(n), true
}

func TestSchemaTakesGoodFiles(t *testing.T) {
	s := compiled(t)
	files, _ := filepath.Glob("testdata/good/*.yml")
	for _, file := range files {
		data, _ := os.ReadFile(file)
		doc, ok := documentOf(t, data)
		if !ok {
			t.Fatalf("%s: not read", file)
		}
		if err := s.Validate(doc); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// The schema refuses a bad file just where the reader has a complaint that a
// schema can express.
func TestSchemaAgreesOnBadFiles(t *testing.T) {
	s := compiled(t)
	files, _ := filepath.Glob("testdata/bad/*.yml")
	seen := 0
	for _, file := range files {
		data, _ := os.ReadFile(file)
		doc, ok := documentOf(t, data)
		if !ok {
			continue // no document to validate
		}
		seen++
		agree(t, s, file, data, doc)
	}
	if seen < 8 {
		t.Errorf("got %d files that are YAML, want more", seen)
	}
}

// expressible are the rules that a schema can hold.
var expressible = []string{ruleUnknownKey, ruleMissing, ruleValue, ruleSection}

func agree(t *testing.T, s *jsonschema.Schema, name string, data []byte, doc any) {
	t.Helper()
	_, err := Parse(name, data, project, testEnv)
	var e *Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("%s: got %v, want an *Error", name, err)
	}
	want := ""
	if e != nil {
		for _, p := range e.Problems {
			if slices.Contains(expressible, p.Rule) {
				want = p.Message
			}
			if p.Rule == ruleVariable || p.Rule == ruleSecret {
				return // the reader looks no further at such a value
			}
		}
	}
	switch err := s.Validate(doc); {
	case err == nil && want != "":
		t.Errorf("%s: the schema takes what the reader refuses: %s\n%.600s", name, want, data)
	case err != nil && want == "":
		t.Errorf("%s: the schema refuses what the reader takes: %v\n%.600s", name, err, data)
	}
}

// Each value of each good file is left out, misspelled and replaced: then too
// the reader and the schema agree.
func TestSchemaAgreesOnChanges(t *testing.T) {
	s := compiled(t)
	values := []any{
		nil, true, 7, 1.5, "", " ", "zzz", "a/b", "../x", "/x/", ".x", "nul", "toString", "classic",
		[]any{},
		[]any{"a"},
		[]any{"a", "a"},
		[]any{1},
		[]any{map[string]any{}},
		map[string]any{},
		map[string]any{"a": 1},
		map[string]any{"a": "b"},
		map[string]any{"expr": 1},
		map[string]any{"env": "SET", "x": 1},
		map[string]any{"expr": nil},
	}
	files, _ := filepath.Glob("testdata/good/*.yml")
	changes := 0
	for _, file := range files {
		data, _ := os.ReadFile(file)
		doc, _ := documentOf(t, data)
		check := func(what string) {
			changes++
			text, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			again, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			agree(t, s, filepath.Base(file)+": "+what, text, again)
		}
		everyValue(doc, "", func(at string, set func(any), old any) {
			for _, v := range values {
				set(v)
				check(fmt.Sprintf("%s = %v", at, v))
			}
			set(old)
			if m, ok := old.(map[string]any); ok {
				for k, v := range m {
					delete(m, k)
					check(at + " without " + k)
					m[k+"x"] = v
					check(at + " with " + k + "x")
					delete(m, k+"x")
					m[k] = v
				}
			}
		})
	}
	if changes < 2000 {
		t.Errorf("got %d changes, want more", changes)
	}
}

func everyValue(doc any, at string, f func(at string, set func(any), old any)) {
	switch v := doc.(type) {
	case map[string]any:
		for k, old := range v {
			f(at+"."+k, func(x any) { v[k] = x }, old)
			everyValue(old, at+"."+k, f)
		}
	case []any:
		for i, old := range v {
			f(fmt.Sprintf("%s[%d]", at, i), func(x any) { v[i] = x }, old)
			everyValue(old, fmt.Sprintf("%s[%d]", at, i), f)
		}
	}
}

// What the tables say of a key is true of the reader: each example is taken, and
// each default is what an absent key gives.
func TestTablesTellTheTruth(t *testing.T) {
	s := compiled(t)
	for _, m := range mappings {
		for _, k := range m.keys {
			if k.doc == "" || !strings.HasSuffix(k.doc, ".") || k.words == "" || k.schema == nil {
				t.Errorf("%s.%s: got %+v, want a sentence, a type and a schema", m.name, k.name, k)
			}
		}
	}
	for _, k := range buildRows().entries() {
		for _, v := range []any{k.example, k.fallback} {
			if v == nil {
				continue
			}
			build := map[string]any{k.name: v}
			if k.name == "external" {
				build["format"] = "esm"
			}
			if text, _ := json.Marshal(v); k.name != "env" && bytes.Contains(text, []byte("APP_VERSION")) {
				build["env"] = "APP_VERSION"
			}
			doc := map[string]any{"version": 1, "build": build}
			text, _ := json.Marshal(doc)
			if _, err := Parse(k.name, text, project, testEnv); err != nil {
				t.Errorf("build.%s: %v", k.name, err)
			}
			again, _ := jsonschema.UnmarshalJSON(bytes.NewReader(text))
			if err := s.Validate(again); err != nil {
				t.Errorf("build.%s: %v", k.name, err)
			}
		}
	}
}

func TestSchemaAndReferenceAreDeterministic(t *testing.T) {
	for range 5 {
		if !bytes.Equal(Schema(), Schema()) || Reference() != Reference() {
			t.Fatal("two calls differ")
		}
	}
}

// A section that has come is planned no longer.
func TestPlannedSections(t *testing.T) {
	for _, p := range planned {
		if slices.Contains(rootNames(), p.name) {
			t.Errorf("section %s is read now: remove it from planned", p.name)
		}
	}
}
