package health

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// seen is a browser that has seen this.
type seen struct {
	visit *Visit
	err   error
}

func (s seen) Visit(context.Context, Smoke) (*Visit, error) { return s.visit, s.err }

func TestSmoke(t *testing.T) {
	zero, two := 0, 2
	noise := []string{"a", "b", "c"}
	for _, test := range []struct {
		name    string
		browser Browser
		most    *int
		want    Outcome
		says    []string
	}{
		{"alive", seen{&Visit{Status: 200}, nil}, &zero, Passed, nil},
		{"errors in the console are counted", seen{&Visit{Status: 200, ConsoleErrors: noise}, nil}, nil, Passed, nil},
		{"too many of them", seen{&Visit{Status: 200, ConsoleErrors: noise}, nil}, &two, Failed, []string{`3 errors in the console, the first "a", want at most 2`}},
		{"no page", seen{&Visit{Failed: "net::ERR_EMPTY_RESPONSE"}, nil}, nil, Failed, []string{"no page: net::ERR_EMPTY_RESPONSE"}},
		{"all that is wrong at once", seen{&Visit{
			Status: 500, Exceptions: []string{"TypeError: x"}, Unloaded: []Unloaded{{"https://cdn.example/a.js?token=hunter2", "status 404"}}, Blocked: []string{"https://cdn.example/b.js"},
			NoSelector: "not seen", NoGlobal: "not seen",
		}, nil}, nil, Failed, []string{"status 500", `"https://cdn.example/a.js?…" did not load: status 404`, `b.js" was blocked`, "TypeError: x", `no visible "#pay" within 30s`, `no global "checkout" within 30s`}},
		{"more than can be told", seen{&Visit{Status: 200, Exceptions: strings.Fields("a b c d e f g")}, nil}, nil, Failed, []string{"7 uncaught errors in all", `"a"`, `"b"`, `"c"`, `"d"`, `"e"`}},
		{"a browser that fails", seen{nil, errors.New("it crashed")}, nil, Errored, []string{"it crashed"}},
		{"no browser", nil, nil, Errored, []string{"no browser"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := newClock().options()
			o.Browser = test.browser
			got := Run(t.Context(), Checks{Smoke: []Smoke{{Name: "page", URL: "https://shop.example/", Selector: "#pay", Global: "checkout", MaxConsoleErrors: test.most}}}, o).Samples[0]
			if got.Outcome != test.want || len(got.Problems) != len(test.says) {
				t.Fatalf("got %s, want %s and %d problems:\n%s", got.Outcome, test.want, len(test.says), text(got.Problems))
			}
			for i, p := range got.Problems {
				if !strings.Contains(p.String(), test.says[i]) || strings.Contains(p.String(), "hunter2") {
					t.Errorf("got %q, want %q", p, test.says[i])
				}
			}
		})
	}
}
