package advice_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/advice"
	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/scan/result"
)

// compare orders versions by their numbers, which is enough for these.
func compare(_, a, b string) int {
	numbers := func(s string) (out []int) {
		for _, part := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsDigit(r) }) {
			n, _ := strconv.Atoi(part)
			out = append(out, n)
		}
		return out
	}
	return slices.Compare(numbers(a), numbers(b))
}

// vulnerable is a vulnerability: "npm lodash 4.17.20 -> 4.17.21".
func vulnerable(id string, s finding.Severity, line string, with ...func(*result.Finding)) result.Finding {
	words, fixed, _ := strings.Cut(line, " -> ")
	w := strings.Fields(words)
	f := result.Finding{
		Kind: result.Vulnerability, ID: id, Severity: s,
		Ecosystem: w[0], Package: w[1], Source: w[1], Version: w[2], Fixed: fixed,
	}
	for _, one := range with {
		one(&f)
	}
	return f
}

func system(source string) func(*result.Finding) {
	return func(f *result.Finding) { f.OfSystem, f.Source = true, source }
}
func ofBase(f *result.Finding) { f.FromBase = true }
func direct(f *result.Finding) { f.Direct = true }
func in(path string) func(*result.Finding) {
	return func(f *result.Finding) { f.Path = path }
}

func advised(fail finding.Severity, base result.Base, all ...result.Finding) []advice.Advice {
	result.Sort(all)
	r := &result.Result{Artifact: "shop", Reports: []result.Report{{Platform: "linux/amd64", Findings: all, Base: base, OS: result.OS{Family: "debian", Version: "12"}}}}
	return advice.Advise(policy.Judge(r, policy.Policy{Fail: fail}), r, compare)
}

// written is advice as lines, what is below another set in.
func written(all []advice.Advice, before string) (out []string) {
	for _, a := range all {
		fails := ""
		if a.Fails {
			fails = "! "
		}
		out = append(out, fmt.Sprintf("%s%s%s [%d: %s]", before, fails, a.Sentence, a.Total(), strings.Join(a.IDs, " ")))
		for _, d := range a.Details {
			out = append(out, before+"  "+d)
		}
		out = append(out, written(a.Below, before+"    ")...)
	}
	return out
}

// mended counts the findings: those of a base image are some of its packages'.
func mended(all []advice.Advice) (n int) {
	for _, a := range all {
		if a.Kind != advice.Rebase {
			n += a.Total()
		}
		n += mended(a.Below)
	}
	return n
}

func TestAdvise(t *testing.T) {
	const high, medium, low = finding.High, finding.Medium, finding.Low
	base := result.Base{Name: "docker.io/library/debian:12-slim", Digest: "sha256:11", Created: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Layers: 1}
	for _, test := range []struct {
		name string
		base result.Base
		all  []result.Finding
		want []string
	}{
		{name: "nothing"},
		{
			name: "the packages of one source go together, to what fixes all",
			all: []result.Finding{
				vulnerable("CVE-1", high, "debian libssl3 3.0.15 -> 3.0.17", system("openssl")),
				vulnerable("CVE-2", medium, "debian openssl 3.0.15 -> 3.0.16", system("openssl")),
			},
			want: []string{"! Raise openssl from 3.0.15 to 3.0.17. [2: CVE-1 CVE-2]", "  Packages: libssl3 and openssl."},
		},
		{
			name: "the branch that is installed",
			all:  []result.Finding{vulnerable("CVE-1", high, "npm ws 7.4.0 -> 8.17.1, 7.5.10, 6.2.3", direct, in("package-lock.json"))},
			want: []string{"! Raise ws from 7.4.0 to 7.5.10. [1: CVE-1]", "  In package-lock.json.", "  The project asks for it directly."},
		},
		{
			name: "a branch that fixes only one of two",
			all: []result.Finding{
				vulnerable("CVE-1", high, "npm a 1.1.0 -> 1.2.3, 2.0.1"),
				vulnerable("CVE-2", low, "npm a 1.1.0 -> 2.0.0"),
			},
			want: []string{"! Raise a from 1.1.0 to 2.0.1. [2: CVE-1 CVE-2]", "  npm ls a says what brings it.", "  This is a new major version: look for what it breaks."},
		},
		{
			name: "a later one of the branch fixes both",
			all: []result.Finding{
				vulnerable("CVE-1", high, "npm a 1.1.0 -> 1.2.3, 2.0.1", direct),
				vulnerable("CVE-2", low, "npm a 1.1.0 -> 1.2.9", direct),
			},
			want: []string{"! Raise a from 1.1.0 to 1.2.9. [2: CVE-1 CVE-2]", "  The project asks for it directly."},
		},
		{
			name: "below 1 a second number breaks",
			all:  []result.Finding{vulnerable("CVE-1", low, "gomod example.com/a 0.2.1 -> 0.3.0", direct)},
			want: []string{"Raise example.com/a from 0.2.1 to 0.3.0. [1: CVE-1]", "  The project asks for it directly.", "  This is a new major version: look for what it breaks."},
		},
		{
			name: "two versions of a library are two things to do, the worse first",
			all: []result.Finding{
				vulnerable("CVE-1", low, "npm a 1.0.0 -> 1.0.1", direct),
				vulnerable("CVE-1", medium, "npm a 2.0.0 -> 2.0.1", in("b/package-lock.json")),
			},
			want: []string{
				"Raise a from 2.0.0 to 2.0.1. [1: CVE-1]", "  In b/package-lock.json.", "  npm ls a says what brings it.",
				"Raise a from 1.0.0 to 1.0.1. [1: CVE-1]", "  The project asks for it directly.",
			},
		},
		{
			name: "Go's own library",
			all:  []result.Finding{vulnerable("CVE-1", high, "gobinary stdlib v1.25.1 -> 1.24.9, 1.25.3", in("usr/bin/app"))},
			want: []string{"! Build with Go 1.25.3 or later; v1.25.1 was used. [1: CVE-1]", "  In usr/bin/app."},
		},
		{
			name: "the base has most: its packages are below it",
			base: base,
			all: []result.Finding{
				vulnerable("CVE-1", high, "debian libssl3 3.0.15 -> 3.0.17", system("openssl"), ofBase),
				vulnerable("CVE-2", high, "debian zlib1g 1.3 -> 1.4", system("zlib"), ofBase),
				vulnerable("CVE-3", high, "debian bash 5.2", system("bash"), ofBase),
				vulnerable("CVE-4", high, "npm a 1.0.0 -> 1.0.1", direct),
			},
			want: []string{
				"! Build again (docker build --pull) on a newer docker.io/library/debian:12-slim. [2: CVE-1 CVE-2]",
				"  It brings 3 of the 4 findings that fail the scan.", "  Of the 3 findings in all that it brings 2 can be fixed.",
				"  It was built on sha256:11.", "  The base was made on 2026-03-01.",
				"    ! Raise openssl from 3.0.15 to 3.0.17. [1: CVE-1]", "      Packages: libssl3.",
				"    ! Raise zlib from 1.3 to 1.4. [1: CVE-2]", "      Packages: zlib1g.",
				"! Raise a from 1.0.0 to 1.0.1. [1: CVE-4]", "  The project asks for it directly.",
				"! Decide about 1 finding that no version mends yet. [1: CVE-3]", "  Packages: bash.",
				"  What can't be reached in this image: say so in a VEX statement.",
				"  What you can live with for a while: write an ignore with an owner, a reason and a day.",
				"  Else leave the package out, or build on another base image.",
			},
		},
		{
			name: "the base has little: everything for itself",
			all: []result.Finding{
				vulnerable("CVE-1", low, "debian libssl3 3.0.15 -> 3.0.17", system("openssl"), ofBase),
				vulnerable("CVE-2", high, "npm a 1.0.0 -> 1.0.1", direct),
			},
			want: []string{
				"! Raise a from 1.0.0 to 1.0.1. [1: CVE-2]", "  The project asks for it directly.",
				"Build again (docker build --pull) on a newer base image. [1: CVE-1]",
				"  It brings 0 of the 1 finding that fail the scan.", "  Of the 1 finding in all that it brings 1 can be fixed.",
				"Raise openssl from 3.0.15 to 3.0.17. [1: CVE-1]", "  Packages: libssl3.",
			},
		},
		{
			name: "secrets, each file once",
			all: []result.Finding{
				{Kind: result.Secret, ID: "k", Severity: high, Title: "A key", Path: "app/.env", Line: 1},
				{Kind: result.Secret, ID: "t", Severity: medium, Title: "A token", Path: "app/.env", Line: 2},
				{Kind: result.Secret, ID: "k", Severity: medium, Title: "A key", Path: "b", Layer: "sha256:1"},
			},
			want: []string{
				"! Revoke the 2 secrets in app/.env, and remove them. [2: k t]", "  They look like: A key, A token.",
				"Revoke the secret in b, and remove it. [1: k]", "  It looks like: A key.",
				"  Who has the image has it: a later layer that deletes the file does not remove it.",
			},
		},
		{
			name: "misconfigurations, each check once, and licences",
			all: []result.Finding{
				{Kind: result.Misconfiguration, ID: "DS002", Severity: medium, Title: "root user", Resolution: "Add a USER line", Path: "Dockerfile", Line: 3},
				{Kind: result.Misconfiguration, ID: "DS002", Severity: medium, Title: "root user", Resolution: "Add a USER line", Path: "b/Dockerfile"},
				{Kind: result.License, ID: "GPL-3.0", Severity: low, Package: "a", Category: "restricted"},
				{Kind: result.Misconfiguration, ID: "DS026", Severity: low, Title: "no health check"},
			},
			want: []string{
				"Add a USER line. [2: DS002]", "  DS002: root user.", "  At Dockerfile:3 and b/Dockerfile.",
				"Mend DS026: no health check. [1: DS026]", "  DS026: no health check.",
				"Replace what is under GPL-3.0, or have the licence approved: a. [1: GPL-3.0]", "  Its category is restricted.",
			},
		},
		{
			name: "names that are no names",
			all: []result.Finding{
				vulnerable("CVE-1", high, "npm x;rm 1 -> 2"),
				vulnerable("CVE-2", high, "npm a 1 -> 2", func(f *result.Finding) { f.Package, f.Source = "a\n::error::b", "a\n::error::b" }),
				vulnerable("CVE-3", low, "npm "+strings.Repeat("a", 500)+" 1 -> 1.1", direct),
			},
			want: []string{
				`! Raise "a\n::error::b" from 1 to 2. [1: CVE-2]`, "  Another package may bring it.", "  This is a new major version: look for what it breaks.",
				"! Raise x;rm from 1 to 2. [1: CVE-1]", "  Another package may bring it.", "  This is a new major version: look for what it breaks.",
				"Raise " + strings.Repeat("a", 119) + "… from 1 to 1.1. [1: CVE-3]", "  The project asks for it directly.",
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			all := advised(high, test.base, test.all...)
			if n := mended(all); n != len(test.all) {
				t.Errorf("got advice about %d findings, want %d", n, len(test.all))
			}
			got := written(all, "")
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}
