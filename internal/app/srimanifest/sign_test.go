package srimanifest

import (
	"encoding/pem"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"github.com/org/checkout-deploy/internal/sign"
	"github.com/org/checkout-deploy/internal/sign/signtest"
)

// keylessShop is a project that signs at a deployment of its own.
func keylessShop(t *testing.T, s *signtest.Sigstore) string {
	t.Helper()
	dir := project(t, map[string]string{
		"checkout-deploy.yml": "version: 1\nintegrity:\n  sigstore: { fulcio: " + s.URL + ", rekor: " + s.URL + ", trusted-root: root.json }\n" +
			"  signed-by: { identity: 'https://github.com/org/shop/.github/workflows/*' }\n",
		"root.json": string(s.Trust(t).Root),
	})
	built(t, dir, plainPage)
	return dir
}

func keyless(t *testing.T, dir string, s *signtest.Sigstore, inputs ...string) ran {
	t.Helper()
	got, _, _ := workflow(t, dir, append([]string{"mode=release", "sign=keyless", "ACTIONS_ID_TOKEN_REQUEST_URL=" + s.URL + "/token?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=" + signtest.JobsToken}, inputs...)...)
	return got
}

// A workflow signs by its own identity, and the next run believes nobody else's.
func TestKeyless(t *testing.T) {
	s := signtest.New(t)
	dir := keylessShop(t, s)
	if got := keyless(t, dir, s); got.code != 0 {
		t.Fatalf("got %+v", got)
	}
	verifier, err := sign.NewIdentityVerifier(sign.IdentityOptions{Identity: signtest.Workflow, Issuer: sign.GitHubIssuer, Trust: s.Trust(t)})
	if err != nil {
		t.Fatal(err)
	}
	files := tree(t, dir)
	for _, row := range []struct{ file, bundle string }{
		{"dist/release.json", "dist/attestations/release.json.sigstore.json"},
		{"integrity/evidence.json", "integrity/evidence.json.sigstore.json"},
	} {
		if _, err := verifier.Verify(t.Context(), []byte(files[row.file]), []byte(files[row.bundle])); err != nil {
			t.Errorf("%s: %v", row.file, err)
		}
	}
	if _, err := verifier.VerifyStatement(t.Context(), []byte(files["dist/attestations/integrity.json"]), []byte(files["dist/attestations/integrity.json.sigstore.json"])); err != nil {
		t.Error(err)
	}
	if got := keyless(t, dir, s, "previous=integrity/evidence.json"); got.code != 0 || !strings.Contains(got.out+got.log, "integrity/evidence.json is signed by "+signtest.Workflow) {
		t.Errorf("again: got %+v", got)
	}
	s.Subject = "https://github.com/evil/shop/.github/workflows/checkout.yml@refs/heads/main"
	if got := keyless(t, dir, s); got.code != 0 {
		t.Fatalf("another workflow: got %+v", got)
	}
	if got := keyless(t, dir, s, "previous=integrity/evidence.json"); got.code != 4 {
		t.Errorf("another workflow's pack: got %+v, want it refused", got)
	}
}

// Whichever service fails, all stays as it was, and no token is shown.
func TestKeylessFails(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*signtest.Sigstore)
		code   int
	}{
		"no token":         {func(s *signtest.Sigstore) { s.Fails["/token"] = []int{403, 403, 403, 403, 403} }, 4},
		"no certificate":   {func(s *signtest.Sigstore) { s.Fails["/api/v2/signingCert"] = []int{400, 400, 400, 400, 400} }, 4},
		"a log that lies":  {func(s *signtest.Sigstore) { s.Logs = []byte("{}") }, 3},
		"a log without us": {func(s *signtest.Sigstore) { s.WithSCT = false }, 4},
	} {
		t.Run(name, func(t *testing.T) {
			s := signtest.New(t)
			dir := keylessShop(t, s)
			row.change(s)
			before := tree(t, dir)
			got := keyless(t, dir, s)
			if got.code != row.code || !maps.Equal(before, tree(t, dir)) {
				t.Errorf("got %+v", got)
			}
			if said := strings.ReplaceAll(got.out+got.log, "::add-mask::"+signtest.JobsToken, ""); strings.Contains(said, signtest.JobsToken) {
				t.Errorf("a token is shown:\n%s", said)
			}
		})
	}
}

// openssl answers to its standard input.
func openssl(t *testing.T, input string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "openssl", args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("openssl %s: %v", args[0], err)
	}
	return string(out)
}

// A key of cosign's is encrypted: without its password nothing is signed or written.
func TestEncryptedKey(t *testing.T) {
	der, _ := pem.Decode([]byte(openssl(t, openssl(t, "", "ecparam", "-genkey", "-name", "prime256v1", "-noout"), "pkcs8", "-topk8", "-nocrypt")))
	sealed, err := encrypted.Encrypt(der.Bytes, []byte("hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	key := string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED SIGSTORE PRIVATE KEY", Bytes: sealed}))
	for _, row := range []struct {
		name, password string
		code           int
	}{{"wrong", "hunter3", 2}, {"none", "", 2}, {"right", "hunter2", 0}} {
		t.Run(row.name, func(t *testing.T) {
			dir := project(t, map[string]string{"cosign.key": key})
			built(t, dir, plainPage)
			before := tree(t, dir)
			got, _, _ := workflow(t, dir, "mode=release", "sign=key", "key=cosign.key", "key-password="+row.password)
			if got.code != row.code || (row.code == 0) == maps.Equal(before, tree(t, dir)) {
				t.Errorf("got %+v", got)
			}
			for _, secret := range []string{"hunter2", "hunter3"} {
				if strings.Contains(strings.ReplaceAll(got.out+got.log, "::add-mask::"+secret, ""), secret) {
					t.Errorf("the password is shown: %+v", got)
				}
			}
			_, err := os.Stat(filepath.Join(dir, "integrity/evidence.json.sigstore.json"))
			if (err == nil) != (row.code == 0) {
				t.Errorf("a signature: got %v", err)
			}
		})
	}
}
