package release

import (
	"encoding/json"
	"errors"
	"fmt"
)

// StatementType is the type of an in-toto statement,
// https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md.
const StatementType = "https://in-toto.io/Statement/v1"

// Statement is what an action proved about a release. It lies beside the record
// as attestations/<predicate>.json and may name what the record may not:
// commits, runs, times.
type Statement struct {
	Release       Digest          // the subject
	PredicateType string          // a URI
	Predicate     json.RawMessage // an object
}

// Encode returns the statement as canonical JSON. Its one subject is the record
// file: its digest is the release's id.
func (s Statement) Encode() ([]byte, error) {
	if s.Release.IsZero() || s.PredicateType == "" {
		return nil, fmt.Errorf("encoding a statement: got release %s and predicate type %s, want both", s.Release, quote(s.PredicateType))
	}
	var r report
	predicate, err := parse(string(s.Predicate), &r)
	if err == nil {
		err = r.err()
	}
	if err == nil && predicate.kind != isObject {
		err = fmt.Errorf("got %s, want an object", describe(predicate))
	}
	if err != nil {
		return nil, fmt.Errorf("encoding the predicate %s: %w", quote(s.PredicateType), err)
	}
	subject := objectOf(
		"name", stringOf(RecordName),
		"digest", objectOf("sha256", stringOf(s.Release.String())),
	)
	return encode(objectOf(
		"_type", stringOf(StatementType),
		"subject", value{kind: isArray, members: []member{{value: subject}}},
		"predicateType", stringOf(s.PredicateType),
		"predicate", predicate,
	))
}

// ReadStatement reads a statement as strictly as a record. Its one subject is a
// release, by the digest of the record.
func ReadStatement(data []byte) (s Statement, err error) {
	d := &decoder{}
	text := string(data)
	v, err := parse(text, &d.report)
	if err != nil {
		return s, fmt.Errorf("reading a statement: %w", err)
	}
	o := d.object(root, v, "_type", "subject", "predicateType", "predicate")
	if kind := o.string("_type"); kind != "" && kind != StatementType {
		d.add(root.member("_type"), "the string "+quote(kind), quote(StatementType))
	}
	s.Release = d.subject(o)
	s.PredicateType = o.string("predicateType")
	if p, ok := o.get("predicate", true); ok {
		d.object(root.member("predicate"), value{kind: p.kind})
		s.Predicate = json.RawMessage(text[p.from:p.to])
	}
	if len(d.list.Problems) > 0 {
		return Statement{}, errors.New(d.list.Say("invalid statement"))
	}
	return s, nil
}

// subject reads the one subject of a statement.
func (d *decoder) subject(o *fields) (id Digest) {
	at := root.member("subject")
	v, ok := o.get("subject", true)
	if ok && (v.kind != isArray || len(v.members) != 1) {
		d.add(at, describe(v), "an array of one subject, a release")
	}
	if !ok || v.kind != isArray || len(v.members) != 1 {
		return id
	}
	// What else a resource descriptor may have says nothing about the release.
	of := d.object(at.item(0), v.members[0].value, "name", "uri", "digest", "content", "downloadLocation", "mediaType", "annotations")
	digest, _ := of.get("digest", true)
	sum := (&fields{d: d, at: at.item(0).member("digest"), members: digest.members, broken: digest.kind != isObject}).string("sha256")
	id, err := ParseDigest(sum)
	if err != nil || id.IsZero() {
		d.add(at.item(0).member("digest").member("sha256"), "the string "+quote(sum), "a release's id")
	}
	return id
}
