//go:build !unix

package action

// handOver does nothing: container actions run on Linux only.
func (*Run) handOver() error { return nil }
