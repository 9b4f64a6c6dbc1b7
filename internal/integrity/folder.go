package integrity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/org/checkout-deploy/internal/release"
)

// File is one file of a folder.
type File struct {
	Path   string // relative, "/"-separated; see release.CheckPath
	Size   int64  // bytes
	Hashes []Hash // one for each algorithm asked for, in that order
}

// Hash returns the file's hash by one algorithm.
func (f File) Hash(a Algorithm) (Hash, bool) {
	for _, h := range f.Hashes {
		if h.Algorithm == a {
			return h, true
		}
	}
	return Hash{}, false
}

// Fault is why a file of a folder has no hash.
type Fault string

const (
	BadPath    Fault = "path"       // no path for a file of a release
	Collision  Fault = "collision"  // another path that a case-insensitive file system takes for it
	Irregular  Fault = "irregular"  // a link, device, socket or pipe: it is not opened
	Changed    Fault = "changed"    // it was written to, or replaced, while it was hashed
	TooLarge   Fault = "too-large"  // more bytes than a release's file, or a release, has
	TooMany    Fault = "too-many"   // more files than a release has
	Unreadable Fault = "unreadable" // opening or reading failed
)

// Unhashed is one file that could not be hashed.
type Unhashed struct {
	Path  string
	Fault Fault
	Got   string // what is there
	Want  string // what is allowed
}

func (u Unhashed) String() string {
	return quote(u.Path) + ": " + string(u.Fault) + ": got " + u.Got + ", want " + u.Want
}

// HashFolder hashes every file of dir by each of the algorithms (Default for none),
// several files at once, each in pieces: memory does not grow with the files. Both
// lists are sorted by path, whatever the order of work. A release's record and
// statements are no files of it and are left out.
//
// Nothing that is not a regular file is opened, no link is followed. A file whose
// size, time of change or identity differs before and after is told as Changed; a
// write within the same tick of the file system's clock can't be seen, so what is
// copied has to be verified again (release.Verify). Limits are those of a release.
// With a folder on disk give Root's result, which also can't be made to wait.
//
// The error is ctx's, or that of listing dir; then the result says nothing.
func HashFolder(ctx context.Context, dir fs.FS, algorithms ...Algorithm) ([]File, []Unhashed, error) {
	if len(algorithms) == 0 {
		algorithms = []Algorithm{Default}
	}
	for i, a := range algorithms {
		if a.New() == nil || slices.Contains(algorithms[:i], a) {
			return nil, nil, fmt.Errorf("hashing the folder: got the algorithm %q, want %s, each once", a, wantAlgorithm())
		}
	}
	// Hashing begins while the folder is still being listed: for many small files the
	// listing alone is a tenth of the work, on one core.
	listing := listing{dir: dir, files: make(chan listed, 256)}
	results := make([][]result, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	for i := range results {
		wait.Go(func() {
			r := newReader(dir, algorithms)
			for l := range listing.files {
				results[i] = append(results[i], r.file(ctx, l))
			}
		})
	}
	err := listing.walk(ctx)
	close(listing.files)
	wait.Wait()
	if err != nil {
		return nil, nil, fmt.Errorf("listing the folder: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("hashing the folder: %w", err)
	}
	return collect(slices.Concat(results...), listing.refused)
}

// result is a file, or why it is none.
type result struct {
	File
	refused Unhashed
}

func collect(results []result, refused []Unhashed) ([]File, []Unhashed, error) {
	files := make([]File, 0, len(results))
	for _, r := range results {
		if r.refused.Fault != "" {
			refused = append(refused, r.refused)
			continue
		}
		files = append(files, r.File)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	slices.SortStableFunc(refused, func(a, b Unhashed) int { return strings.Compare(a.Path, b.Path) })
	return files, refused, nil
}

// listing finds the files to open.
type listing struct {
	dir     fs.FS
	files   chan listed
	refused []Unhashed
	paths   release.Collisions
	total   int64
	count   int
}

// listed is a file as it was when it was listed.
type listed struct {
	path string
	info fs.FileInfo
}

func (l *listing) walk(ctx context.Context) error {
	return fs.WalkDir(l.dir, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && path == ".":
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			l.refuse(path, Unreadable, err.Error(), "a folder that can be listed")
			return fs.SkipDir
		case d.IsDir() && path == release.StatementDir:
			return fs.SkipDir
		case d.IsDir() || path == release.RecordName && d.Type().IsRegular():
			return nil
		}
		if l.count++; l.count > release.MaxFiles {
			l.refuse(path, TooMany, fmt.Sprintf("more than %d files", release.MaxFiles), "at most that")
			return fs.SkipAll
		}
		l.file(path, d)
		return nil
	})
}

func (l *listing) refuse(path string, fault Fault, got, want string) {
	l.refused = append(l.refused, Unhashed{path, fault, got, want})
}

func (l *listing) file(path string, d fs.DirEntry) {
	if !d.Type().IsRegular() {
		l.refuse(path, Irregular, describe(d.Type()), "a regular file")
		return
	}
	if got, want := release.PathProblem(path); want != "" {
		l.refuse(path, BadPath, got, want)
		return
	}
	if with, ok := l.paths.Add(path); ok {
		l.refuse(path, Collision, "it besides "+with, "paths that no case-insensitive file system takes for one")
		return
	}
	info, err := d.Info()
	if err != nil {
		l.refuse(path, Changed, err.Error(), "a folder that nobody changes meanwhile")
		return
	}
	l.total += info.Size()
	switch {
	case info.Size() > release.MaxFileSize:
		l.refuse(path, TooLarge, fmt.Sprintf("%d bytes", info.Size()), fmt.Sprintf("at most %d", release.MaxFileSize))
	case l.total > release.MaxTotalSize:
		l.refuse(path, TooLarge, fmt.Sprintf("%d bytes in all up to here", l.total), fmt.Sprintf("at most %d", int64(release.MaxTotalSize)))
	default:
		l.files <- listed{path, info} // whoever hashes goes on until it is closed, also when ctx has ended
	}
}

func describe(m fs.FileMode) string {
	for _, known := range []struct {
		bit  fs.FileMode
		name string
	}{{fs.ModeSymlink, "a symbolic link"}, {fs.ModeNamedPipe, "a named pipe"}, {fs.ModeSocket, "a socket"}, {fs.ModeDevice, "a device"}} {
		if m&known.bit != 0 {
			return known.name
		}
	}
	return "a special file"
}

// bufferSize is large enough for the calls not to matter, and small enough for
// the second-level cache: each algorithm goes over the same bytes.
const bufferSize = 128 << 10

// reader hashes one file after the other.
type reader struct {
	dir        fs.FS
	algorithms []Algorithm
	hashes     []hash.Hash
	buffer     []byte
}

func newReader(dir fs.FS, algorithms []Algorithm) *reader {
	r := &reader{dir: dir, algorithms: algorithms, buffer: make([]byte, bufferSize)}
	for _, a := range algorithms {
		r.hashes = append(r.hashes, a.New())
	}
	return r
}

const wantStill = "a file that nobody changes while it is hashed"

func (r *reader) file(ctx context.Context, l listed) result {
	refuse := func(fault Fault, got, want string) result {
		return result{refused: Unhashed{l.path, fault, got, want}}
	}
	f, err := r.dir.Open(l.path)
	if err != nil {
		return refuse(Unreadable, err.Error(), "a file that can be read")
	}
	defer func() { _ = f.Close() }() // only read
	before, err := f.Stat()
	if err != nil {
		return refuse(Unreadable, err.Error(), "a file that can be read")
	}
	if got := difference(l.info, before); got != "" {
		return refuse(Changed, got, wantStill)
	}
	size, err := r.read(ctx, f, before.Size())
	if err != nil {
		return refuse(Unreadable, err.Error(), "a file that can be read")
	}
	if size != before.Size() {
		return refuse(Changed, fmt.Sprintf("%d bytes or more after %d", size, before.Size()), wantStill)
	}
	after, err := f.Stat()
	if err != nil {
		return refuse(Unreadable, err.Error(), "a file that can be read")
	}
	named, err := fs.Lstat(r.dir, l.path) // the name may lead to another file by now
	if err != nil {
		return refuse(Changed, err.Error(), wantStill)
	}
	if got := cmp.Or(difference(before, after), difference(before, named)); got != "" {
		return refuse(Changed, got, wantStill)
	}
	return result{File: File{l.path, size, r.sums()}}
}

// difference says what of a file is not as it was; "" for nothing.
func difference(before, after fs.FileInfo) string {
	switch {
	case !after.Mode().IsRegular():
		return describe(after.Mode()) + " in its place"
	case os.SameFile(before, before) && !os.SameFile(before, after):
		return "another file in its place"
	case before.Size() != after.Size():
		return fmt.Sprintf("%d bytes after %d", after.Size(), before.Size())
	case !before.ModTime().Equal(after.ModTime()):
		return "another time of its last change"
	}
	return ""
}

// read hashes at most one byte more than size: a file that grows without end
// does.
func (r *reader) read(ctx context.Context, f io.Reader, size int64) (int64, error) {
	for _, h := range r.hashes {
		h.Reset()
	}
	f = io.LimitReader(f, size+1)
	var total int64
	for {
		if err := ctx.Err(); err != nil {
			return total, err
		}
		n, err := f.Read(r.buffer)
		for _, h := range r.hashes {
			h.Write(r.buffer[:n])
		}
		total += int64(n)
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

func (r *reader) sums() []Hash {
	all := make([]Hash, len(r.hashes))
	for i, h := range r.hashes {
		all[i] = HashOf(r.algorithms[i], h.Sum(nil))
	}
	return all
}
