package health

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The document's numbers are the code's.
func TestNumbersInTheDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		fmt.Sprintf("then at most %d, none from https", MaxRedirects),
		fmt.Sprintf("waited for %.0f seconds, or as the check says, at most %.0f minutes", DefaultTimeout.Seconds(), MaxTimeout.Minutes()),
		fmt.Sprintf("Of a body %d MiB are read", MaxBody>>20),
		fmt.Sprintf("At most %d are made, four at once", MaxChecks),
		fmt.Sprintf("in time: %.0f seconds for all of it", smokeWithin.Seconds()),
		fmt.Sprintf("for twice the time that caches may keep it and %.0f seconds", Back{}.Patience().Seconds()),
		fmt.Sprintf("`max-age=%.0f, immutable`", year.Seconds()),
		fmt.Sprintf("for text of %d KiB or more", minCompressed>>10),
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("docs/checks.md lacks %q", want)
		}
	}
	if got := (Options{}).filled().Concurrency; got != 4 {
		t.Errorf("docs/checks.md says four at once, it is %d", got)
	}
}
