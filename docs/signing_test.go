package docs_test

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

var shBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// skipOnLaptop leaves out a test for want of a tool that .ci/run brings.
func skipOnLaptop(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// TestKeyOfSigning makes a pair of keys as the document says.
func TestKeyOfSigning(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		skipOnLaptop(t, "there is no openssl")
	}
	text, err := os.ReadFile("signing.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := shBlock.FindStringSubmatch(string(text))
	if commands == nil {
		t.Fatal("got no commands in signing.md")
	}
	dir := t.TempDir()
	command := exec.CommandContext(t.Context(), "sh", "-e", "-c", commands[1])
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if info, err := os.Stat(filepath.Join(dir, "checkout.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want a file that only its owner reads", info, err)
	}
	for _, test := range []struct {
		file, kind string
		parse      func([]byte) (any, error)
	}{
		{"checkout.key", "PRIVATE KEY", x509.ParsePKCS8PrivateKey},
		{"checkout.pub", "PUBLIC KEY", x509.ParsePKIXPublicKey},
	} {
		data, err := os.ReadFile(filepath.Join(dir, test.file))
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(data)
		if block == nil || block.Type != test.kind {
			t.Fatalf("%s: got %s, want PEM of the kind %s", test.file, data, test.kind)
		}
		if _, err := test.parse(block.Bytes); err != nil {
			t.Errorf("%s: %v", test.file, err)
		}
	}
}
