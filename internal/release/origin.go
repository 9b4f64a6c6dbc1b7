package release

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
)

// Copy adds a file of another directory as it is there, and returns what it holds.
// At most MaxFileSize bytes are read.
func (s *Stage) Copy(from fs.FS, name string) (Integrity, int64, error) {
	if err := CheckPath(name); err != nil {
		return Integrity{}, 0, fmt.Errorf("staging a file: %w", err)
	}
	source, err := from.Open(name)
	if err != nil {
		return Integrity{}, 0, fmt.Errorf("staging %q: %w", name, err)
	}
	defer func() { _ = source.Close() }() // was only read
	target, err := s.open(name)
	if err != nil {
		return Integrity{}, 0, err
	}
	sum, size, err := IntegrityFrom(io.TeeReader(io.LimitReader(source, MaxFileSize+1), target))
	if err == nil && size > MaxFileSize {
		err = fmt.Errorf("got over %d bytes, want fewer", MaxFileSize)
	}
	if err := errors.Join(err, target.Close()); err != nil {
		return Integrity{}, 0, fmt.Errorf("staging %q: %w", name, err)
	}
	return sum, size, nil
}

// KeepOrigin lays the release that this one is derived from beside it: its record,
// and the statements in from about it, below StatementDir/<its id>. Who has both
// records can see which bytes were changed, and who built the others.
func (s *Stage) KeepOrigin(origin *Release, from fs.FS) error {
	record, err := origin.Encode()
	if err != nil {
		return err
	}
	folder := StatementDir + "/" + DigestOf(record).String()
	if err := s.create(folder+"/"+RecordName, record); err != nil {
		return err
	}
	err = fs.WalkDir(from, StatementDir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		below := name[len(StatementDir)+1:]
		if _, err := ParseDigest(firstOf(below)); err == nil {
			return s.create(StatementDir+"/"+below, data) // an earlier origin's: side by side
		}
		return s.create(path.Join(folder, below), data)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func firstOf(name string) string {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(name) {
		name = dir
	}
	return name
}
