//go:build goexperiment.jsonv2

package trial

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tdb "github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/scanimage"
	"github.com/org/checkout-deploy/internal/app/scanimage/engine"
	"github.com/org/checkout-deploy/internal/image/imagetest"
	"github.com/org/checkout-deploy/internal/scan/scantest"
	"github.com/org/checkout-deploy/internal/sign/signtest"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tools is the folder of stock programs, before a test is somewhere else.
var tools, _ = filepath.Abs("../../../.cache/bin")

// tool is a program that the Makefile builds.
func tool(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(tools, name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no %s: make .cache/bin/%s", name, name)
		}
		t.Skipf("no %s: make .cache/bin/%s", name, name)
	}
	return path
}

// advisories hit every package of imagetest's images.
func advisories(t testing.TB, release string) []scantest.Advisory {
	t.Helper()
	installed := func(packages []imagetest.Package) (all []scantest.Installed) {
		for _, p := range packages {
			name := p.Name
			if p.Source != "" {
				name = p.Source
			}
			all = append(all, scantest.Installed{Name: name, Version: p.Version})
		}
		return all
	}
	_, modules := imagetest.Program(t)
	return slices.Concat(
		scantest.Advise(release, installed(imagetest.DebianPackages(320))...),
		scantest.Advise(scantest.NPM, installed(imagetest.NPMPackages())...),
		scantest.Advise(scantest.Go, installed(modules)...),
		scantest.Advise(scantest.Go, installed(imagetest.GoModules())...),
	)
}

// flawed is a folder with the database of all advisories, harmless one with none that
// fails a scan.
var (
	flawed   = sync.OnceValue(func() func(testing.TB) string { return database(func(scantest.Advisory) bool { return true }) })
	harmless = sync.OnceValue(func() func(testing.TB) string {
		return database(func(a scantest.Advisory) bool { return a.Severity <= tdb.SeverityMedium })
	})
)

func database(want func(scantest.Advisory) bool) func(testing.TB) string {
	return func(t testing.TB) string {
		all := slices.DeleteFunc(advisories(t, scantest.Debian12), func(a scantest.Advisory) bool { return !want(a) })
		return scantest.VulnDB(t, time.Now(), all...)
	}
}

// shop is a project, a registry with its image and the databases, and who signs.
type shop struct {
	t        testing.TB
	dir      string
	cache    string // the databases' folder; "" is one in dir
	registry *imagetest.Registry
	from     scantest.Repositories
	sigstore *signtest.Sigstore
	env      []string
}

func newShop(t testing.TB, db string, o imagetest.RegistryOptions) *shop {
	t.Helper()
	s := &shop{t: t, dir: t.TempDir(), registry: imagetest.NewRegistry(t, o)}
	s.from = scantest.PushDB(t, imagetest.NewRegistry(t, imagetest.RegistryOptions{}).Host, db)
	return s
}

// push pushes an image by its digest alone.
func (s *shop) push(img *imagetest.Image) (reference string) {
	s.t.Helper()
	repository := s.registry.Host + "/org/shop"
	digest := img.Digest(s.t).String()
	img.Push(s.t, repository+"@"+digest)
	return repository + "@" + digest
}

func (s *shop) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	check(s.t, os.MkdirAll(filepath.Dir(path), 0o755))
	check(s.t, os.WriteFile(path, []byte(text), 0o644))
}

func (s *shop) read(name string) []byte {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	check(s.t, err)
	return data
}

// keyless makes the project one whose workflow signs by a private Sigstore.
func (s *shop) keyless() {
	s.t.Helper()
	s.sigstore = signtest.New(s.t)
	s.write("trusted_root.json", string(s.sigstore.Trust(s.t).Root))
	s.write("checkout-deploy.yml", strings.Join([]string{
		"version: 1",
		"integrity:",
		"  sigstore: { fulcio: " + s.sigstore.URL + ", rekor: " + s.sigstore.URL + ", trusted-root: trusted_root.json }",
		"scan:",
		"  image:",
		"    signed-by: https://github.com/org/shop/.github/workflows/*",
		"    attestations: [sbom, scan, provenance]",
		"    repository: https://github.com/org/shop",
		"    max-age: 1h",
		"",
	}, "\n"))
	s.env = []string{
		"GITHUB_ACTIONS=true", "GITHUB_WORKSPACE=" + s.dir, "GITHUB_OUTPUT=" + filepath.Join(s.dir, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(s.dir, "summary.md"),
		"GITHUB_REPOSITORY=org/shop", "GITHUB_WORKFLOW_REF=" + strings.TrimPrefix(signtest.Workflow, "https://github.com/"),
		"GITHUB_SHA=0123456789abcdef0123456789abcdef01234567", "GITHUB_RUN_ID=7", "GITHUB_RUN_ATTEMPT=1", "GITHUB_EVENT_NAME=push",
		"GITHUB_REPOSITORY_ID=1", "GITHUB_REPOSITORY_OWNER_ID=2", "RUNNER_ENVIRONMENT=github-hosted",
		"ACTIONS_ID_TOKEN_REQUEST_URL=" + s.sigstore.URL + "/token?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=" + signtest.JobsToken,
	}
}

// ran is what a run left.
type ran struct {
	code int
	log  string
}

// run runs the action as a workflow or, without keyless, a laptop does.
func (s *shop) run(inputs ...string) ran {
	s.t.Helper()
	inputs = append([]string{"db-repository=" + s.from.Vuln, "java-db-repository=" + s.from.Java, "cache-dir=" + cmp.Or(s.cache, "cache")}, inputs...)
	var stdout, stderr bytes.Buffer
	c := &action.Command{Dir: s.dir, Stdout: &stdout, Stderr: &stderr, Now: time.Now, Env: append([]string{"HOME=" + s.dir}, s.env...)}
	for _, in := range inputs {
		name, value, _ := strings.Cut(in, "=")
		if s.env == nil {
			c.Args = append(c.Args, "--"+name+"="+value)
		} else {
			c.Env = append(c.Env, "INPUT_"+strings.ToUpper(name)+"="+value)
		}
	}
	with := &engine.Tools{Version: "test", Now: time.Now, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	code := c.Run(s.t.Context(), scanimage.Action(with))
	return ran{code, stdout.String() + stderr.String()}
}

func (r ran) shows(t testing.TB, code int, texts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("got exit code %d, want %d, of\n%s", r.code, code, tail(r.log))
	}
	for _, text := range texts {
		if !strings.Contains(r.log, text) {
			t.Errorf("got no %q in\n%s", text, tail(r.log))
		}
	}
}

func tail(text string) string {
	if len(text) > 4000 {
		return "…" + text[len(text)-4000:]
	}
	return text
}

// stock runs a stock program.
func stock(t testing.TB, name string, env []string, args ...string) ([]byte, error) {
	t.Helper()
	c := exec.CommandContext(t.Context(), tool(t, name), args...)
	home := t.TempDir()
	c.Env = append([]string{"HOME=" + home, "TUF_ROOT=" + home + "/tuf", "PATH=/usr/bin:/bin"}, env...)
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		t.Logf("%s %q: %v\n%s", name, args, err, tail(said.String()))
	}
	return out, err
}

func difference(t testing.TB, a, b string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "diff", "-u", a, b).Output()
	return string(out), err
}

// options are what a client needs to get into a registry.
func options(o imagetest.RegistryOptions) []remote.Option {
	if o.Username == "" {
		return nil
	}
	return []remote.Option{remote.WithAuth(&authn.Basic{Username: o.Username, Password: o.Password})}
}

// keyPair is a private key and its public one, in PEM.
func keyPair(t testing.TB) (private, public string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	private = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	der, err = x509.MarshalPKIXPublicKey(key.Public())
	check(t, err)
	return private, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}
