package srimanifest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/handover"
	"github.com/org/checkout-deploy/internal/compress"
	"github.com/org/checkout-deploy/internal/evidence"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/sign"
)

var today = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// project is a folder with a configuration.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, files)
	return dir
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// ran is what a run said.
type ran struct {
	code     int
	out, log string
}

func (r ran) output(name string) string {
	for line := range strings.Lines(r.out) {
		if value, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), name+"="); ok {
			return value
		}
	}
	return ""
}

// laptop runs the action in dir as somebody on a laptop does.
func laptop(t *testing.T, dir string, args ...string) ran {
	t.Helper()
	var out, log bytes.Buffer
	c := &action.Command{
		Args: args, Dir: dir, Env: []string{"PATH=" + os.Getenv("PATH")}, Stdout: &out, Stderr: &log, Version: "test",
		LookPath: exec.LookPath, Now: func() time.Time { return today },
	}
	code := c.Run(t.Context(), Action())
	return ran{code, out.String(), log.String()}
}

// workflow runs it as a runner does: inputs are variables.
func workflow(t *testing.T, dir string, inputs ...string) (r ran, outputs, summary string) {
	t.Helper()
	runner := t.TempDir()
	env := []string{
		"PATH=" + os.Getenv("PATH"), "GITHUB_ACTIONS=true", "GITHUB_WORKSPACE=" + dir, "GITHUB_REPOSITORY=org/shop", "GITHUB_SHA=" + strings.Repeat("c0ffee0", 6)[:40],
		"GITHUB_SERVER_URL=https://github.com", "GITHUB_RUN_ID=77", "GITHUB_OUTPUT=" + filepath.Join(runner, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(runner, "summary"),
	}
	for _, pair := range inputs {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "ACTIONS_") {
			name = "INPUT_" + strings.ToUpper(name)
		}
		env = append(env, name+"="+value)
	}
	var out, log bytes.Buffer
	c := &action.Command{Dir: dir, Env: env, Stdout: &out, Stderr: &log, Version: "test", LookPath: exec.LookPath, Now: func() time.Time { return today }}
	code := c.Run(t.Context(), Action())
	text, _ := os.ReadFile(filepath.Join(runner, "output"))
	told, _ := os.ReadFile(filepath.Join(runner, "summary"))
	return ran{code, out.String(), log.String()}, string(text), string(told)
}

// built is a release as build-bundle would have made it: a script that starts, and a
// page with its precompressed copy.
func built(t *testing.T, dir, html string) release.Digest {
	t.Helper()
	stage, err := release.NewStage(filepath.Join(dir, "dist"))
	if err != nil {
		t.Fatal(err)
	}
	rel := &release.Release{
		Profile: release.Production, Tool: release.Tool{Name: "checkout-deploy/build-bundle", Version: "1"},
		Passes: []release.Pass{{Name: "app", Format: release.IIFE, Entries: []release.Entry{{Name: "checkout", JS: []string{"checkout-1.js"}, CSS: []string{"base-1.css"}}}}},
	}
	add := func(f release.File, data []byte) {
		f.Size, f.Integrity = int64(len(data)), release.IntegrityOf(data)
		rel.Files = append(rel.Files, f)
		if err := stage.Write(f.Path, data); err != nil {
			t.Fatal(err)
		}
	}
	add(release.File{Path: "checkout-1.js", Role: release.Script}, []byte("window.checkout = 1;\n"))
	add(release.File{Path: "base-1.css", Role: release.Style}, []byte("p { margin: 0 }\n"))
	if html != "" {
		add(release.File{Path: "index.html", Role: release.HTML}, []byte(html))
		copies, err := compress.Copies(t.Context(), map[string][]byte{"index.html": []byte(html)}, []compress.Format{compress.Gzip})
		if err != nil {
			t.Fatal(err)
		}
		add(release.File{Path: "index.html.gz", Role: release.Compressed, Of: "index.html", Encoding: release.Gzip}, copies["index.html"][compress.Gzip])
	}
	if err := rel.Seal(); err != nil {
		t.Fatal(err)
	}
	id, err := rel.ID()
	if err != nil {
		t.Fatal(err)
	}
	if err := stage.WriteStatement("sizes", release.Statement{Release: id, PredicateType: "https://example.com/sizes", Predicate: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := stage.Commit(rel); err != nil {
		t.Fatal(err)
	}
	return id
}

// plainPage names the release's files without integrity.
const plainPage = `<!doctype html>
<title>Shop</title>
<link rel="stylesheet" href="base-1.css">
<p>A page that is long enough to be worth a copy that is compressed, compressed, compressed, compressed, compressed.
<script src="checkout-1.js"></script>
`

// tree is all files of a folder.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		all[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A page of a release is pinned, and what it was made of can be seen.
func TestPin(t *testing.T) {
	dir := project(t, nil)
	old := built(t, dir, plainPage)
	first := laptop(t, dir)
	if first.code != 0 || first.output("coverage") != "100%" || first.output("dist") != "dist" || first.output("findings") != "0" {
		t.Fatalf("got %+v", first)
	}
	id, err := release.ParseDigest(first.output("release"))
	if err != nil || id == old {
		t.Fatalf("got the release %v, %v, want a new one", id, err)
	}
	rel, err := handover.Check(t.Context(), filepath.Join(dir, "dist"), id)
	if err != nil {
		t.Fatal(err)
	}
	files := tree(t, filepath.Join(dir, "dist"))
	script, _ := rel.File("checkout-1.js")
	for _, want := range []string{`src="checkout-1.js" integrity="` + script.Integrity.String() + `" crossorigin="anonymous">`, "compressed, compressed"} {
		if !strings.Contains(files["index.html"], want) {
			t.Errorf("got no %s in\n%s", want, files["index.html"])
		}
	}
	if got := gunzip(t, files["index.html.gz"]); got != files["index.html"] {
		t.Errorf("the compressed copy is of another page:\n%s", got)
	}
	if rel.DerivedFrom != old || release.DigestOf([]byte(files["attestations/"+old.String()+"/release.json"])) != old || files["attestations/"+old.String()+"/sizes.json"] == "" {
		t.Errorf("got derivedFrom %s and %v, want the old release's record and statement", rel.DerivedFrom, slices.Sorted(maps.Keys(files)))
	}
	if statement := files["attestations/integrity.json"]; !strings.Contains(statement, id.String()) {
		t.Errorf("got the statement %s, want it to be of %s", statement, id)
	}
	again := laptop(t, dir)
	if again.code != 0 || again.output("release") != id.String() || strings.Contains(again.log, "derived") {
		t.Errorf("again: got %+v, want the same release", again)
	}
}

func gunzip(t *testing.T, data string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "gzip", "-dc")
	cmd.Stdin = strings.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// A page that was put beside the scripts after the build is in the new release;
// anything else that was is a mistake.
func TestPageBesideARelease(t *testing.T) {
	dir := project(t, nil)
	built(t, dir, "")
	write(t, dir, map[string]string{"dist/pay/index.html": `<script src="../checkout-1.js"></script>`})
	got := laptop(t, dir)
	files := tree(t, filepath.Join(dir, "dist"))
	if got.code != 0 || !strings.Contains(files["pay/index.html"], `integrity="sha384-`) || !strings.Contains(files["release.json"], `"path":"pay/index.html"`) {
		t.Fatalf("got %+v\n%s", got, files["pay/index.html"])
	}
	write(t, dir, map[string]string{"dist/extra.js": "window.extra = 1"})
	if got := laptop(t, dir); got.code != 1 || !strings.Contains(got.log, "dist/extra.js") {
		t.Errorf("a script beside it: got %+v", got)
	}
}

var third = strings.Replace(plainPage, "<p>", `<script src="https://js.example.com/v3/"></script><p>`, 1)

// refusal is a mistake, by files or by what harm does, and what is said of it.
type refusal struct {
	name  string
	files map[string]string
	harm  func(t *testing.T, dir string)
	args  []string
	code  int
	says  []string
}

var refusals = []refusal{
	{"another release", nil, nil, []string{"--release", strings.Repeat("ab", 32)}, 1, []string{"got the release", "want " + strings.Repeat("ab", 32)}},
	{"no release's id", nil, nil, []string{"--release", "v1"}, 2, []string{"release: "}},
	{"a byte", nil, func(t *testing.T, dir string) {
		write(t, dir, map[string]string{"dist/checkout-1.js": "window.checkout = 2;\n"})
	}, nil, 1, []string{"dist/checkout-1.js", "not the file of release"}},
	{"a page in UTF-16", nil, func(t *testing.T, dir string) { write(t, dir, map[string]string{"dist/b.html": "\xff\xfe<\x00"}) }, nil, 1, []string{"b.html", "UTF-16"}},
	{"out in dist", nil, nil, []string{"--out", "dist/evidence"}, 2, []string{"out: got"}},
	{"out above the project", nil, nil, []string{"--out", ".."}, 2, []string{"out: got"}},
	{"dist holds the project", nil, nil, []string{"--dist", "."}, 2, []string{"which holds the project"}},
	{"no folder", nil, nil, []string{"--dist", "missing"}, 2, []string{"got neither files in missing nor the id of a release"}},
	{"an empty folder", nil, func(_ *testing.T, dir string) { _ = os.Mkdir(filepath.Join(dir, "empty"), 0o777) }, []string{"--dist", "empty"}, 2, []string{"got neither files in empty"}},
	{"a key that is not asked for", nil, nil, []string{"--key", "cosign.key"}, 2, []string{"want sign: key with a key"}},
	{"no key", nil, nil, []string{"--sign", "key"}, 2, []string{"want sign: key with a key"}},
	{"a key that is none", map[string]string{"cosign.key": "hunter2"}, nil, []string{"--sign", "key", "--key", "cosign.key"}, 2, []string{"key: "}},
	{"keyless on a laptop", nil, nil, []string{"--sign", "keyless"}, 4, []string{"no identity token", "id-token: write"}},
	{"a link in a foreign folder", map[string]string{"other/index.html": "<p>"}, func(_ *testing.T, dir string) { _ = os.Symlink("/etc/passwd", filepath.Join(dir, "other/a.js")) }, []string{"--dist", "other"}, 1, []string{"other/a.js"}},
	{"a name of another system in it", map[string]string{"other/index.html": "<p>", "other/a:b.js": ""}, nil, []string{"--dist", "other"}, 1, []string{"a:b.js"}},
	{"two names of one", map[string]string{"other/A.js": "", "other/a.js": ""}, nil, []string{"--dist", "other"}, 1, []string{"a.js"}},
	{"an inventory with mistakes", map[string]string{
		"checkout-deploy.yml": "version: 1\nintegrity: { inventory: s.yml }\n", "s.yml": "version: 1\nscripts: [{ ulr: x }, { url: ftp://x }]\n",
	}, nil, nil, 2, []string{"s.yml:2:13", "s.yml:2:"}},
	{"a policy that would block a script", map[string]string{
		"checkout-deploy.yml": "version: 1\nintegrity: { headers: { integrity-policy: enforce } }\n", "dist/x.html": third,
	}, nil, nil, 2, []string{"https://js.example.com/v3/", "x.html"}},
	{"a previous pack that is none", map[string]string{"p.json": "{}"}, nil, []string{"--previous", "p.json"}, 2, []string{"previous: "}},
	{"a previous pack that nobody signed", map[string]string{"p.json": "{}", "checkout-deploy.yml": "version: 1\nintegrity: { signed-by: { key: cosign.pub } }\n", "cosign.pub": publicKey}, nil, []string{"--previous", "p.json"}, 2, []string{"wants a signature beside p.json"}},
	{"out below a file", map[string]string{"notes.txt": ""}, nil, []string{"--out", "notes.txt/x"}, 2, []string{`"notes.txt" is a file`}},
	{"an input that is not there", nil, nil, []string{"--modes", "live"}, 2, []string{"did you mean --mode?"}},
}

// Whatever is wrong, it is told, and dist and the files of out stay as they were.
func TestRefused(t *testing.T) {
	for _, row := range refusals {
		t.Run(row.name, row.test)
	}
}

func (row refusal) test(t *testing.T) {
	dir := project(t, map[string]string{"integrity/evidence.json": `{"tool":"checkout-deploy/sri-manifest"}`})
	built(t, dir, plainPage)
	write(t, dir, row.files)
	if row.harm != nil {
		row.harm(t, dir)
	}
	before := tree(t, dir)
	got := laptop(t, dir, row.args...)
	if got.code != row.code {
		t.Errorf("got code %d, want %d", got.code, row.code)
	}
	for _, says := range row.says {
		if !strings.Contains(got.log, says) {
			t.Errorf("got no %q in\n%s", says, got.log)
		}
	}
	if after := tree(t, dir); !maps.Equal(before, after) {
		t.Errorf("files changed: got %v, want %v", slices.Sorted(maps.Keys(after)), slices.Sorted(maps.Keys(before)))
	}
	if strings.Contains(got.log, "hunter2") {
		t.Error("a key is shown")
	}
}

const publicKey = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmgFkOVqH+0DI10y1IEMXluQE/uoq
HrGvE94E+ML2QqNYlvgZ+yRkxY2rIQxMlmoUrb+k0MDLe9T1GrBjeyIiKQ==
-----END PUBLIC KEY-----
`

// What is found fails the action, and all is written all the same.
func TestFindingsFail(t *testing.T) {
	dir := project(t, nil)
	built(t, dir, strings.Replace(plainPage, "<p>", `<script src="https://js.example.com/v3/"></script><p>`, 1))
	got := laptop(t, dir)
	if got.code != 1 || got.output("findings") != "1" || !strings.Contains(got.log, `dist/index.html:4:1: script "https://js.example.com/v3/" is not pinned`) {
		t.Fatalf("got %+v", got)
	}
	names := slices.Sorted(maps.Keys(tree(t, filepath.Join(dir, "integrity"))))
	want := []string{"_headers", "evidence.csv", "evidence.html", "evidence.json", "findings.sarif", "headers.json", "headers.nginx.conf"}
	if !slices.Equal(names, want) {
		t.Errorf("got the files %q, want %q", names, want)
	}
	if got := laptop(t, dir, "--fail-severity", "none"); got.code != 0 || got.output("findings") != "0" {
		t.Errorf("with none: got %+v", got)
	}
	excepted := fmt.Sprintf("version: 1\npages: [{ url: https://shop.example.com/, purpose: pays }]\nscripts:\n"+
		"  - { own: ['app/*'], source: here, owner: us, purpose: it, justification: { business: it }, approved: { by: A, reference: R, on: 2026-01-01, expires: 2027-01-01 } }\n"+
		"  - url: https://js.example.com/v3/\n    source: them\n    owner: us\n    purpose: cards\n    justification: { technical: it }\n"+
		"    approved: { by: A, reference: R, on: 2026-01-01, expires: 2027-01-01 }\n    exception: { reason: evergreen, compensating-control: the live check, expires: %s }\n", "2027-01-01")
	write(t, dir, map[string]string{"checkout-deploy.yml": "version: 1\nintegrity: { inventory: s.yml }\n", "s.yml": excepted})
	if got := laptop(t, dir); got.code != 0 || !strings.Contains(got.log, "the inventory excepts it") {
		t.Errorf("excepted: got %+v", got)
	}
	write(t, dir, map[string]string{"s.yml": strings.ReplaceAll(excepted, "expires: 2027-01-01 }\n    exc", "expires: 2026-11-24 }\n    exc")})
	if got := laptop(t, dir); got.code != 1 || !strings.Contains(got.log, "s.yml:") {
		t.Errorf("expired: got %+v", got)
	}
}

// A folder of another bundler becomes a release, and its lazy files are pinned too.
func TestForeignFolder(t *testing.T) {
	rows := []struct{ name, config, algorithm string }{
		{"as it is", "version: 1\n", "sha384-"},
		{"sha256", "version: 1\nintegrity: { algorithm: sha256 }\n", "sha256-"},
		{"sha512", "version: 1\nintegrity: { algorithm: sha512 }\n", "sha512-"},
		{"without the guard", "version: 1\nintegrity: { guard: none }\n", "sha384-"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			dir := project(t, map[string]string{
				"checkout-deploy.yml": row.config,
				"dist/index.html":     "<!doctype html><head><title>x</title></head><script src=main.js></script>",
				"dist/main.js":        "const s=document.createElement('script');s.src='lazy.js';document.head.append(s)",
				"dist/lazy.js":        "window.lazy=1",
			})
			got := laptop(t, dir)
			files := tree(t, filepath.Join(dir, "dist"))
			if !strings.Contains(files["index.html"], `src=main.js integrity="`+row.algorithm) {
				t.Errorf("got the page\n%s", files["index.html"])
			}
			guarded := strings.Contains(files["index.html"], "/lazy.js")
			if guarded != (row.name != "without the guard") || (got.code == 0) != guarded || guarded && got.output("coverage") != "100%" {
				t.Errorf("got %+v\n%s", got, files["index.html"])
			}
			if again := laptop(t, dir); got.output("release") == "" || again.output("release") != got.output("release") || again.code != got.code {
				t.Errorf("again: got another release: %+v", again)
			}
		})
	}
}

// A folder of scripts alone says nothing of how they are loaded: that is no pass.
func TestForeignFolderWithoutPage(t *testing.T) {
	dir := project(t, map[string]string{"dist/main.js": "window.a = 1"})
	if got := laptop(t, dir); got.code != 1 || !strings.Contains(got.log, "got no page in this folder") {
		t.Errorf("got %+v", got)
	}
}

// signedShop is a project with a key, and the configuration that believes it alone.
func signedShop(t *testing.T) (dir string, v sign.Verifier) {
	t.Helper()
	private := openssl(t, openssl(t, "", "ecparam", "-genkey", "-name", "prime256v1", "-noout"), "pkcs8", "-topk8", "-nocrypt")
	dir = project(t, map[string]string{
		"checkout-deploy.yml": "version: 1\nintegrity: { signed-by: { key: key.pub } }\n",
		"key.pem":             private, "key.pub": openssl(t, private, "pkey", "-pubout"),
	})
	built(t, dir, plainPage)
	v, err := sign.NewKeyVerifier(t.Context(), sign.KeyOptions{Reference: "key.pub", ReadFile: func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) }})
	if err != nil {
		t.Fatal(err)
	}
	return dir, v
}

// Packs follow each other by hash, and one that somebody changed is none.
func TestSignedChain(t *testing.T) {
	dir, _ := signedShop(t)
	var packs [][]byte
	for i := range 3 {
		args := []string{"--sign", "key", "--key", "key.pem"}
		if i > 0 {
			args = append(args, "--previous", "integrity/evidence.json")
		}
		if got := laptop(t, dir, args...); got.code != 0 {
			t.Fatalf("run %d: got %+v", i, got)
		}
		packs = append(packs, []byte(tree(t, dir)["integrity/evidence.json"]))
	}
	if problems := evidence.Chain(packs); len(problems) > 0 {
		t.Errorf("got %v", problems)
	}
	write(t, dir, map[string]string{"integrity/evidence.json": strings.Replace(string(packs[2]), "checkout-1.js", "checkout-2.js", 1)})
	if got := laptop(t, dir, "--previous", "integrity/evidence.json"); got.code != 4 || !strings.Contains(got.log, "previous: integrity/evidence.json") {
		t.Errorf("a tampered pack: got %+v", got)
	}
}

// Every signature is of its file, and what a stranger laid beside is not signed.
func TestSigned(t *testing.T) {
	dir, verifier := signedShop(t)
	write(t, dir, map[string]string{"dist/attestations/verdict.json": `{"_type":"https://in-toto.io/Statement/v1"}`})
	if got := laptop(t, dir, "--sign", "key", "--key", "key.pem"); got.code != 0 {
		t.Fatalf("got %+v", got)
	}
	files := tree(t, dir)
	for name := range files {
		if strings.Contains(name, "verdict.json.sigstore") {
			t.Errorf("a stranger's statement is signed: %s", name)
		}
	}
	for file, verify := range map[string]func(context.Context, []byte, []byte) (sign.Identity, error){
		"dist/release.json": verifier.Verify, "dist/attestations/integrity.json": verifier.VerifyStatement, "integrity/evidence.json": verifier.Verify,
	} {
		bundle := files[strings.Replace(file, "dist/release", "dist/attestations/release", 1)+".sigstore.json"]
		if _, err := verify(t.Context(), []byte(files[file]), []byte(bundle)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if _, err := verify(t.Context(), []byte(files[file]+" "), []byte(bundle)); err == nil {
			t.Errorf("%s: a changed file is as well signed", file)
		}
	}
}

// Nobody who signs is there: the release stays as it was.
func TestSigningFails(t *testing.T) {
	dir := project(t, nil)
	built(t, dir, plainPage)
	before := tree(t, dir)
	got, _, _ := workflow(t, dir, "mode=release", "sign=keyless", "ACTIONS_ID_TOKEN_REQUEST_URL=http://127.0.0.1:1/token?a=b", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=hunter2")
	if got.code != 3 || !maps.Equal(before, tree(t, dir)) || strings.Contains(got.out+got.log, "hunter2") && !strings.Contains(got.out, "::add-mask::hunter2") {
		t.Errorf("got %+v and %v", got, slices.Sorted(maps.Keys(tree(t, dir))))
	}
}

// In a workflow hostile names stay names, and findings are at their place in the
// workspace.
func TestInAWorkflow(t *testing.T) {
	dir := project(t, map[string]string{
		"shop/dist/index.html": "<!doctype html><script src=\"https://x.example/a|b<i>`%0A::error::forged\"></script><script src=main.js></script>",
		"shop/dist/main.js":    "window.a = 1",
	})
	got, outputs, summary := workflow(t, dir, "working-directory=shop", "mode=release", "fail-severity=high", "out=integrity", "sign=none", "artifact=true", "issue=true")
	if got.code != 1 || !strings.Contains(got.out+got.log, "file=shop/dist/index.html,line=1") {
		t.Errorf("got %+v", got)
	}
	if strings.Contains(got.out+got.log, "\n::error::forged") || strings.Contains(summary, "<i>") || !strings.Contains(summary, "main.js") && !strings.Contains(summary, "x.example") {
		t.Errorf("got the log\n%s\nand the summary\n%s", got.log, summary)
	}
	if !strings.Contains(outputs, "shop/integrity/evidence.json") || !strings.Contains(outputs, "shop/dist") {
		t.Errorf("got the outputs %s", outputs)
	}
	f, err := os.Open(filepath.Join(dir, "shop/integrity/findings.sarif"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	runs, err := finding.ReadSARIF(f, dir)
	if err != nil || len(runs) != 1 || len(runs[0].Findings) == 0 || runs[0].Findings[0].Location.Path != "shop/dist/index.html" {
		t.Errorf("got %+v, %v", runs, err)
	}
	pack, err := os.ReadFile(filepath.Join(dir, "shop/integrity/evidence.json"))
	if err != nil || !strings.Contains(string(pack), "https://github.com/org/shop/actions/runs/77") {
		t.Errorf("got no run in the pack: %v", err)
	}
}

// A hash of other bytes is no thing to mend: whoever changed the file would be
// covered up. What protects nothing is told, and mended.
func TestIntegrityAsItCame(t *testing.T) {
	hash := integrity.Sum(integrity.SHA384, []byte("window.original = 1")).String()
	good := integrity.Sum(integrity.SHA512, []byte("window.changed = 1")).String()
	rows := []struct {
		name, html, manifest string
		code                 int
		says                 string
	}{
		{"a hash of other bytes", `<script src="a.js" integrity="` + hash + `"></script>`, "", 1, `dist/index.html:1:1: "a.js" has other bytes than its integrity says`},
		{"in a manifest", `<script src="a.js"></script>`, `{"a.js": {"src": "a.js", "integrity": "` + hash + `"}}`, 1, `dist/assets-manifest.json:1:`},
		{"undefined", `<script src="a.js" integrity="undefined"></script>`, "", 0, `was "undefined", which no browser enforces`},
		{"right by another algorithm", `<script src="a.js" integrity="` + good + `"></script>`, "", 0, "100%"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			dir := project(t, map[string]string{"dist/index.html": row.html, "dist/a.js": "window.changed = 1"})
			if row.manifest != "" {
				write(t, dir, map[string]string{"dist/assets-manifest.json": row.manifest})
			}
			before := tree(t, dir)
			got := laptop(t, dir)
			if got.code != row.code || !strings.Contains(got.log, row.says) {
				t.Errorf("got %+v", got)
			}
			if row.code != 0 && !maps.Equal(before, tree(t, dir)) {
				t.Error("files changed")
			}
		})
	}
}

// A page that names its files from "/" on is served at any path: so are the keys of
// its guard and import map.
func TestRootedPage(t *testing.T) {
	dir := project(t, map[string]string{
		"dist/index.html":  `<!doctype html><title>x</title><script type="module" src="/assets/a.js"></script>`,
		"dist/assets/a.js": `import("./lazy.js")`, "dist/assets/lazy.js": "window.lazy = 1",
	})
	got := laptop(t, dir)
	html := tree(t, dir)["dist/index.html"]
	if got.code != 0 || !strings.Contains(html, `"/assets/lazy.js":"sha384-`) || strings.Contains(html, `"./assets`) {
		t.Errorf("got %+v\n%s", got, html)
	}
	if again := laptop(t, dir); again.output("release") != got.output("release") {
		t.Errorf("again: got another release %+v", again)
	}
}

// A line of the inventory that matches nothing is a finding, and no end of the run.
func TestUnseenLine(t *testing.T) {
	dir := project(t, map[string]string{
		"checkout-deploy.yml": "version: 1\nintegrity: { inventory: s.yml }\n",
		"s.yml": "version: 1\npages: [{ url: https://shop.example.com/, purpose: pays }]\nscripts:\n" +
			"  - { own: ['app/*'], source: here, owner: us, purpose: it, justification: { business: it }, approved: { by: A, reference: R, on: 2026-01-01, expires: 2027-01-01 } }\n" +
			"  - { own: [app/gone], source: here, owner: us, purpose: it, justification: { business: it }, approved: { by: A, reference: R, on: 2026-01-01, expires: 2027-01-01 } }\n",
	})
	built(t, dir, plainPage)
	got := laptop(t, dir)
	if pack := tree(t, dir)["integrity/evidence.json"]; got.code == 2 || !strings.Contains(pack, `"state":"unseen"`) {
		t.Errorf("got %+v\n%s", got, pack)
	}
}
