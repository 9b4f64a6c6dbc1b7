package release

import (
	"encoding/json"
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
