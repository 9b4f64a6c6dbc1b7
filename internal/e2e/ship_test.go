//go:build e2e

package e2e

import (
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/org/checkout-deploy/internal/image/imagetest"
	"github.com/org/checkout-deploy/internal/scan/scantest"
	"github.com/org/checkout-deploy/internal/sign/signtest"
)

// repositoryOfImages is that of the shop's images.
const repositoryOfImages = "example/shop"

// shopShipped is a shop whose workflow builds an image, and has it scanned, signed and
// tagged.
type shopShipped struct {
	host, trusted string
	certificate   *tls.Config
	registry      *imagetest.Registry
	image         string // as containers ask for it, without a digest
	built         atomic.Pointer[imagetest.Image]
	env           []string
	project       map[string]string
}

func newShopShipped(t *testing.T) *shopShipped {
	t.Helper()
	s := &shopShipped{host: address(t), registry: imagetest.NewRegistry(t, imagetest.RegistryOptions{NoReferrers: true})} // as GHCR
	s.certificate = certificate(t, s.host)
	s.trusted = authority(t, s.certificate)
	s.image = overTLS(t, s.host, s.certificate, s.registry.Host) + "/" + repositoryOfImages
	builder := httptest.NewServer(http.HandlerFunc(s.build))
	t.Cleanup(builder.Close)

	const workflow = "example/shop/.github/workflows/image.yml@refs/heads/main"
	sigstore := signtest.New(t)
	sigstore.Subject = "https://github.com/" + workflow
	plain, err := url.Parse(sigstore.URL)
	if err != nil {
		t.Fatal(err)
	}
	at := "https://" + overTLS(t, s.host, s.certificate, plain.Host)
	s.env = []string{
		"BUILDER=" + builder.URL, "GITHUB_WORKFLOW_REF=" + workflow, // which act does not set
		"ACTIONS_ID_TOKEN_REQUEST_URL=" + at + "/token?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=" + signtest.JobsToken,
	}
	s.project = map[string]string{
		"Dockerfile":        "FROM scratch\n",
		"trusted_root.json": string(sigstore.Trust(t).Root),
		"checkout-deploy.yml": strings.ReplaceAll(shown(t, "docs/images.md", "signed-by:"), "github.com/org/shop", "github.com/"+repositoryOfImages) +
			fmt.Sprintf("integrity:\n  sigstore: { fulcio: %q, rekor: %q, trusted-root: trusted_root.json }\n", at, at),
	}
	return s
}

// build is BuildKit as far as it matters here: it pushes by digest what it is told so.
func (s *shopShipped) build(w http.ResponseWriter, r *http.Request) {
	outputs := strings.Split(r.FormValue("outputs"), ",")
	if image := r.FormValue("tags"); image != s.image || !slices.Contains(outputs, "push=true") || !slices.Contains(outputs, "push-by-digest=true") {
		http.Error(w, fmt.Sprintf("got the tags %q and the outputs %q, want %s pushed by its digest", image, outputs, s.image), http.StatusBadRequest)
		return
	}
	index := s.built.Load().Index
	digest, err := index.Digest()
	if err == nil {
		var to name.Digest
		if to, err = name.NewDigest(s.registry.Host + "/" + repositoryOfImages + "@" + digest.String()); err == nil {
			err = remote.WriteIndex(to, index, remote.WithContext(r.Context()))
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = io.WriteString(w, digest.String())
}

// push runs image.yml as it stands, on an image made at that time, with a database that
// knows one flaw of it.
func (s *shopShipped) push(t *testing.T, made time.Time, severity types.Severity) (got outcome, digest string) {
	t.Helper()
	img := imagetest.Debian(t, imagetest.Options{Clean: true, Platforms: []string{"linux/amd64", "linux/arm64"}, Created: made})
	s.built.Store(img)
	databases := imagetest.NewRegistry(t, imagetest.RegistryOptions{})
	scantest.PushDB(t, databases.Host, scantest.VulnDB(t, time.Now(), flaw(severity)))
	text := replaced(t, read(t, repository(t), "examples/workflows/image.yml"), map[string]string{
		"ghcr.io/org/shop":       s.image,
		"cache-dir: .scan-cache": "cache-dir: .scan-cache\n          db-repository: " + overTLS(t, s.host, s.certificate, databases.Host) + "/trivy-db:2",
	})
	return workflow{file: "image.yml", text: text, files: s.project, env: s.env, trusted: s.trusted}.run(t), img.Digest(t).String()
}

// moved are the tags that were written, and what they lead to: no signature's.
func (s *shopShipped) moved() (all []imagetest.TagWrite) {
	return slices.DeleteFunc(s.registry.TagWrites(), func(w imagetest.TagWrite) bool { return strings.HasPrefix(w.Tag, "sha256-") })
}

// signed are the manifests that were written, by the log from an entry on, and are no
// part of an image.
func (s *shopShipped) signed(t *testing.T, from int) (all []string) {
	t.Helper()
	index := s.built.Load().Index
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]bool{s.built.Load().Digest(t).String(): true}
	for _, m := range manifest.Manifests {
		parts[m.Digest.String()] = true
	}
	for _, e := range s.registry.Log()[from:] {
		if e.Method == http.MethodPut && strings.Contains(e.Path, "/manifests/") && !parts[e.Digest] {
			all = append(all, e.Path)
		}
	}
	return all
}

// The workflow of docs/images.md, by the image: what is pushed by its digest is scanned,
// signed by the workflow's identity and verified, and only then do the tags move. With a
// vulnerability they stay, and nothing is signed.
func TestImageWorkflow(t *testing.T) {
	shop := newShopShipped(t)
	made := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	got, first := shop.push(t, made, types.SeverityMedium)
	got.succeeded(t, "image", "verify")
	shop.registry.TagsLast(t)
	scan, verify := got.outputs("scan"), got.outputs("verify")
	if scan["verdict"] != "warned" || scan["medium"] != "1" || scan["digest"] != first || verify["digest"] != first || verify["verdict"] != "passed" {
		t.Errorf("got the outputs %v of the scan and %v of verify, want both about %s", scan, verify, first)
	}
	if log := got.log(); !strings.Contains(log, first+" is signed by https://github.com/example/shop/.github/workflows/image.yml@refs/heads/main") {
		t.Error("the log does not say who signed the image")
	}
	moved := shop.moved()
	if len(moved) != 2 || scan["promoted"] != moved[0].Tag+","+moved[1].Tag || moved[0].Tag != "edge" || len(moved[1].Tag) != len("sha-")+40 || moved[0].Digest != first || moved[1].Digest != first {
		t.Errorf("got the tags %v, and the output promoted %q", moved, scan["promoted"])
	}
	if signed := shop.signed(t, 0); len(signed) == 0 {
		t.Error("got nothing signed")
	}

	before := len(shop.registry.Log())
	got, second := shop.push(t, made.AddDate(0, 0, 7), types.SeverityCritical)
	scan = got.outputs("scan")
	if results := got.results(); got.code == 0 || !maps.Equal(results, map[string]string{"image": "failure"}) {
		t.Errorf("got code %d and the results %v with a vulnerability, want failure and no verify", got.code, results)
	}
	if errs := got.errors("scan"); scan["verdict"] != "failed" || scan["critical"] != "1" || scan["digest"] != second || second == first || !strings.Contains(errs, "CVE-2026-31337") || !strings.Contains(errs, "the tags stay where they were: edge, sha-") {
		t.Errorf("got the outputs %v and the errors %q of the scan of %s", scan, errs, second)
	}
	if signed := shop.signed(t, before); len(signed) > 0 || scan["promoted"] != "" {
		t.Errorf("got %q signed, and %q promoted", signed, scan["promoted"])
	}
	if tag := shop.registry.Tag(repositoryOfImages, "edge"); tag != first || !slices.Equal(shop.moved(), moved) {
		t.Errorf("the tag leads to %s, want it to stay on %s; written were %v", tag, first, shop.moved())
	}
}

// What GitHub would refuse act does not: the jobs have what they need, and no more.
func TestImageWorkflowsPermissions(t *testing.T) {
	text := read(t, repository(t), "examples/workflows/image.yml")
	for job, want := range map[string]map[string]string{
		"image":  {"contents": "read", "packages": "write", "id-token": "write"},
		"verify": {"contents": "read", "packages": "read"},
	} {
		if got := permissions(t, text, job); !maps.Equal(got, want) {
			t.Errorf("%s: got the permissions %v, want %v", job, got, want)
		}
	}
}
