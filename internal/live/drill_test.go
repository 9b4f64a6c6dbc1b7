package live

import (
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/finding"
)

// What is altered has to alarm: the header that keeps scripts out, and a script that
// nothing excepts.
func TestPlanned(t *testing.T) {
	const app, header = "https://shop.example/app.js", shopPage + " "
	for _, test := range []struct {
		name            string
		headers         []string // of the page and its baseline
		now             []Resource
		against         Against
		script, dropped string // what is altered, "" for nothing
	}{
		{name: "a policy before the rest", headers: []string{"Access-Control-Allow-Origin", "Strict-Transport-Security", csp}, script: app, dropped: header + csp},
		{name: "HSTS before what frames", headers: []string{"X-Frame-Options", "Strict-Transport-Security"}, script: app, dropped: header + "Strict-Transport-Security"},
		{name: "headers that keep nothing out", headers: []string{"Access-Control-Allow-Origin", "Set-Cookie", "Cache-Control", "Reporting-Endpoints"}, script: app},
		{name: "a script is excepted", headers: []string{csp}, against: Against{Evergreen: excepted(app)}, script: third + "?v", dropped: header + csp},
		{name: "every script is excepted", headers: []string{csp}, against: Against{Evergreen: excepted("https://")}, script: app, dropped: header + csp},
		{
			name: "a later release", headers: []string{csp}, now: []Resource{script("https://shop.example/app2.js", "new")},
			against: Against{Own: map[string]string{"app2.js": Pin([]byte("new"))}}, script: "https://shop.example/app2.js", dropped: header + csp,
		},
		{name: "scripts that nobody knows", headers: []string{csp}, now: []Resource{script("https://shop.example/app2.js", "new")}, dropped: header + csp},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := seen()
			o.Pages[0].Loaded.Document.Header = map[string][]string{}
			for _, name := range test.headers {
				o.Pages[0].Loaded.Document.Header[name] = []string{"x"}
			}
			b, err := NewBaseline(o, nil)
			if err != nil {
				t.Fatal(err)
			}
			if test.now != nil {
				o.Pages[0].Resources = test.now
			}
			alarms, alterations := planned(b, test.against, o.Pages[0])
			if alarms[0].URL != test.script || alarms[2].URL != test.dropped {
				t.Errorf("got %q and %q, want %q and %q", alarms[0].URL, alarms[2].URL, test.script, test.dropped)
			}
			want := 3
			for _, url := range []string{test.script, test.dropped} {
				if url == "" {
					want--
				}
			}
			if len(alterations) != want {
				t.Errorf("got %+v, want %d alterations", alterations, want)
			}
		})
	}
}

func TestJudge(t *testing.T) {
	changed := func(s finding.Severity) []Difference {
		return []Difference{{Rule: "live/changed-script", Severity: s, URL: third, Message: "the bytes changed"}}
	}
	for _, test := range []struct {
		name        string
		quiet, loud []Difference
		least       finding.Severity
		fired       bool
		says        string
	}{
		{"an alarm", nil, changed(finding.High), finding.High, true, "the bytes changed"},
		{"nothing", nil, nil, finding.High, false, "nothing was noticed"},
		{"an exception makes it mild", nil, changed(finding.Low), finding.High, false, "severity low, which alarms nobody: the bytes changed"},
		{"mild differences alarm too", nil, changed(finding.Low), finding.Low, true, "the bytes changed"},
		{"no difference of this severity alarms", nil, changed(finding.High), finding.Critical, false, "severity high, which alarms nobody"},
		{"it rings anyway", changed(finding.High), changed(finding.High), finding.High, false, "without being altered"},
		{"about something else", nil, []Difference{{Rule: "live/changed-script", Severity: finding.High, URL: shopPage}}, finding.High, false, "nothing was noticed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := Alarm{Want: []string{"live/changed-script"}, URL: third}
			a.judge(test.quiet, test.loud, test.least)
			if a.Fired != test.fired || !strings.Contains(a.Message, test.says) {
				t.Errorf("got %+v, want %t and %q", a, test.fired, test.says)
			}
		})
	}
}
