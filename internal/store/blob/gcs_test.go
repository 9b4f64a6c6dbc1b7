package blob_test

import (
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/blob"
	"github.com/org/checkout-deploy/internal/store/storetest"
	"github.com/org/checkout-deploy/internal/store/storetest/peer"
)

func TestGCS(t *testing.T) {
	server := peer.NewGCS(t)
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", server.Credentials)
	var n atomic.Int32
	storetest.Run(t, func(t *testing.T) store.Store {
		return open(t, server.URL("test-"+strconv.Itoa(int(n.Add(1)))), blob.Options{})
		// fake-gcs-server deletes whatever generation there is.
	}, "delete compares", "versions of nothing", "race to delete", "replace against delete")
}
