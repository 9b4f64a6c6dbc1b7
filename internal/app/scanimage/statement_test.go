package scanimage

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/golden"
	"github.com/org/checkout-deploy/internal/release"
)

func (s judged) predicate(t *testing.T) (raw json.RawMessage, read testResult) {
	t.Helper()
	raw, err := verdictOf(s.j, s.r, s.p)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &read); err != nil {
		t.Fatal(err)
	}
	return raw, read
}

// internal/app/deploy has a test that reads this file as deploy does.
func TestStatement(t *testing.T) {
	raw, _ := sample().predicate(t)
	data, err := release.Statement{Release: release.DigestOf([]byte("a record")), PredicateType: "https://in-toto.io/attestation/test-result/v0.1", Predicate: raw}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, ".json", data)
}

func TestStatementTests(t *testing.T) {
	_, p := sample().predicate(t)
	for _, want := range []string{"scan/not-scanned", "vulnerability/CVE-2026-1111", "secret/private-key"} {
		if !slices.Contains(p.Failed, want) {
			t.Errorf("got failed %q, want %s in it", p.Failed, want)
		}
	}
	for _, want := range []string{"misconfiguration/DS-0002", "license/AGPL-3.0-only", "scan/stale-database"} {
		if !slices.Contains(p.Warned, want) || slices.Contains(p.Failed, want) {
			t.Errorf("got warned %q, want %s in it", p.Warned, want)
		}
	}
	if raw, p := large(5000).predicate(t); len(p.Failed) != maxTests || len(raw) > 100<<10 {
		t.Errorf("got %d bytes with %d tests", len(raw), len(p.Failed))
	}
	if _, p := clean().predicate(t); p.Result != "PASSED" || p.Failed != nil || p.Warned != nil {
		t.Errorf("got %+v", p)
	}
	raw, _ := hostile().predicate(t)
	if _, err := release.Canonical(raw); err != nil {
		t.Error(err)
	}
}

// The digest is the policy's: another moment is the same policy, another ignore is not.
func TestPolicyDigest(t *testing.T) {
	digest := func(s judged) string {
		_, p := s.predicate(t)
		return p.Configuration[0].Digest["sha256"]
	}
	same := digest(sample())
	later := sample()
	later.p.Now = day(7, 2)
	if got := digest(later); got != same {
		t.Errorf("got %s for another day, want %s", got, same)
	}
	for name, change := range map[string]func(*judged){
		"fail":   func(s *judged) { s.p.Fail = finding.Low },
		"known":  func(s *judged) { s.p.Known = map[string]bool{} },
		"ignore": func(s *judged) { s.p.Ignores[0].Reason = strings.ToUpper(s.p.Ignores[0].Reason) },
		"age":    func(s *judged) { s.p.MaxBaseAge++ },
	} {
		s := sample()
		change(&s)
		if digest(s) == same {
			t.Errorf("%s: got the same digest for another policy", name)
		}
	}
}
