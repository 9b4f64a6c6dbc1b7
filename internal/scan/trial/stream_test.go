//go:build goexperiment.jsonv2

package trial

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// described is a layer that is too large to be anywhere.
type described struct {
	digest v1.Hash
	size   int64
}

func (d described) Digest() (v1.Hash, error) { return d.digest, nil }
func (d described) DiffID() (v1.Hash, error) { return d.digest, nil }
func (d described) Size() (int64, error)     { return d.size, nil }
func (d described) MediaType() (types.MediaType, error) {
	return types.OCIUncompressedLayer, nil
}
func (d described) Compressed() (io.ReadCloser, error)   { return nil, io.ErrUnexpectedEOF }
func (d described) Uncompressed() (io.ReadCloser, error) { return nil, io.ErrUnexpectedEOF }

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// streaming is a registry with one image, one of whose blobs is made while it is sent.
func streaming(t testing.TB, img v1.Image, made v1.Hash, size int64, write func(io.Writer)) (host string) {
	t.Helper()
	manifest, err := img.RawManifest()
	check(t, err)
	config, err := img.RawConfigFile()
	check(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, name, _ := strings.Cut(r.URL.Path, "/v2/org/shop/")
		kind, digest, _ := strings.Cut(name, "/")
		w.Header().Set("Docker-Content-Digest", digest)
		switch configName, _ := img.ConfigName(); {
		case r.URL.Path == "/v2/":
		case kind == "manifests":
			w.Header().Set("Content-Type", string(types.OCIManifestSchema1))
			w.Header().Set("Content-Length", strconv.Itoa(len(manifest)))
			_, _ = w.Write(manifest)
		case digest == configName.String():
			_, _ = w.Write(config)
		case digest == made.String():
			w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
			write(w)
		default:
			hash, err := v1.NewHash(digest)
			if err != nil {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			layer, err := img.LayerByDigest(hash)
			if err != nil {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			data, err := layer.Compressed()
			if err == nil {
				_, _ = io.Copy(w, data)
			}
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}
