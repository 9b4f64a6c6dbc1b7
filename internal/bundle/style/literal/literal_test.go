package literal

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, source string
		want         any
		err          string
	}{
		{"names and strings", `module.exports={A:"x",'b-c':'y'}`, Object{{"A", "x"}, {"b-c", "y"}}, ""},
		{"numbers as keys", `{"0":.5,1:2e3,}`, Object{{"0", .5}, {"1", 2000.0}}, ""},
		{"nested, commented", "{a:[1,/* two */\"2\",null], // end\nb:{}}", Object{{"a", []any{1.0, "2", nil}}, {"b", Object{}}}, ""},
		{"template of strings", "{a:`${\"x\"} ${'y'} z`}", Object{{"a", "x y z"}}, ""},
		{"escapes", `{a:"\u00e9\x41\n\u{1F600}\ud83d\ude00"}`, Object{{"a", "éA\n😀😀"}}, ""},
		{"what follows is ignored", `x = {a:1}; boom(`, Object{{"a", 1.0}}, ""},
		{"a call", `{a:f()}`, nil, `byte 3: got 'f', want a string`},
		{"open", `{a:1`, nil, "end of text"},
		{"open string", `{a:"`, nil, "the end of a string"},
		{"no literal", `x`, nil, "want { or ["},
		{"too deep", strings.Repeat("[", 100), nil, "nested deeper"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.source)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("got %v, want an error with %q", err, tt.err)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Fatalf("got %#v, %v, want %#v", got, err, tt.want)
			}
		})
	}
}

// FuzzParse: every JSON object of strings is a literal of the same strings, and
// no input makes the parser panic or hang.
func FuzzParse(f *testing.F) {
	f.Add(`{"a":"b"}`)
	f.Add("{a:`${\"x\"}`}")
	f.Fuzz(func(t *testing.T, source string) {
		_, _ = Parse(source)
		var strs map[string]string
		if json.Unmarshal([]byte(source), &strs) != nil || len(strs) == 0 {
			return
		}
		clean, err := json.Marshal(strs)
		if err != nil {
			return
		}
		got, err := Parse(string(clean))
		if err != nil {
			t.Fatalf("%s: %v", clean, err)
		}
		for _, m := range got.(Object) {
			if strs[m.Key] != m.Value {
				t.Fatalf("%s: %q: got %q, want %q", clean, m.Key, m.Value, strs[m.Key])
			}
		}
	})
}
