package gh

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/gh/ghtest"
)

// The permissions of the document's table are enough, and with less the error
// names what the document does.
func TestPermissionsInTheDocument(t *testing.T) {
	does := map[string]func(*testing.T, *trial) error{
		"an issue is opened, updated and closed": func(t *testing.T, tr *trial) error {
			issues := tr.issues(t, IssueOptions{})
			_, opened := issues.Alert(t.Context(), drift)
			_, updated := issues.Alert(t.Context(), changed())
			_, closed := issues.Resolve(t.Context(), drift.Key, "over")
			return errors.Join(opened, updated, closed)
		},
		"a deployment and its state are recorded": func(t *testing.T, tr *trial) error {
			_, err := tr.client.Deployments().Record(t.Context(), flip(8), live)
			return err
		},
		"findings go to code scanning": func(t *testing.T, tr *trial) error {
			_, err := tr.client.UploadSARIF(t.Context(), found)
			return err
		},
	}
	rows := regexp.MustCompile("(?m)^\\| (.+) \\| `([a-z-]+): (write)` \\|$").FindAllStringSubmatch(document(t), -1)
	if len(rows) != len(does) {
		t.Fatalf("got %d permissions, want %d", len(rows), len(does))
	}
	for _, row := range rows {
		what, name, level := row[1], row[2], row[3]
		t.Run(what, func(t *testing.T) {
			do := does[what]
			if err := do(t, start(t, ghtest.Options{Permissions: map[string]string{name: level}}, nil)); err != nil {
				t.Errorf("with what the document says: %v", err)
			}
			err := do(t, start(t, ghtest.Options{Permissions: map[string]string{name: "read"}}, nil))
			if want := "permissions: { " + name + ": " + level + " }"; !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), want) {
				t.Errorf("with less: got error %v, want %q", err, want)
			}
		})
	}
}

// The document's numbers are the code's.
func TestNumbersInTheDocument(t *testing.T) {
	text := document(t)
	for _, want := range []string{
		fmt.Sprintf("at most %d attempts", maxAttempts),
		fmt.Sprintf("at most %.0f minutes", DefaultMaxWait.Minutes()),
		fmt.Sprintf("without it %.0f seconds, and twice as long each time", limitWait.Seconds()),
		fmt.Sprintf("after %.0f, %.0f, %.0f and %.0f seconds", firstWait.Seconds(), 2*firstWait.Seconds(), 4*firstWait.Seconds(), 8*firstWait.Seconds()),
		fmt.Sprintf("at most %d MB of it", maxSARIF>>20),
		fmt.Sprintf("An answer has at most %d MB", maxAnswer>>20),
		fmt.Sprintf("the first %d,000 are looked through", maxPages*100/1000),
		fmt.Sprintf("the newest %d deployments of an environment, of all tools, and of those at most %d of ours", maxRecent, maxRetired),
		fmt.Sprintf("cut to GitHub's %d characters", maxDescription),
		fmt.Sprintf("GitHub's %d,%d characters, a title to %d", maxBody/1000, maxBody%1000, maxTitle),
		"(`" + DefaultLabel + "`)",
		"`" + keyMark("live/checkout") + "`",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("docs/github.md lacks %q", want)
		}
	}
	if DefaultTimeout != time.Minute || writeSpace != time.Second {
		t.Error("docs/github.md says a minute for an attempt and a second between writes")
	}
}

func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/github.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
