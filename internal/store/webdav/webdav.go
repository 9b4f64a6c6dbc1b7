// Package webdav is a store of immutable objects on a WebDAV server (RFC 4918).
//
// WebDAV has no comparison that a write depends on, so nothing is ever replaced. An
// object is uploaded to a name that readers don't know, read back, and then moved to
// its own with "Overwrite: F": a reader sees all of it or nothing, and what breaks
// off is not there. Servers look whether the target is there and then move, in two
// steps; so of writers of other bytes to one name in the same moment several may be
// told that they were the first, and the last one's bytes stay. On Apache that is so
// with "If-None-Match: *" on PUT as well. One writer, or names that follow the
// content, is what this store is for.
package webdav

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
)

// Options are a store's means. URL is required.
type Options struct {
	// URL is the collection that is the store's root, such as
	// https://store-1.example/dav/content/checkout. It has to be there. Plain http is
	// for this machine's own addresses.
	URL string
	// User and Password are secrets, and in no error. Which scheme is used (Digest
	// before Basic, RFC 7616 and 7617) the server says.
	User, Password string
	// HTTP carries the requests; nil for a transport of this package's.
	HTTP http.RoundTripper
	// Stall is how long no byte may come or go; 0 for a minute.
	Stall time.Duration
}

// Uploads is the collection at the root that holds what is being uploaded. What is
// left there by a run that was killed is nothing's part and can be deleted.
const Uploads = ".checkout-deploy-uploads"

const (
	maxName  = 1024 // bytes
	maxDepth = 32   // segments
)

// Store is safe for concurrent use.
type Store struct {
	client *client
	base   *url.URL

	// The bounds of a list, which a server could make endless.
	maxAnswer  int64 // bytes of one collection's
	maxEntries int   // in all

	mu   sync.Mutex
	made map[string]bool // collections that are there
}

// New checks the options without a request. All that is wrong is told at once.
func New(o Options) (*Store, error) {
	base, err := root(o.URL)
	if err := errors.Join(err, credentials(o)); err != nil {
		return nil, fmt.Errorf("the WebDAV store: %w", err)
	}
	return &Store{client: newClient(o), base: base, maxAnswer: 64 << 20, maxEntries: 200_000, made: map[string]bool{}}, nil
}

func root(s string) (*url.URL, error) {
	const want = "https://host/path"
	u, err := url.Parse(s)
	if err != nil {
		return nil, errors.New("got an address that can't be read, want " + want)
	}
	local := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
	switch {
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("got an address with a user, query or fragment, want " + want + ", and the user by itself")
	case u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("got the address %.200q, want %s", s, want)
	case u.Scheme == "http" && !local:
		return nil, fmt.Errorf("got the address %.200q; a password goes by https only", s)
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

func credentials(o Options) error {
	for _, s := range []string{o.User, o.Password} {
		if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return errors.New("got a user or password with a line break or control character; is the secret pasted whole, without a line's end?")
		}
	}
	if o.User == "" && o.Password != "" {
		return errors.New("got a password without a user")
	}
	return nil
}

// Capabilities is Store's: objects are immutable, and the server picks the headers.
func (s *Store) Capabilities() store.Capabilities { return store.Capabilities{} }

// at is the address of an object or collection.
func (s *Store) at(name string) *url.URL {
	u := *s.base
	u.Path += "/" + name
	return &u
}

func checkName(op, name string) error {
	first, _, _ := strings.Cut(name, "/")
	if len(name) > maxName || strings.Count(name, "/") >= maxDepth || first == Uploads {
		return &store.Error{Code: store.Invalid, Op: op, Name: name, Err: fmt.Errorf("want a path of at most %d bytes and %d segments, and not below %s", maxName, maxDepth, Uploads)}
	}
	return store.CheckName(op, name)
}

// Open is Store's.
func (s *Store) Open(ctx context.Context, name string) (io.ReadCloser, store.Info, error) {
	const op = "opening"
	if err := checkName(op, name); err != nil {
		return nil, store.Info{}, err
	}
	return s.open(ctx, op, name)
}

func (s *Store) open(ctx context.Context, op, name string) (io.ReadCloser, store.Info, error) {
	res, err := s.client.do(ctx, request{method: http.MethodGet, url: s.at(name), header: http.Header{"Accept-Encoding": {"identity"}}})
	if err != nil {
		return nil, store.Info{}, lost(op, name, err, store.Unknown)
	}
	if res.StatusCode != http.StatusOK {
		_ = res.Body.Close()
		if s.isCollection(res) {
			return nil, store.Info{}, &store.Error{Code: store.NotFound, Op: op, Name: name, Err: errors.New("it is a collection")}
		}
		return nil, store.Info{}, refused(op, name, res, store.Unknown)
	}
	info, err := described(name, res)
	if err != nil {
		_ = res.Body.Close()
		return nil, store.Info{}, &store.Error{Code: store.Other, Op: op, Name: name, Err: err}
	}
	return res.Body, info, nil
}

// isCollection says that an answer only adds a slash to the address.
func (s *Store) isCollection(res *http.Response) bool {
	to, err := res.Location()
	return err == nil && res.StatusCode/100 == 3 && to.Path == res.Request.URL.Path+"/"
}

// described is what an answer to GET says of an object.
func described(name string, res *http.Response) (store.Info, error) {
	if res.ContentLength < 0 {
		return store.Info{}, errors.New("got an answer without Content-Length")
	}
	v := version(res.Header.Get("ETag"), res.ContentLength, res.Header.Get("Last-Modified"))
	return store.Info{Name: name, Size: res.ContentLength, Version: v}, nil
}

// version is the entity tag. Apache calls one weak while its file is new, and it is
// the same text later; without one it is the size and time.
func version(tag string, size int64, modified string) store.Version {
	if tag = strings.TrimPrefix(tag, "W/"); tag == "" {
		tag = strconv.FormatInt(size, 10) + " " + modified
	}
	return store.Version(tag)
}

// Write is Store's. To replace is Invalid.
func (s *Store) Write(ctx context.Context, name string, body store.Body, _ store.Header, when store.When) (store.Version, error) {
	const op = "writing"
	if err := checkName(op, name); err != nil {
		return "", err
	}
	if when != store.Anew {
		return "", &store.Error{Code: store.Invalid, Op: op, Name: name, Err: errors.New("WebDAV can't compare what it replaces: it holds immutable objects only")}
	}
	// This saves an upload; that nothing is overwritten is the move's part.
	switch _, err := s.stat(ctx, op, name); store.CodeOf(err) {
	case store.NotFound:
	default:
		if err == nil {
			err = &store.Error{Code: store.Exists, Op: op, Name: name}
		}
		return "", err
	}
	temporary := Uploads + "/" + rand.Text()
	err := s.upload(ctx, temporary, name, body)
	if err == nil {
		err = s.move(ctx, temporary, name)
	}
	if err != nil {
		s.discard(ctx, temporary)
		return "", err
	}
	info, err := s.stat(ctx, op, name)
	switch {
	case err != nil:
		return "", &store.Error{Code: store.Unknown, Op: op, Name: name, Err: fmt.Errorf("it was moved into place, and then: %w", err)}
	case info.Size != body.Size:
		return "", &store.Error{Code: store.Exists, Op: op, Name: name, Err: fmt.Errorf("got %d bytes just after %d were written: there is another writer", info.Size, body.Size)}
	}
	return info.Version, nil
}

// stat asks for an object without its bytes.
func (s *Store) stat(ctx context.Context, op, name string) (store.Info, error) {
	e, err := s.look(ctx, op, name)
	if err == nil && e.collection {
		err = &store.Error{Code: store.Invalid, Op: op, Name: name, Err: errors.New("a collection is there")}
	}
	return e.Info, err
}

// upload puts the bytes under a name of ours and reads them back. Whatever fails,
// nothing has been written under the object's name.
func (s *Store) upload(ctx context.Context, temporary, name string, body store.Body) error {
	const op = "writing"
	if err := s.collection(ctx, op, name, Uploads); err != nil {
		return err
	}
	checked := &checked{body: body}
	res, err := s.client.do(ctx, request{
		method: http.MethodPut, url: s.at(temporary), body: checked.open, size: body.Size,
		header: http.Header{"If-None-Match": {"*"}, "Content-Type": {"application/octet-stream"}},
	})
	if err == nil {
		defer res.Body.Close()
	}
	switch wrong := checked.failed(op, name); {
	case wrong != nil:
		return wrong
	case err != nil:
		return lost(op, name, err, store.Busy)
	case res.StatusCode == http.StatusConflict:
		s.forget()
		return &store.Error{Code: store.Busy, Op: op, Name: name, Err: fmt.Errorf("somebody has removed %s", Uploads)}
	case res.StatusCode/100 != 2:
		return refused(op, name, res, store.Busy)
	}
	return s.readBack(ctx, temporary, name, body)
}

func (s *Store) readBack(ctx context.Context, temporary, name string, body store.Body) error {
	r, _, err := s.open(ctx, "reading back", temporary)
	if err != nil {
		return lost("writing", name, err, store.Busy)
	}
	defer r.Close()
	got, n, err := release.IntegrityFrom(io.LimitReader(r, body.Size+1))
	switch {
	case err != nil:
		return lost("writing", name, err, store.Busy)
	case n != body.Size || got != body.Integrity:
		return &store.Error{Code: store.Mismatch, Op: "writing", Name: name, Err: fmt.Errorf("the server gave %d bytes of %s back, want %d of %s", n, got, body.Size, body.Integrity)}
	}
	return nil
}

// move gives an upload its name. The collections above it are made before: Apache
// fails with 500, which may be anything, where one is not there.
func (s *Store) move(ctx context.Context, temporary, name string) error {
	const op = "writing"
	if err := s.parents(ctx, op, name); err != nil {
		return err
	}
	res, err := s.moved(ctx, temporary, name)
	if err != nil {
		s.forget()
		return lost(op, name, err, store.Unknown)
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusCreated:
		return nil
	case http.StatusPreconditionFailed:
		return &store.Error{Code: store.Exists, Op: op, Name: name}
	case http.StatusNoContent:
		err = &store.Error{Code: store.Other, Op: op, Name: name, Err: errors.New("the server replaced an object although it was told not to (Overwrite: F): it is not safe to deploy to")}
	default:
		err = refused(op, name, res, store.Unknown)
	}
	s.forget() // somebody may have removed one
	return err
}

func (s *Store) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.made)
}

func (s *Store) moved(ctx context.Context, from, to string) (*http.Response, error) {
	return s.client.do(ctx, request{
		method: "MOVE", url: s.at(from), header: http.Header{"Destination": {s.at(to).String()}, "Overwrite": {"F"}},
	})
}

// discard removes an upload, if it can be. Nobody reads it.
func (s *Store) discard(ctx context.Context, temporary string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if res, err := s.client.do(ctx, request{method: http.MethodDelete, url: s.at(temporary)}); err == nil {
		_ = res.Body.Close()
	}
}

// parents makes the collections above an object.
func (s *Store) parents(ctx context.Context, op, name string) error {
	for i, r := range name {
		if r == '/' {
			if err := s.collection(ctx, op, name, name[:i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// collection makes one where it isn't there. Servers refuse in several ways where it
// is, or where another makes it at the same time, so it is looked at then.
func (s *Store) collection(ctx context.Context, op, name, at string) error {
	s.mu.Lock()
	there := s.made[at]
	s.mu.Unlock()
	if there {
		return nil
	}
	res, err := s.client.do(ctx, request{method: "MKCOL", url: s.at(at)})
	if err != nil {
		return lost(op, name, err, store.Busy)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		e, err := s.look(ctx, op, at)
		switch {
		case err == nil && !e.collection:
			return &store.Error{Code: store.Invalid, Op: op, Name: name, Err: fmt.Errorf("%q is an object", at)}
		case store.CodeOf(err) == store.NotFound:
			return refused(op, name, res, store.Busy)
		case err != nil:
			return err
		}
	}
	s.mu.Lock()
	s.made[at] = true
	s.mu.Unlock()
	return nil
}

// Delete is Store's. The comparison is one of two requests, as objects never change.
func (s *Store) Delete(ctx context.Context, name string, v store.Version) error {
	const op = "deleting"
	if err := checkName(op, name); err != nil {
		return err
	}
	e, err := s.look(ctx, op, name)
	switch {
	case err != nil:
		return err
	case e.collection:
		return &store.Error{Code: store.NotFound, Op: op, Name: name, Err: errors.New("it is a collection")}
	case e.Version != v:
		return &store.Error{Code: store.Changed, Op: op, Name: name}
	}
	res, err := s.client.do(ctx, request{method: http.MethodDelete, url: s.at(name)})
	if err != nil {
		return lost(op, name, err, store.Unknown)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 || res.StatusCode == http.StatusMultiStatus {
		return refused(op, name, res, store.Unknown)
	}
	return nil
}
