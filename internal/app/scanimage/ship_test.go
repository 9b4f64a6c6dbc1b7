package scanimage

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/result"
)

// signing is a project with a key, and the inputs that sign and promote.
func signingProject(t *testing.T) (dir string, args []string) {
	t.Helper()
	dir = dist(t, "app.js")
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	return dir, []string{"--image", "r/a", "--sign", "key", "--key", "key.pem", "--promote-tag", "v1,latest"}
}

func shop(findings ...result.Finding) *fakeImage {
	return &fakeImage{
		digest: "sha256:i", platforms: []Platform{{"linux/amd64", "sha256:1"}, {"linux/arm64", "sha256:2"}},
		report: result.Report{Findings: findings}, tags: map[string]string{"latest": "sha256:old"},
	}
}

func TestTheOrder(t *testing.T) {
	dir, args := signingProject(t)
	img := shop(flaw("CVE-1", finding.Low))
	f := &tools{t: t, images: map[string]*fakeImage{"r/a": img}}
	f.run(dir, nil, args...).shows(t, 0, "promoted=v1,latest", "ghcr.io/org/shop:latest leads to sha256:i; before, to sha256:old")
	want := strings.Join([]string{
		"open r/a", "engine [vulnerability secret]", "scan sha256:i",
		"attest sha256:1 https://cyclonedx.org/bom", "attest sha256:2 https://cyclonedx.org/bom",
		"attest sha256:1 https://cosign.sigstore.dev/attestation/vuln/v1", "attest sha256:2 https://cosign.sigstore.dev/attestation/vuln/v1",
		"attest sha256:i https://in-toto.io/attestation/test-result/v0.1",
		"sign sha256:i [bundle]",
		"verify sha256:1 [https://cyclonedx.org/bom https://cosign.sigstore.dev/attestation/vuln/v1]",
		"verify sha256:2 [https://cyclonedx.org/bom https://cosign.sigstore.dev/attestation/vuln/v1]",
		"verify sha256:i [https://in-toto.io/attestation/test-result/v0.1]",
		"tag v1 sha256:i", "tag latest sha256:i", "close engine", "close image",
	}, "\n")
	if got := strings.Join(f.asked, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, a := range slices.Concat(slices.Collect(maps.Values(img.attested))...) {
		if strings.Contains(string(a.Predicate), "hunter2") {
			t.Errorf("%s shows a secret: %s", a.Type, a.Predicate)
		}
		if !json.Valid(a.Predicate) {
			t.Errorf("%s is no JSON: %s", a.Type, a.Predicate)
		}
	}
}

// Whatever fails, the tags stay where they were, or go back there.
func TestTheTagStays(t *testing.T) {
	for _, row := range []struct {
		name string
		img  func(*fakeImage)
		code int
		says string
	}{
		{"a vulnerability", func(i *fakeImage) { i.report.Findings = []result.Finding{flaw("CVE-1", finding.Critical)} }, 1, "nothing was signed, and the tags stay where they were: v1, latest"},
		{"what was not scanned", func(i *fakeImage) { i.report.Unscanned = []string{"no list of packages"} }, 1, "no list of packages"},
		{"a platform that was not scanned", func(i *fakeImage) { i.left = []string{"linux/arm (sha256:3) was not scanned: it is no image"} }, 1, "linux/arm (sha256:3) was not scanned: it is no image"},
		{"attesting", func(i *fakeImage) { i.refuse = "attest" }, 3, "the tags stay where they were: v1, latest"},
		{"signing", func(i *fakeImage) { i.refuse = "sign" }, 3, "the tags stay where they were: v1, latest"},
		{"verifying", func(i *fakeImage) { i.refuse = "verify" }, 3, "as a stranger would"},
		{"the first tag", func(i *fakeImage) { i.refuse = "tag v1" }, 1, "moving the tag v1"},
		{"the second tag, and the first is new", func(i *fakeImage) { i.refuse = "tag latest" }, 1, "the tag v1 is new, and leads to the image"},
		{"the second tag, and the first goes back", func(i *fakeImage) { i.refuse, i.tags["v1"] = "tag latest", "sha256:older" }, 1, "moving the tag latest"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir, args := signingProject(t)
			img := shop()
			row.img(img)
			before := maps.Clone(img.tags)
			f := &tools{t: t, images: map[string]*fakeImage{"r/a": img}}
			f.run(dir, nil, args...).shows(t, row.code, row.says)
			if strings.Contains(row.name, "is new") {
				before["v1"] = "sha256:i"
			}
			if !maps.Equal(img.tags, before) {
				t.Errorf("got the tags %v, want %v", img.tags, before)
			}
			if row.code == 1 && !strings.Contains(row.name, "tag") && len(img.signed)+len(img.attested) > 0 {
				t.Errorf("got %v signed of what did not pass", img.signed)
			}
		})
	}
}

// What an index lists beside its platforms was not scanned, at whatever severity.
func TestLeftIsNotSigned(t *testing.T) {
	dir, args := signingProject(t)
	img := shop()
	img.left = []string{"linux/arm (sha256:3) was not scanned: it is no image"}
	f := &tools{t: t, images: map[string]*fakeImage{"r/a": img}}
	f.run(dir, nil, append(args, "--fail-severity", "critical")...).shows(t, 1, "linux/arm (sha256:3) was not scanned: it is no image", "the tags stay where they were")
	if len(img.signed)+len(img.attested) > 0 || img.tags["latest"] != "sha256:old" {
		t.Errorf("got %v signed and the tags %v", img.signed, img.tags)
	}
}

func TestVerify(t *testing.T) {
	dir, args := signingProject(t)
	img := shop(flaw("CVE-1", finding.Low))
	env := []string{
		"GITHUB_ACTIONS=true", "GITHUB_WORKSPACE=" + dir, "GITHUB_REPOSITORY=org/shop", "GITHUB_WORKFLOW_REF=org/shop/.github/workflows/release.yml@refs/heads/main",
		"GITHUB_SHA=0123456789abcdef0123456789abcdef01234567", "GITHUB_RUN_ID=7", "GITHUB_RUN_ATTEMPT=1", "GITHUB_EVENT_NAME=push",
		"GITHUB_OUTPUT=" + filepath.Join(t.TempDir(), "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(t.TempDir(), "summary"),
		"GITHUB_REPOSITORY_ID=1", "GITHUB_REPOSITORY_OWNER_ID=2", "RUNNER_ENVIRONMENT=github-hosted",
	}
	for i := 0; i < len(args); i += 2 {
		env = append(env, "INPUT_"+strings.ToUpper(strings.TrimPrefix(args[i], "--"))+"="+args[i+1])
	}
	f := &tools{t: t, images: map[string]*fakeImage{"r/a": img}}
	if r := f.run(dir, env); r.code != 0 {
		t.Fatalf("got exit code %d\n%s%s", r.code, r.log, r.out)
	}
	write(t, filepath.Join(dir, "key.pub"), "")
	for _, row := range []struct {
		name, config string
		change       func(*fakeImage)
		code         int
		says         []string
	}{
		{"all of it", "attestations: [sbom, scan, provenance], repository: https://github.com/org/shop", nil, 0, []string{
			"its scan said WARNED", "built from https://github.com/org/shop at 0123456789abcdef0123456789abcdef01234567",
			"linux/arm64 has its SBOM", "linux/amd64 was scanned on 2026-11-26 12:00 UTC", "verdict=passed", "digest=sha256:i",
		}},
		{"passed alone will do", "attestations: [scan], scan: pass", nil, 1, []string{"its scan said WARNED, want scan: pass", "verdict=failed"}},
		{"scanned again, and better", "attestations: [scan], scan: pass", func(i *fakeImage) {
			i.attested["sha256:i"] = append(i.attested["sha256:i"], Attestation{"https://in-toto.io/attestation/test-result/v0.1", []byte(
				`{"result":"PASSED","configuration":[{"name":"scan","annotations":{"scanned":"2026-11-27T00:00:00Z"}},{"name":"vulnerabilities"}]}`)})
		}, 0, []string{"its scan said PASSED"}},
		{"no database", "attestations: [scan]", func(i *fakeImage) {
			i.attested["sha256:i"] = append(i.attested["sha256:i"], Attestation{"https://in-toto.io/attestation/test-result/v0.1", []byte(
				`{"result":"PASSED","configuration":[{"name":"scan","annotations":{"scanned":"2026-11-27T00:00:00Z"}}]}`)})
		}, 1, []string{"its scan looked nothing up"}},
		{"another repository", "attestations: [provenance], repository: https://github.com/org/other", nil, 1, []string{`its provenance names the repository "https://github.com/org/shop", want https://github.com/org/other`}},
		{"no SBOM of one platform", "attestations: [sbom]", func(i *fakeImage) { delete(i.attested, "sha256:2") }, 4, []string{"linux/arm64:"}},
		{"not signed", "attestations: [sbom]", func(i *fakeImage) { i.signed = nil }, 4, []string{"no signature that counts"}},
		{"somebody else's tests are no scan", "attestations: [scan]", func(i *fakeImage) {
			for n, a := range i.attested["sha256:i"] {
				if strings.Contains(a.Type, "test-result") {
					i.attested["sha256:i"][n].Predicate = []byte(`{"result":"PASSED","configuration":[{"name":"unit"}]}`)
				}
			}
		}, 1, []string{"it has no verdict of a scan"}},
		{"something else in the index", "attestations: [sbom]", func(i *fakeImage) { i.left = []string{"linux/arm was not scanned"} }, 1, []string{"what else it lists is neither signed nor scanned: linux/arm was not scanned"}},
		{"the registry", "attestations: [sbom]", func(i *fakeImage) { i.refuse = "verify" }, 3, []string{"the registry refuses to verify"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			again := *img
			again.attested = map[string][]Attestation{}
			for digest, all := range img.attested {
				again.attested[digest] = slices.Clone(all)
			}
			if row.change != nil {
				row.change(&again)
			}
			write(t, filepath.Join(dir, "verify.yml"), "version: 1\nscan:\n  image: { signed-by: https://github.com/org/shop/.github/workflows/*, "+row.config+" }\n")
			f := &tools{t: t, images: map[string]*fakeImage{"r/a": &again}}
			r := f.run(dir, nil, "--mode", "verify", "--image", "r/a", "--config", "verify.yml")
			r.shows(t, row.code, row.says...)
			if slices.ContainsFunc(f.asked, func(s string) bool { return strings.HasPrefix(s, "scan") || strings.HasPrefix(s, "tag") }) {
				t.Errorf("got %q asked", f.asked)
			}
		})
	}
}
