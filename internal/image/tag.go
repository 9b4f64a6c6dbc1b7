package image

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

var (
	// ErrMoved says that a tag was written, and then points elsewhere: somebody
	// else writes it too.
	ErrMoved = errors.New("the tag was moved by somebody else")
	// ErrUnknown says that nobody knows where a tag points.
	ErrUnknown = errors.New("outcome unknown")
)

var tagGrammar = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)

const maxManifest = 4 << 20

// ValidTag tells what is wrong with a tag, by the grammar of the OCI distribution spec.
func ValidTag(tag string) error {
	if !tagGrammar.MatchString(tag) {
		return fmt.Errorf("got the tag %q; a tag is at most 128 letters, digits, underscores, dots and dashes, and begins with none of the last two", tag)
	}
	return nil
}

// Digest is what an image's tag, or digest, is in its registry now: "sha256:…".
func (r *Registry) Digest(ctx context.Context, ref Reference) (string, error) {
	repo, err := r.open(ctx, "reading", ref, transport.PullScope)
	if err != nil {
		return "", err
	}
	m, err := repo.read(ctx, repo.ref.named.Identifier())
	return m.digest, err
}

// TagDigest is what a tag of an image's repository points at; "" where there is none.
func (r *Registry) TagDigest(ctx context.Context, ref Reference, tag string) (string, error) {
	if err := ValidTag(tag); err != nil {
		return "", err
	}
	repo, err := r.open(ctx, "reading", ref, transport.PullScope)
	if err != nil {
		return "", err
	}
	return repo.tag(ctx, tag)
}

// Tag lets a tag point at the image of a digest in the same repository, and returns
// what it pointed at before, "" for nothing. Where it already does, nothing is
// written. After an error that is neither ErrMoved nor ErrUnknown the tag is where it
// was.
func (r *Registry) Tag(ctx context.Context, ref Reference, tag string) (before string, err error) {
	digest := ref.Digest()
	if digest == "" {
		return "", fmt.Errorf("got the image %q to tag; name it by its digest, so that what was looked at is what is tagged", ref)
	}
	if err := ValidTag(tag); err != nil {
		return "", err
	}
	repo, err := r.open(ctx, "tagging", ref, transport.PushScope, transport.PullScope)
	if err != nil {
		return "", err
	}
	m, err := repo.read(ctx, digest)
	if err != nil {
		return "", err
	}
	if before, err = repo.tag(ctx, tag); err != nil || before == digest {
		return before, err
	}
	return before, repo.move(ctx, r, tag, before, m)
}

// move writes the tag. What became of a write that got no answer, only reading can
// tell; it is sent again only where the tag is seen to be where it was.
func (repo *repository) move(ctx context.Context, r *Registry, tag, before string, m manifest) error {
	for n := 1; ; n++ {
		failure := repo.write(once(ctx), tag, m)
		if !unsettled(failure) && failure != nil {
			return failure
		}
		now, err := repo.tag(ctx, tag)
		switch {
		case err != nil && failure == nil:
			return fmt.Errorf("%w: %s was written as the tag %s of %s, but reading it back failed: %w", ErrUnknown, m.digest, tag, repo.name(), err)
		case err != nil:
			return fmt.Errorf("%w: whether the tag %s of %s is moved to %s: %w; then reading it back failed: %w", ErrUnknown, tag, repo.name(), m.digest, failure, err)
		case now == m.digest:
			return nil
		case failure == nil || now != before:
			return fmt.Errorf("%w: %s of %s was to be %s and is %s", ErrMoved, tag, repo.name(), m.digest, cmpEmpty(now))
		case n == attempts:
			return failure
		}
		if err := r.sleep(ctx, min(jittered(r.pause()<<(n-1)), maxWait)); err != nil {
			return failure
		}
	}
}

func cmpEmpty(digest string) string {
	if digest == "" {
		return "gone"
	}
	return digest
}

// unsettled says that a write may have been done.
func unsettled(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Status == 0 || transient(e.Status))
}

// repository is one of a registry, with the credentials for it.
type repository struct {
	ref    Reference
	repo   name.Repository
	client *http.Client
	op     string
}

type manifest struct {
	digest    string
	mediaType string
	data      []byte
}

func (r *Registry) open(ctx context.Context, op string, ref Reference, scopes ...string) (*repository, error) {
	if ref.Transport != Docker {
		return nil, fmt.Errorf("got the image %q, which is in no registry", ref)
	}
	repo, err := name.NewRepository(ref.Repository(), r.Named(ref.Host())...)
	if err != nil {
		return nil, err
	}
	auth := authn.Anonymous
	if r.Keychain != nil {
		if auth, err = authn.Resolve(ctx, r.Keychain, repo); err != nil {
			return nil, fmt.Errorf("%s %s: %w", op, ref.Name, err)
		}
	}
	wanted := make([]string, 0, len(scopes))
	for _, s := range scopes {
		wanted = append(wanted, repo.Scope(s))
	}
	tr, err := transport.NewWithContext(ctx, repo.Registry, auth, transport.NewUserAgent(r.transport(), r.UserAgent), wanted)
	if err != nil {
		return nil, failed(op, ref, err)
	}
	return &repository{ref: ref, repo: repo, client: &http.Client{Transport: tr, CheckRedirect: outward}, op: op}, nil
}

func (repo *repository) name() string { return repo.repo.Name() }

func (repo *repository) do(ctx context.Context, method, target, mediaType string, body []byte) (*http.Response, error) {
	url := fmt.Sprintf("%s://%s/v2/%s/manifests/%s", repo.repo.Scheme(), repo.repo.RegistryStr(), repo.repo.RepositoryStr(), target)
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if mediaType != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	for _, t := range []types.MediaType{types.OCIImageIndex, types.DockerManifestList, types.OCIManifestSchema1, types.DockerManifestSchema2} {
		req.Header.Add("Accept", string(t))
	}
	return repo.client.Do(req)
}

// read is the manifest of a tag or a digest, whose bytes it hashes: registries' own
// word on the digest is not always right.
func (repo *repository) read(ctx context.Context, target string) (manifest, error) {
	resp, err := repo.do(ctx, http.MethodGet, target, "", nil)
	if err != nil {
		return manifest{}, failed(repo.op, repo.ref, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := transport.CheckError(resp, http.StatusOK); err != nil {
		return manifest{}, failed(repo.op, repo.ref, err)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxManifest+1))
	if err != nil {
		return manifest{}, failed(repo.op, repo.ref, err)
	}
	m := manifest{fmt.Sprintf("sha256:%x", sha256.Sum256(data)), resp.Header.Get("Content-Type"), data}
	switch {
	case len(data) > maxManifest:
		return manifest{}, fmt.Errorf("%s %s: the manifest of %s has more than 4 MiB", repo.op, repo.ref.Name, target)
	case strings.Contains(target, ":") && target != m.digest:
		return manifest{}, fmt.Errorf("%s %s: %s gave a manifest of %s for the digest %s", repo.op, repo.ref.Name, repo.repo.RegistryStr(), m.digest, target)
	}
	return m, nil
}

func (repo *repository) tag(ctx context.Context, tag string) (string, error) {
	m, err := repo.read(ctx, tag)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return m.digest, err
}

func (repo *repository) write(ctx context.Context, tag string, m manifest) error {
	resp, err := repo.do(ctx, http.MethodPut, tag, m.mediaType, m.data)
	if err != nil {
		return failed(repo.op, repo.ref, err)
	}
	defer func() { _ = resp.Body.Close() }()
	return failed(repo.op, repo.ref, transport.CheckError(resp, http.StatusOK, http.StatusCreated, http.StatusAccepted))
}
