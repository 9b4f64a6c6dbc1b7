package integrity

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/ssri.json anew")

const npmFolder = "testdata/npm"

type ssriCases struct {
	Data  string
	Cases []struct {
		Name, Value, Pick, Strict string
		Check                     bool
	}
}

func readSSRI(t *testing.T) ssriCases {
	t.Helper()
	data, err := os.ReadFile("testdata/ssri.json")
	if err != nil {
		t.Fatal(err)
	}
	var all ssriCases
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Cases) < 30 {
		t.Fatalf("got %d cases", len(all.Cases))
	}
	return all
}

// TestSSRICases compares testdata/ssri.json with what ssri says today.
func TestSSRICases(t *testing.T) {
	if _, err := os.Stat(npmFolder + "/node_modules/ssri"); err != nil {
		missing(t, err.Error()+": make npm")
	}
	command := exec.CommandContext(t.Context(), "node", "cases.mjs")
	command.Dir = npmFolder
	command.Stderr = os.Stderr
	got, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("testdata/ssri.json", got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/ssri.json")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("ssri says otherwise than testdata/ssri.json (error %v): go test -run SSRICases -update writes it anew", err)
	}
}

// TestEffectiveAgreesWithSSRI: what ssri's checkData accepts and what Effective does.
func TestEffectiveAgreesWithSSRI(t *testing.T) {
	differs := map[string]string{
		"unpadded":  "ssri compares texts, Chromium digests",
		"base64url": "likewise",
	}
	all := readSSRI(t)
	for _, c := range all.Cases {
		got := Effective(c.Value).Match([]byte(all.Data))
		if _, known := differs[c.Name]; (got != c.Check) != known {
			t.Errorf("%s: %q: Effective says %v, ssri %v, known to differ %v", c.Name, c.Value, got, c.Check, known)
		}
	}
}

// TestPickAgreesWithSSRI: the algorithm that counts.
func TestPickAgreesWithSSRI(t *testing.T) {
	differs := map[string]string{
		"weak, digest that is none": "ssri takes md5 where there is nothing else, browsers ignore it",
	}
	for _, c := range readSSRI(t).Cases {
		got := string(Effective(c.Value).Strongest())
		if _, known := differs[c.Name]; (got != c.Pick) != known {
			t.Errorf("%s: %q: got %q, ssri picks %q, known to differ %v", c.Name, c.Value, got, c.Pick, known)
		}
	}
}

// TestParseAgreesWithSSRI: what ssri's strict parser keeps, less what is no digest of its algorithm.
func TestParseAgreesWithSSRI(t *testing.T) {
	differs := map[string]string{
		"options":               "ssri keeps them, browsers ignore them",
		"a digest that is none": "ssri takes any 44 to 88 characters of base64",
	}
	for _, c := range readSSRI(t).Cases {
		m, _ := Parse(c.Value)
		sorted := slices.Clone(m) // ssri writes the strongest first
		slices.SortStableFunc(sorted, func(a, b Hash) int {
			return slices.Index(Algorithms, b.Algorithm) - slices.Index(Algorithms, a.Algorithm)
		})
		if _, known := differs[c.Name]; (sorted.String() != c.Strict) != known {
			t.Errorf("%s: %q: got %q, ssri keeps %q, known to differ %v", c.Name, c.Value, sorted, c.Strict, known)
		}
	}
}
