package database

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// What a layer may have: the real one is 70 MB, and 900 MB when unpacked.
const (
	maxLayer    = 1 << 30
	maxUnpacked = 8 << 30
	maxFiles    = 20_000
)

// install unpacks an artifact beside the folder, judges it, and puts it in place.
// Until then the folder is as it was, and nothing stays beside it.
func (g *getter) install(ctx context.Context, a *artifact) (_ *candidate, err error) {
	if a.size > maxLayer {
		return nil, fmt.Errorf("got a layer of %d bytes, want at most %d", a.size, maxLayer)
	}
	fresh, err := os.MkdirTemp(g.Cache, g.prefix())
	if err != nil {
		return nil, local(err)
	}
	defer func() {
		if failed := os.RemoveAll(fresh); failed != nil {
			err = errors.Join(err, local(failed))
		}
	}()
	if err := os.Chmod(fresh, 0o755); err != nil { // who scans next may be another user
		return nil, local(err)
	}
	if err := g.fill(ctx, fresh, a); err != nil {
		return nil, err
	}
	if err := g.settle(fresh, origin{Source: a.source, Digest: a.digest, Created: a.created}, a.version); err != nil {
		return nil, err
	}
	found, err := g.judge(fresh)
	if err != nil {
		return nil, err
	}
	if err := g.age(found); err != nil {
		return nil, err
	}
	if found.Updated.Before(g.newest) { // a mirror that lags behind
		return nil, fmt.Errorf("was built at %s, and the one in the cache folder at %s", stamp(found.Updated), stamp(g.newest))
	}
	return found, local(swap(fresh, g.folder))
}

// fill unpacks the layer, and reads it to its end, where its digest is told.
func (g *getter) fill(ctx context.Context, dir string, a *artifact) error {
	content := filepath.Join(dir, g.Kind.content)
	if err := os.MkdirAll(content, 0o755); err != nil {
		return local(err)
	}
	root, err := os.OpenRoot(content)
	if err != nil {
		return local(err)
	}
	defer root.Close()
	layer, err := a.open()
	if err != nil {
		return err
	}
	defer layer.Close()
	sum := sha256.New()
	in := &meter{r: layer, sum: sum, left: maxLayer, ctx: ctx, what: "layer"}
	if err := g.unpack(ctx, root, in); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != a.layer.Hex || a.size >= 0 && in.count != a.size {
		return fmt.Errorf("got a layer of the digest sha256:%s and %d bytes, want %s and %d", got, in.count, a.layer, a.size)
	}
	return nil
}

// meter counts what is read of a stream, and ends it where it is too much.
type meter struct {
	r     io.Reader
	sum   hash.Hash // may be nil
	count int64
	left  int64
	ctx   context.Context
	what  string
}

func (m *meter) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.r.Read(p)
	if m.sum != nil {
		_, _ = m.sum.Write(p[:n]) // a hash takes everything
	}
	m.count += int64(n)
	if m.left -= int64(n); m.left < 0 {
		return 0, fmt.Errorf("got a %s that is too large", m.what)
	}
	return n, err
}

// plain is a stream without gzip, where it has that.
func plain(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 1<<20)
	magic, err := buffered.Peek(2)
	if err != nil {
		return nil, fmt.Errorf("reading its first bytes: %w", short(err))
	}
	if magic[0] != 0x1f || magic[1] != 0x8b {
		return buffered, nil
	}
	return gzip.NewReader(buffered)
}

// short says of a stream that ends before it may that it was cut off.
func short(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// unpack writes the files of a layer, which are regular ones of expected names.
func (g *getter) unpack(ctx context.Context, root *os.Root, layer io.Reader) error {
	stream, err := plain(layer)
	if err != nil {
		return err
	}
	out := &meter{r: stream, left: g.unpacked(), ctx: ctx, what: "layer, unpacked,"}
	missing := slices.Clone(g.Kind.files)
	err = entries(out, func(name string, content io.Reader) error {
		if g.Kind.files != nil && !slices.Contains(g.Kind.files, name) {
			return fmt.Errorf("got the file %.100q in the layer, want %s", name, strings.Join(g.Kind.files, ", "))
		}
		missing = slices.DeleteFunc(missing, func(m string) bool { return m == name })
		return write(root, name, content)
	})
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("the layer has no %s", strings.Join(missing, ", "))
	}
	_, err = io.Copy(io.Discard, out) // the rest of the stream, where gzip keeps its checksum
	return err
}

// unpacked is how much the content may be.
func (g *getter) unpacked() int64 {
	if g.limit > 0 {
		return g.limit
	}
	return maxUnpacked
}

// entries gives each regular file of a tar, by a clean local name. Links, devices and
// names that lead out of the folder are refused.
func entries(r io.Reader, each func(name string, content io.Reader) error) error {
	archive := tar.NewReader(r)
	for count := 0; ; count++ {
		header, err := archive.Next()
		switch {
		case err == io.EOF && count == 0:
			return errors.New("got an archive without files")
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("reading the archive: %w", err)
		case count == maxFiles:
			return fmt.Errorf("got an archive of more than %d files", maxFiles)
		}
		name := path.Clean(header.Name)
		switch {
		case header.Typeflag == tar.TypeXGlobalHeader:
			continue
		case !filepath.IsLocal(name):
			return fmt.Errorf("got the name %.100q in the archive, want one that stays in its folder", header.Name)
		case header.Typeflag == tar.TypeDir:
			continue
		case header.Typeflag != tar.TypeReg:
			return fmt.Errorf("got %.100q in the archive, an entry of type %q; want regular files", header.Name, header.Typeflag)
		}
		if err := each(name, archive); err != nil {
			return err
		}
	}
}

// write makes a file, which may not be there yet.
func write(root *os.Root, name string, content io.Reader) error {
	if dir := path.Dir(name); dir != "." {
		if err := root.MkdirAll(dir, 0o755); err != nil {
			return local(err)
		}
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("got the file %.100q twice in the archive", name)
	}
	if err != nil {
		return local(err)
	}
	_, err = io.Copy(onto{f}, content)
	if closed := f.Close(); err == nil {
		err = local(closed)
	}
	if err != nil {
		return fmt.Errorf("unpacking %.100q: %w", name, err)
	}
	return nil
}

// onto marks the errors of writing, so that they are told from those of reading.
type onto struct{ f *os.File }

func (o onto) Write(p []byte) (int, error) {
	n, err := o.f.Write(p)
	return n, local(err)
}

// here is an error of this machine; a full disk among them stays to be seen.
type here struct{ error }

func (h here) Unwrap() []error { return []error{h.error, errLocal} }

func local(err error) error {
	if err == nil {
		return nil
	}
	return here{err}
}
