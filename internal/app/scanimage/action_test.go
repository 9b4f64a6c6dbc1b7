package scanimage

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/result"
	"github.com/org/checkout-deploy/internal/scan/secrets"
)

func flaw(id string, severity finding.Severity) result.Finding {
	return result.Finding{
		Kind: result.Vulnerability, ID: id, Severity: severity, Title: "a flaw", Package: "libx", Source: "x",
		Version: "1", Fixed: "2", Ecosystem: "debian", OfSystem: true,
	}
}

// keys are secrets found in app.js.
func keys(all ...finding.Severity) func(secrets.Options) (*secrets.Result, error) {
	return func(secrets.Options) (*secrets.Result, error) {
		res := &secrets.Result{Files: 2, Bytes: 70}
		for i, s := range all {
			res.Findings = append(res.Findings, finding.Finding{
				Rule: "secret/x", Severity: s, Message: "got what looks like a secret: a " + string(s) + " one",
				Location: finding.Location{Path: "app.js", Line: i + 1, Column: 3},
			})
		}
		return res, nil
	}
}

func left(all ...secrets.LeftOut) func(secrets.Options) (*secrets.Result, error) {
	return func(secrets.Options) (*secrets.Result, error) {
		return &secrets.Result{Files: 1, Bytes: 2, LeftOut: all}, nil
	}
}

func dist(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files {
		write(t, filepath.Join(dir, name), "{}")
	}
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// shown wants texts in what a run left.
func (r ran) shows(t *testing.T, code int, texts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("got exit code %d, want %d", r.code, code)
	}
	for _, text := range texts {
		if !strings.Contains(r.log+r.out, text) {
			t.Errorf("got no %q in\n%s%s", text, r.log, r.out)
		}
	}
}

func TestSecretsOfAFolder(t *testing.T) {
	const c, h, m, l = finding.Critical, finding.High, finding.Medium, finding.Low
	rows := []struct {
		name  string
		found func(secrets.Options) (*secrets.Result, error)
		fail  string
		code  int
		says  string
		count string // critical, high, medium, low
	}{
		{"clean", keys(), "high", 0, "dist: no secrets in the 2 files (70 bytes) that were scanned\n", "0 0 0 0"},
		{"below", keys(m, l, m), "high", 0, "dist: 3 secrets in the 2 files", "0 0 2 1"},
		{"at", keys(h, m), "high", 1, "got 1 secret of severity high or worse, want none (fail-severity: high)", "0 1 1 0"},
		{"above", keys(c, h), "high", 1, "got 2 secrets of severity high or worse", "1 1 0 0"},
		{"critical only", keys(h), "critical", 0, "dist: 1 secret in", "0 1 0 0"},
		{"low", keys(l), "low", 1, "got 1 secret of severity low", "0 0 0 1"},
		{"none", keys(c, h, m, l), "none", 0, "dist: 4 secrets", "1 1 1 1"},
		{"too large", left(secrets.LeftOut{Path: "big.js", Why: secrets.TooLarge}), "critical", 1, `"big.js" was not scanned for secrets: the file is larger than 64 MiB`, "0 0 0 0"},
		{"too large, and it is only to report", left(secrets.LeftOut{Path: "big.js", Why: secrets.TooLarge}), "none", 0, `"big.js" was not scanned`, "0 0 0 0"},
		{"too many", left(secrets.LeftOut{Path: "a.js", Why: secrets.TooMany}), "critical", 1, "was not scanned to the end", "0 0 0 0"},
		{
			"left out", left(secrets.LeftOut{Path: "a.png", Why: secrets.Binary}, secrets.LeftOut{Path: "x", Why: secrets.Irregular}), "high", 0,
			"dist: no secrets in the 1 file (2 bytes) that were scanned; not scanned: 1 not a regular file, 1 binary\n", "0 0 0 0",
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f := &tools{t: t, secrets: row.found}
			r := f.run(dist(t, "dist/app.js"), nil, "--fail-severity", row.fail, "--scanners", "secret")
			n := strings.Fields(row.count)
			r.shows(t, row.code, row.says, "critical="+n[0]+"\nhigh="+n[1]+"\nmedium="+n[2]+"\nlow="+n[3]+"\n")
			if len(f.asked) > 0 {
				t.Errorf("got the engine asked for %q, want secrets alone", f.asked)
			}
		})
	}
}

func TestFolders(t *testing.T) {
	rows := []struct {
		name  string
		files []string
		path  string
		code  int
		says  string
	}{
		{"missing", []string{"src/app.js"}, "dist", 2, `path: got no folder "dist", want a folder with files`},
		{"empty", nil, ".", 2, `path: got the empty folder ".", want a folder with files`},
		{"a file", []string{"dist"}, "dist", 2, `path: opening the folder to scan, "dist"`},
		{"another one", []string{"shop/out/app.js"}, "shop/out", 0, "shop/out: no secrets"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f := &tools{t: t}
			r := f.run(dist(t, row.files...), nil, "--path", row.path)
			r.shows(t, row.code, row.says)
			if (r.out == "") != (row.code != 0) {
				t.Errorf("got the outputs %q", r.out)
			}
		})
	}
}

// A scan that broke off has no counts: zeros would look clean.
func TestABrokenScanGivesNoCounts(t *testing.T) {
	for _, f := range []*tools{
		{t: t, secrets: func(secrets.Options) (*secrets.Result, error) {
			return nil, errors.New(`reading "app.js": input/output error`)
		}},
		{t: t, secrets: func(secrets.Options) (*secrets.Result, error) { return &secrets.Result{}, nil }},
		{t: t, err: errors.New("nothing was scanned, as there is no database")},
	} {
		dir := dist(t, "dist/app.js")
		r := f.run(dir, nil, "--fail-severity", "none")
		if r.code != 1 || strings.Contains(r.out, "=") {
			t.Errorf("got exit code %d, outputs %q\n%s", r.code, r.out, r.log)
		}
		if _, err := os.Stat(filepath.Join(dir, "scan")); err == nil {
			t.Error("got the folder scan of a scan that broke off")
		}
	}
}

// Whoever misuses several inputs is told of all at once, before anything is asked.
func TestMisuse(t *testing.T) {
	for _, row := range []struct {
		name string
		args string
		says []string
	}{
		{"a tag without anything", "--promote-tag latest --path .", []string{"promote-tag: got tags and no image in a registry"}},
		{"several", "--image ghcr.io/org/shop --promote-tag -x,ok --sign key --key-password secret-of-a-key --registry-username u", []string{
			`promote-tag: got the tag "-x"`, "sign, key: got sign: key without a key", "registry-username, registry-password: got one without the other",
		}},
		{"an archive has no place for signatures", "--image oci:layout --sign key --key k.pem", []string{`sign: got the image "oci:layout", which lies in no registry`}},
		{"some platforms", "--image ghcr.io/org/shop --platforms linux/amd64 --sign key --key k --promote-tag a", []string{"promote-tag: got tags and platforms"}},
		{"verify without whom", "--mode verify --image ghcr.io/org/shop", []string{"scan.image.signed-by: got nobody in the configuration"}},
		{"verify of a folder", "--mode verify --path .", []string{`image: got "", want an image in a registry`, "path: got a folder in the mode verify"}},
		{"out is the project", "--path . --out .", []string{`out: got ".", which holds the project`}},
		{"a signer of nothing", "--path . --sign key --key k", []string{"sign: got a signer, and neither an image nor a release"}},
		{"a signer that looks for little", "--image ghcr.io/org/shop --scanners misconfig --fail-severity none --sign key --key k --promote-tag sha256-0.sig", []string{
			"sign, scanners: got a signer and scanners without vuln", "sign, fail-severity: got a signer and fail-severity: none", `promote-tag: got the tag "sha256-0.sig", want none of those that signatures have`,
		}},
		{"offline and online", "--path . --offline --db-repository a.example/db", []string{"offline, db-repository: got both"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := &tools{t: t}
			f.run(dist(t, "app.js"), nil, strings.Fields(row.args)...).shows(t, 2, row.says...)
			if len(f.asked) > 0 {
				t.Errorf("got %q asked", f.asked)
			}
		})
	}
}

// A release is what its record lists; a verdict about anything else would be believed
// to be about it. That a whole one is scanned and stated, cmd/scan-image shows.
func TestAReleaseIsItsRecord(t *testing.T) {
	f := &tools{t: t}
	dir := t.TempDir()
	record, err := os.ReadFile("testdata/release/release.json")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "dist/release.json"), string(record))
	write(t, filepath.Join(dir, "dist/app.js"), "1")
	f.run(dir, nil).shows(t, 1, `"app.js": extra`, `"index.html": missing`)
	if _, err := os.Stat(filepath.Join(dir, "dist/attestations")); err == nil {
		t.Error("got a statement about files that are not the release's")
	}
	f.run(dir, nil, "--out", "dist/scan").shows(t, 2, `out: got "dist/scan", which lies in the release`)
	f.run(dir, nil, "--skip-dirs", "a").shows(t, 2, "skip-dirs: got folders of a release")
}

func TestWhatIsLookedFor(t *testing.T) {
	for _, row := range []struct{ name, args, want string }{
		{"an image", "--image r/a", "open r/a|engine [vulnerability secret]|scan sha256:a|close engine|close image"},
		{"a folder", "--path .", "engine [vulnerability misconfiguration]|scan folder|close engine"},
		{"both", "--image r/a --path .", "open r/a|engine [vulnerability secret misconfiguration]|scan sha256:a|scan folder|close engine|close image"},
		{"licences", "--path . --scanners license", "engine [license]|scan folder|close engine"},
		{"a base", "--image r/a --base r/b", "open r/a|engine [vulnerability secret]|scan sha256:a|open r/b|scan sha256:b|close image|close engine|close image"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := &tools{t: t, images: map[string]*fakeImage{"r/a": {digest: "sha256:a"}, "r/b": {digest: "sha256:b"}}}
			f.run(dist(t, "app.js"), nil, strings.Fields(row.args)...).shows(t, 0)
			if got := strings.Join(f.asked, "|"); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

// Only what is new fails: beside an image, an earlier result, Trivy's own report.
func TestBase(t *testing.T) {
	dir := dist(t, "app.js")
	now := func() *tools {
		return &tools{t: t, images: map[string]*fakeImage{
			"r/a":    {digest: "sha256:a", report: result.Report{Findings: []result.Finding{flaw("CVE-1", "high")}}},
			"r/base": {digest: "sha256:b", report: result.Report{Findings: []result.Finding{flaw("CVE-1", "high")}}},
			"r/new":  {digest: "sha256:c", report: result.Report{Findings: []result.Finding{flaw("CVE-1", "high"), flaw("CVE-2", "high")}}},
		}}
	}
	now().run(dir, nil, "--image", "r/a").shows(t, 1, "high=1")
	for _, base := range []string{"r/base", "scan/result.json", "trivy.json"} {
		write(t, filepath.Join(dir, "trivy.json"), `{"SchemaVersion":2}`)
		now().run(dir, nil, "--image", "r/a", "--base", base, "--out", "other").shows(t, 0, "high=0", "verdict=passed")
		now().run(dir, nil, "--image", "r/new", "--base", base, "--out", "other").shows(t, 1, "high=1", "CVE-2")
	}
	now().run(dir, nil, "--image", "r/a", "--base", "scan/result.json").shows(t, 2, "which lies in the folder out")
	now().run(dir, nil, "--image", "r/a", "--base", "none.json").shows(t, 2, `base: got "none.json", want a file`)
	write(t, filepath.Join(dir, "x.json"), `{}`)
	now().run(dir, nil, "--image", "r/a", "--base", "x.json").shows(t, 2, `base: "x.json": got neither a result.json of scan-image nor a report of Trivy`)
	now().run(dir, nil, "--image", "r/a", "--base", "r/none").shows(t, 1, `base: got "r/none", want a file result.json of an earlier run, or an image`)
}

func TestFilesOfSeveralPlatforms(t *testing.T) {
	dir := dist(t, "app.js", "scan/notes.txt", "scan/trivy-config.json", "scan/sbom-vendor.spdx.json")
	f := &tools{t: t, images: map[string]*fakeImage{"r/a": {digest: "sha256:i", platforms: []Platform{{"linux/amd64", "sha256:1"}, {"linux/arm64/v8", "sha256:2"}, {"linux/s390x", "sha256:3"}}}}}
	f.run(dir, nil, "--image", "r/a").shows(t, 0, "sbom=scan/sbom-linux-amd64.cyclonedx.json")
	f.images["r/a"].platforms = f.images["r/a"].platforms[:2]
	f.run(dir, nil, "--image", "r/a").shows(t, 0, "sbom=scan/sbom-linux-amd64.cyclonedx.json", "digest=sha256:i")
	entries, err := os.ReadDir(filepath.Join(dir, "scan"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	want := []string{
		"findings.sarif", "notes.txt", "report.html", "result.json", "sbom-linux-amd64.cyclonedx.json", "sbom-linux-amd64.spdx.json",
		"sbom-linux-arm64-v8.cyclonedx.json", "sbom-linux-arm64-v8.spdx.json", "sbom-vendor.spdx.json", "trivy-config.json", "trivy-linux-amd64.json", "trivy-linux-arm64-v8.json",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOnARunner(t *testing.T) {
	dir := dist(t, "dist/app.js")
	f := &tools{t: t, secrets: keys(finding.High)}
	r := f.run(dir, []string{
		"GITHUB_ACTIONS=true", "GITHUB_WORKSPACE=" + dir, "INPUT_SCANNERS=secret",
		"GITHUB_OUTPUT=" + filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(dir, "summary"),
	})
	r.shows(t, 1, "::error col=3,file=dist/app.js,line=1,title=secret/x::got what looks like a secret: a high one", "::error title=scan-image::")
	summary, err := os.ReadFile(filepath.Join(dir, "summary"))
	if err != nil || !strings.Contains(string(summary), "What to do first") {
		t.Errorf("got the summary %s, %v", summary, err)
	}
	outputs, err := os.ReadFile(filepath.Join(dir, "output"))
	if err != nil || !strings.Contains(string(outputs), "verdict<<") {
		t.Errorf("got the outputs %s, %v", outputs, err)
	}
}
