package devserver

import (
	"net"
	"strings"
	"testing"
)

func TestListen(t *testing.T) {
	first, err := Listen(t.Context(), "127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	second, err := Listen(t.Context(), "127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	taken := first.Addr().(*net.TCPAddr).Port
	if got := second.Addr().(*net.TCPAddr).Port; got <= taken {
		t.Errorf("got port %d after %d", got, taken)
	}
	if _, err := Listen(t.Context(), "127.0.0.1", taken); err == nil || !strings.Contains(err.Error(), "taken by another program") {
		t.Errorf("a port that is asked for and taken: got %v", err)
	}
}
