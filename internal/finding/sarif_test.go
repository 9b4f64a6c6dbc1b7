package finding

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/org/checkout-deploy/internal/golden"
)

// sample has what a build and a scan would say, and what nobody should.
func sample() Run {
	return Run{
		Tool:     Tool{Name: "checkout-deploy/scan-image", Version: "1.2.3", URI: "https://example.com/scan-image"},
		Category: "checkout/scan",
		Rules: []Rule{
			{ID: "scan/CVE-2026-0001", Short: "openssl: a forged certificate is taken", Help: "Use 3.5.9 or later.", URI: "https://example.com/CVE-2026-0001", Severity: Critical, Security: true, Score: 9.8, Tags: []string{"vulnerability", "security", "os"}},
			{ID: "scan/root", Short: "The image runs as root", Severity: Medium, Security: true},
			{ID: "scan/unused", Short: "A rule that found nothing", Severity: Low},
		},
		Place: "Dockerfile",
		Findings: []Finding{
			{Rule: "scan/root", Severity: Medium, Message: "USER is not set", Hint: "Write USER 65532.", Location: Location{Path: "Dockerfile", Line: 3}},
			{Rule: "scan/CVE-2026-0001", Severity: Critical, Message: "openssl 3.5.1 has CVE-2026-0001"},
			{Rule: "build/size", Severity: High, Message: "checkout.js has 540 KiB, want at most 520 KiB", Location: Location{Path: "src/a b/ü#?%.ts", Line: 7, Column: 3, EndLine: 7, EndColumn: 9}},
			{Rule: "build/size", Severity: High, Message: "checkout.js has 541 KiB, want at most 520 KiB", Location: Location{Path: "src/a b/ü#?%.ts", Line: 9, Column: 3}},
			{Rule: "build/note", Severity: Info, Message: "see [this](https://evil.example) and {0}", Location: Location{Path: "c:d/e.ts", Line: 1, Column: 5, EndColumn: 2}},
			{Rule: "build/outside", Severity: Low, Message: "is no file of the repository", Location: Location{Path: "../../etc/passwd", Line: 4}},
		},
	}
}

func TestSARIF(t *testing.T) {
	data, err := SARIF(sample())
	if err != nil {
		t.Fatal(err)
	}
	valid(t, data)
	golden.Compare(t, ".json", data)
	for range 20 {
		run := sample()
		rand.Shuffle(len(run.Findings), reflect.Swapper(run.Findings))
		rand.Shuffle(len(run.Rules), reflect.Swapper(run.Rules))
		again, err := SARIF(run)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("other bytes for another order: %v", err)
		}
	}
}

// valid checks a file against the schema of the standard.
func valid(t *testing.T, data []byte) {
	t.Helper()
	file, err := os.Open("testdata/schema/sarif-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	doc, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("not valid: %#v", err)
	}
}

func TestSARIFReadsBack(t *testing.T) {
	want := sample()
	want.Incomplete, want.Suppressed = "the database is 9 days old", 3
	data, err := SARIF(want)
	if err != nil {
		t.Fatal(err)
	}
	runs, err := ReadSARIF(bytes.NewReader(data), "/github/workspace")
	if err != nil {
		t.Fatal(err)
	}
	got := runs[0]
	if got.Tool != want.Tool || got.Category != want.Category || got.Incomplete != want.Incomplete || got.Suppressed != want.Suppressed {
		t.Errorf("got %+v", got)
	}
	for i, f := range want.Findings {
		switch f.Rule { // what the format can't say
		case "scan/CVE-2026-0001":
			f.Location.Path = "Dockerfile"
		case "build/note":
			f.Message, f.Location.EndColumn = "see [this] (https://evil.example) and {0}", 0
		case "build/outside":
			f.Message, f.Location = "../../etc/passwd:4: is no file of the repository", Location{Path: "Dockerfile"}
		}
		want.Findings[i] = f
	}
	Sort(want.Findings)
	Sort(got.Findings)
	if !reflect.DeepEqual(got.Findings, want.Findings) {
		t.Errorf("got  %+v\nwant %+v", got.Findings, want.Findings)
	}
	rule := got.Rules[slices.IndexFunc(got.Rules, func(r Rule) bool { return r.ID == "scan/CVE-2026-0001" })]
	if !rule.Security || rule.Score != 9.8 || rule.Severity != Critical || rule.Help != "Use 3.5.9 or later." {
		t.Errorf("got %+v", rule)
	}
}

func marks(t *testing.T, findings ...Finding) []string {
	t.Helper()
	data, err := SARIF(Run{Tool: Tool{Name: "t"}, Findings: findings})
	if err != nil {
		t.Fatal(err)
	}
	var file sarifLog
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range file.Runs[0].Results {
		out = append(out, r.Fingerprints["primaryLocationLineHash"])
	}
	return out
}

func TestFingerprints(t *testing.T) {
	at := func(line int) Location { return Location{Path: "a.ts", Line: line, Column: 1} }
	base := Finding{Rule: "r", Severity: Low, Message: "has 12 KiB, want 10", Location: at(3)}
	with := func(change func(*Finding)) Finding { f := base; change(&f); return f }
	tests := []struct {
		name  string
		other Finding
		same  bool
	}{
		{"moved", with(func(f *Finding) { f.Location = at(40) }), true},
		{"other number", with(func(f *Finding) { f.Message = "has 13 KiB, want 10" }), true},
		{"worse", with(func(f *Finding) { f.Severity = High }), true},
		{"other words", with(func(f *Finding) { f.Message = "has 12 MiB, want 10" }), false},
		{"other file", with(func(f *Finding) { f.Location.Path = "b.ts" }), false},
		{"other rule", with(func(f *Finding) { f.Rule = "s" }), false},
		{"own mark", with(func(f *Finding) { f.Fingerprint = "m" }), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := marks(t, base)[0], marks(t, tt.other)[0]
			if (a == b) != tt.same {
				t.Errorf("got %s and %s, want same = %v", a, b, tt.same)
			}
		})
	}
	twice := marks(t, base, with(func(f *Finding) { f.Location = at(9) }))
	if twice[0] == twice[1] {
		t.Errorf("two findings have one mark: %q", twice)
	}
}

func TestSARIFLimits(t *testing.T) {
	run := Run{Tool: Tool{Name: "t"}}
	for i := range MaxShown + 100 {
		f := Finding{Rule: fmt.Sprintf("r/%d", i), Severity: Low, Message: "m", Location: Location{Path: "a.ts", Line: i + 1}}
		if i%10 == 0 {
			f.Severity = High
		}
		run.Findings = append(run.Findings, f)
	}
	run.Rules = []Rule{{ID: "r/0", Tags: strings.Fields(strings.Repeat("a b c d e f g h i j k l m n o p q r s t u v w x y z ", 2)), Security: true, Severity: High}}
	data, err := SARIF(run)
	if err != nil {
		t.Fatal(err)
	}
	valid(t, data)
	runs, err := ReadSARIF(bytes.NewReader(data), "")
	if err != nil {
		t.Fatal(err)
	}
	got := runs[0]
	high := 0
	for _, f := range got.Findings {
		if f.Severity == High {
			high++
		}
	}
	if len(got.Findings) != MaxShown || got.LeftOut != 100 || high != 510 {
		t.Errorf("got %d findings, %d of them high, %d left out", len(got.Findings), high, got.LeftOut)
	}
	if n := len(got.Rules[0].Tags); n != 20 || got.Rules[0].Tags[0] != "security" {
		t.Errorf("got %d tags: %q", n, got.Rules[0].Tags)
	}
	if !bytes.Contains(data, []byte("100 findings are left out (100 low): the worst 5000 are here.")) {
		t.Error("the file does not say what is left out")
	}
}

// What can't be compressed into the size limit loses its mildest findings.
func TestSARIFSize(t *testing.T) {
	const many, size = 360, MaxSize / 10 // times 6 kB, of which gzip spares half
	noise := rand.NewChaCha8([32]byte{})
	run := Run{Tool: Tool{Name: "t"}}
	for i := range many {
		raw := make([]byte, 3000)
		_, _ = noise.Read(raw)
		f := Finding{Rule: "r", Severity: Low, Message: fmt.Sprintf("%x", raw)[:4000], Hint: fmt.Sprintf("%x", raw)[4000:]}
		if i == many-1 {
			f.Severity = Critical
		}
		run.Findings = append(run.Findings, f)
	}
	data, err := sarifWithin(size, run)
	if err != nil {
		t.Fatal(err)
	}
	if !fits(data, size) {
		t.Errorf("got %d bytes that do not fit", len(data))
	}
	runs, err := ReadSARIF(bytes.NewReader(data), "")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(runs[0].Findings); n == 0 || n == many || runs[0].Findings[0].Severity != Critical || runs[0].LeftOut != many-n {
		t.Errorf("got %d findings, %d left out", n, runs[0].LeftOut)
	}
}

func TestSARIFRefuses(t *testing.T) {
	tests := []struct {
		name string
		runs []Run
		want string
	}{
		{"nothing", nil, "writing SARIF: got 0 runs, want 1 to 20"},
		{"no tool", []Run{{}}, "writing SARIF: the tool has no name"},
		{"rule twice", []Run{{Tool: Tool{Name: "t"}, Rules: []Rule{{ID: "a"}, {ID: "a"}}}}, `writing SARIF: rule "a": got no id or one twice, want each once`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := SARIF(tt.runs...); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestReadSARIFOfOthers(t *testing.T) {
	const rules = `"tool":{"driver":{"name":"x","rules":[{"id":"A","properties":{"security-severity":"7.5"}},{"id":"B","defaultConfiguration":{"level":"note"},"messageStrings":{"default":{"text":"got {0} of {{1}}"}}}]},` +
		`"extensions":[{"name":"pack","rules":[{"id":"E","defaultConfiguration":{"level":"error"}}]}]}`
	place := func(artifact, region string) string {
		return `"locations":[{"physicalLocation":{"artifactLocation":` + artifact + `,"region":` + region + `}}]`
	}
	tests := []struct {
		name, result string
		want         []Finding
	}{
		{"score of the rule", `{"ruleId":"A","message":{"text":"m"}}`, []Finding{{Rule: "A", Severity: High, Message: "m"}}},
		{"score as number", `{"ruleId":"A","message":{"text":"m"},"properties":{"security-severity":9.1}}`, []Finding{{Rule: "A", Severity: Critical, Message: "m"}}},
		{"level of the rule, message by id", `{"ruleIndex":1,"message":{"id":"default","arguments":["2"]}}`, []Finding{{Rule: "B", Severity: Low, Message: "got 2 of {1}"}}},
		{"rule of an extension", `{"rule":{"index":0,"toolComponent":{"index":0}},"message":{"text":"m"}}`, []Finding{{Rule: "E", Severity: High, Message: "m"}}},
		{"hierarchical id", `{"ruleId":"B/sub","message":{"text":"m"}}`, []Finding{{Rule: "B/sub", Severity: Low, Message: "m"}}},
		{"warning by default", `{"ruleId":"Z","message":{"text":"m"}}`, []Finding{{Rule: "Z", Severity: Medium, Message: "m"}}},
		{"not a failure", `{"ruleId":"Z","kind":"informational","message":{"text":"m"}}`, []Finding{{Rule: "Z", Severity: Info, Message: "m"}}},
		{"passed", `{"ruleId":"Z","kind":"pass","message":{"text":"m"}}`, nil},
		{"gone", `{"ruleId":"Z","baselineState":"absent","message":{"text":"m"}}`, nil},
		{"suppression refused", `{"ruleId":"Z","suppressions":[{"kind":"external","status":"rejected"}],"message":{"text":"m"}}`, []Finding{{Rule: "Z", Severity: Medium, Message: "m"}}},
		{"fingerprint", `{"ruleId":"Z","partialFingerprints":{"primaryLocationLineHash":"f:1"},"message":{"text":"m"}}`, []Finding{{Rule: "Z", Severity: Medium, Message: "m", Fingerprint: "f:1"}}},
		{"relative", `{"ruleId":"Z","message":{"text":"m"},` + place(`{"uri":"src/a%20b.ts","uriBaseId":"%SRCROOT%"}`, `{"startLine":2,"startColumn":3,"endLine":4,"endColumn":5}`) + `}`, []Finding{{Rule: "Z", Severity: Medium, Message: "m", Location: Location{"src/a b.ts", 2, 3, 4, 5}}}},
		{"absolute below the root", `{"ruleId":"Z","message":{"text":"m"},` + place(`{"uri":"file:///w/src/a.ts"}`, `{"startLine":2}`) + `}`, []Finding{{Rule: "Z", Severity: Medium, Message: "m", Location: Location{Path: "src/a.ts", Line: 2}}}},
		{"by another base", `{"ruleId":"Z","message":{"text":"m"},` + place(`{"uri":"a.ts","uriBaseId":"SRC"}`, `{}`) + `}`, []Finding{{Rule: "Z", Severity: Medium, Message: "m", Location: Location{Path: "src/a.ts"}}}},
		{"bases in a ring", `{"ruleId":"Z","message":{"text":"m"},` + place(`{"uri":"a.ts","uriBaseId":"R1"}`, `{}`) + `}`, []Finding{{Rule: "Z", Severity: Medium, Message: "m", Location: Location{Path: "zyzyzyzya.ts"}}}},
		{"by index", `{"ruleId":"Z","message":{"text":"m"},` + place(`{"index":0}`, `{}`) + `}`, []Finding{{Rule: "Z", Severity: Medium, Message: "m", Location: Location{Path: "listed.ts"}}}},
		{"outside the root", `{"ruleId":"Z","message":{"text":"m"},` + place(`{"uri":"file:///etc/passwd"}`, `{"startLine":2}`) + `}`, []Finding{{Rule: "Z", Severity: Medium, Message: "/etc/passwd: m"}}},
		{"climbing", `{"ruleId":"Z","message":{"text":"m"},` + place(`{"uri":"a/..%2f../x"}`, `{}`) + `}`, []Finding{{Rule: "Z", Severity: Medium, Message: "a/../../x: m"}}},
		{"another scheme", `{"ruleId":"Z","message":{"text":"m"},` + place(`{"uri":"https://example.com/a.js"}`, `{}`) + `}`, []Finding{{Rule: "Z", Severity: Medium, Message: "/https://example.com/a.js: m"}}},
		{"indices out of range", `{"ruleId":"Z","ruleIndex":99,"rule":{"index":-1,"toolComponent":{"index":7}},"message":{"text":"m"},` + place(`{"index":5}`, `{"startLine":-4}`) + `}`, []Finding{{Rule: "Z", Severity: Medium, Message: "m"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := `{"version":"2.1.0","runs":[{` + rules + `,"artifacts":[{"location":{"uri":"listed.ts"}}],` +
				`"originalUriBaseIds":{"SRC":{"uri":"src/","uriBaseId":"%SRCROOT%"},"R1":{"uri":"y","uriBaseId":"R2"},"R2":{"uri":"z","uriBaseId":"R1"}},"results":[` + tt.result + `]}]}`
			runs, err := ReadSARIF(strings.NewReader("\ufeff"+file), "/w")
			if err != nil {
				t.Fatal(err)
			}
			if got := runs[0].Findings; !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			if runs[0].Incomplete != "" {
				t.Errorf("incomplete: %s", runs[0].Incomplete)
			}
		})
	}
}

// A run that did not come to its end is not one that found nothing.
func TestReadSARIFIncomplete(t *testing.T) {
	tests := []struct{ name, rest, want string }{
		{"complete", `,"results":[]`, ""},
		{"no results", ``, "the file holds no list of results: the tool did not come so far"},
		{"null", `,"results":null`, "the file holds no list of results: the tool did not come so far"},
		{"failed", `,"results":[],"invocations":[{"executionSuccessful":false}]`, "the tool says that it failed"},
		{"failed, with a reason", `,"results":[],"invocations":[{"executionSuccessful":false,"toolExecutionNotifications":[{"level":"error","message":{"text":"no database"}}]}]`, "no database"},
		{"elsewhere", `,"results":[],"externalPropertyFileReferences":{"results":[{"location":{"uri":"r.json"}}]}`, "the results are in other files"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			runs, err := ReadSARIF(strings.NewReader(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}}`+tt.rest+`}]}`), "")
			if err != nil {
				t.Fatal(err)
			}
			if got := runs[0].Incomplete; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	runs, err := ReadSARIF(strings.NewReader(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[{"message":{"text":"m"},"suppressions":[{"kind":"inSource"}]}]}]}`), "")
	if err != nil || runs[0].Suppressed != 1 || len(runs[0].Findings) != 0 {
		t.Errorf("got %+v, %v, want one suppressed", runs, err)
	}
}

func TestReadSARIFRefuses(t *testing.T) {
	run := `{"tool":{"driver":{"name":"x"}},"results":[`
	tests := []struct{ name, file, want string }{
		{"no JSON", `<?xml`, "invalid"},
		{"another version", `{"version":"2.0.0","runs":[]}`, `got version "2.0.0", want "2.1.0"`},
		{"wrong type", `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":7}}}]}`, "reading SARIF"},
		{"score of a wrong type", `{"version":"2.1.0","runs":[` + run + `{"message":{"text":"m"},"properties":{"security-severity":[]}}]}]}`, "reading SARIF"},
		{"no tool", `{"version":"2.1.0","runs":[{}]}`, "run 1: the tool has no name"},
		{"too many runs", `{"version":"2.1.0","runs":[` + strings.Repeat(`{},`, 20) + `{}]}`, "got 21 runs, want at most 20"},
		{"too many results", `{"version":"2.1.0","runs":[` + run + strings.Repeat(`{},`, MaxResults) + `{}]}]}`, "got 25001 results, want at most 25000"},
		{"too large", strings.Repeat(" ", maxRead+1), "got more than 67108864 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ReadSARIF(strings.NewReader(tt.file), ""); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// Whatever a file says, what is read of it can be written, is valid in its
// places, and reads the same again.
func FuzzReadSARIF(f *testing.F) {
	data, err := SARIF(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[{"message":{"text":"a](b"}}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		runs, err := ReadSARIF(bytes.NewReader(data), "/w")
		if err != nil {
			return
		}
		for _, run := range runs {
			for _, at := range run.Findings {
				if p := at.Location.Path; p != "" && !inside(p) || at.Location.Line < 0 {
					t.Fatalf("got the place %+v", at.Location)
				}
			}
			run.Rules = nil // may name one twice
			once, err := SARIF(run)
			if err != nil {
				t.Fatal(err)
			}
			read, err := ReadSARIF(bytes.NewReader(once), "")
			if err != nil {
				t.Fatalf("reading what was written: %v", err)
			}
			if got := len(read[0].Findings) + read[0].LeftOut; got != len(run.Findings) {
				t.Fatalf("got %d findings back, want %d", got, len(run.Findings))
			}
		}
	})
}
