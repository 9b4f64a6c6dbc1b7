package image

import (
	"archive/tar"
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// layer is a v1.Layer that ends with an error unless it was all of the layer and
// nothing else.
type layer struct {
	where  string // "layer 2 of 5 (sha256:…)"
	desc   v1.Descriptor
	diffID v1.Hash
	open   func(v1.Descriptor) (io.ReadCloser, error)
	budget *budget
	tar    bool // it is not compressed where it is, and no registry knows its digest

	mu      sync.Mutex
	size    int64 // what was spent of the budget: another reading costs nothing
	entries int64
}

// tarLayer is one of a docker archive. By the name of this field Trivy tells them
// apart: it leaves out the digest.
type tarLayer struct {
	*layer
	UncompressedLayer struct{}
}

func newLayer(l *layer) v1.Layer {
	if l.tar {
		return &tarLayer{layer: l}
	}
	return l
}

func (l *layer) Digest() (v1.Hash, error)            { return l.desc.Digest, nil }
func (l *layer) DiffID() (v1.Hash, error)            { return l.diffID, nil }
func (l *layer) Size() (int64, error)                { return l.desc.Size, nil }
func (l *layer) MediaType() (types.MediaType, error) { return l.desc.MediaType, nil }

// Compressed is the layer as it is stored, verified against its digest.
func (l *layer) Compressed() (io.ReadCloser, error) {
	rc, err := l.stored()
	if err != nil {
		return nil, l.failed(err)
	}
	return &reporting{rc, l}, nil
}

func (l *layer) stored() (*verified, error) {
	rc, err := l.open(l.desc)
	if err != nil {
		return nil, err
	}
	return &verified{in: rc, hash: sha256.New(), want: l.desc.Digest, size: l.desc.Size}, nil
}

// Uncompressed is the layer's tar, verified against its diff id, bounded, and read as
// a tar all through.
func (l *layer) Uncompressed() (io.ReadCloser, error) {
	stored, err := l.stored()
	if err != nil {
		return nil, l.failed(err)
	}
	r := &tarReader{layer: l, stored: stored, hash: sha256.New()}
	r.next, r.stop = iter.Pull2(r.blocks)
	return &reporting{r, l}, nil
}

func (l *layer) failed(err error) error {
	err = fmt.Errorf("%s: %w", l.where, err)
	l.budget.source.fail(err)
	return err
}

// spend counts how far into the layer a reading is.
func (l *layer) spend(size, entries int64) error {
	l.mu.Lock()
	more, moreEntries := max(size-l.size, 0), max(entries-l.entries, 0)
	l.size, l.entries = l.size+more, l.entries+moreEntries
	l.mu.Unlock()
	return l.budget.spend(more, moreEntries)
}

// reporting tells the source of errors.
type reporting struct {
	io.ReadCloser
	layer *layer
}

func (r *reporting) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.layer.failed(err)
	}
	return n, err
}

// wrongBytes says that what was read is not what it should be.
type wrongBytes string

func (w wrongBytes) Error() string { return string(w) }

func wrong(format string, args ...any) error { return wrongBytes(fmt.Sprintf(format, args...)) }

// verified ends with an error unless its bytes were those of the digest.
type verified struct {
	in   io.ReadCloser
	hash hash.Hash
	want v1.Hash
	size int64 // -1 for unknown
	at   int64
}

func (v *verified) Read(p []byte) (int, error) {
	n, err := v.in.Read(p)
	v.hash.Write(p[:n])
	v.at += int64(n)
	switch {
	case v.size >= 0 && v.at > v.size:
		return 0, wrong("it has more than the %d bytes that the manifest says", v.size)
	case !errors.Is(err, io.EOF):
	case v.size >= 0 && v.at < v.size:
		return n, wrong("it ends after %d of %d bytes", v.at, v.size)
	case fmt.Sprintf("sha256:%x", v.hash.Sum(nil)) != v.want.String():
		return n, wrong("it is another: its digest is sha256:%x instead of %s", v.hash.Sum(nil), v.want)
	}
	return n, err
}

func (v *verified) Close() error { return v.in.Close() }

const blockSize = 64 << 10

// tarReader gives the bytes of a tar on their way through archive/tar. That reads, as
// a coroutine, what this then gives on: so both see the same, and nothing is kept.
type tarReader struct {
	layer  *layer
	stored *verified
	hash   hash.Hash

	next    func() ([]byte, error, bool)
	stop    func()
	block   []byte
	failure error
}

func (r *tarReader) Read(p []byte) (int, error) {
	for len(r.block) == 0 {
		if r.failure != nil {
			return 0, r.failure
		}
		block, err, ok := r.next()
		if !ok {
			err = io.EOF
		}
		r.block, r.failure = block, err
	}
	n := copy(p, r.block)
	r.block = r.block[n:]
	return n, nil
}

func (r *tarReader) Close() error {
	r.stop()
	r.failure = errors.New("it is closed")
	return r.stored.Close()
}

// blocks is the coroutine. It ends without an error only at the end of the layer.
func (r *tarReader) blocks(yield func([]byte, error) bool) {
	plain, closeIt, err := uncompressed(r.stored)
	if err != nil {
		yield(nil, err)
		return
	}
	defer closeIt()
	b := &blockReader{in: plain, yield: yield, buf: make([]byte, blockSize), layer: r.layer, hash: r.hash}
	err = b.walk()
	if b.stopped {
		return
	}
	if err == nil {
		_, err = io.Copy(io.Discard, r.stored) // what a decompressor has left
	}
	if got := fmt.Sprintf("sha256:%x", r.hash.Sum(nil)); err == nil && got != r.layer.diffID.String() {
		err = fmt.Errorf("it is another: uncompressed its digest is %s", got)
	}
	if err != nil {
		yield(nil, err)
	}
}

// blockReader is what archive/tar reads from: each block goes on to the reader before
// the next is read.
type blockReader struct {
	in      io.Reader
	yield   func([]byte, error) bool
	buf     []byte
	left    []byte
	at      int64
	entries int64
	layer   *layer
	hash    hash.Hash
	stopped bool
	failure error
}

var errStopped = errors.New("nobody reads on")

func (b *blockReader) Read(p []byte) (int, error) {
	for len(b.left) == 0 {
		if b.failure != nil {
			return 0, b.failure
		}
		n, err := 0, error(nil)
		for n < len(b.buf) && err == nil {
			var more int
			more, err = b.in.Read(b.buf[n:])
			n += more
		}
		b.take(n, err)
	}
	n := copy(p, b.left)
	b.left = b.left[n:]
	return n, nil
}

func (b *blockReader) take(n int, err error) {
	b.left, b.failure = b.buf[:n], err
	if n == 0 {
		return
	}
	b.at += int64(n)
	b.hash.Write(b.left)
	if err := b.layer.spend(b.at, b.entries); err != nil {
		b.left, b.failure = nil, err
		return
	}
	if !b.yield(b.left, nil) {
		b.left, b.failure, b.stopped = nil, errStopped, true
	}
}

// walk reads the tar, and what is after its end.
func (b *blockReader) walk() error {
	r := tar.NewReader(b)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		switch {
		case b.failure != nil && !errors.Is(b.failure, io.EOF):
			return b.failure
		case errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("its tar ends amid entry %d, after %d bytes", b.entries, b.at)
		case err != nil:
			return fmt.Errorf("it is no tar, or a broken one: entry %d: %w", b.entries+1, err)
		}
		b.entries++
		size := b.at
		if h.FileInfo().Mode().IsRegular() {
			size = max(size, h.Size) // a sparse file has more bytes than the tar has for it
		}
		if err := b.layer.spend(size, b.entries); err != nil {
			return err
		}
	}
	if b.failure != nil && !errors.Is(b.failure, io.EOF) {
		return b.failure
	}
	_, err := io.Copy(io.Discard, b)
	return err
}

// uncompressed is what is in a gzip or a zstd, told by its first bytes as runtimes do;
// something else is as it is.
func uncompressed(in io.Reader) (io.Reader, func(), error) {
	buffered := bufio.NewReaderSize(in, blockSize)
	magic, err := buffered.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	switch {
	case len(magic) >= 2 && magic[0] == 0x1f && magic[1] == 0x8b:
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, nil, packed("gzip", err)
		}
		return &unpacking{z, "gzip"}, func() {}, nil
	case string(magic) == "\x28\xb5\x2f\xfd":
		z, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, nil, packed("zstd", err)
		}
		return &unpacking{z, "zstd"}, z.Close, nil
	}
	return buffered, func() {}, nil
}

// unpacking says of which format a decompressor's errors are.
type unpacking struct {
	in     io.Reader
	format string
}

func (u *unpacking) Read(p []byte) (int, error) {
	n, err := u.in.Read(p)
	return n, packed(u.format, err)
}

func packed(format string, err error) error {
	var known wrongBytes
	var registry *Error
	switch {
	case err == nil || errors.Is(err, io.EOF) || errors.As(err, &known) || errors.As(err, &registry):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("its %s is cut off", format)
	}
	return fmt.Errorf("its %s: %w", format, err)
}
