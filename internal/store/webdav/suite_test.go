package webdav

import (
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/storetest"
)

// TestSuite is what every driver passes; objects are immutable here, and one writer
// is assumed.
func TestSuite(t *testing.T) {
	at, root := apache(t)
	var n atomic.Int32
	storetest.Run(t, func(t *testing.T) store.Store {
		name := strconv.Itoa(int(n.Add(1)))
		folder := filepath.Join(root, name)
		if err := os.Mkdir(folder, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(folder, 0o777); err != nil {
			t.Fatal(err)
		}
		return opened(t, Options{URL: at + "/dav/" + name})
	})
}
