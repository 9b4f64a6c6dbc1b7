//go:build e2e

package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/types"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/org/checkout-deploy/internal/image/imagetest"
	"github.com/org/checkout-deploy/internal/scan/scantest"
)

// Scan-image's own image finds a secret, and says so by its code.
func TestScanImage(t *testing.T) {
	folder := t.TempDir()
	scan := func() ran {
		return container(t, "run", "--rm", "-v", folder+":/github/workspace", "-w", "/github/workspace", scanImage, "--path", ".", "--scanners", "secret")
	}
	write(t, folder, map[string]string{"a.js": "export const answer = 42;\n"})
	if got := scan(); got.code != 0 || !strings.Contains(got.stdout, "critical=0") {
		t.Errorf("a clean folder: got code %d, %q, %q", got.code, got.stdout, got.stderr)
	}
	token := "ghp_" + strings.Repeat("a1B2c3D4e5F6", 3)
	write(t, folder, map[string]string{"b.js": "export const key = \"" + token + "\";\n"})
	got := scan()
	if got.code != 1 || !strings.Contains(got.stderr, "b.js:1") || !strings.Contains(got.stdout, "critical=1") || strings.Contains(got.stdout+got.stderr, token) {
		t.Errorf("a token: got code %d, %q, %q", got.code, got.stdout, got.stderr)
	}
}

// flaw is a vulnerability of one package that imagetest's images have.
func flaw(severity types.Severity) scantest.Advisory {
	return scantest.Advisory{Bucket: scantest.Debian12, Package: "bash", ID: "CVE-2026-31337", Fixed: "99", Severity: severity}
}

// Without a network, with an image and a database from the workspace and nothing to
// write to but that and /tmp, an image is scanned, and nothing of it stays.
func TestScanWithoutNetwork(t *testing.T) {
	temporary := t.TempDir()
	for name, tmp := range map[string][]string{"a file system in memory": {"--tmpfs", "/tmp"}, "a folder": {"-v", temporary + ":/tmp"}} {
		t.Run(name, func(t *testing.T) {
			s := newStep(t, nil)
			s.image, s.options = scanImage, append([]string{"--read-only"}, tmp...)
			imagetest.Debian(t, imagetest.Options{Clean: true, Platforms: []string{"linux/amd64", "linux/arm64"}}).Layout(t, filepath.Join(s.workspace, "image"), "")
			db := scantest.VulnArtifact(t, scantest.VulnDB(t, time.Now(), flaw(types.SeverityCritical)))
			(&imagetest.Image{Images: []v1.Image{db}}).LayoutArchive(t, filepath.Join(s.workspace, "db.tar"), "")
			s.own(t)
			s.inputs = map[string]string{"image": "oci:image", "db-archive": "db.tar", "cache-dir": "cache"}
			got := s.run(t)
			outputs := outputsOf(t, read(t, s.files, "output"))
			if got.code != 1 || outputs["verdict"] != "failed" || outputs["critical"] != "1" || !strings.Contains(got.stdout, "CVE-2026-31337") {
				t.Errorf("got code %d and the outputs %v, want the planted vulnerability:\n%s%s", got.code, outputs, got.stdout, got.stderr)
			}
			checkOwners(t, s.workspace)
			if left := names(t, temporary); len(left) > 0 {
				t.Errorf("got %q in /tmp afterwards, want nothing", left)
			}
			if all, want := names(t, s.workspace), []string{"cache", "db.tar", "image", "scan"}; !slices.Equal(all, want) {
				t.Errorf("got %q in the workspace, want %q", all, want)
			}
		})
	}
}

// names are those of a folder's entries.
func names(t *testing.T, folder string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// A release is scanned in one job, by the step that docs/scanning.md shows, and the job
// that deploys requires the verdict: it gets it as an artifact, signed. One that failed
// does not pass, though the workflow goes on.
func TestDeployRequiresScan(t *testing.T) {
	shop := newShopDeployed(t)
	shop.project["checkout-deploy.yml"] = replaced(t, shop.project["checkout-deploy.yml"], map[string]string{
		"signed-by: { key: checkout.pub }": "signed-by: { key: checkout.pub }\n      scan: pass",
	})
	pinned := `        with: { sign: key, key: "env://CHECKOUT_KEY" }
        env: { CHECKOUT_KEY: "${{ secrets.CHECKOUT_KEY }}" }
`
	scan := shown(t, "docs/scanning.md", "env://CHECKOUT_KEY") + "        id: scan\n        continue-on-error: true\n"
	run := func() outcome {
		return shop.run(t, "checkout.yml", "deploy", "push", "", map[string]string{pinned: pinned + scan})
	}
	clean := run()
	id := shop.deployed(t, clean, "live")
	shop.shows(t, id)
	if outputs := clean.outputs("scan"); outputs["verdict"] != "passed" {
		t.Errorf("got the outputs %v of the scan, want it passed", outputs)
	}
	clean.artifact(t, "checkout-"+id+"-scan(\\.zip)?")

	token := "gh" + "p_" + strings.Repeat("a1B2c3D4e5F6", 3)
	shop.project["src/index.ts"] += "\nconsole.log('" + token + "');\n"
	planted := run()
	if results := planted.results(); !maps.Equal(results, map[string]string{"release": "success", "deploy": "failure"}) {
		t.Errorf("got the results %v of a release with a token, want its deploy to fail", results)
	}
	if errs := planted.errors("deploy"); !strings.Contains(errs, `require.scan: got the result "FAILED"`) || planted.outputs("deploy")["state"] != "unchanged" {
		t.Errorf("got the errors %q of the deploy", errs)
	}
	if strings.Contains(planted.log(), token) {
		t.Error("the log shows the token")
	}
	shop.shows(t, id)
}
