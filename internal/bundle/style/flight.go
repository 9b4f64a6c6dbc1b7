package style

import (
	"context"
	"sync"
)

// flights runs one computation a key and keeps its result while it is fresh.
// The zero value is ready.
type flights[T interface{ fresh() bool }] struct {
	mu    sync.Mutex
	byKey map[string]*flight[T]
}

type flight[T interface{ fresh() bool }] struct {
	done  chan struct{}
	value T
	err   error
}

// do returns the value of key. The computation does not end with ctx: others
// may be waiting for it. Errors are not kept.
func (f *flights[T]) do(ctx context.Context, key string, compute func() (T, error)) (T, error) {
	var zero T
	if err := ctx.Err(); err != nil {
		return zero, context.Cause(ctx)
	}
	current := f.join(key, compute)
	select {
	case <-current.done:
		return current.value, current.err
	case <-ctx.Done():
		return zero, context.Cause(ctx)
	}
}

// join returns the flight of key that runs or is fresh, or starts one.
func (f *flights[T]) join(key string, compute func() (T, error)) *flight[T] {
	f.mu.Lock()
	current := f.byKey[key]
	f.mu.Unlock()
	// Freshness reads files: not under the lock.
	if current != nil && (!current.landed() || current.err == nil && current.value.fresh()) {
		return current
	}

	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byKey[key] != current {
		return f.byKey[key] // someone was faster
	}
	next := &flight[T]{done: make(chan struct{})}
	if f.byKey == nil {
		f.byKey = map[string]*flight[T]{}
	}
	f.byKey[key] = next
	go func() {
		defer close(next.done)
		next.value, next.err = compute()
	}()
	return next
}

func (f *flight[T]) landed() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}
