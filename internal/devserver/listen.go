package devserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// DefaultPort is the first port that is tried where none is asked for.
const DefaultPort = 4700

const triedPorts = 10

// Listen listens on an address of this machine. A port that is asked for is
// that or an error: a page that names it would load what another server has
// there. For port 0 it is the first free one from DefaultPort on.
func Listen(ctx context.Context, host string, port int) (net.Listener, error) {
	first, last := port, port
	if port == 0 {
		first, last = DefaultPort, DefaultPort+triedPorts-1
	}
	var config net.ListenConfig
	for try := first; ; try++ {
		l, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(try)))
		switch {
		case err == nil:
			return l, nil
		case !errors.Is(err, syscall.EADDRINUSE):
			return nil, fmt.Errorf("listening on %s: %w", net.JoinHostPort(host, strconv.Itoa(try)), err)
		case try < last:
		case port != 0:
			return nil, fmt.Errorf("port %d is taken by another program: end it, or choose another port", port)
		default:
			return nil, fmt.Errorf("ports %d to %d are taken by other programs: end one, or choose another port", first, last)
		}
	}
}
