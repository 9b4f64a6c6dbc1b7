package trial

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestPlanted plants a bug in the code, one at a time, and wants the schedules to
// find it: a harness that finds nothing proves nothing.
func TestPlanted(t *testing.T) {
	if os.Getenv(planted) != "" {
		t.Skip("this is the program with a bug")
	}
	for _, bug := range []struct {
		name  string
		edits []edit
		want  string // one of these, with | between them
	}{
		{"flip before the last upload", []edit{
			{"target/static/stage.go", "for _, f := range r.Files {", "for _, f := range r.Files[1:] {"},
			{"target/static/stage.go", "for i, f := range r.Files {", "for i, f := range r.Files[1:] {"},
		}, "gets no app-"},
		{"blind retry", []edit{
			{"target/static/swap.go", "\tvar last error\n", "\tvar last error\n\tif now, err := t.entry(ctx); err == nil {\n\t\ts.from = now.Version\n\t}\n"},
		}, "an update is lost"},
		{"collector ignores the journal", []edit{
			{"target/static/collect.go", "for _, f := range flights {", "for _, f := range flights[:0] {"},
		}, "is deploying"},
		{"sequence not raised", []edit{
			{"channel/channel.go", "next.Seq = c.Seq + 2 - c.Seq%2", "next.Seq = c.Seq - c.Seq%2"},
			{"target/static/publish.go", "revertOf(next.Seq), back); err != nil {", "revertOf(next.Seq), back); err != nil && store.CodeOf(err) != store.Exists {"},
		}, "publishes sequence 2 after|publishes sequence 4 after|publishes sequence 6 after"},
		{"marker ignored", []edit{
			{"target/static/marker.go", `return fmt.Errorf("release %s: %w: there is no %s", id, ErrIncomplete, markerOf(id))`, "return nil"},
		}, "not marked complete|somebody altered it"},
		{"stale lock honoured", []edit{
			{"target/static/journal.go", "case t.Now().Before(held.Until) &&", "case !held.Until.IsZero() &&"},
		}, "another rollout is running"},
	} {
		t.Run(bug.name, func(t *testing.T) {
			t.Parallel()
			out := runPlanted(t, bug.edits)
			found := slices.ContainsFunc(strings.Split(bug.want, "|"), func(want string) bool { return strings.Contains(out, want) })
			if !strings.Contains(out, "--- FAIL: TestSchedules") || !found {
				t.Errorf("the schedules don't say %q:\n%s", bug.want, out)
			}
		})
	}
}

const planted = "CHECKOUT_DEPLOY_PLANTED"

// edit replaces a piece of a file that has it once.
type edit struct{ file, good, bad string }

// runPlanted runs the schedules over code with some pieces replaced.
func runPlanted(t *testing.T, edits []edit) string {
	t.Helper()
	dir, replaced := t.TempDir(), map[string]string{}
	for i, e := range edits {
		path, err := filepath.Abs(filepath.Join("..", "..", e.file))
		if err != nil {
			t.Fatal(err)
		}
		altered := filepath.Join(dir, strconv.Itoa(i)+".go")
		from := path
		if before, ok := replaced[path]; ok {
			from = before
		}
		source, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(source), e.good); n != 1 {
			t.Fatalf("%s has %q %d times, want once: plant the bug anew", e.file, e.good, n)
		}
		if err := os.WriteFile(altered, []byte(strings.Replace(string(source), e.good, e.bad, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		replaced[path] = altered
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-overlay", filepath.Join(dir, "overlay.json"), "-run", "TestSchedules", "-schedules", "3000", ".")
	cmd.Env = append(os.Environ(), planted+"=1")
	out, _ := cmd.CombinedOutput() // that it fails is what is wanted
	return string(out)
}
