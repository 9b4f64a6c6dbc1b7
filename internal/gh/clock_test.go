package gh

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/gh/ghtest"
)

// clock is time that passes only while somebody sleeps.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
	waits []Wait
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	return ctx.Err()
}

func (c *clock) Waiting(w Wait) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits = append(c.waits, w)
}

const shop = "org/shop"

var issuesWrite = map[string]string{"issues": "write"}

// trial is a client and the fake that it speaks to.
type trial struct {
	*clock
	fake   *ghtest.Fake
	client *Client
}

func start(t *testing.T, fake ghtest.Options, change func(*Options)) *trial {
	t.Helper()
	c := newClock()
	if fake.Repository == "" {
		fake.Repository = shop
	}
	if fake.Permissions == nil {
		fake.Permissions = issuesWrite
	}
	fake.Now = c.Now
	f := ghtest.New(t, fake)
	o := Options{BaseURL: f.Serve(t), Repository: shop, Token: ghtest.Token, Now: c.Now, Sleep: c.Sleep, Waiting: c.Waiting}
	if change != nil {
		change(&o)
	}
	client, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return &trial{clock: c, fake: f, client: client}
}

func (tr *trial) issues(t *testing.T, o IssueOptions) *Issues {
	t.Helper()
	issues, err := tr.client.Issues(o)
	if err != nil {
		t.Fatal(err)
	}
	return issues
}
