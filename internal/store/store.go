// Package store holds bytes under names: what a target serves, and what a deploy
// has to remember. A driver is one folder below this one.
//
// Nothing here writes blindly. An object is created where there was none, or it
// replaces the one version that the writer has seen; so two writers never lose
// what the other wrote, and a request that arrives late changes nothing.
package store

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"iter"

	"github.com/org/checkout-deploy/internal/release"
)

// Store is a place for objects. It is safe for concurrent use, by other
// processes too. Names are slash-separated paths as in a release: relative,
// without empty, "." or ".." segments. Errors that a caller may branch on have a
// Code, see CodeOf.
type Store interface {
	// Open reads an object. It is NotFound where there is none. The reader fails
	// where the bytes end before Info.Size.
	Open(ctx context.Context, name string) (io.ReadCloser, Info, error)

	// Write stores a whole object or nothing: readers see the old one or the new
	// one. It is Exists or Changed if when does not hold, then nothing was
	// written. It is Unknown if the object may have been written, or may yet be.
	Write(ctx context.Context, name string, body Body, header Header, when When) (Version, error)

	// Delete removes the version that was seen. It is Changed if there is
	// another, and NotFound if there is none.
	Delete(ctx context.Context, name string, version Version) error

	// List yields what lies below a folder ("" is all), in the order of names,
	// byte by byte. An error is the last that it yields. What is written or
	// removed meanwhile may be seen or not.
	List(ctx context.Context, folder string) iter.Seq2[Info, error]

	// Capabilities says what the store can promise.
	Capabilities() Capabilities
}

// Capabilities are what stores differ in.
type Capabilities struct {
	// Swap: When.Version is one atomic comparison. Without it a store holds
	// immutable objects only, and Write refuses to replace.
	Swap bool
	// Headers are kept and sent to readers. A folder of files has none.
	Headers bool
}

// Version tells one state of an object from another. It is opaque, and the zero
// Version is no object's. A version may follow the bytes alone: bytes that come
// back bring their version back.
type Version string

// When is the condition of a write.
type When struct {
	// Version is what is replaced; the zero Version stands for no object.
	Version Version
}

// Anew is the condition that nothing is there.
var Anew = When{}

// Replacing is the condition that this version is there.
func Replacing(v Version) When { return When{Version: v} }

// Info is what a store knows of an object.
type Info struct {
	Name    string
	Size    int64 // bytes
	Version Version
	// Header is what Open got; List leaves it zero, and may leave Version so.
	Header Header
}

// Header is what an object is served with. Where a store keeps headers, it sends
// them as they are; the others that a target needs (CORS, nosniff) are the
// server's or the bucket's configuration.
type Header struct {
	ContentType  string
	CacheControl string
	// ContentEncoding is that of bytes which are stored encoded; may be empty.
	ContentEncoding string
}

// Body is what is to be written. It can be opened again for another attempt.
type Body struct {
	Size int64
	// Integrity is what a release's record has of its files.
	Integrity release.Integrity
	Open      func() (io.ReadCloser, error)
}

// Bytes is a body in memory.
func Bytes(b []byte) Body {
	return Body{
		Size: int64(len(b)), Integrity: release.IntegrityOf(b),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil },
	}
}

// File is a body in a folder whose size and integrity are known. A driver fails
// with Mismatch, and stores nothing, if the file holds something else by now.
func File(folder fs.FS, name string, size int64, integrity release.Integrity) Body {
	return Body{Size: size, Integrity: integrity, Open: func() (io.ReadCloser, error) { return folder.Open(name) }}
}
