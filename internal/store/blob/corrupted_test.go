package blob_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/blob"
	"github.com/org/checkout-deploy/internal/store/storetest/peer"
)

// corrupting changes one byte of an object on its way to the server.
type corrupting struct{}

func (corrupting) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.ContentLength != 0 && (r.Method == http.MethodPut || r.Method == http.MethodPost) {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		data = bytes.Replace(data, []byte("alert(1)"), []byte("alert(2)"), 1)
		r.Body, r.GetBody, r.ContentLength = io.NopCloser(bytes.NewReader(data)), nil, int64(len(data))
	}
	return http.DefaultTransport.RoundTrip(r)
}

// TestCorrupted: a server is told what it should get, so that it refuses other bytes.
func TestCorrupted(t *testing.T) {
	var key string
	lookup := func(name string) (string, bool) { return key, name == "AZURE_STORAGE_KEY" }
	for name, address := range map[string]func(*testing.T) string{
		"s3": func(t *testing.T) string {
			server := peer.NewS3(t)
			server.SetEnv(t)
			t.Setenv("AWS_CA_BUNDLE", "")
			return server.URL("")
		},
		"azblob": func(t *testing.T) string {
			server := newAzure(t)
			key = server.Key
			return server.URL("checkout", "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			url := address(t)
			b, sound := open(t, url, blob.Options{HTTP: corrupting{}, Lookup: lookup}), open(t, url, blob.Options{Lookup: lookup})
			if _, err := b.Write(t.Context(), "sound", store.Bytes([]byte("sound")), store.Header{}, store.Anew); err != nil {
				t.Fatal(err)
			}
			for name, data := range map[string][]byte{"small": []byte("alert(1)"), "large": append(bytes.Repeat([]byte(" "), 20<<20), "alert(1)"...)} {
				if _, err := b.Write(t.Context(), name, store.Bytes(data), store.Header{}, store.Anew); err == nil {
					t.Errorf("%s: got no error", name)
				}
				if _, _, err := store.Read(t.Context(), sound, name, 64<<20); store.CodeOf(err) != store.NotFound {
					t.Errorf("%s: got %v, want nothing there", name, err)
				}
			}
		})
	}
}

// TestGCSChecksum: fake-gcs-server compares none, so what is sent is looked at.
func TestGCSChecksum(t *testing.T) {
	server := peer.NewGCS(t)
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", server.Credentials)
	named := 0
	b := open(t, server.URL(""), blob.Options{HTTP: looking(func(body []byte) {
		if bytes.Contains(body, []byte(`"crc32c":"`)) {
			named++
		}
	})})
	for name, size := range map[string]int{"small": 10, "large": 20 << 20} {
		named = 0
		if _, err := b.Write(t.Context(), name, store.Bytes(make([]byte, size)), store.Header{}, store.Anew); err != nil {
			t.Fatal(err)
		}
		if named != 1 {
			t.Errorf("%s: got a checksum in %d requests, want 1", name, named)
		}
	}
}

// looking shows the bodies of requests.
type looking func(body []byte)

func (l looking) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		l(data)
		r = r.Clone(r.Context())
		r.Body, r.GetBody, r.ContentLength = io.NopCloser(bytes.NewReader(data)), nil, int64(len(data))
	}
	return http.DefaultTransport.RoundTrip(r)
}
