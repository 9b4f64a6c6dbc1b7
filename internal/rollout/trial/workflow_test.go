package trial

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/deploy"
	"github.com/org/checkout-deploy/internal/app/rollback"
	"github.com/org/checkout-deploy/internal/gh/ghtest"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/sign"
)

// inAJob runs an action as a runner does: inputs are variables.
func (s *shop) inAJob(a action.Action, api, commit string, inputs ...string) (code int, summary string) {
	s.t.Helper()
	runner := s.t.TempDir()
	env := []string{
		"PATH=" + os.Getenv("PATH"), "GITHUB_ACTIONS=true", "GITHUB_WORKSPACE=" + s.dir, "GITHUB_REPOSITORY=org/shop", "GITHUB_SHA=" + commit,
		"GITHUB_SERVER_URL=https://github.com", "GITHUB_RUN_ID=77", "GITHUB_API_URL=" + api, "INPUT_TOKEN=" + ghtest.Token,
		"GITHUB_OUTPUT=" + filepath.Join(runner, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(runner, "summary"),
	}
	for _, pair := range inputs {
		name, value, _ := strings.Cut(pair, "=")
		env = append(env, "INPUT_"+strings.ToUpper(name)+"="+value)
	}
	var out bytes.Buffer
	c := &action.Command{Dir: s.dir, Env: env, Stdout: &out, Stderr: &out, Version: "test", LookPath: exec.LookPath, Now: time.Now}
	code = c.Run(context.Background(), a)
	told, _ := os.ReadFile(filepath.Join(runner, "summary"))
	return code, out.String() + string(told)
}

// failsWith has the check fail while shoppers get a page with this title.
func (s *shop) failsWith(title string) {
	s.replace("path: /health", "path: /paid")
	files := s.files
	s.files = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/paid" {
			files.ServeHTTP(w, r)
			return
		}
		page, err := os.ReadFile(filepath.Join(s.dir, "served", "index.html"))
		if err != nil || strings.Contains(string(page), "<title>"+title) {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, "ok")
	})
}

// TestGitHubIsTold: a deploy and a rollback are deployments of their own, what is
// replaced is inactive, and what GitHub did not take the next run makes good.
func TestGitHubIsTold(t *testing.T) {
	s := newShop(t, "")
	fake := ghtest.New(t, ghtest.Options{Repository: "org/shop", Permissions: map[string]string{"contents": "read", "deployments": "write"}})
	api := fake.Serve(t)
	commits := []string{strings.Repeat("a", 40), strings.Repeat("b", 40)}
	wants := func(what string, states ...string) {
		t.Helper()
		var got []string
		for _, d := range fake.Deployments() {
			got = append(got, d.Task+" "+d.SHA[:1]+" "+d.State())
		}
		if fmt.Sprint(got) != fmt.Sprint(states) {
			t.Fatalf("%s: got %q, want %q", what, got, states)
		}
	}
	second := ""
	for i, name := range []string{"first", "second"} {
		second = s.release(name, nil)
		code, out := s.inAJob(deploy.Action(), api, commits[i], "release="+second)
		if code != 0 || !strings.Contains(out, "Time-line") {
			t.Fatalf("got code %d\n%s", code, out)
		}
	}
	wants("two deploys", "deploy a inactive", "deploy b success")
	code, out := s.inAJob(rollback.Action(), api, commits[1])
	if code != 0 {
		t.Fatalf("got code %d\n%s", code, out)
	}
	wants("a rollback", "deploy a inactive", "deploy b inactive", "rollback a success")

	s.failsWith("third")
	code, out = s.inAJob(deploy.Action(), api, strings.Repeat("c", 40), "release="+s.release("third", nil), "clear-hold=true")
	if code != 1 || !strings.Contains(out, "reverted: watch") {
		t.Fatalf("got code %d\n%s", code, out)
	}
	wants("a deploy that is taken back", "deploy a inactive", "deploy b inactive", "rollback a inactive", "deploy c failure", "rollback a success")

	// The deploy after it publishes once more, to retire the one that failed.
	if code, out := s.inAJob(deploy.Action(), api, strings.Repeat("d", 40), "release="+s.release("fourth", nil), "clear-hold=true"); code != 0 {
		t.Fatalf("got code %d\n%s", code, out)
	}
	if code, out := s.inAJob(rollback.Action(), api, commits[1]); code != 0 {
		t.Fatalf("got code %d\n%s", code, out)
	}
	told := []string{"deploy a inactive", "deploy b inactive", "rollback a inactive", "deploy c failure", "rollback a inactive", "deploy d inactive"}
	wants("a rollback after that", append(told, "rollback a success")...)
	if code, out := s.inAJob(rollback.Action(), api, commits[1], "release="+second); code != 0 {
		t.Fatalf("got code %d\n%s", code, out)
	}
	wants("a rollback to one that is named", append(told, "rollback a inactive", "rollback b success")...)
	if log := fake.Deployments()[0].Statuses[0].LogURL; log != "https://github.com/org/shop/actions/runs/77" {
		t.Errorf("got the log %q", log)
	}
}

// TestSummaryOfWhatFailed: also a run that ends before it begins says in its summary why,
// and what to do; and one that only looks makes no store.
func TestSummaryOfWhatFailed(t *testing.T) {
	fake := ghtest.New(t, ghtest.Options{Repository: "org/shop", Permissions: map[string]string{"contents": "read", "deployments": "write"}})
	api := fake.Serve(t)
	for _, row := range []struct {
		name, settings string
		action         action.Action
		inputs         []string
		code           int
		want           []string
	}{
		{"a deploy without proof", "    require: { profile: staging }\n", deploy.Action(), nil, 1, []string{"Nothing was published", "What failed", "require.profile", "What to do next"}},
		{"a dry run", "", deploy.Action(), []string{"dry-run=true"}, 0, []string{"A dry run: nothing was written", "| Step | What it does |"}},
		{"a dry run of what can't be", "    require: { profile: staging }\n", deploy.Action(), []string{"dry-run=true"}, 1, []string{"a deploy would publish nothing", "require.profile"}},
		{"a rollback of nothing", "", rollback.Action(), nil, 1, []string{"Nothing was changed", "What failed", "nothing was deployed there", "What to do next"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t, row.settings)
			if err := os.RemoveAll(filepath.Join(s.dir, "served")); err != nil {
				t.Fatal(err)
			}
			id := s.release("first", nil)
			inputs := row.inputs
			if row.action.Spec.Name == "deploy" {
				inputs = append(inputs, "release="+id)
			}
			code, out := s.inAJob(row.action, api, strings.Repeat("a", 40), inputs...)
			if code != row.code {
				t.Errorf("got code %d", code)
			}
			for _, want := range row.want {
				if !strings.Contains(out, want) {
					t.Errorf("want %q in\n%s", want, out)
				}
			}
			if _, err := os.Stat(filepath.Join(s.dir, "served")); err == nil && row.name != "a deploy without proof" {
				t.Error("it made the store's folder")
			}
		})
	}
}

// key makes a pair of keys in the project.
func (s *shop) key(name string) {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		s.t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write(name+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	s.write(name+".pub", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})))
}

func (s *shop) signer(key string) sign.Signer {
	s.t.Helper()
	signer, err := sign.NewKeySigner(s.t.Context(), sign.KeyOptions{
		Reference: key + ".key", ReadFile: func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(s.dir, name)) },
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return signer
}

// sign signs what is in dist.
func (s *shop) sign(key string) []byte {
	s.t.Helper()
	signer := s.signer(key)
	record, err := os.ReadFile(filepath.Join(s.dir, "dist", release.RecordName))
	if err != nil {
		s.t.Fatal(err)
	}
	bundle, err := signer.Sign(s.t.Context(), record)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("dist/attestations/"+release.RecordName+release.SignatureExtension, string(bundle))
	return bundle
}

// TestSignaturesThatCount: the record's has to be of whom the environment requires,
// and the marker's too.
func TestSignaturesThatCount(t *testing.T) {
	s := newShop(t, "    require: { signed-by: { key: ours.pub } }\n")
	s.key("ours")
	s.key("theirs")
	ours := []string{"--sign=key", "--key=ours.key"}
	refused := func(what, want string, flags ...string) {
		t.Helper()
		before := s.stored()
		if code, out := s.run(deploy.Action(), flags...); code == 0 || !strings.Contains(out, want) || s.stored() != before {
			t.Errorf("%s: got code %d, want %q, and nothing written:\n%s", what, code, want, out)
		}
	}
	s.release("first", nil)
	refused("nobody signed", "is not signed", ours...)
	s.sign("theirs")
	refused("somebody else signed", "signature", ours...)
	old := s.sign("ours")
	s.deploys(0, "live", ours...)

	s.release("second", nil)
	s.write("dist/attestations/"+release.RecordName+release.SignatureExtension, string(old))
	refused("the signature of another record", "signature", ours...)
	s.sign("ours")
	refused("no key for the marker", "require.signed-by")
	if code, out := s.run(deploy.Action(), "--sign=key", "--key=theirs.key"); code == 0 || !strings.Contains(out, "deploy/complete/") {
		t.Errorf("a marker of somebody else's: got code %d\n%s", code, out)
	}
	s.shows("first")
	s.deploys(0, "live", ours...) // it is in nobody's way
	s.shows("second")
}

// judge lays a verdict on a release beside it, signed unless key is "".
func (s *shop) judge(name, id, result, key string) {
	s.t.Helper()
	of, err := release.ParseDigest(id)
	if err != nil {
		s.t.Fatal(err)
	}
	data, err := release.Statement{
		Release: of, PredicateType: "https://in-toto.io/attestation/test-result/v0.1", Predicate: fmt.Appendf(nil, `{"result":"%s","configuration":[{"name":"%s"}]}`, result, name),
	}.Encode()
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("dist/attestations/"+name+".json", string(data))
	if key == "" {
		return
	}
	bundle, err := s.signer(key).SignStatement(s.t.Context(), data)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("dist/attestations/"+name+".json"+release.SignatureExtension, string(bundle))
}

// TestVerdictsThatCount: what the environment wants judged has to be there, about this
// release, signed by whom it should be, and good enough.
func TestVerdictsThatCount(t *testing.T) {
	flags := []string{"--sign=key", "--key=ours.key"}
	for _, row := range []struct {
		name, require string
		judge         func(s *shop, id string)
		want          string // "" for live
	}{
		{"nobody judged", "gate: pass, scan: warn", func(*shop, string) {}, "require.scan: the release has no attestations/scan.json"},
		{"it passed", "gate: pass", func(s *shop, id string) { s.judge("gate", id, "PASSED", "ours") }, ""},
		{"with a warning that is borne", "scan: warn", func(s *shop, id string) { s.judge("scan", id, "WARNED", "ours") }, ""},
		{"with a warning", "gate: pass", func(s *shop, id string) { s.judge("gate", id, "WARNED", "ours") }, `got the result "WARNED", want PASSED`},
		{"it failed", "scan: warn", func(s *shop, id string) { s.judge("scan", id, "FAILED", "ours") }, `got the result "FAILED", want PASSED or WARNED`},
		{"without a result", "gate: pass", func(s *shop, id string) { s.judge("gate", id, "", "ours") }, `got the result "none"`},
		{"with another word for it", "gate: pass", func(s *shop, id string) { s.judge("gate", id, `FAILED","reſult":"PASSED`, "ours") }, `got the result "FAILED"`},
		{"another release passed", "gate: pass", func(s *shop, _ string) { s.judge("gate", strings.Repeat("1", 64), "PASSED", "ours") }, "the statement is about release 1111"},
		{"the gate's is given for the scan's", "scan: pass", func(s *shop, id string) {
			s.judge("gate", id, "PASSED", "ours")
			for _, end := range []string{".json", ".json" + release.SignatureExtension} {
				if err := os.Rename(filepath.Join(s.dir, "dist", "attestations", "gate"+end), filepath.Join(s.dir, "dist", "attestations", "scan"+end)); err != nil {
					s.t.Fatal(err)
				}
			}
		}, `names ["gate"], want one with the name "scan"`},
		{"nobody signed", "gate: pass", func(s *shop, id string) { s.judge("gate", id, "PASSED", "") }, "attestations/gate.json: it is not signed"},
		{"somebody else signed", "gate: pass", func(s *shop, id string) { s.judge("gate", id, "PASSED", "theirs") }, "attestations/gate.json: its signature"},
		{"changed since", "gate: pass", func(s *shop, id string) {
			s.judge("gate", id, "FAILED", "ours")
			s.judge("gate", id, "PASSED", "")
		}, "attestations/gate.json: its signature"},
		{"no statement", "gate: pass", func(s *shop, id string) {
			s.judge("gate", id, "PASSED", "ours")
			s.write("dist/attestations/gate.json", "{")
		}, "gate.json"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t, "    require: { signed-by: { key: ours.pub }, "+row.require+" }\n")
			s.key("ours")
			s.key("theirs")
			id := s.release("first", nil)
			s.sign("ours")
			row.judge(s, id)
			if row.want == "" {
				s.deploys(0, "live", flags...)
				return
			}
			code, out := s.run(deploy.Action(), flags...)
			if code == 0 || !strings.Contains(out, row.want) || s.stored() != "" {
				t.Errorf("got code %d, want %q, and nothing written:\n%s", code, row.want, out)
			}
		})
	}
}
