package imagetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// maxManifest is the size that registries must take at least and mostly take at most.
const maxManifest = 4 << 20

var tagGrammar = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)

type manifest struct {
	mediaType string
	data      []byte
}

// content is what the registry reads of a manifest, whichever kind it is.
type content struct {
	MediaType    string            `json:"mediaType"`
	ArtifactType string            `json:"artifactType"`
	Config       *v1.Descriptor    `json:"config"`
	Layers       []v1.Descriptor   `json:"layers"`
	Manifests    []v1.Descriptor   `json:"manifests"`
	Subject      *v1.Descriptor    `json:"subject"`
	Annotations  map[string]string `json:"annotations"`
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []map[string]string{{"code": code, "message": message}}})
}

// writeManifest looks at what ggcr's registry takes on trust.
func (r *Registry) writeManifest(w http.ResponseWriter, req *http.Request) {
	m := manifestPath.FindStringSubmatch(req.URL.Path)
	repo, target := m[1], m[2]
	if req.Method != http.MethodPut {
		if req.Method == http.MethodDelete {
			r.mu.Lock()
			delete(r.manifests[repo], target)
			r.mu.Unlock()
		}
		r.inner.ServeHTTP(w, req)
		return
	}
	data, err := io.ReadAll(io.LimitReader(req.Body, maxManifest+1))
	if err != nil {
		refuse(w, http.StatusBadRequest, "MANIFEST_INVALID", err.Error())
		return
	}
	mediaType := req.Header.Get("Content-Type")
	subject, status, code, message := r.check(repo, target, mediaType, data)
	if status != 0 {
		refuse(w, status, code, message)
		return
	}
	if subject != "" && !r.opts.NoReferrers {
		w.Header().Set("OCI-Subject", subject)
	}
	r.mu.Lock()
	if r.manifests[repo] == nil {
		r.manifests[repo] = map[string]manifest{}
	}
	r.manifests[repo][digestOf(data)] = manifest{mediaType, data}
	r.mu.Unlock()
	again := req.Clone(req.Context())
	again.Body = io.NopCloser(bytes.NewReader(data))
	r.inner.ServeHTTP(w, again)
}

func (r *Registry) check(repo, target, mediaType string, data []byte) (subject string, status int, code, message string) {
	var c content
	switch err := json.Unmarshal(data, &c); {
	case len(data) > maxManifest:
		return "", http.StatusRequestEntityTooLarge, "SIZE_INVALID", "manifest is larger than 4 MiB"
	case err != nil:
		return "", http.StatusBadRequest, "MANIFEST_INVALID", err.Error()
	case strings.Contains(target, ":") && target != digestOf(data):
		return "", http.StatusBadRequest, "DIGEST_INVALID", "provided digest did not match uploaded content"
	case !strings.Contains(target, ":") && !tagGrammar.MatchString(target):
		return "", http.StatusBadRequest, "TAG_INVALID", "manifest tag did not match URI"
	case mediaType == "" || c.MediaType != "" && c.MediaType != mediaType:
		return "", http.StatusBadRequest, "MANIFEST_INVALID", fmt.Sprintf("content type %q of a manifest of %q", mediaType, c.MediaType)
	}
	wanted := slices.Clone(c.Layers)
	if c.Config != nil {
		wanted = append(wanted, *c.Config)
	}
	for _, d := range wanted {
		if !types.MediaType(d.MediaType).IsDistributable() {
			continue
		}
		size, err := r.blobs.Stat(context.Background(), repo, d.Digest)
		switch {
		case err != nil:
			return "", http.StatusBadRequest, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry: " + d.Digest.String()
		case size != d.Size:
			return "", http.StatusBadRequest, "SIZE_INVALID", fmt.Sprintf("blob %s has %d bytes, not %d", d.Digest, size, d.Size)
		}
	}
	if c.Subject != nil {
		subject = c.Subject.Digest.String()
	}
	return subject, 0, "", ""
}

func digestOf(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

var referrersPath = regexp.MustCompile(`^/v2/(.+)/referrers/(sha256:[0-9a-f]{64})$`)

// referrers is the API of the distribution spec 1.1, with its filter.
func (r *Registry) referrers(w http.ResponseWriter, req *http.Request) {
	m := referrersPath.FindStringSubmatch(req.URL.Path)
	if r.opts.NoReferrers || m == nil || req.Method != http.MethodGet {
		refuse(w, http.StatusNotFound, "UNSUPPORTED", "404 page not found")
		return
	}
	list := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{}}
	only := req.URL.Query().Get("artifactType")
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, digest := range slices.Sorted(maps.Keys(r.manifests[m[1]])) {
		mf := r.manifests[m[1]][digest]
		var c content
		if json.Unmarshal(mf.data, &c) != nil || c.Subject == nil || c.Subject.Digest.String() != m[2] {
			continue
		}
		kind := c.ArtifactType
		if kind == "" && c.Config != nil {
			kind = string(c.Config.MediaType)
		}
		if only != "" && kind != only {
			continue
		}
		hash, _ := v1.NewHash(digest)
		list.Manifests = append(list.Manifests, v1.Descriptor{
			MediaType: types.MediaType(mf.mediaType), Digest: hash, Size: int64(len(mf.data)),
			ArtifactType: kind, Annotations: c.Annotations,
		})
	}
	if only != "" {
		w.Header().Set("OCI-Filters-Applied", "artifactType")
	}
	w.Header().Set("Content-Type", string(types.OCIImageIndex))
	_ = json.NewEncoder(w).Encode(list)
}

// blobs belong to the repository that they were pushed to, and to no other.
type blobs struct {
	mu  sync.Mutex
	all map[string][]byte
}

func (b *blobs) Get(_ context.Context, repo string, h v1.Hash) (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data, ok := b.all[repo+"@"+h.String()]
	if !ok {
		return nil, registry.ErrNotFound
	}
	return readCloser{bytes.NewReader(data)}, nil
}

func (b *blobs) Stat(_ context.Context, repo string, h v1.Hash) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data, ok := b.all[repo+"@"+h.String()]
	if !ok {
		return 0, registry.ErrNotFound
	}
	return int64(len(data)), nil
}

func (b *blobs) Put(_ context.Context, repo string, h v1.Hash, body io.ReadCloser) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all == nil {
		b.all = map[string][]byte{}
	}
	// For an upload ggcr's registry takes one part of the path too many.
	b.all[strings.TrimSuffix(repo, "/blobs")+"@"+h.String()] = data
	return nil
}

// readCloser keeps ReadAt, which ranges need.
type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }
