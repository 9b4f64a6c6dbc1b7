package trial

import (
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
