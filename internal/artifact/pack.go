package artifact

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// pack is a folder's files as a zip, in a temporary file. Equal files make equal
// bytes: entries are sorted and carry nothing but a name and content. (Another
// version of Go may compress otherwise.)
type pack struct {
	file   scratch
	size   int64
	digest release.Digest
}

// newPack zips the files of dir. The caller closes pack.file.
func newPack(ctx context.Context, dir fs.FS, tempDir string, limits Limits) (*pack, error) {
	names, err := filesOf(dir, limits)
	if err != nil {
		return nil, err
	}
	file, err := newScratch(tempDir)
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	size := &counter{w: io.MultiWriter(file, hash)}
	if err := writeZip(ctx, size, dir, names, limits.Bytes); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &pack{file: file, size: size.n, digest: release.Digest(hash.Sum(nil))}, nil
}

// filesOf returns the paths of all files below dir, sorted. Directories count
// only by what is in them. Everything that can't be handed on is reported.
func filesOf(dir fs.FS, limits Limits) ([]string, error) {
	var names []string
	tree := paths{maxDirs: limits.Files}
	var wrong problems
	directory := int64(0)
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			wrong.add("%q: got a link or special file, want a file", name)
			return nil
		}
		if err := tree.addFile(name); err != nil {
			wrong.add("%s", err.Error())
		}
		names = append(names, name)
		directory += int64(len(name) + entryOverhead)
		if len(names) > limits.Files || directory > limits.directory() {
			return fmt.Errorf("got more files, or longer paths, than an artifact may have, want at most %d files", limits.Files)
		}
		return nil
	})
	if err := errors.Join(err, wrong.err()); err != nil {
		return nil, err
	}
	if names == nil {
		return nil, errors.New("got a folder without files, want at least one")
	}
	slices.Sort(names)
	return names, nil
}

func writeZip(ctx context.Context, w io.Writer, dir fs.FS, names []string, limit int64) error {
	z := zip.NewWriter(w)
	left := limit
	for _, name := range names {
		n, err := addFile(ctx, z, dir, name, left)
		if err != nil {
			return fmt.Errorf("packing %q: %w", name, err)
		}
		if left -= n; left < 0 {
			return fmt.Errorf("packing %q: got more than %d bytes in all, want at most that", name, limit)
		}
	}
	return z.Close()
}

// zipTime is the time of all entries, the first that a zip can hold.
var zipTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// addFile adds one file, at most one byte more than left, and returns its size.
// Readers that don't seek need Deflate to find where an entry ends.
func addFile(ctx context.Context, z *zip.Writer, dir fs.FS, name string, left int64) (int64, error) {
	f, err := dir.Open(name)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }() // it was only read
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: zipTime}
	header.SetMode(0o644)
	w, err := z.CreateHeader(header)
	if err != nil {
		return 0, err
	}
	return io.Copy(w, io.LimitReader(reader{ctx, f}, left+1))
}

// reader stops when its context does.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
