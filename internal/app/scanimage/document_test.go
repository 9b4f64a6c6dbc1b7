package scanimage

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/golden"
	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/scan/result"
)

func (s judged) document(t *testing.T) []byte {
	t.Helper()
	data, err := documentOf(s.j, s.r, s.p, "1.2.3", "0.74.0")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDocument(t *testing.T) {
	golden.Compare(t, ".json", sample().document(t))
}

// A scan of the same image against its own result finds nothing new, but what somebody
// answered for and does not any more.
func TestDocumentMakesKnown(t *testing.T) {
	s := sample()
	known, err := readDocument(s.document(t))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, f := range s.j.Found {
		want = append(want, f.KnownKey())
	}
	for _, a := range s.j.Aside {
		if a.Why == policy.Known {
			want = append(want, a.KnownKey())
		}
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(known)); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	s.p.Known, s.p.Ignores = known, nil
	again := judgedOf(s.r, s.p)
	if len(again.j.Found) != 1 || again.j.Found[0].ID != "CVE-2025-0009" {
		t.Errorf("got %v, want what was ignored", again.j.Found)
	}
}

// What the engine shows of a secret is in its own report alone.
func TestDocumentHoldsNoSecret(t *testing.T) {
	s := sample()
	secret := "hunter" + "2-and-more"
	for i := range s.r.Reports {
		s.r.Reports[i].JSON = []byte(`{"Match":"` + secret + `"}`)
	}
	verdict, err := verdictOf(s.j, s.r, s.p)
	if err != nil {
		t.Fatal(err)
	}
	html, err := s.page().HTML()
	if err != nil {
		t.Fatal(err)
	}
	sarif, _ := s.sarif(t)
	for name, data := range map[string][]byte{"result": s.document(t), "statement": verdict, "page": html, "SARIF": sarif} {
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("the %s holds the secret", name)
		}
	}
}

func TestReadDocument(t *testing.T) {
	good := string(sample().document(t))
	for _, test := range []struct {
		name, text, want string
		other            bool // it is something else
	}{
		{"empty", " \n", "reading a result: got an empty file: no result.json of scan-image", true},
		{"Trivy's own", `{"SchemaVersion": 2}`, "reading a result: got a report of Trivy's: no result.json of scan-image", true},
		{"SARIF", `{"runs": []}`, "reading a result: got SARIF: no result.json of scan-image", true},
		{"another JSON", `{}`, "reading a result: got JSON without schema: no result.json of scan-image", true},
		{"a later version", `{"schema": 2}`, "reading a result: got schema 2, want 1: scan what it is about again with this version", false},
		{"a member too many", strings.Replace(good, `"schema": 1,`, `"schema": 1, "more": 1,`, 1), `reading a result: json: unknown field "more"`, false},
		{"cut", good[:len(good)/2], "reading a result: no result.json of scan-image: unexpected end of JSON input", true},
		{"edited", strings.Replace(good, `"package": "libssl3"`, `"package": "libssl1"`, 1), "as its kind, id, ecosystem, package and path make it", false},
		{"a kind that is none", strings.Replace(good, `"kind": "secret"`, `"kind": "sekret"`, 1), `got the kind "sekret", want one of`, false},
		{"a reason that is none", strings.Replace(good, `"why": "ignored"`, `"why": "because"`, 1), `got the reason "because", want one of`, false},
		{"large", `{"schema": 1` + strings.Repeat(" ", maxDocument) + "}", "want at most 67108864", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			known, err := readDocument([]byte(test.text))
			if err == nil || known != nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if errors.Is(err, errNoDocument) != test.other {
				t.Errorf("got %v, want one of another file: %t", err, test.other)
			}
		})
	}
}

func TestDocumentOfHostileText(t *testing.T) {
	s := hostile()
	known, err := readDocument(s.document(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(known) != len(result.Kinds) {
		t.Errorf("got %d findings, want %d", len(known), len(result.Kinds))
	}
}

func TestDocumentIsEqual(t *testing.T) {
	if a, b := sample().document(t), sample().document(t); !bytes.Equal(a, b) {
		t.Error("got other bytes for the same scan")
	}
}
