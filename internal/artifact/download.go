package artifact

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// Download makes dir of the newest artifact of that name. dir must not be there
// or be empty, and its parent must be there. All of the zip is checked before
// dir appears: the digest and size that the service lists, each entry's path and
// kind, the number and size of the files, and their checksums. After an error
// nothing is left.
//
// Size and Digest of the result are those of the bytes that arrived. A server
// that lists no digest (act's) proves nothing about them: who knows the release
// must verify it.
func (c *Client) Download(ctx context.Context, name, dir string) (Artifact, error) {
	if err := CheckName(name); err != nil {
		return Artifact{}, err
	}
	a, err := c.download(ctx, name, dir)
	if err != nil {
		return Artifact{}, fmt.Errorf("downloading artifact %q: %w", name, err)
	}
	return a, nil
}

func (c *Client) download(ctx context.Context, name, dir string) (_ Artifact, err error) {
	a, err := c.find(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return Artifact{}, fmt.Errorf("%w in this run: is the job that uploads it among this job's needs, and has it done so?", err)
	}
	if err != nil {
		return Artifact{}, err
	}
	s, err := newStage(dir)
	if err != nil {
		return Artifact{}, err
	}
	defer func() { err = errors.Join(err, s.discard()) }()
	if a, err = c.fetch(ctx, a, s.zip); err != nil {
		return Artifact{}, err
	}
	if err := s.take(ctx, s.zip, a.Size, c.options.Limits); err != nil {
		return Artifact{}, err
	}
	return a, nil
}

// fetch writes a's zip to f and returns a with the size and digest that it has.
func (c *Client) fetch(ctx context.Context, a Artifact, f *os.File) (Artifact, error) {
	if limit := c.options.Limits.zip(); a.Size > limit {
		return Artifact{}, fmt.Errorf("got a zip of %d bytes, want at most %d", a.Size, limit)
	}
	got := a
	err := c.retry(ctx, "fetching the zip", c.times.download, func(ctx context.Context) (err error) {
		got.Size, got.Digest, err = c.fetchOnce(ctx, a, f)
		return err
	})
	if err != nil {
		return Artifact{}, err
	}
	// act lists the size of a directory, and no digest.
	if !a.Digest.IsZero() && (got.Digest != a.Digest || got.Size != a.Size) {
		return Artifact{}, fmt.Errorf("got %d bytes with SHA-256 %s, want the %d bytes with %s that the service lists", got.Size, got.Digest, a.Size, a.Digest)
	}
	return got, nil
}

// fetchOnce starts anew, with a URL of its own: they expire within minutes.
func (c *Client) fetchOnce(ctx context.Context, a Artifact, f *os.File) (int64, release.Digest, error) {
	from, err := c.signedDownload(ctx, a)
	if err != nil {
		return 0, release.Digest{}, err
	}
	if err := errors.Join(f.Truncate(0), rewind(f)); err != nil {
		return 0, release.Digest{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from.url.String(), nil)
	if err != nil {
		return 0, release.Digest{}, redact(withoutURL(ctx, err), from.secrets)
	}
	req.Header.Set("Accept-Encoding", "identity") // the digest is of the bytes as they are
	watch := time.AfterFunc(c.times.stall,        //nolint:forbidigo // a timeout of I/O, which no decision reads
		func() { cancel(fmt.Errorf("no byte in %v", c.times.stall)) })
	defer watch.Stop()
	resp, err := c.send(req, http.StatusOK, from.secrets...)
	if err != nil {
		return 0, release.Digest{}, err
	}
	defer resp.Body.Close()
	return c.receive(ctx, f, &watched{r: resp.Body, alarm: watch, stall: c.times.stall}, from)
}

// receive copies the body. What fails in reading may work the next time; what
// fails in writing will not.
func (c *Client) receive(ctx context.Context, f *os.File, body *watched, from signedURL) (int64, release.Digest, error) {
	hash := sha256.New()
	limit := c.options.Limits.zip()
	n, err := io.Copy(io.MultiWriter(f, hash), io.LimitReader(body, limit+1))
	switch {
	case body.err != nil:
		return n, release.Digest{}, &transient{err: fmt.Errorf("after %d bytes: %w", n, redact(withoutURL(ctx, body.err), from.secrets))}
	case err != nil:
		return n, release.Digest{}, err
	case n > limit:
		return n, release.Digest{}, fmt.Errorf("got a zip of more than %d bytes, want at most that", limit)
	}
	return n, release.Digest(hash.Sum(nil)), nil
}

func rewind(f *os.File) error {
	_, err := f.Seek(0, io.SeekStart)
	return err
}

// watched is a body that puts off its alarm with each byte, and remembers why
// reading failed.
type watched struct {
	r     io.Reader
	alarm *time.Timer
	stall time.Duration
	err   error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if n > 0 {
		w.alarm.Reset(w.stall)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}
