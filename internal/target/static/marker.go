package static

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
)

// CompleteType is the predicate of a marker's statement: all files of the release
// were in the target's store, and each was read back.
const CompleteType = "https://github.com/org/checkout-deploy/attestations/complete/v1"

// ErrIncomplete says that no marker says that all files are there.
var ErrIncomplete = errors.New("its files are not all there")

type completeness struct {
	Target string `json:"target"`
	Files  int    `json:"files"`
}

// mark writes the marker of a release whose files were read back.
func (t *Target) mark(ctx context.Context, id release.Digest, files int) error {
	predicate, err := json.Marshal(completeness{t.Name, files})
	if err != nil {
		return err
	}
	data, err := release.Statement{Release: id, PredicateType: CompleteType, Predicate: predicate}.Encode()
	if err != nil {
		return err
	}
	if t.Mark != nil {
		if data, err = t.Mark(ctx, data); err != nil {
			return fmt.Errorf("signing the marker of release %s: %w", id, err)
		}
	}
	if _, err = t.Store.Write(ctx, markerOf(id), store.Bytes(data), record, store.Anew); store.CodeOf(err) != store.Exists {
		return err
	}
	there, info, err := store.Read(ctx, t.Store, markerOf(id), maxDocument)
	if err != nil {
		return fmt.Errorf("release %s: reading its marker: %w", id, err)
	}
	if t.counts(ctx, id, there) == nil {
		return nil // another run's, with a signature of its own
	}
	// One that does not count would be in the way for good.
	_, err = t.Store.Write(ctx, markerOf(id), store.Bytes(data), record, store.Replacing(info.Version))
	return err
}

// Complete says whether a release has its marker, by one request: ErrIncomplete
// if not. Whether each file still has its bytes is Verify's to find out.
func (t *Target) Complete(ctx context.Context, id release.Digest) error {
	data, _, err := store.Read(ctx, t.Store, markerOf(id), maxDocument)
	if store.CodeOf(err) == store.NotFound {
		return fmt.Errorf("release %s: %w: there is no %s", id, ErrIncomplete, markerOf(id))
	}
	if err != nil {
		return fmt.Errorf("release %s: reading its marker: %w", id, err)
	}
	return t.counts(ctx, id, data)
}

// counts says whether a marker is the release's, and signed by whom it should be.
func (t *Target) counts(ctx context.Context, id release.Digest, data []byte) error {
	statement, bundle := unwrap(data)
	if t.Marked != nil {
		if err := t.Marked(ctx, statement, bundle); err != nil {
			return fmt.Errorf("release %s: %s: %w", id, markerOf(id), err)
		}
	}
	s, err := release.ReadStatement(statement)
	var said completeness
	if err == nil {
		err = json.Unmarshal(s.Predicate, &said)
	}
	if err != nil || s.PredicateType != CompleteType || s.Release != id || said.Target != t.Name {
		return fmt.Errorf("release %s: %s is no marker of this release in %q", id, markerOf(id), t.Name)
	}
	return nil
}

// unwrap takes a statement out of its Sigstore bundle, if it is in one.
func unwrap(data []byte) (statement, bundle []byte) {
	var b struct {
		Envelope *struct {
			Payload []byte `json:"payload"`
		} `json:"dsseEnvelope"`
	}
	if json.Unmarshal(data, &b) == nil && b.Envelope != nil {
		return b.Envelope.Payload, data
	}
	return data, nil
}

// health is the document at deploy/healthy/<n>.json. It holds no clock: the same
// knowledge twice is one document.
type health struct {
	V       int            `json:"v"`
	Channel release.Digest `json:"channel"`
	Release release.Digest `json:"release"`
}

// Healthy records that what ref names was watched, and passed; of a revert, that it was
// seen at the public address: a later page that comes back is known by that.
func (t *Target) Healthy(ctx context.Context, ref channel.Ref) error {
	data, err := json.Marshal(health{1, ref.Channel, ref.Release})
	if err != nil {
		return err
	}
	if _, err = t.Store.Write(ctx, healthyOf(ref.Seq), store.Bytes(data), record, store.Anew); err != nil {
		return fmt.Errorf("recording that sequence %d is healthy: %w", ref.Seq, err)
	}
	return nil
}

// passed says whether ref was recorded healthy. A revert goes to nothing else.
func (t *Target) passed(ctx context.Context, ref channel.Ref) (bool, error) {
	if isRevert(ref.Seq) {
		return true, nil
	}
	h, err := t.healthAt(ctx, healthyOf(ref.Seq))
	if store.CodeOf(err) == store.NotFound {
		return false, nil
	}
	return err == nil && h.Channel == ref.Channel, err
}

func (t *Target) healthAt(ctx context.Context, name string) (h health, err error) {
	data, _, err := store.Read(ctx, t.Store, name, maxDocument)
	if err != nil {
		return h, fmt.Errorf("reading what was recorded healthy: %w", err)
	}
	if err := json.Unmarshal(data, &h); err != nil || h.V != 1 {
		return h, fmt.Errorf("%s: it is no record of health", name)
	}
	return h, nil
}
