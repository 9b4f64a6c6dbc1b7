package static

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
)

// Stage puts a release's files into the store, each where there was none; what is
// there already with the right bytes is left, so that a second run goes on where
// the first one stopped. files hold the release; its bytes are checked on their way.
func (t *Target) Stage(ctx context.Context, r *release.Release, files fs.FS) error {
	id, err := r.ID()
	if err != nil {
		return err
	}
	// First of all: what lies in a release's folder is found by this.
	if err := t.put(ctx, stagedOf(id), store.Bytes([]byte("{}\n")), record); err != nil {
		return err
	}
	for _, f := range r.Files {
		header := store.Header{ContentType: f.Type, ContentEncoding: string(f.Encoding), CacheControl: cachedForever}
		if err := t.putFile(ctx, id, f.Path, store.File(files, f.Path, f.Size, f.Integrity), header); err != nil {
			return err
		}
	}
	data, err := r.Encode()
	if err != nil {
		return err
	}
	return t.putFile(ctx, id, release.RecordName, store.Bytes(data), headerOf(release.RecordName, cachedForever))
}

func (t *Target) put(ctx context.Context, name string, body store.Body, header store.Header) error {
	if _, err := t.Store.Write(ctx, name, body, header, store.Anew); err != nil {
		return fmt.Errorf("staging: %w", err)
	}
	return nil
}

// putFile puts a release's file. Other bytes that are there are damage, unless
// the release was once complete: then somebody altered it, and people have to look.
func (t *Target) putFile(ctx context.Context, id release.Digest, name string, body store.Body, header store.Header) error {
	err := t.put(ctx, fileOf(id, name), body, header)
	if store.CodeOf(err) != store.Exists {
		return err
	}
	if !errors.Is(t.Complete(ctx, id), ErrIncomplete) {
		return fmt.Errorf("staging: %s has other bytes than the release, which was complete: somebody altered it; look who can write to the store: %w", fileOf(id, name), err)
	}
	if err := t.erase(ctx, fileOf(id, name)); err != nil {
		return fmt.Errorf("staging: removing a damaged file: %w", err)
	}
	return t.put(ctx, fileOf(id, name), body, header)
}

// Verify reads every file of a release back from the store, and then marks the
// release complete.
func (t *Target) Verify(ctx context.Context, r *release.Release) error {
	id, err := r.ID()
	if err != nil {
		return err
	}
	if err := t.Intact(ctx, id); err != nil {
		return err
	}
	return t.mark(ctx, id, len(r.Files))
}

// Intact reads a release's record from the store, and every file that it names.
func (t *Target) Intact(ctx context.Context, id release.Digest) error {
	r, err := t.Record(ctx, id)
	if err != nil {
		return err
	}
	for _, f := range r.Files {
		if err := store.Check(ctx, t.Store, fileOf(id, f.Path), f.Size, f.Integrity); err != nil {
			return fmt.Errorf("verifying release %s: %w", id, err)
		}
	}
	return nil
}

// Record reads the record of a release that is in the store.
func (t *Target) Record(ctx context.Context, id release.Digest) (*release.Release, error) {
	name := fileOf(id, release.RecordName)
	data, _, err := store.Read(ctx, t.Store, name, release.MaxRecordSize)
	if err != nil {
		return nil, fmt.Errorf("reading the record of release %s: %w", id, err)
	}
	if got := release.DigestOf(data); got != id {
		return nil, fmt.Errorf("%s: got the release %s: it was altered in the store", name, got)
	}
	return release.Read(bytes.NewReader(data))
}
