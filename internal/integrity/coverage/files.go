package coverage

import (
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/release"
)

// MaxScan is the most bytes of a script, style or manifest that are read for what
// they load. A larger file is hashed only.
const MaxScan = 64 << 20

// unit is a file of the release.
type unit struct {
	path  string
	role  release.Role
	pass  *release.Pass // the first that wrote it, nil for none
	sums  map[integrity.Algorithm]integrity.Hash
	there bool // on disk
	facts
	imports []imported
	places  map[int]place // of facts and imports
	links   []link        // what of facts is of the release
	pins    []match
}

// link is a constant that names a script or style of the release.
type link struct {
	to *unit
	name
}

// match is a hash in a text, and the scripts and styles whose bytes have it.
type match struct {
	integrity.Hash
	of []*unit
	at int
}

// is reports whether one of the metadata's hashes is the file's.
func (u *unit) is(m integrity.Metadata) bool {
	return slices.ContainsFunc(m, func(h integrity.Hash) bool { return u.sums[h.Algorithm] == h })
}

// reader makes a report.
type reader struct {
	Input
	units  map[string]*unit
	byHash map[integrity.Hash][]string
	report *Report
	seen   map[string]*Resource
	told   map[location]bool // where a finding says why something is not pinned
	meant  map[string]bool   // files that a page means and does not name, as a hint says
}

// readFiles looks at the disk and at the record, and at what of them differs.
func (r *reader) readFiles() error {
	onDisk, err := r.list()
	if err != nil {
		return err
	}
	for i := range r.Release.Files {
		f := &r.Release.Files[i]
		u := &unit{path: f.Path, role: f.Role}
		if p, ok := r.Release.Pass(first(f.Passes)); ok {
			u.pass = &p
		}
		r.units[f.Path] = u
		mode, there := onDisk[f.Path]
		delete(onDisk, f.Path)
		switch {
		case !there:
			r.add(ruleMissingFile, at(f.Path), "the record has the file %s, which is not in the folder", quote(f.Path))
		case !mode.IsRegular():
			r.add(ruleUnread, at(f.Path), "%s is no regular file (%s)", quote(f.Path), mode)
		default:
			if err := r.read(u, f); err != nil {
				return err
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(onDisk)) {
		severity := finding.Medium
		if roleOf(path) != "" || strings.HasSuffix(path, ".html") {
			severity = finding.High
		}
		r.addAs(ruleUnrecorded, severity, at(path), "%s is in the folder, and the record does not have it", quote(path))
	}
	return nil
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// list is every file below the folder that is to be the release's.
func (r *reader) list() (map[string]fs.FileMode, error) {
	out := map[string]fs.FileMode{}
	err := fs.WalkDir(r.Files, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == release.StatementDir && entry.IsDir():
			return fs.SkipDir
		case entry.IsDir() || path == release.RecordName:
			return nil
		case len(out) >= release.MaxFiles:
			return fmt.Errorf("got more than %d files, want at most that", release.MaxFiles)
		}
		out[path] = entry.Type()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing the release's folder: %w", err)
	}
	return out, nil
}

// read hashes a file, and reads scripts, styles and manifests for what they load.
func (r *reader) read(u *unit, f *release.File) error {
	file, err := r.Files.Open(f.Path)
	if err != nil {
		return fmt.Errorf("reading the release: %w", err)
	}
	defer file.Close()
	wanted := []integrity.Algorithm{integrity.SHA384}
	scan := u.role == release.Script || u.role == release.Style || u.role == release.Manifest
	if scan {
		wanted = integrity.Algorithms
	}
	sums, out := map[integrity.Algorithm]hash.Hash{}, []io.Writer{}
	for _, a := range wanted {
		sums[a] = a.New()
		out = append(out, sums[a])
	}
	var text strings.Builder
	if scan && f.Size <= MaxScan {
		out = append(out, &text)
	}
	n, err := io.Copy(io.MultiWriter(out...), io.LimitReader(file, release.MaxFileSize+1))
	if err != nil {
		return fmt.Errorf("reading %s: %w", quote(f.Path), err)
	}
	u.there, u.sums = true, map[integrity.Algorithm]integrity.Hash{}
	for a, h := range sums {
		u.sums[a] = integrity.HashOf(a, h.Sum(nil))
		r.byHash[u.sums[a]] = append(r.byHash[u.sums[a]], u.path)
	}
	if got := u.sums[integrity.SHA384]; got.String() != f.Integrity.String() {
		r.add(ruleChangedFile, at(f.Path), "%s has %d bytes with the hash %s, and the record has %d with %s", quote(f.Path), n, got, f.Size, f.Integrity)
	}
	switch {
	case scan && f.Size > MaxScan:
		r.add(ruleUnread, at(f.Path), "%s has %d bytes, and at most %d are read for what they load", quote(f.Path), f.Size, MaxScan)
	case scan:
		u.scan(text.String())
	}
	return nil
}

// scan reads the file's text.
func (u *unit) scan(text string) {
	if u.role == release.Style {
		u.imports = readStyle(text)
	} else {
		u.facts = readScript(text)
	}
	u.locate(text)
}

func (u *unit) locate(text string) {
	var offsets []int
	for _, n := range u.names {
		offsets = append(offsets, n.at)
	}
	for _, h := range u.hashes {
		offsets = append(offsets, h.at)
	}
	for _, m := range u.mentions {
		offsets = append(offsets, m.at)
	}
	for _, i := range u.imports {
		offsets = append(offsets, i.at)
	}
	u.places = places(text, offsets)
}

// connect finds what a text's constants name and pin, once for all pages.
func (r *reader) connect(u *unit) {
	for _, n := range u.names {
		if to, _ := r.file(u.path, n.value); to != nil && to != u && (to.role == release.Script || to.role == release.Style) {
			u.links = append(u.links, link{to, n})
		}
	}
	for _, h := range u.hashes {
		for _, hash := range integrity.Effective(h.value) {
			p := match{Hash: hash, at: h.at}
			for _, path := range r.byHash[hash] {
				if of := r.units[path]; of.role == release.Script || of.role == release.Style {
					p.of = append(p.of, of)
				}
			}
			if len(p.of) > 0 {
				u.pins = append(u.pins, p)
			}
		}
	}
}

// location is a place in a file of the release, as findings have it.
type location struct {
	path string
	place
}

func at(path string) location { return location{path: path} }

func (u *unit) at(offset int) location { return location{u.path, u.places[offset]} }

func (r *reader) add(rule string, at location, format string, args ...any) {
	r.addAs(rule, severities[rule], at, format, args...)
}

func (r *reader) addAs(rule string, severity finding.Severity, at location, format string, args ...any) {
	f := finding.Finding{Rule: rule, Severity: severity, Message: fmt.Sprintf(format, args...), Hint: hints[rule]}
	if slices.Contains(causes, rule) {
		r.told[at] = true
	}
	if at.path != "" {
		f.Location = finding.Location{Path: r.Prefix + at.path, Line: at.line, Column: at.column}
	}
	r.report.Findings = append(r.report.Findings, f)
}

// causes are the rules that say why a browser runs something unchecked: that it is
// not pinned is not told as well.
var causes = []string{ruleMissingFile, ruleWrongHash, rulePlaceholder, ruleEmpty, ruleMalformed, ruleWeak, ruleImport}

// advise gives the newest finding another hint, unless that is "".
func (r *reader) advise(hint string) {
	if hint != "" {
		r.report.Findings[len(r.report.Findings)-1].Hint = hint
	}
}

// quote shows a text of unknown origin: escaped, and cut.
func quote(s string) string {
	const most = 120
	if len(s) > most {
		s = s[:most] + "…"
	}
	return fmt.Sprintf("%q", strings.ToValidUTF8(s, "\uFFFD"))
}
