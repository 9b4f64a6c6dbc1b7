package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Object is one to be there.
type Object struct {
	Name   string
	Body   Body
	Header Header
}

// UploadOptions are how a list of objects goes to a store. The zero value is careful
// and slow.
type UploadOptions struct {
	// Parallel bounds the objects on their way at once; fewer than one are one.
	Parallel int
	// Trust takes a store's word for what it has taken. Otherwise each object is read
	// back and compared.
	Trust bool
	// Present has what a list of the store had, by name, if there is one: an object
	// of the size that is wanted is read before it is sent, and one that is not there
	// is sent at once.
	Present map[string]int64
	// Progress hears of each object that is done, one at a time; may be nil.
	Progress func(Uploaded)
}

// Uploaded is what has become of a list so far.
type Uploaded struct {
	Objects, Of int
	// Skipped of the Objects were there with the right bytes.
	Skipped int
	Bytes   int64 // of the Objects
}

// maxFailures are told; of the others there is a number.
const maxFailures = 10

// Upload creates objects, and is content with those that are there with the right
// bytes: what was broken off goes on when it is called again. Of all that went wrong
// the first are told. After an error that no other attempt would mend nothing more is
// begun; s is Retrying where attempts are wanted.
func Upload(ctx context.Context, s Store, objects []Object, o UploadOptions) (Uploaded, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	u := &upload{store: s, options: o, done: Uploaded{Of: len(objects)}, stop: stop}
	next := make(chan Object)
	var wait sync.WaitGroup
	for range max(1, min(o.Parallel, len(objects))) {
		wait.Go(func() {
			for object := range next {
				u.one(ctx, object)
			}
		})
	}
	for _, object := range objects {
		select {
		case next <- object:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	wait.Wait()
	return u.done, u.outcome(ctx)
}

// upload is one call's.
type upload struct {
	store   Store
	options UploadOptions
	stop    func()

	mu     sync.Mutex
	done   Uploaded
	errs   []error
	failed int
}

func (u *upload) one(ctx context.Context, object Object) {
	if ctx.Err() != nil {
		return
	}
	skipped, err := u.put(ctx, object)
	u.mu.Lock()
	defer u.mu.Unlock()
	if err != nil {
		u.fail(ctx, err)
		return
	}
	u.done.Objects++
	u.done.Bytes += object.Body.Size
	if skipped {
		u.done.Skipped++
	}
	if u.options.Progress != nil {
		u.options.Progress(u.done)
	}
}

// fail keeps an error, unless it only says that others have failed before.
func (u *upload) fail(ctx context.Context, err error) {
	if len(u.errs) > 0 && errors.Is(err, context.Canceled) {
		return
	}
	u.failed++
	if len(u.errs) < maxFailures {
		u.errs = append(u.errs, err)
	}
	if !passing(err) && ctx.Err() == nil {
		u.stop()
	}
}

// passing reports whether an error may be of one object, or of a moment, alone. What
// says that an object is another one is worth to be told of each.
func passing(err error) bool {
	switch CodeOf(err) {
	case Busy, Unknown, Exists, Changed, Mismatch, Invalid, NotFound:
		return true
	case Other, Denied:
	}
	return false
}

// put has an object be there.
func (u *upload) put(ctx context.Context, object Object) (skipped bool, err error) {
	body := object.Body
	if size, there := u.options.Present[object.Name]; there && size == body.Size {
		err := Check(ctx, u.store, object.Name, body.Size, body.Integrity)
		if code := CodeOf(err); err == nil || code != NotFound && code != Mismatch {
			return err == nil, err
		}
	}
	switch _, err = u.store.Write(ctx, object.Name, body, object.Header, Anew); {
	case CodeOf(err) == Exists:
		if err := Check(ctx, u.store, object.Name, body.Size, body.Integrity); err != nil {
			return false, taken(object, err)
		}
		return true, nil
	case err != nil || u.options.Trust:
		return false, err
	}
	return false, Check(ctx, u.store, object.Name, body.Size, body.Integrity)
}

// taken is of a name that holds other bytes, which nothing here replaces.
func taken(object Object, err error) error {
	if CodeOf(err) != Mismatch {
		return err
	}
	return &Error{Code: Exists, Op: "uploading", Name: object.Name, Err: fmt.Errorf("it has other bytes, want %s; nothing is replaced: take another name, or delete it", object.Body.Integrity)}
}

func (u *upload) outcome(ctx context.Context) error {
	if u.failed == 0 {
		return context.Cause(ctx)
	}
	if more := u.failed - len(u.errs); more > 0 {
		u.errs = append(u.errs, fmt.Errorf("and %d more", more))
	}
	if left := u.done.Of - u.done.Objects - u.failed; left > 0 {
		u.errs = append(u.errs, fmt.Errorf("%d of %d objects were not tried", left, u.done.Of))
	}
	return errors.Join(u.errs...)
}

// Sizes is UploadOptions.Present of what lies below a folder.
func Sizes(ctx context.Context, s Store, folder string) (map[string]int64, error) {
	sizes := map[string]int64{}
	for info, err := range s.List(ctx, folder) {
		if err != nil {
			return nil, err
		}
		sizes[info.Name] = info.Size
	}
	return sizes, nil
}

// First joins the first of some errors, and says how many there are.
func First(errs []error) error {
	var first []error
	n := 0
	for _, err := range errs {
		if err == nil {
			continue
		}
		if n++; n <= maxFailures {
			first = append(first, err)
		}
	}
	if n > maxFailures {
		first = append(first, fmt.Errorf("and %d more", n-maxFailures))
	}
	return errors.Join(first...)
}
