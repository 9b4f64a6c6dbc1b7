package shop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Shop is a running example. Its two servers are two origins to a browser.
type Shop struct {
	example string // the example's folder
	build   *Build

	front, assets net.Listener
	servers       []*http.Server

	mu     sync.Mutex
	faults []Fault
	asked  map[string]int  // requests of a file, prefetches left out
	hinted map[string]bool // files that were prefetched
}

// Addresses say where a shop listens, as host:port; port 0 picks a free one.
type Addresses struct {
	Page   string
	Assets string
}

// Loopback picks two free ports of this machine.
var Loopback = Addresses{"127.0.0.1:0", "127.0.0.1:0"}

// Open serves an example's folder and a build of it until Close.
func Open(ctx context.Context, example string, build *Build, at Addresses) (*Shop, error) {
	s := &Shop{example: example, build: build, asked: map[string]int{}, hinted: map[string]bool{}}
	var err error
	if s.front, err = s.listen(ctx, at.Page, s.frontHandler()); err != nil {
		return nil, err
	}
	if s.assets, err = s.listen(ctx, at.Assets, http.HandlerFunc(s.asset)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// URL is the page's address.
func (s *Shop) URL() string { return origin(s.front) + "/" }

// Assets is the origin of the built files.
func (s *Shop) Assets() string { return origin(s.assets) }

// Close stops both servers without waiting for requests under way.
func (s *Shop) Close() error {
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	return errors.Join(errs...)
}

func (s *Shop) frontHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /api/{name}", s.read)
	mux.HandleFunc("POST /api/orders", s.order)
	return mux
}

func (s *Shop) listen(ctx context.Context, address string, handler http.Handler) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening for the example: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	s.servers = append(s.servers, server)
	go func() { _ = server.Serve(l) }() // ends with Close
	return l, nil
}

func origin(l net.Listener) string { return "http://" + l.Addr().String() }
