//go:build goexperiment.jsonv2

package scantest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aquasecurity/trivy/pkg/db"
	"github.com/aquasecurity/trivy/pkg/javadb"
	"github.com/aquasecurity/trivy/pkg/policy"
	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/org/checkout-deploy/internal/image/imagetest"
	"github.com/org/checkout-deploy/internal/scan/database"
	"github.com/org/checkout-deploy/internal/scan/scantest"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// trivy is the stock program that the Makefile builds.
func trivy(t *testing.T, args ...string) []byte {
	t.Helper()
	path, err := filepath.Abs("../../../.cache/bin/trivy")
	check(t, err)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no trivy: make .cache/bin/trivy")
		}
		t.Skip("no trivy: make .cache/bin/trivy")
	}
	cmd := exec.CommandContext(t.Context(), path, append(args, "--format", "json", "--quiet", "--disable-telemetry", "--skip-version-check")...)
	cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=/usr/bin:/bin"}
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("trivy %q: %v\n%s", args, err, said.String())
	}
	return out
}

// report is what the tests read of Trivy's.
type report struct {
	Results []struct {
		Target, Type    string
		Vulnerabilities []struct {
			VulnerabilityID, PkgName, Status, Severity, Title, FixedVersion string
			DataSource                                                      struct{ ID string }
		}
		Misconfigurations []struct{ ID string }
	}
}

func read(t *testing.T, data []byte) report {
	t.Helper()
	var r report
	check(t, json.Unmarshal(data, &r))
	return r
}

// server is a registry that has the databases for imagetest's image.
func server(t *testing.T) scantest.Repositories {
	t.Helper()
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(s.Close)
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
	advisories := slices.Concat(
		scantest.Advise(scantest.Debian12, installed(imagetest.DebianPackages(320))...),
		scantest.Advise(scantest.NPM, installed(imagetest.NPMPackages())...),
		scantest.Advise(scantest.Go, installed(modules)...),
		scantest.Advise(scantest.Go, installed(imagetest.GoModules())...),
	)
	return scantest.PushDB(t, strings.TrimPrefix(s.URL, "http://"), scantest.VulnDB(t, time.Now(), advisories...))
}

// Stock Trivy takes the databases for what it downloads else, and finds in the image
// what they list: of every package, in every severity and state.
func TestTrivyDownloads(t *testing.T) {
	from := server(t)
	dir := t.TempDir()
	archive := filepath.Join(dir, "image.tar")
	imagetest.Debian(t, imagetest.Options{}).Archive(t, archive, "shop.example/checkout:1")
	data := trivy(t, "image", "--input", archive, "--scanners", "vuln", "--cache-dir", filepath.Join(dir, "cache"),
		"--db-repository", from.Vuln, "--java-db-repository", from.Java, "--checks-bundle-repository", from.Checks)
	hit := map[string]map[string]bool{}
	for _, result := range read(t, data).Results {
		for _, v := range result.Vulnerabilities {
			for kind, value := range map[string]string{result.Type: v.PkgName, "severity": v.Severity, "status": v.Status} {
				if hit[kind] == nil {
					hit[kind] = map[string]bool{}
				}
				hit[kind][value] = true
			}
			if v.Title == "" || v.DataSource.ID == "" || (v.Status == "fixed") != (v.FixedVersion != "") {
				t.Errorf("got %+v", v)
			}
		}
	}
	for kind, least := range map[string]int{"debian": 300, "node-pkg": len(imagetest.NPMPackages()), "gobinary": 1, "severity": 5, "status": 5} {
		if got := len(hit[kind]); got < least {
			t.Errorf("got %d of %s, want at least %d: %v", got, kind, least, hit[kind])
		}
	}
}

// What database.Get puts in place stock Trivy takes for its own, and finds with it
// what it does with its own download.
func TestTrivyTakesOurs(t *testing.T) {
	from := server(t)
	dir := t.TempDir()
	archive := filepath.Join(dir, "image.tar")
	imagetest.Debian(t, imagetest.Options{}).Archive(t, archive, "shop.example/checkout:1")
	args := []string{"image", "--input", archive, "--scanners", "vuln", "--cache-dir"}
	want := trivy(t, append(args, filepath.Join(dir, "theirs"), "--db-repository", from.Vuln, "--java-db-repository", from.Java)...)

	ours := filepath.Join(dir, "ours")
	for _, kind := range []struct {
		database.Kind
		from string
	}{{database.Vulnerabilities, from.Vuln}, {database.Java, from.Java}, {database.Checks, from.Checks}} {
		_, err := database.Get(t.Context(), database.Options{
			Kind: kind.Kind, Cache: ours, Repositories: []string{kind.from}, Now: time.Now,
			Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		})
		check(t, err)
	}
	got := trivy(t, append(args, ours, "--offline-scan", "--skip-db-update", "--skip-java-db-update")...)
	if a, b := timeless(t, got), timeless(t, want); a != b {
		t.Errorf("got another report than with Trivy's own download: %d and %d bytes", len(a), len(b))
	}

	check(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM debian:12\nMAINTAINER shop\n"), 0o600))
	found := false
	for _, result := range read(t, trivy(t, "config", filepath.Join(dir, "Dockerfile"), "--skip-check-update", "--cache-dir", ours)).Results {
		for _, m := range result.Misconfigurations {
			found = found || m.ID == "TEST-0001"
		}
	}
	if !found {
		t.Error("Trivy did not take the bundle of checks")
	}
}

// Where nobody names a repository those are asked that Trivy asks, or it first.
func TestTrivysRepositories(t *testing.T) {
	for _, test := range []struct {
		name string
		kind database.Kind
		want []string
	}{
		{"vulnerabilities", database.Vulnerabilities, []string{db.DefaultGCRRepository, db.DefaultGHCRRepository}},
		{"java", database.Java, []string{javadb.DefaultGCRRepository, javadb.DefaultGHCRRepository}},
		{"checks", database.Checks, []string{fmt.Sprintf("%s:%d", policy.BundleRepository, policy.BundleVersion)}},
	} {
		if got := test.kind.Repositories(); len(got) < len(test.want) || !slices.Equal(got[:len(test.want)], test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// timeless is a report without when it was made and by which run.
func timeless(t *testing.T, data []byte) string {
	t.Helper()
	var r map[string]any
	check(t, json.Unmarshal(data, &r))
	delete(r, "CreatedAt")
	delete(r, "ReportID")
	out, err := json.Marshal(r)
	check(t, err)
	return string(out)
}
