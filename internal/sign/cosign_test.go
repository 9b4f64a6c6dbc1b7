package sign_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/sign"
	"github.com/org/checkout-deploy/internal/sign/signtest"
)

// tool is a program that the Makefile builds, of the version in a go.mod.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs("../../.cache/bin/" + name)
	check(t, err)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no %s: make .cache/bin/%s", name, name)
		}
		t.Skipf("no %s: make .cache/bin/%s", name, name)
	}
	return path
}

// cosign is the stock program.
func cosign(t *testing.T) func(args ...string) (string, error) {
	t.Helper()
	path := tool(t, "cosign")
	dir := t.TempDir()
	t.Chdir(dir)
	return func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), path, args...)
		cmd.Env = append(os.Environ(), "COSIGN_PASSWORD=checkout", "HOME="+dir, "TUF_ROOT="+dir+"/tuf")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	check(t, os.WriteFile(name, data, 0o600))
}

// documented are the commands of docs/signing.md, without the program's name.
func documented(t *testing.T) [][]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/signing.md")
	check(t, err)
	text := strings.ReplaceAll(string(page), "\\\n", " ")
	var commands [][]string
	for _, m := range regexp.MustCompile(`(?m)^cosign (verify-blob.*)$`).FindAllStringSubmatch(text, -1) {
		commands = append(commands, strings.Fields(m[1]))
	}
	if len(commands) != 4 {
		t.Fatalf("got %d commands in docs/signing.md, want 4", len(commands))
	}
	return commands
}

// The page's commands accept what is signed here, and refuse other bytes.
func TestCosignAcceptsOurs(t *testing.T) {
	commands := documented(t)
	run := cosign(t)
	if out, err := run("generate-key-pair"); err != nil {
		t.Fatal(out)
	}
	byKey, err := sign.NewKeySigner(t.Context(), sign.KeyOptions{Reference: "cosign.key", ReadFile: os.ReadFile, Password: []byte("checkout")})
	check(t, err)
	deployment := signtest.New(t)
	keyless, err := sign.NewKeylessSigner(t.Context(), deployment.Keyless(t))
	check(t, err)
	write(t, "trusted_root.json", deployment.Trust(t).Root)
	check(t, os.Mkdir("attestations", 0o700))
	for i, signer := range []sign.Signer{byKey, byKey, keyless, keyless} {
		t.Run(strings.Join(commands[i], " "), func(t *testing.T) {
			write(t, "release.json", record)
			blob, err := signer.Sign(t.Context(), record)
			check(t, err)
			write(t, "attestations/release.json.sigstore.json", blob)
			about := statementOf(record)
			envelope, err := signer.SignStatement(t.Context(), about)
			check(t, err)
			write(t, "attestations/integrity.json.sigstore.json", envelope)
			if out, err := run(commands[i]...); err != nil {
				t.Fatalf("got %v: %s", err, out)
			}
			write(t, "release.json", other)
			if out, err := run(commands[i]...); err == nil {
				t.Errorf("other bytes are accepted: %s", out)
			}
		})
	}
}

func TestOursAcceptsCosigns(t *testing.T) {
	run := cosign(t)
	if out, err := run("generate-key-pair"); err != nil {
		t.Fatal(out)
	}
	write(t, "release.json", record)
	about := statementOf(record)
	write(t, "statement.json", about)
	for _, args := range [][]string{
		{"sign-blob", "--yes", "--key", "cosign.key", "--new-bundle-format", "--tlog-upload=false", "--bundle", "a.json", "release.json"},
		{"attest-blob", "--yes", "--key", "cosign.key", "--new-bundle-format", "--tlog-upload=false", "--bundle", "b.json", "--statement", "statement.json"},
	} {
		if out, err := run(args...); err != nil {
			t.Fatalf("cosign %s: %v: %s", args[0], err, out)
		}
	}
	v, err := sign.NewKeyVerifier(t.Context(), sign.KeyOptions{Reference: "cosign.pub", ReadFile: os.ReadFile})
	check(t, err)
	blob, err := os.ReadFile("a.json")
	check(t, err)
	if _, err := v.Verify(t.Context(), record, blob); err != nil {
		t.Error(err)
	}
	envelope, err := os.ReadFile("b.json")
	check(t, err)
	if _, err := v.VerifyStatement(t.Context(), about, envelope); err != nil {
		t.Error(err)
	}
}

// The password opens the key, and is in no error.
func TestCosignsKey(t *testing.T) {
	run := cosign(t)
	if out, err := run("generate-key-pair"); err != nil {
		t.Fatal(out)
	}
	_, err := sign.NewKeySigner(t.Context(), sign.KeyOptions{Reference: "cosign.key", ReadFile: os.ReadFile, Password: []byte("not-this-one")})
	if err == nil || !strings.Contains(err.Error(), `the key "cosign.key" does not open with the password`) || strings.Contains(err.Error(), "not-this-one") {
		t.Errorf("got %v", err)
	}
}
