package database

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	metadataFile = "metadata.json" // Trivy's
	originFile   = "artifact.json" // ours, beside it
	maxMetadata  = 1 << 20
)

// metadata is what Trivy keeps beside a database.
type metadata struct {
	Version      int `json:",omitempty"`
	NextUpdate   time.Time
	UpdatedAt    time.Time
	DownloadedAt time.Time
}

// origin is where the files came from. A folder that stock Trivy has filled has none.
type origin struct {
	Source, Digest string
	Created        time.Time // of a bundle of checks, which has no metadata
}

// candidate is a folder that can be used, as far as its files say.
type candidate struct {
	Database
	NextUpdate time.Time
}

// judge reads what a folder says of itself, and looks whether its content is sound.
func (g *getter) judge(dir string) (*candidate, error) {
	d := &candidate{Database: Database{Folder: g.folder}}
	d.Name, d.Source = g.Kind.name, "cache"
	var from origin
	if err := readJSON(filepath.Join(dir, originFile), &from); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if from.Source != "" {
		d.Source, d.Digest, d.Updated = from.Source, from.Digest, from.Created
	}
	if g.Kind.schema > 0 {
		m, err := g.metadata(dir)
		if err != nil {
			return nil, err
		}
		d.Updated, d.NextUpdate = m.UpdatedAt, m.NextUpdate
	}
	if err := g.Kind.check(filepath.Join(dir, g.Kind.content)); err != nil {
		return nil, err
	}
	return d, nil
}

func (g *getter) metadata(dir string) (m metadata, err error) {
	err = readJSON(filepath.Join(dir, metadataFile), &m)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return m, fmt.Errorf("%s is missing", metadataFile)
	case err != nil:
		return m, err
	case m.Version != g.Kind.schema:
		return m, fmt.Errorf("%s: got schema version %d, want %d, the one that this Trivy reads", metadataFile, m.Version, g.Kind.schema)
	case m.UpdatedAt.IsZero():
		return m, fmt.Errorf("%s: does not say when the database was built", metadataFile)
	}
	return m, nil
}

// settle writes beside fresh files what Trivy and the next Get want to know of them.
func (g *getter) settle(dir string, from origin, version string) error {
	if err := writeJSON(filepath.Join(dir, originFile), from); err != nil {
		return err
	}
	if g.Kind.schema == 0 {
		return writeJSON(filepath.Join(dir, metadataFile), checksMetadata(from.Digest, version, g.Now()))
	}
	m, err := g.metadata(dir)
	if err != nil {
		return err
	}
	m.DownloadedAt = g.Now().UTC() // without it stock Trivy takes the files for half a download
	return writeJSON(filepath.Join(dir, metadataFile), m)
}

// checksMetadata is what Trivy keeps beside a bundle of checks, of the version that
// its manifest says.
func checksMetadata(digest, version string, now time.Time) any {
	major := 0
	if _, err := fmt.Sscanf(version, "%d.", &major); err != nil {
		major = 0
	}
	return struct {
		Digest       string
		DownloadedAt time.Time
		MajorVersion *int
		CustomBuild  bool `json:",omitempty"`
	}{digest, now.UTC(), &major, major == 0}
}

// small refuses what would be a lot to read at once.
func small(path string) error {
	info, err := os.Stat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxMetadata) {
		err = fmt.Errorf("%s: want a file of at most %d bytes", filepath.Base(path), maxMetadata)
	}
	return err
}

func readJSON(path string, into any) error {
	if err := small(path); err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return nil
}

func writeJSON(path string, value any) error {
	data, err := json.Marshal(value)
	if err == nil {
		err = os.WriteFile(path, data, 0o644)
	}
	return local(err)
}

// checkJava reads the head of the SQLite file: https://sqlite.org/fileformat2.html.
func checkJava(dir string) error {
	f, err := os.Open(filepath.Join(dir, "trivy-java.db"))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return err
	}
	head := make([]byte, 100)
	if _, err := f.ReadAt(head, 0); err != nil || string(head[:16]) != "SQLite format 3\x00" {
		return errors.New("trivy-java.db is damaged: it is no SQLite database")
	}
	size := int64(binary.BigEndian.Uint16(head[16:]))
	if size == 1 {
		size = 65536
	}
	if want := size * int64(binary.BigEndian.Uint32(head[28:])); info.Size() < want {
		return fmt.Errorf("trivy-java.db is damaged: got %d bytes, want %d", info.Size(), want)
	}
	return nil
}

// checkChecks wants a check: Trivy takes a folder without any for one in which all
// is well.
func checkChecks(dir string) error {
	found := errors.New("found")
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && filepath.Ext(path) == ".rego" {
			return found
		}
		return err
	})
	if err == nil {
		return errors.New("has no check, a file that ends in .rego")
	}
	if errors.Is(err, found) {
		return nil
	}
	return err
}
