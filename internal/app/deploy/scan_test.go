package deploy

import (
	"os"
	"slices"
	"testing"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/sign/predicate"
)

// What scan-image states is what require.scan reads: the file is its golden one.
func TestResultOfScanImage(t *testing.T) {
	data, err := os.ReadFile("../scanimage/testdata/TestStatement.json")
	if err != nil {
		t.Fatal(err)
	}
	s, err := release.ReadStatement(data)
	if err != nil {
		t.Fatal(err)
	}
	said, by, err := predicate.ReadTestResult(s.Predicate)
	if err != nil || s.PredicateType != predicate.TestResult || said != "FAILED" || !slices.Contains(by, "scan") {
		t.Errorf("got %q by %q as %s: %v", said, by, s.PredicateType, err)
	}
}
