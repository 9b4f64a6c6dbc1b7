package release

import (
	"errors"
	"strings"
	"testing"
)

func TestParseJSONSaysWhereValuesStand(t *testing.T) {
	const text = ` {"a" : [1e2, "\u00e9"],
	"b":{}, "b":null}`
	got, err := ParseJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	var walk func(JSON)
	walk = func(j JSON) {
		seen = append(seen, text[j.From:j.To])
		for _, m := range j.Members {
			if text[m.From] != '"' && m.Name != "" && !strings.HasPrefix(text[m.Named:], `"`+m.Name+`"`) {
				t.Errorf("name of %q at %d: got %q", m.Name, m.Named, text[m.Named:])
			}
			walk(m.JSON)
		}
	}
	walk(got)
	want := []string{text[1:], `[1e2, "\u00e9"]`, "1e2", `"\u00e9"`, "{}", "null"}
	if strings.Join(seen, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", seen, want)
	}
	if item := got.Members[0].Members[1]; item.Text != "é" {
		t.Errorf("got %q", item.Text)
	}
}

func TestParseJSONRefused(t *testing.T) {
	for _, test := range []struct {
		name, text string
		offset     int
	}{
		{"a byte order mark", "\ufeff{}", 0},
		{"half of a pair", `{"a": "\ud800"}`, 13},
		{"a number beyond doubles", `[1e400]`, 6},
		{"nesting", strings.Repeat("[", 100), 65},
		{"more than a record", strings.Repeat(" ", MaxRecordSize) + "1", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseJSON(test.text)
			if e := (*JSONError)(nil); !errors.As(err, &e) || e.Offset != test.offset {
				t.Errorf("got %#v, want an error at byte %d", err, test.offset)
			}
		})
	}
}
