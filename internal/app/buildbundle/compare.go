package buildbundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/composition"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/report"
)

// baseline is another release, as far as it is there: the record always, what it
// is made of and weighs where its statements are.
type baseline struct {
	id          release.Digest
	release     *release.Release
	composition *composition.Composition // may be nil
	gzip        composition.Sizes        // of files, by path; may be nil
}

// baseline reads the release that the build is to be compared with, before
// anything is built: a folder of one, or its record.
func (b *builder) baseline() (*baseline, error) {
	if b.Compare == "" {
		return nil, nil //nolint:nilnil // nothing was asked for
	}
	dir := place.Within(b.Dir, b.Compare)
	if filepath.Base(dir) == release.RecordName {
		dir = filepath.Dir(dir)
	}
	if b.Workspace != "" && !place.Inside(place.Real(dir), b.Workspace) {
		return nil, fmt.Errorf("compare: got %q, which lies outside the workspace; want a release in it", b.Compare)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("compare: got %q, want the folder of a release, or its %s: %w", b.Compare, release.RecordName, err)
	}
	defer func() { _ = root.Close() }()
	out := &baseline{}
	if out.release, err = release.Open(root.FS()); err != nil {
		return nil, fmt.Errorf("compare: got %q, want the folder of a release, or its %s: %w", b.Compare, release.RecordName, err)
	}
	if out.id, err = out.release.ID(); err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	return out, out.statements(root.FS())
}

// statements reads those that are there and of this release.
func (b *baseline) statements(dir fs.FS) error {
	made, err := b.predicate(dir, composition.StatementName, composition.PredicateType)
	if err == nil && made != nil {
		b.composition, err = composition.Decode(bytes.NewReader(made))
	}
	sizes, err2 := b.predicate(dir, "sizes", sizesType)
	if err2 == nil && sizes != nil {
		var p sizesPredicate
		if err2 = json.Unmarshal(sizes, &p); err2 == nil {
			b.gzip = composition.Sizes{}
			for path, s := range p.Files {
				b.gzip[path] = s.Gzip
			}
		}
	}
	return errors.Join(err, err2)
}

// predicate is that of a statement, nil where there is none.
func (b *baseline) predicate(dir fs.FS, name, predicateType string) ([]byte, error) {
	file := release.StatementDir + "/" + name + ".json"
	info, err := fs.Stat(dir, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > composition.MaxSize {
		return nil, fmt.Errorf("compare: got %s of no use, want a file of at most %d bytes", file, composition.MaxSize)
	}
	f, err := dir.Open(file)
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(f, composition.MaxSize))
	if err != nil {
		return nil, fmt.Errorf("compare: reading %s: %w", file, err)
	}
	s, err := release.ReadStatement(data)
	if err != nil {
		return nil, fmt.Errorf("compare: %s: %w", file, err)
	}
	if s.PredicateType != predicateType || s.Release != b.id {
		return nil, nil // another version's, or another release's
	}
	return s.Predicate, nil
}

// shownChanges is how many rows a table of changes has.
const shownChanges = 25

// compareSection is what changed since the baseline.
func compareSection(old *baseline, out *Outcome) report.Section {
	s := report.Section{Title: "Compared", Intro: "What differs from the release " + old.id.String()[:12] + ", the largest changes first. Sizes are not compressed where nothing else is said."}
	if old.id == out.ID {
		s.Blocks = []report.Block{report.Paragraph{report.Text("Nothing: it is the same release.")}}
		return s
	}
	before, after := loads(old.release, nil), loads(out.Release, nil)
	s.Blocks = append(s.Blocks, changes("Entries and chunks", "Entry or chunk", before, after))
	if old.gzip != nil {
		now := composition.Sizes{}
		for path, size := range out.Sizes {
			now[path] = size.Gzip
		}
		s.Blocks = append(s.Blocks, changes("Entries and chunks, gzip", "Entry or chunk", loads(old.release, old.gzip), loads(out.Release, now)))
	}
	s.Blocks = append(s.Blocks, changes("Files", "File", byLogicalName(old.release), byLogicalName(out.Release)))
	if old.composition != nil {
		s.Blocks = append(s.Blocks,
			changes("Packages", "Package", old.composition.ByPackage(), out.Composition.ByPackage()),
			changes("Modules", "Module", old.composition.ByModule(), out.Composition.ByModule()))
	} else {
		s.Blocks = append(s.Blocks, report.Paragraph{report.Text("What the other release is made of is not known: it has no"), report.Code(release.StatementDir + "/" + composition.StatementName + ".json"), report.Text(".")})
	}
	return s
}

// loads is what each entry and chunk loads, by the files' sizes given, or their own.
func loads(rel *release.Release, sizes composition.Sizes) composition.Sizes {
	out := composition.Sizes{}
	add := func(name string, files []string) {
		for _, path := range files {
			f, _ := rel.File(path)
			if sizes != nil {
				f.Size = sizes[path]
			}
			out[name] += f.Size
		}
	}
	for _, p := range rel.Passes {
		for _, e := range p.Entries {
			add(p.Name+"/"+e.Name, slices.Concat(e.JS, e.CSS))
		}
		for _, c := range p.Chunks {
			add(p.Name+"/"+c.Name+" (on demand)", slices.Concat(c.JS, c.CSS))
		}
	}
	return out
}

// byLogicalName adds up files whose names differ by their hash alone.
func byLogicalName(rel *release.Release) composition.Sizes {
	out := composition.Sizes{}
	for _, f := range rel.Files {
		if f.Role != release.Map && f.Role != release.Compressed {
			out[composition.LogicalName(f.Path)] += f.Size
		}
	}
	return out
}

func changes(caption, column string, before, after composition.Sizes) report.Block {
	all := composition.Compare(before, after)
	if len(all) == 0 {
		return report.Paragraph{report.Text(caption + ": all as before.")}
	}
	t := report.Table{Caption: caption, Columns: []string{column, "", "Before", "Now", "Change"}}
	for _, d := range first(all, shownChanges) {
		word := ""
		switch {
		case d.Added:
			word = "new"
		case d.Removed:
			word = "gone"
		}
		t.Rows = append(t.Rows, []report.Value{report.Text(d.Name), report.Text(word), report.Bytes(d.Old), report.Bytes(d.New), report.Change(d.Change())})
	}
	if len(all) > shownChanges {
		t.Caption += fmt.Sprintf("; the largest %d of %d changes", shownChanges, len(all))
	}
	return t
}
