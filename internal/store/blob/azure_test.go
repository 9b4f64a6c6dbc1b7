package blob_test

import (
	"strconv"
	"sync/atomic"
	"testing"

	azure "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/blob"
	"github.com/org/checkout-deploy/internal/store/storetest"
	"github.com/org/checkout-deploy/internal/store/storetest/peer"
)

// newAzure is a server with the container checkout.
func newAzure(t *testing.T) *peer.Azure {
	t.Helper()
	server := peer.NewAzure(t)
	credential, err := azure.NewSharedKeyCredential(server.Account, server.Key)
	check(t, err)
	client, err := container.NewClientWithSharedKeyCredential(server.Endpoint+"/checkout", credential, nil)
	check(t, err)
	_, err = client.Create(t.Context(), nil)
	check(t, err)
	return server
}

func TestAzure(t *testing.T) {
	server := newAzure(t)
	lookup := map[string]string{"AZURE_STORAGE_KEY": server.Key}
	var n atomic.Int32
	storetest.Run(t, func(t *testing.T) store.Store {
		return open(t, server.URL("checkout", "test-"+strconv.Itoa(int(n.Add(1)))), blob.Options{Lookup: func(name string) (string, bool) {
			value, ok := lookup[name]
			return value, ok
		}})
	})
}
