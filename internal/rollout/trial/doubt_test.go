package trial

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/app/rollback"
)

// TestNeverHealthy: a release whose checks failed is in the store, whole. Who goes
// back to it by name is told.
func TestNeverHealthy(t *testing.T) {
	s := newShop(t, "")
	first := s.release("first", nil)
	s.deploys(0, "live")
	bad := s.release("bad", nil)
	s.broken = true
	s.deploys(1, "unchanged")
	s.broken = false
	s.release("third", nil)
	s.deploys(0, "live")
	for _, test := range []struct {
		name, id string
		warned   bool
	}{{"it was healthy", first, false}, {"its checks failed", bad, true}} {
		t.Run(test.name, func(t *testing.T) {
			out := s.wants(rollback.Action(), 0, "unchanged", "--release", test.id, "--dry-run")
			if strings.Contains(out, "recorded healthy here lately") != test.warned {
				t.Errorf("got\n%s", out)
			}
		})
	}
}

// TestAlteredRevert: a page that was altered after a rollback is not what was served
// before, and the next rollback puts that back.
func TestAlteredRevert(t *testing.T) {
	for _, row := range []struct{ name, old, now string }{
		{"a script in it", "<title>", "<script>skim()</script><title>"},
		{"its base element gone", "<base ", "<link "},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t, "")
			s.release("first", nil)
			s.deploys(0, "live")
			s.release("second", nil)
			s.deploys(0, "live")
			s.wants(rollback.Action(), 0, "reverted")
			page, err := get(s.url)
			if err != nil {
				t.Fatal(err)
			}
			s.write("served/index.html", strings.Replace(string(page), row.old, row.now, 1))
			if out := s.wants(rollback.Action(), 0, "reverted"); !strings.Contains(out, "altered") {
				t.Errorf("got\n%s", out)
			}
			if now, err := get(s.url); err != nil || !bytes.Equal(now, page) {
				t.Errorf("got %v\n%s", err, now)
			}
		})
	}
}

// TestLostChannel: who does not know what is live can still lead to a release by its
// name; a deploy says so.
func TestLostChannel(t *testing.T) {
	s := newShop(t, "")
	first := s.release("first", nil)
	s.deploys(0, "live")
	s.release("second", nil)
	s.deploys(0, "live")
	if err := os.RemoveAll(filepath.Join(s.dir, "served", "deploy", "log")); err != nil {
		t.Fatal(err)
	}
	if out := s.deploys(1, "unchanged"); !strings.Contains(out, "run rollback") {
		t.Errorf("got\n%s", out)
	}
	s.wants(rollback.Action(), 0, "reverted", "--release", first)
	s.shows("first")
	s.deploys(0, "live", "--clear-hold")
	s.shows("second")
}

// TestHealthyElsewhere: what another environment has to have shown is asked of what it
// serves now, and asking makes no folder.
func TestHealthyElsewhere(t *testing.T) {
	s := newShop(t, "    require: { healthy: staging }\n  staging: { url: 'http://127.0.0.1:1/', store: staged }\n")
	s.release("first", nil)
	if out := s.deploys(1, "unchanged", "--environment", "test"); !strings.Contains(out, "staging serves nothing") {
		t.Errorf("got\n%s", out)
	}
	staged := filepath.Join(s.dir, "staged")
	if _, err := os.Stat(staged); !os.IsNotExist(err) {
		t.Errorf("the other environment's folder is there: %v", err)
	}
	s.serve(staged)
	s.replace("http://127.0.0.1:1/", s.url)
	s.replace("store: staged", "store: staged, require: {}, strategy: { watch: 200ms, every: 100ms }")
	s.deploys(0, "live", "--environment", "staging")
	page, err := os.ReadFile(filepath.Join(staged, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	s.write("staged/index.html", strings.Replace(string(page), "<title>", "<script>skim()</script><title>", 1))
	s.serve(filepath.Join(s.dir, "served"))
	if out := s.deploys(1, "unchanged", "--environment", "test"); !strings.Contains(out, "require.healthy: staging: its page is not that of release") {
		t.Errorf("got\n%s", out)
	}
	s.write("staged/index.html", string(page))
	s.deploys(0, "live", "--environment", "test")
}
