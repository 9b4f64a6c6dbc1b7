package static

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
)

// parallel bounds the requests at once.
const parallel = 16

// Stage puts a release's files into the store, each where there was none; what is
// there already with the right bytes is left, so that a second run goes on where
// the first one stopped. files hold the release; its bytes are checked on their
// way. The record is the last: where it is, all were there.
func (t *Target) Stage(ctx context.Context, r *release.Release, files fs.FS) error {
	id, err := r.ID()
	if err != nil {
		return err
	}
	// First of all: what lies in a release's folder is found by this.
	if err := t.put(ctx, stagedOf(id), store.Bytes([]byte("{}\n")), record); err != nil {
		return err
	}
	objects := make([]store.Object, 0, len(r.Files))
	for _, f := range r.Files {
		header := store.Header{ContentType: f.Type, ContentEncoding: string(f.Encoding), CacheControl: cachedForever}
		objects = append(objects, store.Object{Name: fileOf(id, f.Path), Body: store.File(files, f.Path, f.Size, f.Integrity), Header: header})
	}
	if err := t.upload(ctx, id, objects, t.Uploading); err != nil {
		return err
	}
	data, err := r.Encode()
	if err != nil {
		return err
	}
	name := fileOf(id, release.RecordName)
	return t.upload(ctx, id, []store.Object{{Name: name, Body: store.Bytes(data), Header: headerOf(name, cachedForever)}}, nil)
}

// upload sends objects of a release, and those again whose names had other bytes.
// They are read back by Verify.
func (t *Target) upload(ctx context.Context, id release.Digest, objects []store.Object, progress func(store.Uploaded)) error {
	present, err := store.Sizes(ctx, t.Store, folderOf(id))
	if err != nil {
		return fmt.Errorf("staging: %w", err)
	}
	_, err = store.Upload(ctx, t.Store, objects, store.UploadOptions{Parallel: parallel, Trust: true, Present: present, Progress: progress})
	if store.CodeOf(err) != store.Exists {
		return err
	}
	for _, o := range objects {
		if err := t.repair(ctx, id, o); err != nil {
			return err
		}
	}
	return nil
}

func (t *Target) put(ctx context.Context, name string, body store.Body, header store.Header) error {
	if _, err := t.Store.Write(ctx, name, body, header, store.Anew); err != nil {
		return fmt.Errorf("staging: %w", err)
	}
	return nil
}

// repair puts a release's file. Other bytes that are there are damage, unless the
// release was once complete: then somebody altered it, and people have to look.
func (t *Target) repair(ctx context.Context, id release.Digest, o store.Object) error {
	err := t.put(ctx, o.Name, o.Body, o.Header)
	if store.CodeOf(err) != store.Exists {
		return err
	}
	if !errors.Is(t.Complete(ctx, id), ErrIncomplete) {
		return fmt.Errorf("staging: %s has other bytes than the release, which was complete: somebody altered it; look who can write to the store: %w", o.Name, err)
	}
	if err := t.erase(ctx, o.Name); err != nil {
		return fmt.Errorf("staging: removing a damaged file: %w", err)
	}
	return t.put(ctx, o.Name, o.Body, o.Header)
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
	wrong := make([]error, len(r.Files))
	places := make(chan struct{}, parallel)
	var checking sync.WaitGroup
	for i, f := range r.Files {
		places <- struct{}{}
		checking.Go(func() {
			wrong[i] = store.Check(ctx, t.Store, fileOf(id, f.Path), f.Size, f.Integrity)
			<-places
		})
	}
	checking.Wait()
	if err := store.First(wrong); err != nil {
		return fmt.Errorf("verifying release %s: %w", id, err)
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
