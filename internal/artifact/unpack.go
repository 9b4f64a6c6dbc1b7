package artifact

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// archive is a zip whose directory has been checked: its files can be written
// below one folder, each once, and are within the limits if they are as long as
// they say. It trusts the central directory only.
type archive struct {
	files []*zip.File // without directories, sorted by path
}

// openArchive checks all that can be known before a byte is unpacked, and
// reports everything that is wrong.
func openArchive(r io.ReaderAt, size int64, limits Limits) (*archive, error) {
	bounded := &budget{r: r, left: limits.directory()}
	z, err := zip.NewReader(bounded, size)
	if bounded.spent {
		return nil, fmt.Errorf("got a zip whose directory is larger than %d bytes, want at most %d files", limits.directory(), limits.Files)
	}
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // paths are checked below
		return nil, fmt.Errorf("got no usable zip: %w", err)
	}
	bounded.left = -1
	if len(z.File) > limits.Files {
		return nil, fmt.Errorf("got a zip with %d entries, want at most %d", len(z.File), limits.Files)
	}
	a := &archive{}
	var wrong problems
	tree := paths{maxDirs: limits.Files}
	var unpacked, packed uint64
	for _, f := range z.File {
		if err := a.add(f, &tree); err != nil {
			wrong.add("zip entry %s", err.Error())
		}
		// Each is bounded first: the sums can't overflow.
		unpacked += min(f.UncompressedSize64, maxBytes)
		packed += min(f.CompressedSize64, maxBytes)
	}
	if unpacked > uint64(limits.Bytes) {
		wrong.add("got %d bytes or more unpacked, want at most %d", unpacked, limits.Bytes)
	}
	if packed > uint64(size) {
		wrong.add("got a zip of %d bytes whose entries claim %d, want entries that don't overlap", size, packed)
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	slices.SortFunc(a.files, func(x, y *zip.File) int { return strings.Compare(x.Name, y.Name) })
	return a, nil
}

// add takes one entry.
func (a *archive) add(f *zip.File, tree *paths) error {
	dir, isDir := strings.CutSuffix(f.Name, "/")
	mode := f.Mode().Type()
	switch {
	case f.Flags&1 != 0:
		return fmt.Errorf("%q: got an encrypted one, want a plain one", f.Name)
	case isDir && mode == fs.ModeDir && f.UncompressedSize64 == 0:
		return tree.addDir(dir)
	case isDir || mode != 0:
		return fmt.Errorf("%q: got a link, a special file or a directory with content, want a file", f.Name)
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return fmt.Errorf("%q: got compression method %d, want %d or %d", f.Name, f.Method, zip.Store, zip.Deflate)
	}
	a.files = append(a.files, f)
	return tree.addFile(f.Name)
}

// extract writes all files. On an error some may be there.
func (a *archive) extract(ctx context.Context, to *os.Root) error {
	for _, f := range a.files {
		if err := extractFile(ctx, f, to); err != nil {
			return fmt.Errorf("unpacking %q: %w", f.Name, err)
		}
	}
	return nil
}

func extractFile(ctx context.Context, f *zip.File, to *os.Root) error {
	if err := to.MkdirAll(path.Dir(f.Name), 0o777); err != nil {
		return err
	}
	w, err := to.OpenFile(f.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	return errors.Join(copyEntry(ctx, w, f), w.Close())
}

// copyEntry writes what f holds, and never more than it says.
func copyEntry(ctx context.Context, w io.Writer, f *zip.File) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	limited := &io.LimitedReader{R: reader{ctx, r}, N: int64(f.UncompressedSize64)} // bounded by openArchive
	if _, err := io.Copy(w, limited); err != nil {
		return err
	}
	// One read more brings the checksum's verdict, or a byte too many.
	if n, err := io.ReadFull(r, make([]byte, 1)); n > 0 {
		return fmt.Errorf("got more than %d bytes, want as many as the zip says", f.UncompressedSize64)
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// differs names the first file that is not the same in both, "" if all are.
func (a *archive) differs(ctx context.Context, b *archive) (string, error) {
	for i := range max(len(a.files), len(b.files)) {
		switch {
		case i == len(a.files) || i < len(b.files) && b.files[i].Name < a.files[i].Name:
			return fmt.Sprintf("it has no %q", b.files[i].Name), nil
		case i == len(b.files) || a.files[i].Name < b.files[i].Name:
			return fmt.Sprintf("it has %q besides", a.files[i].Name), nil
		}
		same, err := sameContent(ctx, a.files[i], b.files[i])
		if err != nil || !same {
			return fmt.Sprintf("%q is not the same", a.files[i].Name), err
		}
	}
	return "", nil
}

func sameContent(ctx context.Context, a, b *zip.File) (bool, error) {
	if a.UncompressedSize64 != b.UncompressedSize64 || a.CRC32 != b.CRC32 {
		return false, nil
	}
	other, err := b.Open()
	if err != nil {
		return false, err
	}
	defer other.Close()
	compared := &comparison{with: other}
	err = copyEntry(ctx, compared, a)
	if errors.Is(err, errDifferent) {
		return false, nil
	}
	return err == nil, err
}

var errDifferent = errors.New("different")

// comparison is a writer that fails at the first byte that is not the one read.
type comparison struct {
	with io.Reader
	buf  []byte
}

func (c *comparison) Write(p []byte) (int, error) {
	c.buf = slices.Grow(c.buf[:0], len(p))[:len(p)]
	if _, err := io.ReadFull(c.with, c.buf); err != nil || !bytes.Equal(c.buf, p) {
		return 0, errors.Join(errDifferent, err)
	}
	return len(p), nil
}

// budget reads at most left bytes, without end if that is negative.
type budget struct {
	r     io.ReaderAt
	left  int64
	spent bool
}

func (b *budget) ReadAt(p []byte, off int64) (int, error) {
	if b.left < 0 {
		return b.r.ReadAt(p, off)
	}
	if int64(len(p)) > b.left {
		b.spent = true
		return 0, errors.New("too much to read")
	}
	n, err := b.r.ReadAt(p, off)
	b.left -= int64(n)
	return n, err
}
