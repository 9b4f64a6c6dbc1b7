package scanimage

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/advice"
	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/scan/result"
)

// judged is a scan and what a policy makes of it, for tests of what is made from both.
type judged struct {
	r    *result.Result
	p    policy.Policy
	j    *policy.Judgement
	todo []advice.Advice
}

func judgedOf(r *result.Result, p policy.Policy) judged {
	for i := range r.Reports {
		result.Sort(r.Reports[i].Findings)
	}
	j := policy.Judge(r, p)
	return judged{r, p, j, advice.Advise(j, r, byNumbers)}
}

func byNumbers(_, a, b string) int {
	numbers := func(s string) (out []int) {
		for _, part := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsDigit(r) }) {
			n, _ := strconv.Atoi(part)
			out = append(out, n)
		}
		return out
	}
	return slices.Compare(numbers(a), numbers(b))
}

func day(month, day int) time.Time {
	return time.Date(2026, time.Month(month), day, 6, 30, 0, 0, time.UTC)
}

func hash(of string) string { return "sha256:" + strings.Repeat(of, 64/len(of)) }

// sample has an image of two platforms, with some of everything.
func sample() judged {
	bullseye := result.OS{Family: "debian", Version: "12.11"}
	base := result.Base{Name: "docker.io/library/node:22-slim", Digest: hash("ba"), Created: day(6, 1), Layers: 3}
	all := []result.Finding{
		{
			Kind: result.Vulnerability, ID: "CVE-2026-1111", Severity: finding.Critical, Score: 9.8, Title: "openssl: a forged certificate is taken for a good one",
			URL: "https://avd.aquasec.com/nvd/cve-2026-1111", Package: "libssl3", Source: "openssl", Version: "3.0.15-1~deb12u1", Fixed: "3.0.17-1~deb12u2", Status: "fixed",
			Ecosystem: "debian", PURL: "pkg:deb/debian/libssl3@3.0.15-1~deb12u1", OfSystem: true, Layer: hash("01"), FromBase: true,
		},
		{
			Kind: result.Vulnerability, ID: "CVE-2026-2222", Severity: finding.High, Score: 9.8, Title: "zlib: reads beyond its buffer",
			URL: "https://avd.aquasec.com/nvd/cve-2026-2222", Package: "zlib1g", Source: "zlib", Version: "1:1.2.13.dfsg-1", Fixed: "1:1.2.13.dfsg-2", Status: "fixed",
			Ecosystem: "debian", OfSystem: true, Layer: hash("01"), FromBase: true,
		},
		{
			Kind: result.Vulnerability, ID: "CVE-2026-3333", Severity: finding.High, Score: 7.5, Title: "bash: runs what it should not",
			Package: "bash", Source: "bash", Version: "5.2.15-2", Status: "will_not_fix", Ecosystem: "debian", OfSystem: true, Layer: hash("01"), FromBase: true,
		},
		{
			Kind: result.Vulnerability, ID: "GHSA-35jh-r3h4-6jhm", Severity: finding.High, Score: 7.2, Title: "Command injection in lodash",
			URL: "https://github.com/advisories/GHSA-35jh-r3h4-6jhm", Package: "lodash", Source: "lodash", Version: "4.17.20", Fixed: "4.17.21", Status: "fixed",
			Ecosystem: "npm", PURL: "pkg:npm/lodash@4.17.20", Path: "app/package-lock.json", Line: 812, EndLine: 820, Layer: hash("02"), Direct: true,
		},
		{
			Kind: result.Vulnerability, ID: "CVE-2026-4444", Severity: finding.Info, Unrated: true, Package: "ws", Source: "ws", Version: "7.4.0", Fixed: "8.17.1, 7.5.10",
			Status: "fixed", Ecosystem: "npm", Path: "app/package-lock.json", Line: 990, Layer: hash("02"),
		},
		{Kind: result.Secret, ID: "private-key", Severity: finding.High, Title: "Asymmetric Private Key", Path: "app/certs/dev.pem", Line: 1, EndLine: 1, Layer: hash("02")},
		{
			Kind: result.Misconfiguration, ID: "DS-0002", Severity: finding.Medium, Title: "Image user should not be 'root'", Message: "Specify at least 1 USER command in Dockerfile with non-root user as argument",
			Resolution: "Add 'USER <non root user name>' line to the Dockerfile", URL: "https://avd.aquasec.com/misconfig/ds-0002", Path: "Dockerfile", Line: 3, EndLine: 9, Ecosystem: "dockerfile",
		},
		{Kind: result.License, ID: "AGPL-3.0-only", Severity: finding.Low, Package: "busybox-js", Source: "busybox-js", Category: "forbidden", Path: "app/node_modules/busybox-js/LICENSE"},
		{Kind: result.Vulnerability, ID: "CVE-2025-0009", Severity: finding.High, Title: "tar: follows links", Package: "tar", Source: "tar", Version: "1.34", Ecosystem: "debian", OfSystem: true, Layer: hash("01"), FromBase: true},
		{Kind: result.Vulnerability, ID: "CVE-2024-0001", Severity: finding.Low, Title: "old and known", Package: "perl-base", Source: "perl", Version: "5.36", Ecosystem: "debian", OfSystem: true, Layer: hash("01"), FromBase: true},
	}
	r := &result.Result{
		Artifact: "ghcr.io/org/shop:1.4.0", Digest: hash("aa"),
		Reports: []result.Report{
			{Platform: "linux/amd64", Digest: hash("a1"), OS: bullseye, Base: base, Packages: 412, Findings: all},
			{
				Platform: "linux/arm64", Digest: hash("a2"), OS: bullseye, Base: base, Packages: 410, Findings: slices.Clone(all[1:]),
				Excused: []result.Excused{{
					Finding: result.Finding{Kind: result.Vulnerability, ID: "CVE-2026-5555", Severity: finding.High, Package: "git", Source: "git", Version: "2.39", Ecosystem: "debian", OfSystem: true},
					Status:  "not_affected", Reason: "vulnerable_code_not_in_execute_path", File: "vex.json",
				}},
				Unscanned: []string{"app/vendor.jar could not be read: it is no zip archive"},
			},
		},
		Databases: []result.Database{
			{Name: "vulnerabilities", Source: "ghcr.io/aquasecurity/trivy-db:2", Digest: hash("db"), Updated: day(6, 30)},
			{Name: "checks", Source: "built in", Updated: day(5, 1), Stale: "no mirror answered"},
		},
	}
	known := result.Finding{Kind: result.Vulnerability, ID: "CVE-2024-0001", Ecosystem: "debian", Package: "perl-base"}
	return judgedOf(r, policy.Policy{
		Fail: finding.High, Report: finding.Medium, Now: day(7, 1), MaxBaseAge: 14 * policy.Day,
		Known: map[string]bool{known.Key(): true}, KnownFrom: "the result of 1.3.0",
		Ignores: []policy.Ignore{
			{ID: "CVE-2025-0009", Owner: "ann@example.com", Reason: "tar never runs in the image", Expires: day(9, 1), At: finding.Location{Path: "checkout-deploy.yml", Line: 40}},
			{ID: "CVE-2026-3333", Package: "bash", Owner: "bob@example.com", Reason: "no shell is started", Expires: day(6, 1), At: finding.Location{Path: "checkout-deploy.yml", Line: 44}},
		},
	})
}

// clean is an image in which nothing is.
func clean() judged {
	return judgedOf(&result.Result{
		Artifact: "ghcr.io/org/shop:1.5.0", Digest: hash("bb"),
		Reports:   []result.Report{{Platform: "linux/amd64", Digest: hash("b1"), OS: result.OS{Family: "wolfi", Version: "20230201"}, Packages: 36}},
		Databases: []result.Database{{Name: "vulnerabilities", Source: "ghcr.io/aquasecurity/trivy-db:2", Digest: hash("db"), Updated: day(6, 30)}},
	}, policy.Policy{Fail: finding.High, Report: finding.Low, Now: day(7, 1)})
}

// large has n vulnerable packages.
func large(n int) judged {
	severities := []finding.Severity{finding.Critical, finding.High, finding.Medium, finding.Medium, finding.Low}
	var all []result.Finding
	for i := range n {
		f := result.Finding{
			Kind: result.Vulnerability, ID: fmt.Sprintf("CVE-2026-%04d", 1000+i), Severity: severities[i%5], Title: fmt.Sprintf("package %d: does what it should not where nobody expects it", i),
			URL: fmt.Sprintf("https://avd.aquasec.com/nvd/cve-2026-%04d", 1000+i), Package: fmt.Sprintf("libpackage%d-dev", i/3), Source: fmt.Sprintf("package%d", i/6), Version: fmt.Sprintf("1.%d.0-1~deb12u1", i%9), Fixed: fmt.Sprintf("2.%d.1-1~deb12u2", i%9),
			Ecosystem: "debian", OfSystem: true, Layer: hash("01"), FromBase: i%3 != 0, Status: "fixed",
		}
		if i%7 == 0 {
			f.Fixed, f.Status = "", "affected"
		}
		all = append(all, f)
	}
	return judgedOf(&result.Result{
		Artifact: "ghcr.io/org/shop:1.0.0", Digest: hash("cc"),
		Reports:   []result.Report{{Platform: "linux/amd64", Digest: hash("c1"), OS: result.OS{Family: "debian", Version: "10", EndOfLife: true}, Base: result.Base{Name: "debian:10", Layers: 1}, Packages: n, Findings: all}},
		Databases: []result.Database{{Name: "vulnerabilities", Source: "ghcr.io/aquasecurity/trivy-db:2", Digest: hash("db"), Updated: day(6, 30)}},
	}, policy.Policy{Fail: finding.High, Report: finding.Low, Now: day(7, 1)})
}

const evil = "</script><script>alert(1)</script> @org/team #12 `|` [a](javascript:alert(1))\n::error::x\n##[error]y\x1b[31m\u202e\x00 \xff "

// hostile has a text of somebody's everywhere.
func hostile() judged {
	f := result.Finding{
		ID: evil, Severity: finding.High, Title: evil, URL: "javascript:alert(1)", Package: evil, Source: evil, Version: evil, Fixed: evil, Status: evil,
		Ecosystem: evil, PURL: evil, Category: evil, Path: evil, Line: 1, Layer: evil, Message: evil, Resolution: evil,
	}
	var all []result.Finding
	for _, kind := range result.Kinds {
		f.Kind = kind
		all = append(all, f)
	}
	return judgedOf(&result.Result{
		Artifact: evil, Digest: evil,
		Reports: []result.Report{{
			Platform: evil, Digest: evil, OS: result.OS{Family: evil, Version: evil}, Base: result.Base{Name: evil, Digest: evil}, Findings: all, Unscanned: []string{evil},
			Excused: []result.Excused{{Finding: f, Status: evil, Reason: evil, File: evil}},
		}},
		Databases: []result.Database{{Name: evil, Source: evil, Digest: evil, Stale: evil}},
	}, policy.Policy{Fail: finding.High, Report: finding.Low, Now: day(7, 1), Ignores: []policy.Ignore{{ID: evil, Package: "x", Owner: evil, Reason: evil, At: finding.Location{Path: evil}}}})
}
