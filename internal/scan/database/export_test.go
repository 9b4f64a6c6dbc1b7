package database

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Alarm ends a silent connection.
type Alarm = alarm

// Carry is the transport of an attempt, with a timer of the test's.
func Carry(base http.RoundTripper, after func(time.Duration, func()) Alarm) http.RoundTripper {
	return &carrier{base: base, silence: time.Minute, now: time.Now, after: after}
}

// CheckBolt looks whether Trivy would find its way in a file.
var CheckBolt = checkBolt

// Buckets are those at the root of a bbolt file.
func Buckets(r io.ReaderAt, size int64) ([]string, error) {
	b, err := openBolt(r, size)
	if err != nil {
		return nil, err
	}
	all, err := b.all(b.root, 0)
	var names []string
	for _, e := range all {
		names = append(names, string(e.key))
	}
	return names, err
}

// Unpack unpacks a layer, of at most limit bytes, to a folder, as Get does.
func Unpack(ctx context.Context, k Kind, dir string, layer io.Reader, limit int64) error {
	g := &getter{Options: Options{Kind: k}, limit: limit}
	return g.fill(ctx, dir, &artifact{size: -1, open: func() (io.ReadCloser, error) { return io.NopCloser(layer), nil }})
}

// RetryAfter reads the header.
var RetryAfter = retryAfter

// Lock locks a file, as Get does.
var Lock = flock

// Replaced is the name of the folder that makes room where two cannot be exchanged.
const Replaced = ".db-" + replaced
