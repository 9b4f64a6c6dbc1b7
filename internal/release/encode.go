package release

import (
	"fmt"
	"slices"
)

// Encode returns the record: canonical JSON, without a newline at its end. It
// refuses a release that Read would refuse, with the same Error.
func (r *Release) Encode() ([]byte, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	data, err := encode(r.value())
	if err != nil {
		return nil, fmt.Errorf("encoding the release record: %w", err)
	}
	if len(data) > MaxRecordSize {
		return nil, fmt.Errorf("encoding the release record: got %d bytes, want at most %d", len(data), MaxRecordSize)
	}
	return data, nil
}

// ID returns the release's id: the SHA-256 of Encode's bytes.
func (r *Release) ID() (Digest, error) {
	data, err := r.Encode()
	if err != nil {
		return Digest{}, err
	}
	return DigestOf(data), nil
}

// What is empty and optional is left out, never written as "", [] or null, so
// that a release has one form only.
func (r *Release) value() value {
	v := objectOf(
		"version", numberOf(Version),
		"name", optional(r.Name),
		"profile", stringOf(r.Profile),
		"tool", objectOf("name", stringOf(r.Tool.Name), "version", stringOf(r.Tool.Version)),
		"passes", arrayOf(r.Passes, Pass.value),
		"files", arrayOf(r.Files, File.value),
	)
	if !r.DerivedFrom.IsZero() {
		v.members = append(v.members, member{"derivedFrom", stringOf(r.DerivedFrom.String())})
	}
	return v
}

func (p Pass) value() value {
	return objectOf(
		"name", stringOf(p.Name),
		"format", stringOf(p.Format),
		"library", optional(p.Library),
		"appVersion", optional(p.AppVersion),
		"target", optionalArray(p.Target),
		"entries", arrayOf(p.Entries, Entry.value),
		"chunks", arrayOf(p.Chunks, Chunk.value),
	)
}

func (e Entry) value() value {
	return objectOf(
		"name", stringOf(e.Name),
		"js", arrayOf(e.JS, stringOf),
		"css", arrayOf(e.CSS, stringOf),
		"chunks", optionalArray(e.Chunks),
		"sources", optionalArray(e.Sources),
	)
}

func (c Chunk) value() value {
	return objectOf(
		"name", stringOf(c.Name),
		"js", arrayOf(c.JS, stringOf),
		"css", arrayOf(c.CSS, stringOf),
		"hint", optional(c.Hint),
		"sources", optionalArray(c.Sources),
	)
}

func (f File) value() value {
	return objectOf(
		"path", stringOf(f.Path),
		"size", numberOf(f.Size),
		"integrity", stringOf(f.Integrity.String()),
		"type", stringOf(f.Type),
		"role", stringOf(f.Role),
		"of", optional(f.Of),
		"encoding", optional(f.Encoding),
		"sources", optionalArray(f.Sources),
		"passes", optionalArray(f.Passes),
		"load", stringOf(f.Load),
		"hint", optional(f.Hint),
		"entries", optionalArray(f.Entries),
		"chunks", optionalArray(f.Chunks),
	)
}

// absent marks a member that objectOf leaves out.
const absent kind = 255

func objectOf(namesAndValues ...any) value {
	v := value{kind: isObject, members: make([]member, 0, len(namesAndValues)/2)}
	for pair := range slices.Chunk(namesAndValues, 2) {
		if item := pair[1].(value); item.kind != absent {
			v.members = append(v.members, member{pair[0].(string), item})
		}
	}
	return v
}

func arrayOf[T any](items []T, f func(T) value) value {
	v := value{kind: isArray, members: make([]member, len(items))}
	for i, item := range items {
		v.members[i].value = f(item)
	}
	return v
}

func stringOf[T ~string](s T) value { return value{kind: isString, str: string(s)} }

// numberOf is exact: every number of a record is checked to be below 2^53.
func numberOf(n int64) value { return value{kind: isNumber, num: float64(n)} }

func optional[T ~string](s T) value {
	if s == "" {
		return value{kind: absent}
	}
	return stringOf(s)
}

func optionalArray(items []string) value {
	if len(items) == 0 {
		return value{kind: absent}
	}
	return arrayOf(items, stringOf[string])
}
