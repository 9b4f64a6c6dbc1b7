package scanimage

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/golden"
	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/scan/result"
)

func (s judged) sarif(t *testing.T) (data []byte, read finding.Run) {
	t.Helper()
	data, err := finding.SARIF(sarifOf(s.j, s.r, "Dockerfile", "shop", "1.2.3"))
	if err != nil {
		t.Fatal(err)
	}
	valid(t, data)
	runs, err := finding.ReadSARIF(bytes.NewReader(data), "")
	if err != nil {
		t.Fatal(err)
	}
	return data, runs[0]
}

// valid checks a file against the schema of the standard.
func valid(t *testing.T, data []byte) {
	t.Helper()
	text, err := os.ReadFile("../../finding/testdata/schema/sarif-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for name, data := range map[string][]byte{"schema.json": text, "file.json": data} {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if name == "schema.json" {
			err = c.AddResource(name, doc)
		} else {
			defer func() {
				if err := c.MustCompile("schema.json").Validate(doc); err != nil {
					t.Errorf("not valid: %#v", err)
				}
			}()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestSARIF(t *testing.T) {
	s := sample()
	data, run := s.sarif(t)
	golden.Compare(t, ".json", data)
	if got, want := len(run.Findings), len(s.j.Found)+len(s.j.About); got != want || run.Suppressed != len(s.j.Aside) {
		t.Errorf("got %d results and %d suppressed, want %d and %d", got, run.Suppressed, want, len(s.j.Aside))
	}
	if run.Incomplete == "" {
		t.Error("got a complete run where something was not scanned")
	}
	for _, rule := range run.Rules {
		if i := slices.IndexFunc(s.j.Found, func(f policy.One) bool { return f.Annotation().Rule == rule.ID }); i >= 0 && s.j.Found[i].Kind != result.License && rule.Severity != s.j.Found[i].Severity && !s.j.Found[i].Unrated {
			t.Errorf("%s: code scanning says %s, want %s", rule.ID, rule.Severity, s.j.Found[i].Severity)
		}
	}
	hostile := hostile()
	hostile.sarif(t)
}

// What is shown and what fails is nothing to code scanning.
func TestSARIFIsComplete(t *testing.T) {
	s := sample()
	_, all := s.sarif(t)
	s.p.Fail, s.p.Report = finding.Critical, ""
	_, few := judgedOf(s.r, s.p).sarif(t)
	if len(all.Findings) != len(few.Findings) {
		t.Errorf("got %d results, want %d", len(few.Findings), len(all.Findings))
	}
}

// An alert stays the same when the line, the version or the tag changes.
func TestSARIFFingerprints(t *testing.T) {
	marks := func(run finding.Run) (all []string) {
		for _, f := range run.Findings {
			all = append(all, f.Rule+" "+f.Fingerprint)
		}
		slices.Sort(all)
		return all
	}
	s := sample()
	before := sarifOf(s.j, s.r, "Dockerfile", "", "1")
	for i := range s.r.Reports {
		for k := range s.r.Reports[i].Findings {
			f := &s.r.Reports[i].Findings[k]
			f.Version, f.Layer = f.Version+".1", hash("09")
			if f.Line > 0 {
				f.Line, f.EndLine = f.Line+7, f.EndLine+7
			}
		}
	}
	s.r.Artifact = "ghcr.io/org/shop:1.4.1@" + hash("dd")
	s = judgedOf(s.r, s.p)
	after := sarifOf(s.j, s.r, "Dockerfile", "", "2")
	if !slices.Equal(marks(before), marks(after)) || before.Category != after.Category {
		t.Errorf("got  %q %q\nwant %q %q", after.Category, marks(after), before.Category, marks(before))
	}
}

func TestSARIFPlaces(t *testing.T) {
	s := judgedOf(&result.Result{Artifact: ".", Reports: []result.Report{{Findings: []result.Finding{
		{Kind: result.Secret, ID: "k", Severity: finding.High, Title: "A key", Path: "src/a.ts", Line: 3},
		{Kind: result.Vulnerability, ID: "v", Severity: finding.Low, Package: "a", Version: "1"},
	}}}}, sample().p)
	_, run := s.sarif(t)
	for _, want := range []string{"shop/src/a.ts:3", "Dockerfile"} {
		if !slices.ContainsFunc(run.Findings, func(f finding.Finding) bool { return f.Location.String() == want }) {
			t.Errorf("got no result at %s: %+v", want, run.Findings)
		}
	}
}

func TestCategory(t *testing.T) {
	for artifact, want := range map[string]string{
		"ghcr.io/org/shop:1.4.0":              "ghcr.io/org/shop",
		"localhost:5000/shop@" + hash("aa"):   "localhost:5000/shop",
		"localhost:5000/shop:1@" + hash("aa"): "localhost:5000/shop",
		"dist":                                "dist",
	} {
		if got := category(artifact); got != toolName+"/"+want {
			t.Errorf("%s: got %s, want %s", artifact, got, want)
		}
	}
}
