package release

import (
	"fmt"
	"io"
	"io/fs"
	"strconv"
)

// Read reads a record of unknown origin and checks all of it. White space and
// the order of members are free: the id is that of the canonical form, and two
// texts with one id say the same. It refuses everything else that a record is
// not: see Check, CheckPath and the limits above.
//
// The error is an *Error with all problems, an *UnknownVersionError, or that of
// reading or of JSON's syntax.
func Read(r io.Reader) (*Release, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxRecordSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading the release record: %w", err)
	}
	if len(data) > MaxRecordSize {
		return nil, fmt.Errorf("reading the release record: got more than %d bytes, want at most that", MaxRecordSize)
	}
	d := decoder{}
	v, err := parse(string(data), &d.report)
	if err != nil {
		return nil, fmt.Errorf("reading the release record: %w", err)
	}
	if err := checkVersion(v); err != nil {
		return nil, err
	}
	rel := d.release(v)
	rel.check(&d.report)
	if err := d.err(); err != nil {
		return nil, err
	}
	return rel, nil
}

// Open reads the record of the release in dir.
func Open(dir fs.FS) (*Release, error) {
	if info, err := fs.Stat(dir, RecordName); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("opening the release record: got a %s, want a file", describeMode(info.Mode())) // a pipe would never end
	}
	f, err := dir.Open(RecordName)
	if err != nil {
		return nil, fmt.Errorf("opening the release record: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	return Read(f)
}

// checkVersion looks at the version before anything else: another version's
// problems would not be problems.
func checkVersion(v value) error {
	for _, m := range v.members {
		if m.name == "version" && m.value.kind == isNumber && m.value.str != strconv.Itoa(Version) {
			return &UnknownVersionError{Got: quote(m.value.str), Known: []int{Version}}
		}
	}
	return nil
}

// decoder turns a value into a release. What it can't take it reports and
// leaves zero.
type decoder struct{ report }

func (d *decoder) release(v value) *Release {
	o := d.object(root, v, "version", "name", "profile", "tool", "derivedFrom", "passes", "files")
	o.integer("version")
	r := &Release{
		Name:    o.optional("name"),
		Profile: Profile(o.string("profile")),
		Passes:  decodeArray(o, "passes", d.pass),
		Files:   decodeArray(o, "files", d.file),
	}
	if tool, ok := o.get("tool", true); ok {
		t := d.object(o.at.member("tool"), tool, "name", "version")
		r.Tool = Tool{Name: t.string("name"), Version: t.string("version")}
	}
	if s := o.optional("derivedFrom"); s != "" {
		var err error
		if r.DerivedFrom, err = ParseDigest(s); err != nil {
			d.add(o.at.member("derivedFrom"), quote(s), wantDigest)
		} else if r.DerivedFrom.IsZero() {
			d.add(o.at.member("derivedFrom"), quote(s), "an id that some release can have, or no member")
		}
	}
	return r
}

func (d *decoder) pass(at *place, v value) Pass {
	o := d.object(at, v, "name", "format", "library", "appVersion", "target", "entries", "chunks")
	return Pass{
		Name:       o.string("name"),
		Format:     Format(o.string("format")),
		Library:    o.optional("library"),
		AppVersion: o.optional("appVersion"),
		Target:     o.optionalStrings("target"),
		Entries:    decodeArray(o, "entries", d.entry),
		Chunks:     decodeArray(o, "chunks", d.chunk),
	}
}

func (d *decoder) entry(at *place, v value) Entry {
	o := d.object(at, v, "name", "js", "css", "chunks", "sources")
	return Entry{
		Name:    o.string("name"),
		JS:      o.strings("js"),
		CSS:     o.strings("css"),
		Chunks:  o.optionalStrings("chunks"),
		Sources: o.optionalStrings("sources"),
	}
}

func (d *decoder) chunk(at *place, v value) Chunk {
	o := d.object(at, v, "name", "js", "css", "hint", "sources")
	return Chunk{
		Name:    o.string("name"),
		JS:      o.strings("js"),
		CSS:     o.strings("css"),
		Hint:    Hint(o.optional("hint")),
		Sources: o.optionalStrings("sources"),
	}
}

func (d *decoder) file(at *place, v value) File {
	o := d.object(at, v, "path", "size", "integrity", "type", "role", "of", "encoding", "sources", "passes", "load", "hint", "entries", "chunks")
	f := File{
		Path:     o.string("path"),
		Size:     o.integer("size"),
		Type:     o.string("type"),
		Role:     Role(o.string("role")),
		Of:       o.optional("of"),
		Encoding: Encoding(o.optional("encoding")),
		Sources:  o.optionalStrings("sources"),
		Passes:   o.optionalStrings("passes"),
		Load:     Load(o.string("load")),
		Hint:     Hint(o.optional("hint")),
		Entries:  o.optionalStrings("entries"),
		Chunks:   o.optionalStrings("chunks"),
	}
	if s, ok := o.text("integrity", true); ok {
		var err error
		if f.Integrity, err = ParseIntegrity(s); err != nil {
			d.add(at.member("integrity"), quote(s), wantIntegrity)
		}
	}
	return f
}
