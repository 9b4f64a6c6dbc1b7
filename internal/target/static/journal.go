package static

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/target"
)

// Flight is the entry of the journal for a deploy that has begun. While it is
// there nothing collects its release. It is a record, and decides nothing else.
type Flight struct {
	Release release.Digest `json:"release"`
	Began   time.Time      `json:"began"`
	// Run says whose it is, such as the address of a workflow's run.
	Run string `json:"run"`

	name    string
	version store.Version
}

const journal = "deploy/journal"

// Begin writes a flight into the journal: before anything else that a deploy does.
func (t *Target) Begin(ctx context.Context, id release.Digest, run string) (*Flight, error) {
	nonce, err := channel.NewNonce(t.Random)
	if err != nil {
		return nil, err
	}
	f := &Flight{Release: id, Began: t.Now().UTC().Truncate(time.Second), Run: run, name: journal + "/" + nonce.String() + ".json"}
	data, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	if f.version, err = t.Store.Write(ctx, f.name, store.Bytes(data), record, store.Anew); err != nil {
		return nil, fmt.Errorf("beginning: %w", err)
	}
	return f, nil
}

// End takes a flight out of the journal. That it is gone already is no error.
func (t *Target) End(ctx context.Context, f *Flight) error {
	if err := t.Store.Delete(ctx, f.name, f.version); err != nil && store.CodeOf(err) != store.NotFound {
		return fmt.Errorf("ending: %w", err)
	}
	return nil
}

// Flights are those that began after a time.
func (t *Target) Flights(ctx context.Context, after time.Time) (flights []Flight, err error) {
	for info, err := range t.Store.List(ctx, journal) {
		if err != nil {
			return nil, fmt.Errorf("reading the journal: %w", err)
		}
		data, _, err := store.Read(ctx, t.Store, info.Name, maxDocument)
		if store.CodeOf(err) == store.NotFound {
			continue // it has ended
		}
		if err != nil {
			return nil, fmt.Errorf("reading the journal: %s: %w", info.Name, err)
		}
		var f Flight
		if json.Unmarshal(data, &f) != nil {
			continue // nobody's: a run writes its own whole
		}
		if f.Began.After(after) {
			flights = append(flights, f)
		}
	}
	return flights, nil
}

// Lock says who deploys, so that another one waits and wastes no work. It is
// advice: what it protects is safe without it, by the condition of each write.
type Lock struct {
	Holder channel.Nonce `json:"holder"`
	Run    string        `json:"run"`
	Until  time.Time     `json:"until"`

	version store.Version
}

// longestLease is above any that a run takes.
const longestLease = time.Hour

const lockName = "deploy/lock.json"

// Lock takes the lock for a time, from nobody or from a holder whose time is
// over; else it is a *target.BusyError.
func (t *Target) Lock(ctx context.Context, run string, lasting time.Duration) (*Lock, error) {
	nonce, err := channel.NewNonce(t.Random)
	if err != nil {
		return nil, err
	}
	l := &Lock{Holder: nonce, Run: run}
	held, when, err := t.locked(ctx)
	switch {
	case err != nil:
		return nil, err
	case t.Now().Before(held.Until) && !held.Until.After(t.Now().Add(longestLease)): // else a clock was wrong
		return nil, &target.BusyError{Run: held.Run, Until: held.Until}
	}
	return l, t.hold(ctx, l, when, lasting)
}

// Prolong holds the lock for longer. That somebody has taken it is no error.
func (t *Target) Prolong(ctx context.Context, l *Lock, lasting time.Duration) error {
	err := t.hold(ctx, l, store.Replacing(l.version), lasting)
	if code := store.CodeOf(err); code == store.Changed || code == store.Unknown {
		return nil
	}
	return err
}

// Unlock ends the lock, if it is still this one.
func (t *Target) Unlock(ctx context.Context, l *Lock) error {
	switch err := t.Store.Delete(ctx, lockName, l.version); store.CodeOf(err) {
	case store.NotFound, store.Changed:
		return nil
	default:
		return err
	}
}

func (t *Target) locked(ctx context.Context) (l Lock, when store.When, err error) {
	data, info, err := store.Read(ctx, t.Store, lockName, maxDocument)
	if store.CodeOf(err) == store.NotFound {
		return l, store.Anew, nil
	}
	if err != nil {
		return l, when, fmt.Errorf("reading the lock: %w", err)
	}
	// One that can't be read is nobody's.
	if json.Unmarshal(data, &l) != nil {
		l = Lock{}
	}
	return l, store.Replacing(info.Version), nil
}

func (t *Target) hold(ctx context.Context, l *Lock, when store.When, lasting time.Duration) error {
	l.Until = t.Now().UTC().Truncate(time.Second).Add(lasting)
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	version, err := t.Store.Write(ctx, lockName, store.Bytes(data), record, when)
	switch code := store.CodeOf(err); {
	case code == store.Exists || code == store.Changed && l.version == "":
		held, _, reading := t.locked(ctx)
		return errors.Join(reading, &target.BusyError{Run: held.Run, Until: held.Until})
	case err != nil:
		return fmt.Errorf("writing the lock: %w", err)
	}
	l.version = version
	return nil
}
