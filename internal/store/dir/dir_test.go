package dir_test

import (
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/dir"
	"github.com/org/checkout-deploy/internal/store/storetest"
)

func open(t *testing.T, folder string) *dir.Dir {
	t.Helper()
	d, err := dir.Open(folder, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, t.TempDir()) })
}
