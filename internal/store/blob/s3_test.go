package blob_test

import (
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/blob"
	"github.com/org/checkout-deploy/internal/store/storetest"
	"github.com/org/checkout-deploy/internal/store/storetest/peer"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, address string, o blob.Options) *blob.Bucket {
	t.Helper()
	u, err := url.Parse(address)
	check(t, err)
	b, err := blob.Open(t.Context(), u, o)
	check(t, err)
	t.Cleanup(func() { check(t, b.Close()) })
	return b
}

func TestS3(t *testing.T) {
	server := peer.NewS3(t)
	server.SetEnv(t)
	var n atomic.Int32
	storetest.Run(t, func(t *testing.T) store.Store {
		return open(t, server.URL("test-"+strconv.Itoa(int(n.Add(1)))), blob.Options{})
		// versitygw compares before it deletes, and not in one step.
	}, "race to delete", "replace against delete")
}
