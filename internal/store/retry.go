package store

import (
	"context"
	"fmt"
	"io"
	"iter"
	"time"
)

// Retrying tries again what may be tried again: reads, lists, and the creation of
// an object. One that is there already with the same bytes was created, by an
// attempt without an answer or by somebody else. A replacement or a delete is
// tried again only while the store says that nothing was done; an Unknown one is
// the caller's to settle, by reading what is there.
type Retrying struct {
	Store
	// Attempts bounds each call; fewer than two try once.
	Attempts int
	// Sleep waits, or returns the context's error.
	Sleep func(context.Context, time.Duration) error
	// First is the first pause; each is twice the one before, 30 s at most,
	// unless the server names its own.
	First time.Duration
}

const longest = 30 * time.Second

// Open tries again what was not found out. What fails while the bytes are read is
// not tried again: Read and Check of this package can be.
func (r *Retrying) Open(ctx context.Context, name string) (body io.ReadCloser, info Info, err error) {
	err = r.try(ctx, func() error {
		body, info, err = r.Store.Open(ctx, name)
		return err
	})
	return body, info, err
}

// Write is Store's.
func (r *Retrying) Write(ctx context.Context, name string, body Body, header Header, when When) (v Version, err error) {
	err = r.try(ctx, func() error {
		v, err = r.Store.Write(ctx, name, body, header, when)
		if CodeOf(err) == Unknown && when != Anew {
			return &settled{err}
		}
		return err
	})
	if CodeOf(err) != Exists || when != Anew {
		return v, err
	}
	return r.there(ctx, name, body, err)
}

// there is the version of what is there already, if it has the body's bytes: an
// attempt of ours may have made it. What can't be compared is Unknown, so that
// nobody takes it for other bytes.
func (r *Retrying) there(ctx context.Context, name string, body Body, exists error) (v Version, _ error) {
	err := r.try(ctx, func() (err error) {
		v, err = check(ctx, r.Store, name, body.Size, body.Integrity)
		if err != nil && CodeOf(err) == Other { // the bytes broke off
			err = &Error{Code: Unknown, Op: "checking", Name: name, Err: err}
		}
		return err
	})
	switch {
	case err == nil:
		return v, nil
	case CodeOf(err) == Mismatch:
		return "", exists
	default:
		return "", &Error{Code: Unknown, Op: "writing", Name: name, Err: fmt.Errorf("something is there, and could not be compared: %w", err)}
	}
}

// Delete tries again only what was not done for certain: a request that arrives
// after the object was written anew would remove that.
func (r *Retrying) Delete(ctx context.Context, name string, version Version) error {
	return r.try(ctx, func() error {
		err := r.Store.Delete(ctx, name, version)
		if CodeOf(err) == Unknown {
			return &settled{err}
		}
		return err
	})
}

// List goes on after the last name that it yielded.
func (r *Retrying) List(ctx context.Context, folder string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		last, stopped := "", false
		err := r.try(ctx, func() error {
			for info, err := range r.Store.List(ctx, folder) {
				if err != nil {
					return err
				}
				if info.Name <= last {
					continue
				}
				last = info.Name
				if stopped = !yield(info, nil); stopped {
					return nil
				}
			}
			return nil
		})
		if err != nil && !stopped {
			yield(Info{}, err)
		}
	}
}

// settled ends the attempts with an error that would be tried again.
type settled struct{ error }

func (s *settled) Unwrap() error { return s.error }

func (r *Retrying) try(ctx context.Context, do func() error) error {
	pause := r.First
	for attempt := 1; ; attempt++ {
		err := do()
		if s, ok := err.(*settled); ok { //nolint:errorlint // it is never wrapped
			return s.error
		}
		if code := CodeOf(err); code != Busy && code != Unknown || attempt >= r.Attempts {
			return err
		}
		if waiting := r.Sleep(ctx, max(pause, wish(err))); waiting != nil {
			return err
		}
		pause = min(2*pause, longest)
	}
}
