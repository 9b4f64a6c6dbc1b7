package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// registry opens an image of a registry: its tag is asked for once.
func (o *opener) registry(ref Reference) error {
	repo, err := o.Registry.open(o.ctx, "opening", ref, transport.PullScope)
	if err != nil {
		return err
	}
	m, err := repo.read(o.ctx, ref.named.Identifier())
	if err != nil {
		return err
	}
	digest, err := v1.NewHash(m.digest)
	if err != nil {
		return err
	}
	o.source.RepoTags = []string{}
	if tag := ref.Tag(); tag != "" && ref.Digest() == "" {
		o.source.RepoTags = []string{familiar(ref) + ":" + tag}
	}
	o.source.RepoDigests = []string{familiar(ref) + "@" + m.digest}
	mediaType, _, _ := strings.Cut(m.mediaType, ";")
	return o.resolved(&remoteContent{o.ctx, repo, m}, v1.Descriptor{
		Digest: digest, Size: int64(len(m.data)), MediaType: types.MediaType(mediaType),
	})
}

// familiar is a repository as docker writes it: without Docker Hub's host and
// official folder.
func familiar(ref Reference) string {
	return strings.TrimPrefix(strings.TrimPrefix(ref.Repository(), "index.docker.io/"), "library/")
}

// remoteContent is a repository's.
type remoteContent struct {
	ctx  context.Context
	repo *repository
	root manifest // which was read to find its digest
}

func (c *remoteContent) manifest(d v1.Descriptor) (io.ReadCloser, error) {
	if d.Digest.String() == c.root.digest {
		return io.NopCloser(bytes.NewReader(c.root.data)), nil
	}
	m, err := c.repo.read(c.ctx, d.Digest.String())
	return io.NopCloser(bytes.NewReader(m.data)), err
}

func (c *remoteContent) blob(d v1.Descriptor) (io.ReadCloser, error) {
	url := fmt.Sprintf("%s://%s/v2/%s/blobs/%s", c.repo.repo.Scheme(), c.repo.repo.RegistryStr(), c.repo.repo.RepositoryStr(), d.Digest)
	req, err := http.NewRequestWithContext(c.ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.repo.client.Do(req)
	if err != nil {
		return nil, failed("reading", c.repo.ref, err)
	}
	if err := transport.CheckError(resp, http.StatusOK); err != nil {
		_ = resp.Body.Close()
		return nil, failed("reading", c.repo.ref, err)
	}
	return &body{resp.Body, c.repo.ref}, nil
}

// body makes a registry's error of what breaks a body off.
type body struct {
	io.ReadCloser
	ref Reference
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = failed("reading", b.ref, err)
	}
	return n, err
}

// outward refuses a redirect that points from elsewhere into this machine or network.
func outward(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("the registry redirects ten times")
	}
	if req.URL.Hostname() == via[0].URL.Hostname() {
		return nil
	}
	if ip := net.ParseIP(req.URL.Hostname()); ip != nil && (ip.IsPrivate() || !ip.IsGlobalUnicast()) {
		return fmt.Errorf("the registry redirects to the private address %s", req.URL.Hostname())
	}
	return nil
}
