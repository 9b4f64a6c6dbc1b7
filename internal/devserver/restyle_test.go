package devserver

import (
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/release"
)

func TestRestyled(t *testing.T) {
	with := func(edit func(*sources)) sources {
		src := plain
		edit(&src)
		return src
	}
	for _, test := range []struct {
		name string
		src  sources
		want []string // stems of the style sheets; nil to reload
	}{
		{"a style", with(func(s *sources) { s.style = "body{}" }), []string{"checkout"}},
		{"a lazy style, whose hashes are in the script", with(func(s *sources) { s.lazy = "p{}" }), []string{"lazy"}},
		{"both", with(func(s *sources) { s.style, s.lazy = "body{}", "p{}" }), []string{"checkout", "lazy"}},
		{"a script", with(func(s *sources) { s.script += ";" }), nil},
		{"a script, as long as before", with(func(s *sources) { s.script = strings.Replace(s.script, "1", "2", 1) }), nil},
		{"a script and a style", with(func(s *sources) { s.script, s.style = s.script+";", "body{}" }), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &Server{}
			publish(t, s, plain)
			publish(t, s, test.src)
			st, _ := s.now()
			var got []string
			for _, r := range st.build.restyled {
				got = append(got, r.To[:strings.Index(r.To, "-")])
				f, ok := st.build.release.File(r.To)
				if !ok || f.Integrity.String() != r.Integrity {
					t.Errorf("%s: got integrity %s", r.To, r.Integrity)
				}
				if slices.Contains(r.From, r.To) {
					t.Errorf("%s takes its own place", r.To)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestSameButHashes(t *testing.T) {
	one, two := release.IntegrityOf([]byte("1")).String(), release.IntegrityOf([]byte("2")).String()
	for _, test := range []struct {
		name, a, b string
		want       bool
	}{
		{"equal", "a", "a", true},
		{"a name", `["a-0123456789.css"]`, `["a-0123456780.css"]`, true},
		{"integrity", `"` + one + `"`, `"` + two + `"`, true},
		{"integrity and more", `"` + one + `a"`, `"` + two + `b"`, false},
		{"a table's", `{"h":"0123456789"}`, `{"h":"abcdef0123"}`, true},
		{"a number", "x(1700000000)", "x(1700000001)", false},
		{"a number that is subtracted", "a-1700000000+b", "a-1700000001+b", false},
		{"a longer hash", `"a-01234567890.css"`, `"a-01234567891.css"`, false},
		{"at the end", "a-0123456789", "a-0123456780", false},
		{"what comes after one", `h:"0123456789"`, `h:"0123456789x`, false},
		{"length", "a", "ab", false},
		{"integrity that is cut", "sha384-abc", "sha384-abd", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := sameButHashes([]byte(test.a), []byte(test.b)); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
