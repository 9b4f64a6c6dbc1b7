package evidence

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

func sample() *Pack {
	done := Step{Outcome: Done}
	return &Pack{
		Made:     time.Date(2026, 11, 18, 4, 0, 0, 5, time.FixedZone("", 3600)),
		Tool:     Tool{"sri-manifest", "1.0.0"},
		Subject:  Subject{Name: "shop", Release: release.DigestOf([]byte("1")), Pages: []Page{{"https://shop.example.com/checkout", "takes cards"}}},
		Method:   Method{done, done, done, Step{NotDone, "no browser"}, done},
		Coverage: &Coverage{1, 2},
		Scripts: []Script{
			{Name: "https://js.example/v3/", Kind: "script", Party: "third", State: "approved", Hash: "sha384-a", Pin: []string{"sha384-a"}, Approval: Approval{"Ada", "SEC-1", "2026-11-02", "2027-11-02"}},
			{Name: "app.js", Kind: "script", Party: "own", State: "approved", Hash: "sha384-b"},
		},
		Headers: []Header{{"/", "Content-Security-Policy", "default-src 'none'", "received"}},
	}
}

func sealed(t *testing.T, p *Pack, previous []byte) []byte {
	t.Helper()
	if err := p.Seal(previous); err != nil {
		t.Fatal(err)
	}
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRoundTrip(t *testing.T) {
	data := sealed(t, sample(), nil)
	p, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.Encode()
	if err != nil || !bytes.Equal(again, data) {
		t.Errorf("got %s, %v, want %s", again, err, data)
	}
	if p.Sequence != 1 || len(p.Controls) != 6 || p.Scripts[0].Name != "app.js" {
		t.Errorf("got number %d, %d controls, first script %s", p.Sequence, len(p.Controls), p.Scripts[0].Name)
	}
	if !strings.Contains(p.Controls[3].Here, "run in a browser: not done (no browser)") {
		t.Errorf("got %q, want it to say that no browser ran", p.Controls[3].Here)
	}
	if strings.Contains(strings.ToLower(string(data)), "complian") {
		t.Error("got a claim of compliance")
	}
}

func TestReadRefuses(t *testing.T) {
	good := string(sealed(t, sample(), nil))
	swap := func(old, with string) string { return strings.Replace(good, old, with, 1) }
	for _, test := range []struct{ name, data string }{
		{"nothing", ""},
		{"white space", good + "\n"},
		{"a byte order mark", "\ufeff" + good},
		{"a member twice", swap(`"sequence":1`, `"sequence":1,"sequence":1`)},
		{"an unknown member", swap(`"sequence":1`, `"sequenc":0,"sequence":1`)},
		{"a prototype's member", swap(`"sequence":1`, `"__proto__":{},"sequence":1`)},
		{"a member in another case", swap(`"sequence":1`, `"Sequence":1`)},
		{"a missing member", swap(`,"sequence":1`, ``)},
		{"another order", swap(`"sequence":1,`, ``) + `,"sequence":1}`},
		{"a later version", swap(`"version":1}`, `"version":2}`)},
		{"a first pack with a link", swap(strings.Repeat("0", 64), strings.Repeat("1", 64))},
		{"a number beyond", swap(`"sequence":1`, `"sequence":1e400`)},
		{"deep nesting", strings.Repeat("[", 100_000)},
		{"an outcome of no kind", swap(`"not-done"`, `"passed"`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.data == good {
				t.Fatal("got the good pack: the row changes nothing")
			}
			if _, err := Read([]byte(test.data)); err == nil {
				t.Error("got no error")
			}
		})
	}
}

func TestSealRefuses(t *testing.T) {
	first := sealed(t, sample(), nil)
	for _, test := range []struct {
		name   string
		change func(*Pack)
		want   string
	}{
		{"a time before the previous", func(p *Pack) { p.Made = p.Made.Add(-time.Hour) }, "before the previous pack's"},
		{"a step that is not said", func(p *Pack) { p.Method.Alert = Step{} }, "what is not said is not done"},
		{"no tool", func(p *Pack) { p.Tool.Version = "" }, "tool"},
		{"more covered than there is", func(p *Pack) { p.Coverage.Covered = 3 }, "coverage"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := sample()
			test.change(p)
			if err := p.Seal(first); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestChanges(t *testing.T) {
	first := sealed(t, sample(), nil)
	for _, test := range []struct {
		name   string
		change func(*Pack)
		want   Change
	}{
		{"bytes", func(p *Pack) { p.Scripts[1].Hash = "sha384-c" }, Change{"script", "changed", "app.js", "sha384-b", "sha384-c", false}},
		{"a pin under the old approval", func(p *Pack) { p.Scripts[0].Pin = []string{"sha384-z"} }, Change{"pin", "changed", "https://js.example/v3/", "sha384-a", "sha384-z", true}},
		{"an approval", func(p *Pack) { p.Scripts[0].Approval.By = "Ben" }, Change{"approval", "changed", "https://js.example/v3/", "Ada, SEC-1, 2026-11-02 to 2027-11-02", "Ben, SEC-1, 2026-11-02 to 2027-11-02", false}},
		{"a header gone", func(p *Pack) { p.Headers = nil }, Change{"header", "removed", "/: content-security-policy (received)", "default-src 'none'", "", false}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := sample()
			test.change(p)
			sealed(t, p, first)
			if len(p.Changes) != 1 || p.Changes[0] != test.want {
				t.Errorf("got %+v, want %+v", p.Changes, test.want)
			}
		})
	}
}

func TestChain(t *testing.T) {
	first := sealed(t, sample(), nil)
	second := sealed(t, sample(), first)
	changed := sample()
	changed.Scripts[0].Owner = "somebody"
	fork := sealed(t, changed, first)
	third := sealed(t, sample(), second)
	other := sample()
	other.Subject.Name = "other"
	for _, test := range []struct {
		name  string
		packs [][]byte
		want  string // "" for unbroken
	}{
		{"none", nil, ""},
		{"unbroken", [][]byte{first, second, third}, ""},
		{"from the second on", [][]byte{second, third}, ""},
		{"one left out", [][]byte{first, third}, "packs are missing"},
		{"one exchanged", [][]byte{first, fork, third}, "was exchanged"},
		{"a fork", [][]byte{first, second, fork}, "the chain forks"},
		{"backwards", [][]byte{second, first}, "in order"},
		{"one byte changed", [][]byte{first, bytes.Replace(second, []byte("Ada"), []byte("Eve"), 1), third}, ""},
		{"another project", [][]byte{first, sealed(t, other, first)}, "one project"},
		{"no pack", [][]byte{first, []byte("{}")}, "reading a pack"},
	} {
		t.Run(test.name, func(t *testing.T) {
			problems := Chain(test.packs)
			if test.name == "one byte changed" {
				test.want = "was exchanged"
			}
			if (test.want == "") != (len(problems) == 0) || test.want != "" && !strings.Contains(problems[0].Message, test.want) {
				t.Errorf("got %v, want %q", problems, test.want)
			}
		})
	}
}

func TestCSVNeutralisesFormulas(t *testing.T) {
	for _, test := range []struct{ name, got, want string }{
		{"a formula", "=HYPERLINK(\"https://evil.example\")", "'=HYPERLINK(\"https://evil.example\")"},
		{"plus", "+1", "'+1"},
		{"minus", "-1", "'-1"},
		{"at", "@SUM(A1)", "'@SUM(A1)"},
		{"tab", "\t=1", "'\t=1"},
		{"carriage return", "\r=1", "' =1"},
		{"line end", "a\r\n=1", "a =1"},
		{"after space", "  =1", "'  =1"},
		{"full width", "＝1", "'＝1"},
		{"quotes and commas", `a","b`, `a","b`},
		{"an ordinary name", "team-checkout@example.com", "team-checkout@example.com"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := sample()
			p.Scripts = p.Scripts[:1]
			p.Scripts[0].Owner = test.got
			text, ok := strings.CutPrefix(string(p.CSV()), "\ufeff")
			if !ok {
				t.Error("got no byte order mark")
			}
			rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
			if err != nil || len(rows) != 2 || rows[1][8] != test.want {
				t.Errorf("got %q, %v, want %q", rows, err, test.want)
			}
			if strings.Count(text, "\n") != strings.Count(text, "\r\n") || strings.Count(text, "\n") != 2 {
				t.Errorf("got %q, want two lines that end in CRLF", text)
			}
		})
	}
}

// What is read is what is written, and so has one digest.
func FuzzRead(f *testing.F) {
	p := sample()
	if err := p.Seal(nil); err != nil {
		f.Fatal(err)
	}
	data, err := p.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"version":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Read(data)
		if err != nil {
			return
		}
		again, err := p.Encode()
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("got %q, %v from %q", again, err, data)
		}
		if len(Chain([][]byte{data})) > 0 {
			t.Error("got a pack that is no chain of one")
		}
	})
}
