// Package address reads where a store is, a folder or a URL, and opens it.
package address

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/blob"
	"github.com/org/checkout-deploy/internal/store/dir"
	"github.com/org/checkout-deploy/internal/store/webdav"
)

// Address is where a store is. The zero Address is nowhere.
type Address struct {
	folder string   // of a folder
	url    *url.URL // of the others
}

const webdavSuffix = "+webdav"

// Examples has one address of each kind.
func Examples() []string {
	return []string{
		"./public", "dir:/srv/checkout", "file:///srv/checkout", "s3://shop-checkout/pay?region=eu-west-1", "gs://shop-checkout/pay",
		"azblob://checkout/pay?account=shop", "https+webdav://store-1.example/dav/content/checkout",
	}
}

// Parse reads an address, and tells all that is wrong with it. It is one of: a path,
// dir:PATH, file:///PATH, s3://, gs://, azblob://, https+webdav://.
func Parse(text string) (Address, error) {
	scheme, rest, ok := strings.Cut(text, ":")
	switch {
	case text == "":
		return Address{}, errors.New("got no address, want such as " + strings.Join(Examples(), ", "))
	case !ok || filepath.VolumeName(text) != "" || strings.ContainsAny(scheme, `/\.`):
		return folder(text)
	case scheme == "dir":
		return folder(rest)
	}
	u, err := url.Parse(text)
	if err != nil { // whose text may hold a password
		return Address{}, errors.New("got an address that can't be read, want such as " + strings.Join(Examples(), ", "))
	}
	switch {
	case u.Scheme == "file":
		if u.Host != "" && u.Host != "localhost" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" {
			return Address{}, errors.New("got a file: address with more than a path, want such as file:///srv/checkout")
		}
		return folder(filepath.FromSlash(u.Path))
	case strings.HasSuffix(u.Scheme, webdavSuffix):
		_, err = webdav.New(webdav.Options{URL: plain(u)})
	default:
		err = blob.Check(u)
		if !known(u.Scheme) {
			err = fmt.Errorf("got the scheme %.50q, want such as %s", u.Scheme, strings.Join(Examples(), ", "))
		}
	}
	if err != nil {
		return Address{}, err
	}
	return Address{url: u}, nil
}

func known(scheme string) bool {
	for _, s := range blob.Schemes() {
		if s == scheme {
			return true
		}
	}
	return false
}

func folder(path string) (Address, error) {
	if path == "" || strings.ContainsRune(path, 0) {
		return Address{}, errors.New("got no folder's path, want such as dir:/srv/checkout")
	}
	return Address{folder: path}, nil
}

// plain is the address without "+webdav".
func plain(u *url.URL) string {
	p := *u
	p.Scheme = strings.TrimSuffix(u.Scheme, webdavSuffix)
	return p.String()
}

// Folder is the path, as it was written, if the store is a folder.
func (a Address) Folder() (path string, ok bool) { return a.folder, a.folder != "" }

// String is the address. There are no credentials in it.
func (a Address) String() string {
	if a.url == nil {
		return a.folder
	}
	return a.url.String()
}

// Options are what stores need besides their address.
type Options struct {
	// Now is the clock by which a folder's abandoned files are old.
	Now func() time.Time
	// HTTP carries requests; nil for a transport of the store's own.
	HTTP http.RoundTripper
	// Lookup is the environment's, see blob.Options.
	Lookup func(name string) (string, bool)
	// User and Password are WebDAV's.
	User, Password string
}

// Open opens the store. Call close in the end.
func (a Address) Open(ctx context.Context, o Options) (_ store.Store, closed func() error, err error) {
	switch {
	case a.folder != "":
		d, err := dir.Open(a.folder, o.Now)
		if err != nil {
			return nil, nil, err
		}
		return d, d.Close, nil
	case a.url == nil:
		return nil, nil, errors.New("opening a store: got no address")
	case strings.HasSuffix(a.url.Scheme, webdavSuffix):
		s, err := webdav.New(webdav.Options{URL: plain(a.url), User: o.User, Password: o.Password, HTTP: o.HTTP})
		if err != nil {
			return nil, nil, err
		}
		return s, func() error { return nil }, nil
	}
	b, err := blob.Open(ctx, a.url, blob.Options{HTTP: o.HTTP, Lookup: o.Lookup})
	if err != nil {
		return nil, nil, err
	}
	return b, b.Close, nil
}
