package trial

import (
	"context"
	"crypto/rand"
	"io"
	"net/url"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/blob"
	"github.com/org/checkout-deploy/internal/store/storetest/peer"
	"github.com/org/checkout-deploy/internal/target/static"
)

// counting counts what is asked of a store.
type counting struct {
	store.Store
	requests atomic.Int64
}

func (c *counting) Open(ctx context.Context, name string) (io.ReadCloser, store.Info, error) {
	c.requests.Add(1)
	return c.Store.Open(ctx, name)
}

func (c *counting) Write(ctx context.Context, name string, body store.Body, header store.Header, when store.When) (store.Version, error) {
	c.requests.Add(1)
	return c.Store.Write(ctx, name, body, header, when)
}

// BenchmarkFlip publishes a release over S3 and takes it back, and reports the
// median of each and its requests, without the reading back of the public address.
func BenchmarkFlip(b *testing.B) {
	server := peer.NewS3(b)
	for name, value := range server.Env() {
		b.Setenv(name, value)
	}
	address, err := url.Parse(server.URL("bench"))
	if err != nil {
		b.Fatal(err)
	}
	bucket, err := blob.Open(b.Context(), address, blob.Options{Lookup: os.LookupEnv})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = bucket.Close() }()
	c := &counting{Store: bucket}
	t := &static.Target{Store: c, Name: "bench", Entry: "index.html", Base: "/", Now: time.Now, Random: rand.Reader}
	for _, s := range samples[:2] {
		if err := t.Stage(b.Context(), s.record, s.files); err != nil {
			b.Fatal(err)
		}
		if err := t.Verify(b.Context(), s.record); err != nil {
			b.Fatal(err)
		}
	}
	var ready, flips, backs []time.Duration
	timed := func(into *[]time.Duration, limit int64, do func() error) {
		before, began := c.requests.Load(), time.Now()
		if err := do(); err != nil {
			b.Fatal(err)
		}
		*into = append(*into, time.Since(began))
		if n := c.requests.Load() - before; n > limit {
			b.Fatalf("got %d requests, want at most %d", n, limit)
		}
	}
	publish := func(s *sample) {
		state, err := t.State(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		var p *static.Publication
		// The log and the revert, and before them what they are made of: the marker, and
		// record and page of both releases.
		timed(&ready, 7, func() error {
			p, err = t.Prepare(b.Context(), state, func(c *channel.Channel) { c.Serve(s.id); c.Hold = nil })
			return err
		})
		timed(&flips, 1, func() error {
			if state, err = t.Publish(b.Context(), p); err == nil {
				return nil
			}
			return err
		})
		if err := t.Healthy(b.Context(), state.Ref); err != nil {
			b.Fatal(err)
		}
	}
	publish(samples[0])
	for b.Loop() {
		publish(samples[1])
		timed(&backs, 5, func() error { _, err := t.Revert(b.Context(), nil); return err })
	}
	median := func(all []time.Duration) float64 {
		slices.Sort(all)
		return float64(all[len(all)/2].Microseconds()) / 1000
	}
	b.ReportMetric(median(ready), "prepare-p50-ms")
	b.ReportMetric(median(flips), "flip-p50-ms")
	b.ReportMetric(median(backs), "rollback-p50-ms")
}
