package sign

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"google.golang.org/protobuf/encoding/protojson"
)

// maxDepth bounds nesting; a bundle of ours has seven levels.
const maxDepth = 32

// readBundle reads a bundle of one kind that nobody vouches for yet.
func readBundle(data []byte, mediaType string) (*bundle.Bundle, error) {
	switch {
	case len(data) > MaxBundle:
		return nil, refuse("got a bundle of %d bytes; it has %d at most", len(data), MaxBundle)
	case !utf8.Valid(data):
		return nil, refuse("got a bundle that is not UTF-8")
	case depth(data) > maxDepth:
		return nil, refuse("got a bundle that is nested %d levels deep; it has %d at most", depth(data), maxDepth)
	}
	var message protobundle.Bundle
	if err := protojson.Unmarshal(data, &message); err != nil {
		return nil, refuse("got a bundle that is no Sigstore bundle: %v", err)
	}
	if message.GetMediaType() != mediaType {
		return nil, refuse("got a bundle of the type %.100q, want %q", message.GetMediaType(), mediaType)
	}
	b, err := bundle.NewBundle(&message)
	if err != nil {
		return nil, refuse("got a bundle that is incomplete: %v", err)
	}
	return b, nil
}

// depth counts open brackets outside of strings.
func depth(data []byte) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

// writeBundle writes the same bytes for the same bundle: protojson varies its
// spaces on purpose.
func writeBundle(b *protobundle.Bundle) ([]byte, error) {
	data, err := protojson.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("writing a bundle: %w", err)
	}
	var out bytes.Buffer
	if err := json.Compact(&out, data); err != nil {
		return nil, fmt.Errorf("writing a bundle: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func checkPayload(payload []byte) error {
	if len(payload) > MaxPayload {
		return fmt.Errorf("got %d bytes to sign or verify; %d at most", len(payload), MaxPayload)
	}
	if len(payload) == 0 {
		return errors.New("got nothing to sign or verify")
	}
	return nil
}

// refuse is an error of the kind ErrRefused.
func refuse(format string, args ...any) error {
	return &refusal{fmt.Errorf(format, args...)}
}

type refusal struct{ err error }

func (r *refusal) Error() string        { return r.err.Error() }
func (r *refusal) Unwrap() error        { return r.err }
func (r *refusal) Is(target error) bool { return target == ErrRefused }
