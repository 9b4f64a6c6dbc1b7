package scanimage

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/secrets"
)

// engine is a Scanner that answers res, and wants to be asked for a folder that
// holds the files of dist.
func engine(t *testing.T, res *secrets.Result, everything bool) Scanner {
	return func(_ context.Context, root *os.Root, opts secrets.Options) (*secrets.Result, error) {
		if _, err := root.Stat("app.js"); err != nil {
			t.Errorf("got another folder: %v", err)
		}
		if opts.Everything != everything {
			t.Errorf("got everything %t, want %t", opts.Everything, everything)
		}
		res.Sort()
		return res, nil
	}
}

func found(all ...finding.Severity) *secrets.Result {
	res := &secrets.Result{Files: 2, Bytes: 70}
	for i, s := range all {
		res.Findings = append(res.Findings, finding.Finding{
			Rule: "secret/x", Severity: s, Message: "got a " + string(s) + " secret",
			Location: finding.Location{Path: "app.js", Line: i + 1, Column: 3},
		})
	}
	return res
}

func dist(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func run(t *testing.T, dir string, scan Scanner, args ...string) (code int, out, log string) {
	t.Helper()
	a := Action(scan)
	if err := a.Check(); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	c := &action.Command{Args: args, Dir: dir, Stdout: &stdout, Stderr: &stderr}
	return c.Run(t.Context(), a), stdout.String(), stderr.String()
}

func TestVerdict(t *testing.T) {
	const c, h, m, l = finding.Critical, finding.High, finding.Medium, finding.Low
	rows := []struct {
		name  string
		res   *secrets.Result
		fail  string // "" for the default
		code  int
		says  string
		count string // critical, high, medium, low
	}{
		{"clean", found(), "", 0, "dist: no secrets in the 2 files (70 bytes) that were scanned\n", "0 0 0 0"},
		{"below", found(m, l, m), "", 0, "dist: 3 secrets in the 2 files", "0 0 2 1"},
		{"at", found(h, m), "", 1, "got 1 secret of severity high or worse in dist, want none (fail-severity: high)", "0 1 1 0"},
		{"above", found(c, h), "", 1, "got 2 secrets of severity high or worse", "1 1 0 0"},
		{"critical only", found(h), "critical", 0, "dist: 1 secret in", "0 1 0 0"},
		{"critical", found(c), "critical", 1, "got 1 secret of severity critical", "1 0 0 0"},
		{"medium", found(m), "medium", 1, "got 1 secret of severity medium", "0 0 1 0"},
		{"low", found(l), "low", 1, "got 1 secret of severity low", "0 0 0 1"},
		{"none", found(c, h, m, l), "none", 0, "dist: 4 secrets", "1 1 1 1"},
		{
			"too large", &secrets.Result{Files: 1, LeftOut: []secrets.LeftOut{{Path: "big.js", Why: secrets.TooLarge}}}, "", 1,
			"1 file in dist not scanned, or not to the end, so it is not known to be clean", "0 0 0 0",
		},
		{
			"too large, and it is only to report", &secrets.Result{Files: 1, LeftOut: []secrets.LeftOut{{Path: "big.js", Why: secrets.TooLarge}}}, "none", 0,
			"warning: dist/big.js: not scanned: the file is larger than 64 MiB\n", "0 0 0 0",
		},
		{
			"left out", &secrets.Result{Files: 1, Bytes: 2, LeftOut: []secrets.LeftOut{{Path: "a.png", Why: secrets.Binary}, {Path: "b.png", Why: secrets.Binary}, {Path: "x", Why: secrets.Irregular}, {Path: "y/", Why: secrets.Exempt}}}, "", 0,
			"notice: dist/x: not scanned: a link, device, pipe or socket, and no regular file\ndist: no secrets in the 1 file (2 bytes) that were scanned; not scanned: 1 not a regular file, 2 binary, 1 exempt by its path\n", "0 0 0 0",
		},
		{
			"too many", &secrets.Result{Files: 1, LeftOut: []secrets.LeftOut{{Path: "a.js", Why: secrets.TooMany}}}, "critical", 1,
			"warning: dist/a.js: not scanned to the end: the file is full of what looks like secrets\n", "0 0 0 0",
		},
		{"nothing scanned", &secrets.Result{LeftOut: []secrets.LeftOut{{Path: "a.png", Why: secrets.Binary}}}, "none", 1, "no file in dist was scanned, so it is not known to be clean", "0 0 0 0"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var args []string
			if row.fail != "" {
				args = []string{"--fail-severity", row.fail}
			}
			code, out, log := run(t, dist(t, "dist/app.js"), engine(t, row.res, false), args...)
			if code != row.code || !strings.Contains(log, row.says) {
				t.Errorf("got exit code %d, want %d and %q in\n%s", code, row.code, row.says, log)
			}
			n := strings.Fields(row.count)
			if want := "critical=" + n[0] + "\nhigh=" + n[1] + "\nmedium=" + n[2] + "\nlow=" + n[3] + "\n"; out != want {
				t.Errorf("got the outputs %q, want %q", out, want)
			}
			for _, f := range row.res.Findings {
				if want := "dist/" + f.Location.String() + ": " + f.Message; !strings.Contains(log, want) {
					t.Errorf("got no %q in\n%s", want, log)
				}
			}
		})
	}
}

func TestTheLogStaysShort(t *testing.T) {
	code, out, log := run(t, dist(t, "dist/app.js"), engine(t, found(slices.Repeat([]finding.Severity{finding.High}, 1234)...), false))
	if got := strings.Count(log, "got a high secret"); code != 1 || got != maxShown || !strings.Contains(log, "\nand 1034 more\n") || !strings.Contains(out, "high=1234\n") {
		t.Errorf("got exit code %d, %d findings, outputs %q\n%s", code, got, out, log)
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
		{"missing", []string{"src/app.js"}, "dist", 2, `got no folder "dist", want a folder with files`},
		{"empty", nil, ".", 2, `got the empty folder ".", want a folder with files`},
		{"a file", []string{"dist"}, "dist", 2, `opening the folder to scan, "dist"`},
		{"another one", []string{"shop/out/app.js"}, "shop/out", 0, "shop/out: no secrets"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			code, out, log := run(t, dist(t, row.files...), engine(t, found(), false), "--path", row.path)
			if code != row.code || !strings.Contains(log, row.says) || (out == "") != (code != 0) {
				t.Errorf("got exit code %d, outputs %q, want %d and %q in\n%s", code, out, row.code, row.says, log)
			}
		})
	}
}

func TestAReleaseIsScannedWhole(t *testing.T) {
	code, _, log := run(t, dist(t, "dist/app.js", "dist/release.json"), engine(t, found(), true))
	if code != 0 {
		t.Errorf("got exit code %d\n%s", code, log)
	}
}

// A scan that broke off has no counts: zeros would look clean.
func TestABrokenScanGivesNoCounts(t *testing.T) {
	broken := func(context.Context, *os.Root, secrets.Options) (*secrets.Result, error) {
		return nil, errors.New(`reading "app.js": input/output error`)
	}
	code, out, log := run(t, dist(t, "dist/app.js"), broken, "--fail-severity", "none")
	if code != 1 || out != "" || !strings.Contains(log, `looking for secrets in dist: reading "app.js": input/output error`) {
		t.Errorf("got exit code %d, outputs %q\n%s", code, out, log)
	}
}

func TestOnARunner(t *testing.T) {
	dir := dist(t, "dist/app.js")
	var out bytes.Buffer
	c := &action.Command{Dir: "/elsewhere", Stdout: &out, Stderr: &out, Env: []string{
		"GITHUB_ACTIONS=true", "GITHUB_WORKSPACE=" + dir,
		"GITHUB_OUTPUT=" + filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(dir, "summary"),
	}}
	code := c.Run(t.Context(), Action(engine(t, found(finding.High), false)))
	want := "::error col=3,file=dist/app.js,line=1,title=secret/x::got a high secret\n" +
		"dist: 1 secret in the 2 files (70 bytes) that were scanned\n" +
		"::error title=scan-image::got 1 secret of severity high or worse in dist, want none (fail-severity: high)\n"
	if code != 1 || out.String() != want {
		t.Errorf("got exit code %d,\n%s\nwant 1,\n%s", code, &out, want)
	}
	summary, err := os.ReadFile(filepath.Join(dir, "summary"))
	if err != nil || !strings.Contains(string(summary), "1 secret in the 2 files (70 bytes) that were scanned.\n\n| severity | found |\n| --- | ---: |\n| critical | 0 |\n| high | 1 |\n") {
		t.Errorf("got the summary %q, %v", summary, err)
	}
}
