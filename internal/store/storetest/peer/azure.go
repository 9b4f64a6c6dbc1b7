package peer

import (
	"testing"
)

// Azure is an azurite without a container yet.
type Azure struct {
	Endpoint string // with the account's name
	Account  string
	Key      string
}

// URL is the store's address, with a prefix in a container.
func (a *Azure) URL(container, prefix string) string {
	return "azblob://" + container + "/" + prefix + "?account=" + a.Account + "&endpoint=" + a.Endpoint
}

// NewAzure starts a server.
func NewAzure(t testing.TB) *Azure {
	t.Helper()
	script := need(t, "internal/store/storetest/peer/testdata/npm/node_modules/azurite/dist/src/blob/main.js", "make npm")
	port := free(t)
	a := &Azure{Account: "shop", Key: "c2VjcmV0LW9mLXRlc3RzLXNlY3JldC1vZi10ZXN0cw=="}
	a.Endpoint = "http://127.0.0.1:" + port + "/" + a.Account
	start(t, port, []string{"AZURITE_ACCOUNTS=" + a.Account + ":" + a.Key}, "node", script,
		"--blobHost", "127.0.0.1", "--blobPort", port, "--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry")
	return a
}
