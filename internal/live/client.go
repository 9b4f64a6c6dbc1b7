package live

import (
	"context"
	"crypto/tls"
	"net/netip"
	"time"
)

// Client is how pages are fetched. The zero value is for the internet.
type Client struct {
	Resolver Resolver      // nil for the system's
	TLS      *tls.Config   // nil for the system's certificates
	Timeout  time.Duration // of a request with its body; 0 for 30 s
	MaxBody  int64         // decoded; 0 for MaxBody
}

// Resolver is net.Resolver's part that is needed.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}
