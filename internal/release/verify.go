package release

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Fault is how a directory differs from its record.
type Fault string

const (
	Missing    Fault = "missing"    // a file of the record is not there
	Extra      Fault = "extra"      // a file is not in the record
	Irregular  Fault = "irregular"  // a link, device or pipe
	WrongSize  Fault = "size"       // another number of bytes
	WrongBytes Fault = "integrity"  // the right number of bytes, but others
	Unreadable Fault = "unreadable" // reading failed
)

// Mismatch is one difference between a directory and its record.
type Mismatch struct {
	Path  string
	Fault Fault
	Got   string // what is there; empty where the fault says it all
	Want  string // what the record has; empty likewise
}

func (m Mismatch) String() string {
	s := fmt.Sprintf("%s: %s", quote(m.Path), m.Fault)
	if m.Got != "" {
		s += ": got " + m.Got
	}
	if m.Want != "" {
		s += ", want " + m.Want
	}
	return s
}

// Verify compares dir with r, byte by byte, and returns every difference, sorted
// by path; none means that dir is the release. The record itself and statements
// (StatementDir) are left out. Nothing that is not a regular file is opened, and
// at most a file's recorded size, and one byte, is read of it. The error is ctx's,
// or that of listing dir; then the result says nothing.
func Verify(ctx context.Context, dir fs.FS, r *Release) ([]Mismatch, error) {
	present, found, err := list(ctx, dir, r)
	if err != nil {
		return nil, err
	}
	var (
		wait sync.WaitGroup
		mu   sync.Mutex
		next = make(chan File)
	)
	for range min(runtime.GOMAXPROCS(0), max(len(present), 1)) {
		wait.Go(func() {
			for f := range next {
				if m := verifyFile(dir, f); m.Fault != "" {
					mu.Lock()
					found = append(found, m)
					mu.Unlock()
				}
			}
		})
	}
	for _, f := range present {
		if ctx.Err() != nil {
			break
		}
		next <- f
	}
	close(next)
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("verifying the release: %w", err)
	}
	slices.SortFunc(found, func(a, b Mismatch) int { return strings.Compare(a.Path, b.Path) })
	return found, nil
}

// list walks dir without following links and splits the record's files into
// those to read and those that are not there.
func list(ctx context.Context, dir fs.FS, r *Release) (present []File, found []Mismatch, err error) {
	seen := make(map[string]bool, len(r.Files))
	err = fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if d.IsDir() {
			if path == StatementDir {
				return fs.SkipDir
			}
			return nil
		}
		f, ok := r.File(path)
		switch {
		case path == RecordName && d.Type().IsRegular():
		case !d.Type().IsRegular():
			seen[path] = true
			found = append(found, Mismatch{Path: path, Fault: Irregular, Got: d.Type().String(), Want: "a regular file"})
		case !ok:
			found = append(found, Mismatch{Path: path, Fault: Extra})
		default:
			seen[path] = true
			present = append(present, f)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("listing the release's directory: %w", err)
	}
	for _, f := range r.Files {
		if !seen[f.Path] {
			found = append(found, Mismatch{Path: f.Path, Fault: Missing})
		}
	}
	return present, found, nil
}

func verifyFile(dir fs.FS, want File) Mismatch {
	fail := func(err error) Mismatch {
		return Mismatch{Path: want.Path, Fault: Unreadable, Got: err.Error()}
	}
	f, err := dir.Open(want.Path)
	if err != nil {
		return fail(err)
	}
	defer func() { _ = f.Close() }() // only read
	got, size, err := IntegrityFrom(io.LimitReader(f, want.Size+1))
	switch {
	case err != nil:
		return fail(err)
	case size > want.Size:
		return Mismatch{want.Path, WrongSize, "more bytes", fmt.Sprint(want.Size)}
	case size < want.Size:
		return Mismatch{want.Path, WrongSize, fmt.Sprint(size), fmt.Sprint(want.Size)}
	case got != want.Integrity:
		return Mismatch{want.Path, WrongBytes, got.String(), want.Integrity.String()}
	}
	return Mismatch{}
}
