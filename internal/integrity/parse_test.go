package integrity

import (
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	a, b := Sum(SHA384, []byte("a")), Sum(SHA384, []byte("b"))
	short, long := Sum(SHA256, []byte("a")), Sum(SHA512, []byte("a"))
	urlSafe := func(h Hash) string {
		return string(h.Algorithm) + "-" + strings.NewReplacer("+", "-", "/", "_").Replace(h.Base64)
	}
	for _, test := range []struct {
		name, attr string
		want       Metadata
		kinds      []Kind
	}{
		{"one hash", a.String(), Metadata{a}, nil},
		{"a rotation set", a.String() + " " + b.String(), Metadata{a, b}, nil},
		{"white space", "\n" + a.String() + "\t\f\r\n " + b.String() + " ", Metadata{a, b}, nil},
		{"sha256", short.String(), Metadata{short}, nil},
		{"sha512", long.String(), Metadata{long}, nil},
		{"nothing", "", nil, []Kind{Empty}},
		{"white space only", " \n", nil, []Kind{Empty}},
		{"undefined", "undefined", nil, []Kind{Placeholder}},
		{"null", " null ", nil, []Kind{Placeholder}},
		{"an object", "[object Object]", nil, []Kind{Placeholder}},
		{"a template's mark", "{{ integrity }}", nil, []Kind{Placeholder}},
		{"a template's mark after a dash", "sha384-${hash}", nil, []Kind{Placeholder}},
		{"MANIFEST_JSON", "MANIFEST_JSON", nil, []Kind{Placeholder}},
		{"a template's mark beside a hash", "{{x}} " + a.String(), Metadata{a}, []Kind{Placeholder}},
		{"base64url with two underscores", "sha384-__" + strings.Repeat("a", 62), nil, []Kind{URLSafe}},
		{"a word", "deadbeef", nil, []Kind{Unparseable}},
		{"no algorithm", "-deadbeef", nil, []Kind{Unparseable}},
		{"an unknown algorithm", "sha3-" + a.Base64, nil, []Kind{Unknown}},
		{"capitals", "SHA384-" + a.Base64, nil, []Kind{Unknown}},
		{"sha1", "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=", nil, []Kind{Weak}},
		{"md5 in capitals", "MD5-1B2M2Y8AsgTpgAmY7PhCfg==", nil, []Kind{Weak}},
		{"weak beside a good one", "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk= " + a.String(), Metadata{a}, []Kind{Weak}},
		{"unpadded", strings.TrimRight(short.String(), "="), nil, []Kind{Unpadded}},
		{"half padded", strings.TrimSuffix(long.String(), "="), nil, []Kind{Unpadded}},
		{"padded too much", a.String() + "=", nil, []Kind{WrongLength}},
		{"base64url", urlSafe(Sum(SHA384, []byte(script))), nil, []Kind{URLSafe}},
		{"cut", a.String()[:40], nil, []Kind{WrongLength}},
		{"hexadecimal", "sha384-" + strings.Repeat("ab", 48), nil, []Kind{WrongLength}},
		{"another algorithm's digest", "sha384-" + long.Base64, nil, []Kind{WrongLength}},
		{"no digest", "sha384-", nil, []Kind{WrongLength}},
		{"no base64", "sha384-@#$@", nil, []Kind{Unparseable}},
		{"bits that stand for nothing", "sha256-" + strings.Repeat("A", 42) + "B=", nil, []Kind{Unparseable}},
		{"a comma", a.String() + "," + b.String(), nil, []Kind{Unparseable}},
		{"a no-break space", a.String() + "\u00a0", nil, []Kind{Unparseable}},
		{"mixed", short.String() + " " + a.String(), Metadata{short, a}, []Kind{Mixed}},
		{"mixed thrice", short.String() + " " + a.String() + " " + long.String(), Metadata{short, a, long}, []Kind{Mixed, Mixed}},
		{"twice", a.String() + " " + b.String() + " " + a.String(), Metadata{a, b}, []Kind{Duplicate}},
		{"options", a.String() + "?ct=text/javascript", Metadata{a}, []Kind{Options}},
		{"all at once", "x " + a.String() + "?y sha1-z " + a.String(), Metadata{a}, []Kind{Unparseable, Options, Weak, Duplicate}},
		{"too long", strings.Repeat(a.String()+" ", 1000), nil, []Kind{Unparseable}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, problems := Parse(test.attr)
			var kinds []Kind
			for _, p := range problems {
				kinds = append(kinds, p.Kind)
				if p.Got == "" || p.Want == "" || p.Offset > len(test.attr) {
					t.Errorf("got the problem %+v", p)
				}
			}
			if !slices.Equal(got, test.want) || !slices.Equal(kinds, test.kinds) {
				t.Errorf("got %v and %v, want %v and %v", got, problems, test.want, test.kinds)
			}
		})
	}
}

func TestProblemsSayWhere(t *testing.T) {
	_, problems := Parse("  " + Sum(SHA384, nil).String() + " sha1-abc")
	want := `got "sha1-abc", of an algorithm that is broken and that browsers ignore, want one of sha256, sha384, sha512`
	if len(problems) != 1 || problems[0].Offset != 2+71+1 || problems[0].String() != want {
		t.Errorf("got %+v", problems)
	}
}

func TestMatch(t *testing.T) {
	data := []byte("a")
	for _, test := range []struct {
		name string
		m    Metadata
		want bool
	}{
		{"nothing", nil, false},
		{"the hash", Metadata{Sum(SHA256, data)}, true},
		{"one of them", Metadata{Sum(SHA384, nil), Sum(SHA384, data)}, true},
		{"another", Metadata{Sum(SHA384, nil)}, false},
		{"the weaker of two algorithms", Metadata{Sum(SHA256, data), Sum(SHA512, nil)}, false},
	} {
		if got := test.m.Match(data); got != test.want {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
}

// FuzzParse: what is written is read back, whole values are enforced as they are,
// and what is enforced and not parsed has a problem.
func FuzzParse(f *testing.F) {
	for _, value := range values() {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, attr string) {
		m, problems := Parse(attr)
		effective := Effective(attr)
		if len(m) == 0 && len(problems) == 0 || len(problems) > maxProblems {
			t.Fatalf("got %d hashes and %d problems", len(m), len(problems))
		}
		for i, p := range problems {
			if !slices.Contains(Kinds, p.Kind) || i > 0 && p.Offset < problems[i-1].Offset {
				t.Errorf("got the problem %+v", p)
			}
		}
		if again, _ := Parse(m.String()); len(m) > 0 && !slices.Equal(again, m) {
			t.Errorf("wrote %q, read %v", m.String(), again)
		}
		if len(problems) > 0 {
			return
		}
		if !slices.Equal(m, effective) {
			t.Errorf("parsed %v, enforced %v", m, effective)
		}
	})
}
