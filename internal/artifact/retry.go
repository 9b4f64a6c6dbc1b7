package artifact

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	maxAttempts = 5
	firstWait   = time.Second
	maxWait     = 2 * time.Minute // the longest Retry-After that is obeyed
)

// transient is a failure that another attempt may not have.
type transient struct {
	err   error
	after time.Duration // what the server asked for; 0 if nothing
}

func (t *transient) Error() string { return t.err.Error() }
func (t *transient) Unwrap() error { return t.err }

// retry runs attempt until it succeeds, fails with another error than a
// transient one, or has run maxAttempts times. Each attempt gets at most limit.
func (c *Client) retry(ctx context.Context, what string, limit time.Duration, attempt func(context.Context) error) error {
	for n := 1; ; n++ {
		err := within(ctx, limit, attempt)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", what, ctx.Err())
		}
		var again *transient
		if !errors.As(err, &again) {
			return fmt.Errorf("%s: %w", what, err)
		}
		// The last failure goes in as text: a single attempt's deadline must
		// not look like the caller's.
		if again.after > maxWait {
			return fmt.Errorf("%s: %w: it asks to wait %v, at most %v are waited: %s", what, ErrUnavailable, again.after, maxWait, err.Error())
		}
		if n == maxAttempts {
			return fmt.Errorf("%s: %w at %d attempts, the last: %s", what, ErrUnavailable, n, err.Error())
		}
		if err := c.options.Sleep(ctx, max(backoff(n), again.after)); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
}

func within(ctx context.Context, limit time.Duration, attempt func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer in %v", limit))
	defer cancel()
	return attempt(ctx)
}

// backoff is the wait after the nth attempt: 1, 2, 4, 8 seconds and up to half
// as much again, so that jobs that failed together don't return together.
func backoff(n int) time.Duration {
	wait := firstWait << (n - 1)
	return wait + rand.N(wait/2)
}
