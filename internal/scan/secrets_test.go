//go:build goexperiment.jsonv2

package scan

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aquasecurity/trivy/pkg/fanal/secret"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/secrets"
)

// Secrets of each kind, put together here so that no scanner takes this file for
// one that holds them. Their letters are those of no real key.
var (
	awsID     = "AKIA" + "Q3Z7K2M5X4N6P8R9"
	awsSecret = "q9Zr3Lw8" + "Tn5Xc2Vb7Ym4Kd6Hf1Jg0Ps+Ua/Ei9Ox"
	github    = "gh" + "p_" + "a8Kd93jfLq02ZmXn47BvCw61RtYu5HgPsE4D"
	stripe    = "sk" + "_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
	jwt       = "ey" + "JhbGciOiJIUzI1NiJ9aa" + ".ey" + "JzdWIiOiIxMjM0NTY3ODkwIn0" + ".dozjgNryP4J3jVmNHl0w5N"
	pem       = "-----BEGIN RSA " + "PRIVATE KEY-----\n" + strings.Repeat("MIIEpAIBAAKCAQEA7x9Qw3Lr8Tn5Xc2Vb7Ym4Kd6Hf1Jg0PsUaEi9Ox8Wq2Z\n", 20) + "-----END RSA " + "PRIVATE KEY-----\n"
)

// folder makes files, and nothing else than them.
func folder(t *testing.T, files map[string]string) *os.Root {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root
}

func look(t *testing.T, root *os.Root, opts secrets.Options) *secrets.Result {
	t.Helper()
	res, err := Secrets(t.Context(), root, opts)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// shows says whether text holds a piece of a secret.
func shows(text, secret string) bool {
	const piece = 8
	for line := range strings.Lines(secret) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "-----") {
			continue
		}
		for i := 0; i+piece <= len(line); i++ {
			if strings.Contains(text, line[i:i+piece]) {
				return true
			}
		}
	}
	return false
}

func TestPlantedSecrets(t *testing.T) {
	minified := strings.Repeat("a=b;", 99_999) + `k="` + github + `";` + strings.Repeat("c=d;", 25_000)
	asJSON := func(s string) string { return strings.ReplaceAll(s, "\n", `\n`) }
	rows := []struct {
		name, file, text, secret string
		want                     []string // rule severity place
	}{
		{"AWS in a settings file", "app.env", "# é 😀\nAWS_ACCESS_KEY_ID=" + awsID + "\n", awsID, []string{"aws-access-key-id critical app.env:2:19"}},
		{"AWS in TypeScript", "src/aws.ts", "const aws_secret_access_key = '" + awsSecret + "'\n", awsSecret, []string{"aws-secret-access-key critical src/aws.ts:1:32"}},
		{"GitHub behind an emoji", "a.js", "\nvar é=\"😀\";const t=\"" + github + "\"\n", github, []string{"github-pat critical a.js:2:21"}},
		{"GitHub behind a carriage return", "a.sh", "one\r\ntwo " + github + "\r\n", github, []string{"github-pat critical a.sh:2:5"}},
		{"GitHub in one long line", "app.min.js", minified, github, []string{"github-pat critical app.min.js:1:400000"}},
		{"Stripe in JSON", "config.json", `{"payment":{"key":"` + stripe + `"}}`, stripe, []string{"stripe-secret-token critical config.json:1:20"}},
		{"Stripe in a source map", "app.js.map", `{"version":3,"sources":["pay.ts"],"sourcesContent":["const key = '` + stripe + `'\n"],"mappings":"AAAA"}`, stripe, []string{"stripe-secret-token critical app.js.map:1:67"}},
		{"a private key", "key.pem", "one\n" + pem, pem, []string{"private-key high key.pem:3:1-22"}},
		{"a private key in a script", "key.js", `k="` + asJSON(pem) + `"`, pem, []string{"private-key high key.js:1:35"}},
		{"a JWT in HTML", "index.html", "<p>\n<meta content=\"" + jwt + "\">\n", jwt, []string{"jwt-token medium index.html:2:16"}},
		{"a JWT in CSS", "a.css", "/* " + jwt + " */", jwt, []string{"jwt-token medium a.css:1:4"}},
		{"two of a kind and one more", "x.txt", github + "\n" + stripe + "\n" + github + "\n", github + "\n" + stripe, []string{"github-pat critical x.txt:1:1", "stripe-secret-token critical x.txt:2:1", "github-pat critical x.txt:3:1"}},
		{"across the pieces that Trivy reads", "big.txt", strings.Repeat("0123456 ", 8<<10-3) + github + "\n", github, []string{"github-pat critical big.txt:1:65513"}},
		{"across the windows", "big.js", strings.Repeat("0123456 ", 1<<17-3) + github + "\n", github, []string{"github-pat critical big.js:1:1048553"}},
		{"in the last window", "big.js", strings.Repeat("0123456\n", 1<<18) + github + "\n" + stripe, github + "\n" + stripe, []string{"github-pat critical big.js:262145:1", "stripe-secret-token critical big.js:262146:1"}},
		{"where windows overlap", "big.js", strings.Repeat("0123456 ", 1<<17-256) + github + "\n" + github, github, []string{"github-pat critical big.js:1:1046529", "github-pat critical big.js:2:1"}},
		{"not UTF-8", "latin.txt", "\xe9\xff " + github + "\n", github, []string{"github-pat critical latin.txt:1:4"}},
		{"compiled Python", "a.pyc", "\x00\x01abcdefg " + github + "\x00", github, []string{"github-pat critical a.pyc"}},
		{"a sample key of a documentation", "a.txt", "AWS_ACCESS_KEY_ID=AKIA" + "IOSFODNN7EXAMPLE\n", "x", nil},
		{"an address that is long", "a.js", `fetch("https://pay.invalid/sk_live/checkout?ghp_=1")`, "x", nil},
		// The README tells of it: when Trivy learns to see these, it is to be mended.
		{"AWS in minified JavaScript, Trivy's gap", "a.min.js", `a="` + awsID + `",b={awsSecretAccessKey:"` + awsSecret + `"};`, "x", nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			root := folder(t, map[string]string{row.file: row.text})
			for _, opts := range []secrets.Options{{}, {Everything: true}} {
				res := look(t, root, opts)
				var got []string
				for _, f := range res.Findings {
					at := f.Location.String()
					if f.Location.EndLine > 0 {
						at += fmt.Sprintf("-%d", f.Location.EndLine)
					}
					got = append(got, fmt.Sprintf("%s %s %s", strings.TrimPrefix(f.Rule, "secret/"), f.Severity, at))
				}
				if !slices.Equal(got, row.want) {
					t.Errorf("%+v: got %q, want %q", opts, got, row.want)
				}
				saysOnlyTitles(t, res)
				if all := fmt.Sprintf("%+v", res); shows(all, row.secret) {
					t.Errorf("%+v: got a piece of the secret in %s", opts, all)
				}
				if res.Files != 1 || len(res.LeftOut) > 0 || res.Bytes != int64(len(row.text)) {
					t.Errorf("%+v: got %d files, %d bytes, left out %v", opts, res.Files, res.Bytes, res.LeftOut)
				}
			}
		})
	}
}

// saysOnlyTitles wants no word of the file in what is said: beside what a rule
// matched, and Trivy censors, there may be a secret that no rule knows.
func saysOnlyTitles(t *testing.T, res *secrets.Result) {
	t.Helper()
	for _, f := range res.Findings {
		title, ok := strings.CutPrefix(f.Message, "got what looks like a secret: ")
		if !ok || f.Hint != hint || !slices.ContainsFunc(secret.GetBuiltinRules(), func(r secret.Rule) bool { return r.Title == title && "secret/"+r.ID == f.Rule }) {
			t.Errorf("got the message %q, hint %q, want the title of %s only", f.Message, f.Hint, f.Rule)
		}
	}
}

// shows has to find what it is asked to.
func TestShows(t *testing.T) {
	if !shows("x "+github[10:20], github) || !shows(pem, pem) || shows("gh"+"p_", github) {
		t.Error("got a wrong answer")
	}
}

func TestLeftOut(t *testing.T) {
	line := "t = " + github + "\n"
	files := map[string]string{
		"large.js": strings.Repeat("x", 2000) + "\n" + line, "just.js": strings.Repeat("x", 1000-len(line)-1) + "\n" + line, "large.bin.txt": "\x00" + strings.Repeat("x", 2000),
		"image.png": "\x89PNG\r\n\x1a\n\x00\x00" + line, "fake.png": line, "lock.svg": line, "node_modules/a/b.js": line, ".git/config": line, "go.sum": line,
		"lib/vendor/a.js": line, "a_test.go": line, "app/locales/en.js": line, "README.md": line, "docs/example.txt": line, "empty": "", "plain.js": line,
	}
	rows := []struct {
		name     string
		opts     secrets.Options
		scanned  int
		findings string
		left     string
	}{
		{
			"sources",
			secrets.Options{MaxFileSize: 1000},
			3, "just.js plain.js",
			".git/: exempt by its path, README.md: exempt by its path, a_test.go: exempt by its path, app/locales/en.js: exempt by its path, docs/example.txt: exempt by its path, " +
				"fake.png: exempt by its path, go.sum: exempt by its path, image.png: exempt by its path, large.bin.txt: binary, large.js: larger than the limit, lib/vendor/a.js: exempt by its path, " +
				"link.js: not a regular file, lock.svg: exempt by its path, node_modules/: exempt by its path, out: not a regular file, socket.js: not a regular file",
		},
		{
			"everything",
			secrets.Options{MaxFileSize: 1000, Everything: true},
			13,
			".git/config README.md a_test.go app/locales/en.js docs/example.txt fake.png go.sum just.js lib/vendor/a.js lock.svg node_modules/a/b.js plain.js",
			"image.png: binary, large.bin.txt: binary, large.js: larger than the limit, link.js: not a regular file, out: not a regular file, socket.js: not a regular file",
		},
	}
	root := folder(t, files)
	outside := folder(t, map[string]string{"secret.js": line})
	for link, to := range map[string]string{"link.js": "plain.js", "out": outside.Name()} {
		if err := os.Symlink(to, filepath.Join(root.Name(), link)); err != nil {
			t.Fatal(err)
		}
	}
	socket, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(root.Name(), "socket.js"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			res := look(t, root, row.opts)
			var found, left []string
			for _, f := range res.Findings {
				found = append(found, f.Location.Path)
			}
			for _, l := range res.LeftOut {
				left = append(left, l.Path+": "+string(l.Why))
			}
			if got := strings.Join(found, " "); got != row.findings {
				t.Errorf("got findings in %s, want %s", got, row.findings)
			}
			if got := strings.Join(left, ", "); got != row.left {
				t.Errorf("left out\n%s, want\n%s", got, row.left)
			}
			if res.Files != row.scanned {
				t.Errorf("got %d files scanned, want %d", res.Files, row.scanned)
			}
		})
	}
}

// A file full of keys is bounded, and not passed for one that was scanned.
func TestTooMany(t *testing.T) {
	const low = "pk" + "_live_" + "4eC39HqLyjWDarjtT1zdp7dc\n"
	rows := []struct {
		name, text string
		left       int
	}{
		{"a thousand", strings.Repeat(low, maxFound), 0},
		{"one more, and it is worse", strings.Repeat(low, maxFound) + github, 1},
		{"three windows of them", strings.Repeat(low, 100_000), 1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			res := look(t, folder(t, map[string]string{"a.txt": row.text}), secrets.Options{})
			if len(res.Findings) != maxFound || len(res.Left(secrets.TooMany)) != row.left || res.Files != 1-row.left {
				t.Errorf("got %d files, %d findings, left out %v", res.Files, len(res.Findings), res.LeftOut)
			}
		})
	}
}

func TestSameFolderSameResult(t *testing.T) {
	files := map[string]string{}
	for i := range 300 {
		files[fmt.Sprintf("%d/%d.js", i%7, i)] = strings.Repeat("x\n", i) + github + " " + stripe + "\n"
	}
	root := folder(t, files)
	first := look(t, root, secrets.Options{})
	if first.Files != 300 || first.Count(finding.Critical) != 600 {
		t.Fatalf("got %d files, %d secrets", first.Files, first.Count(finding.Critical))
	}
	for range 3 {
		if again := look(t, root, secrets.Options{}); !reflect.DeepEqual(first, again) {
			t.Fatal("got two results for one folder")
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	res, err := Secrets(ctx, folder(t, map[string]string{"a": github}), secrets.Options{})
	if res != nil || err == nil || shows(err.Error(), github) {
		t.Errorf("got %v, %v, want an error only", res, err)
	}
}

// Trivy keeps log records in memory unless somebody takes its handler away.
func TestTrivyLogsNothing(t *testing.T) {
	if slog.Default().Enabled(t.Context(), slog.LevelError) {
		t.Errorf("got the log handler %T, want one that takes nothing", slog.Default().Handler())
	}
}
