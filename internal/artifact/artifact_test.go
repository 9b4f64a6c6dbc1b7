package artifact

import (
	"strings"
	"testing"
	"time"
)

func TestNew(t *testing.T) {
	good := Runtime{ResultsURL: "https://results-receiver.actions.githubusercontent.com/", Token: jwt(`{"scp":"Actions.Results:1:2"}`)}
	token := func(claims string) Runtime { return Runtime{good.ResultsURL, jwt(claims)} }
	cases := []struct {
		name    string
		runtime Runtime
		options Options
		want    []string // nil for success
	}{
		{"good", good, Options{Now: time.Now}, nil},
		{"act's", Runtime{"http://172.17.0.1:34567", good.Token}, Options{Now: time.Now}, nil},
		{"everything missing", Runtime{}, Options{}, []string{"ACTIONS_RESULTS_URL: got nothing", "Enterprise Server", "ACTIONS_RUNTIME_TOKEN: got nothing", "Options.Now"}},
		{"address without a scheme", Runtime{"results.example", good.Token}, Options{Now: time.Now}, []string{"want https://host/"}},
		{"address with a password", Runtime{"https://me:s3cret@results.example", good.Token}, Options{Now: time.Now}, []string{"want https://host/"}},
		{"address that is none", Runtime{"https://s3cret:x/", good.Token}, Options{Now: time.Now}, []string{"want https://host/"}},
		{"another token", Runtime{good.ResultsURL, "ghs_s3cret"}, Options{Now: time.Now}, []string{"got no JWT"}},
		{"token with a line end", Runtime{good.ResultsURL, good.Token + "\n"}, Options{Now: time.Now}, []string{"got no JWT"}},
		{"token that is no base64", Runtime{good.ResultsURL, "a.b.c"}, Options{Now: time.Now}, []string{"claims can't be read"}},
		{"token that is no object", token(`["s3cret"]`), Options{Now: time.Now}, []string{"claims can't be read"}},
		{"token without scopes", token(`{"s3cret":1}`), Options{Now: time.Now}, []string{"without the ids"}},
		{"token of another scope", token(`{"scp":"Actions.ResultsX:1:2 s3cret"}`), Options{Now: time.Now}, []string{"without the ids"}},
		{"token with one id", token(`{"scp":"Actions.Results:s3cret"}`), Options{Now: time.Now}, []string{"without the ids"}},
		{"token with an empty id", token(`{"scp":"Actions.Results::s3cret"}`), Options{Now: time.Now}, []string{"without the ids"}},
		{"token with three ids", token(`{"scp":"Actions.Results:1:2:s3cret"}`), Options{Now: time.Now}, []string{"without the ids"}},
		{"negative numbers", good, Options{Now: time.Now, Parallel: -1}, []string{"got a negative number"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c, err := New(tc.runtime, tc.options)
			if tc.want == nil {
				if err != nil || c.ids != (backendIDs{"1", "2"}) {
					t.Fatalf("got %+v, %v, want the ids 1 and 2", c, err)
				}
				return
			}
			for _, want := range tc.want {
				expect(t, err, errAny, want)
			}
		})
	}
}

func TestCheckName(t *testing.T) {
	cases := []struct {
		name string
		in   string
		want []string // nil for none
	}{
		{"ours", "checkout-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08-integrity", nil},
		{"with spaces", "my report (1)", nil},
		{"longest", strings.Repeat("ü", 256), nil},
		{"empty", "", []string{"empty"}},
		{"directory", "..", []string{"directory"}},
		{"everything", "a\"b:c<d>e|f*g?h\\i/j\rk\nl\x00" + strings.Repeat("x", 256), []string{`"\":<>|*?\\/\r\n\x00"`, "at most 256"}},
		{"not UTF-8", "a\xff", []string{"UTF-8"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			err := CheckName(tc.in)
			if tc.want == nil && err != nil {
				t.Errorf("got error %v, want none", err)
			}
			for _, want := range tc.want {
				expect(t, err, errAny, want)
			}
		})
	}
}

// TestNoRequestForABadName goes through the calls that take a name.
func TestNoRequestForABadName(t *testing.T) {
	f := newFake(t)
	c := client(t, f.runtime(), Options{})
	_, err := c.Upload(t.Context(), "a/b", sample.fs())
	expect(t, err, errAny, `artifact name "a/b"`)
	_, err = c.Download(t.Context(), "../b", t.TempDir())
	expect(t, err, errAny, `artifact name "../b"`)
	if len(f.requests) > 0 {
		t.Errorf("got requests %v, want none", f.requests)
	}
}

func TestFold(t *testing.T) {
	for _, pair := range [][2]string{{"A", "a"}, {"ß", "SS"}, {"ẞ", "ss"}, {"ſ", "S"}, {"Σ", "ς"}, {"Ü", "ü"}, {"Ж", "ж"}} {
		if fold(pair[0]) != fold(pair[1]) {
			t.Errorf("fold(%q) = %q, fold(%q) = %q, want the same", pair[0], fold(pair[0]), pair[1], fold(pair[1]))
		}
	}
	if fold("a/b") == fold("a/c") || fold("i") == fold("ı") {
		t.Error("different names fold to one")
	}
}
