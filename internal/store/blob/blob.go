// Package blob is a store in a bucket: S3 and what speaks its protocol, Google Cloud
// Storage, Azure Blob Storage. gocloud.dev talks to them; here is what it leaves to
// its drivers: conditions, versions, headers as they are, and errors by code.
package blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"slices"
	"strings"

	"gocloud.dev/blob"

	"github.com/org/checkout-deploy/internal/store"
)

// Bucket is a store.Store. Close it in the end.
type Bucket struct {
	bucket *blob.Bucket
	prefix string // of all keys; empty, or ends in a slash
	cloud  cloud
}

var _ store.Store = (*Bucket)(nil)

// as is how gocloud.dev hands out a driver's own types.
type as = func(any) bool

// cloud is what the three differ in.
type cloud interface {
	// condition lays one on a write. The version is well formed. What the cloud
	// says of the version written goes to written. sum hashes the body, for who has
	// to name a checksum first.
	condition(as, store.When, *written, func(hash.Hash) error) error
	// only lays one on a delete.
	only(as, store.Version) error
	// wellFormed reports whether an object can have such a version.
	wellFormed(store.Version) bool
	// seen is what a reader got besides the bytes.
	seen(as) (store.Version, store.Header)
	// asGiven has a read get the bytes as they are stored.
	asGiven(as) error
	// said is what an error of the SDK has of the server's answer, if there was one.
	said(error) (answer, bool)
	// cutShort reports whether a body that fails ends an object early, unless the
	// context ends first.
	cutShort() bool
}

// maxKey is the bytes of a key, in all three.
const maxKey = 1024

// A part of a large object is in memory while it is sent.
const (
	partSize = 8 << 20
	parts    = 2
)

// Close ends the connections.
func (b *Bucket) Close() error { return b.bucket.Close() }

// Capabilities is store.Store's.
func (b *Bucket) Capabilities() store.Capabilities {
	return store.Capabilities{Swap: true, Headers: true}
}

// Open is store.Store's.
func (b *Bucket) Open(ctx context.Context, name string) (io.ReadCloser, store.Info, error) {
	const op = "opening"
	if err := b.possible(ctx, op, name); err != nil {
		return nil, store.Info{}, err
	}
	r, err := b.bucket.NewReader(ctx, b.prefix+name, &blob.ReaderOptions{BeforeRead: b.cloud.asGiven})
	if err != nil {
		return nil, store.Info{}, b.failed(ctx, op, name, err)
	}
	version, header := b.cloud.seen(r.As)
	return &reader{r, b, ctx, name}, store.Info{Name: name, Size: r.Size(), Version: version, Header: header}, nil
}

// reader gives errors their codes.
type reader struct {
	*blob.Reader
	bucket *Bucket
	ctx    context.Context //nolint:containedctx // that of Open, which ends the reading
	name   string
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = r.bucket.failed(r.ctx, "reading", r.name, err)
	}
	return n, err
}

// WriteTo hides that of blob.Reader, whose errors have no codes.
func (r *reader) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, struct{ io.Reader }{r}) }

// Write is store.Store's.
func (b *Bucket) Write(ctx context.Context, name string, body store.Body, header store.Header, when store.When) (store.Version, error) {
	const op = "writing"
	if err := b.possible(ctx, op, name); err != nil {
		return "", err
	}
	if when != store.Anew && !b.cloud.wellFormed(when.Version) {
		return "", &store.Error{Code: store.Changed, Op: op, Name: name, Err: errors.New("no object has such a version")}
	}
	ctx, written := record(ctx)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	source, err := open(ctx, body)
	if err != nil {
		return "", &store.Error{Op: op, Name: name, Err: err}
	}
	if b.cloud.cutShort() {
		source.failed = cancel
	}
	err = b.bucket.Upload(ctx, b.prefix+name, source, &blob.WriterOptions{
		ContentType:     cmp.Or(header.ContentType, "application/octet-stream"),
		CacheControl:    header.CacheControl,
		ContentEncoding: header.ContentEncoding,
		BufferSize:      partSize,
		MaxConcurrency:  parts,
		BeforeWrite:     func(as as) error { return b.cloud.condition(as, when, written, source.sum) },
	})
	closed := source.close()
	switch {
	case source.err != nil: // its own, whatever became of it on the way
		return "", &store.Error{Code: store.CodeOf(source.err), Op: op, Name: name, Err: source.err}
	case err != nil:
		return "", b.notWritten(ctx, name, when, err)
	case closed != nil:
		return "", &store.Error{Code: store.Unknown, Op: op, Name: name, Err: closed}
	}
	version := written.version()
	if !b.cloud.wellFormed(version) {
		return "", &store.Error{Code: store.Unknown, Op: op, Name: name, Err: errors.New("the server names no version of what it has written")}
	}
	return version, nil
}

// notWritten is an error of a write, in the words of its condition.
func (b *Bucket) notWritten(ctx context.Context, name string, when store.When, err error) error {
	e := b.failed(ctx, "writing", name, err)
	switch {
	case e.Code == store.Changed && when == store.Anew:
		e.Code = store.Exists
	case e.Code == store.NotFound && when != store.Anew:
		e.Code = store.Changed // If-Match of what was deleted
	}
	return e
}

// Delete is store.Store's.
func (b *Bucket) Delete(ctx context.Context, name string, version store.Version) error {
	const op = "deleting"
	if err := b.possible(ctx, op, name); err != nil {
		return err
	}
	if !b.cloud.wellFormed(version) {
		return &store.Error{Code: store.Changed, Op: op, Name: name, Err: errors.New("no object has such a version")}
	}
	err := b.bucket.DeleteWithOptions(ctx, b.prefix+name, &blob.DeleteOptions{
		BeforeDelete: func(as as) error { return b.cloud.only(as, version) },
	})
	if err == nil {
		return nil
	}
	e := b.failed(ctx, op, name, err)
	if e.Code == store.Changed {
		// Of what is not there, some servers say that it is another version.
		if _, err := b.bucket.Attributes(ctx, b.prefix+name); err != nil && b.failed(ctx, op, name, err).Code == store.NotFound {
			e.Code = store.NotFound
		}
	}
	return e
}

// List is store.Store's. Not all servers list in the order of bytes.
func (b *Bucket) List(ctx context.Context, folder string) iter.Seq2[store.Info, error] {
	return func(yield func(store.Info, error) bool) {
		if err := cmp.Or(ctx.Err(), store.CheckFolder(folder)); err != nil {
			yield(store.Info{}, err)
			return
		}
		list, err := b.list(ctx, folder)
		if err != nil {
			yield(store.Info{}, err)
			return
		}
		for _, info := range list {
			if !yield(info, nil) {
				return
			}
		}
	}
}

func (b *Bucket) list(ctx context.Context, folder string) (list []store.Info, err error) {
	prefix := b.prefix
	if folder != "" {
		prefix += folder + "/"
	}
	objects := b.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		o, err := objects.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, b.failed(ctx, "listing", folder, err)
		}
		name := strings.TrimPrefix(o.Key, b.prefix)
		if o.IsDir || store.CheckName("listing", name) != nil {
			continue // somebody else's, such as a console's mark of a folder
		}
		list = append(list, store.Info{Name: name, Size: o.Size})
	}
	slices.SortFunc(list, func(a, b store.Info) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// possible refuses what can't be a key. "__0x" is gocloud.dev's way to write what a
// key can't hold: such a name would come back as another.
func (b *Bucket) possible(ctx context.Context, op, name string) error {
	if err := cmp.Or(ctx.Err(), store.CheckName(op, name)); err != nil {
		return err
	}
	var problem string
	switch {
	case len(b.prefix)+len(name) > maxKey:
		problem = fmt.Sprintf("got a key of %d bytes with the store's prefix, want at most %d", len(b.prefix)+len(name), maxKey)
	case strings.Contains(name, "__0x"):
		problem = `got a name with "__0x", which stands for other characters here; take another name`
	default:
		return nil
	}
	return &store.Error{Code: store.Invalid, Op: op, Name: name, Err: errors.New(problem)}
}
