package image_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/org/checkout-deploy/internal/image"
	"github.com/org/checkout-deploy/internal/image/imagetest"
)

// A password that no scanner takes for one.
var password = strings.Repeat("open-", 3) + "sesame"

// clock sleeps at once and remembers how long it should have.
type clock struct{ slept []time.Duration }

func (c *clock) sleep(_ context.Context, d time.Duration) error {
	c.slept = append(c.slept, d)
	return nil
}

func client(c *clock) *image.Registry {
	return &image.Registry{Sleep: c.sleep, Pause: time.Millisecond, UserAgent: "checkout-deploy"}
}

func reference(t *testing.T, s string) image.Reference {
	t.Helper()
	r, err := image.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCredentials(t *testing.T) {
	small := imagetest.Debian(t, imagetest.Options{Packages: 1, Clean: true})
	auth := base64.StdEncoding.EncodeToString([]byte("me:" + password))
	for _, test := range []struct {
		name   string
		bearer bool
		creds  func(host string) *image.Credentials
		want   error
	}{
		{"basic", false, func(h string) *image.Credentials {
			return &image.Credentials{Host: h, Username: "me", Password: password}
		}, nil},
		{"bearer", true, func(h string) *image.Credentials {
			return &image.Credentials{Host: h, Username: "me", Password: password}
		}, nil},
		{"docker config", true, func(h string) *image.Credentials {
			return &image.Credentials{Config: []byte(`{"auths":{"` + h + `":{"auth":"` + auth + `"}},"credsStore":"not-installed"}`)}
		}, nil},
		{"docker config for another host", false, func(string) *image.Credentials {
			return &image.Credentials{Config: []byte(`{"auths":{"ghcr.io":{"auth":"` + auth + `"}}}`)}
		}, image.ErrUnauthorized},
		{"the password goes before the config", false, func(h string) *image.Credentials {
			return &image.Credentials{Host: h, Username: "me", Password: password, Config: []byte(`{"auths":{"` + h + `":{"auth":"eDp5"}}}`)}
		}, nil},
		{"basic, wrong", false, func(h string) *image.Credentials {
			return &image.Credentials{Host: h, Username: "me", Password: "a-guess"}
		}, image.ErrUnauthorized},
		{"bearer, wrong", true, func(h string) *image.Credentials {
			return &image.Credentials{Host: h, Username: "me", Password: "a-guess"}
		}, image.ErrUnauthorized},
		{"another host's", false, func(string) *image.Credentials {
			return &image.Credentials{Host: "ghcr.io", Username: "me", Password: password}
		}, image.ErrUnauthorized},
		{"none", true, func(string) *image.Credentials { return nil }, image.ErrUnauthorized},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := imagetest.NewRegistry(t, imagetest.RegistryOptions{Username: "me", Password: password, Bearer: test.bearer, Redirect: true})
			c := client(new(clock))
			writer := client(new(clock))
			writer.Keychain = &image.Credentials{Host: r.Host, Username: "me", Password: password}
			small.Push(t, r.Host+"/org/shop:1", writer.Remote(t.Context())...)
			if creds := test.creds(r.Host); creds != nil {
				c.Keychain = creds
			}
			s, err := open(t, r.Host+"/org/shop:1", image.Options{Registry: c})
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if err != nil {
				if strings.Contains(err.Error(), "a-guess") || !strings.Contains(err.Error(), "give registry-username and registry-password") {
					t.Errorf("got %v", err)
				}
				return
			}
			if err := drain(s); err != nil {
				t.Fatal(err)
			}
			// The object store that blobs are redirected to is another host.
			fetched := r.Fetched()
			if len(fetched) == 0 || slices.ContainsFunc(fetched, func(e imagetest.Entry) bool { return e.Auth != "" }) {
				t.Errorf("got %+v of the other host", fetched)
			}
		})
	}
}

func TestConfigErrors(t *testing.T) {
	c := client(new(clock))
	c.Keychain = &image.Credentials{Config: []byte(`{"auths": ` + password)}
	_, err := c.Digest(t.Context(), reference(t, "127.0.0.1:1/org/shop:1"))
	if err == nil || strings.Contains(err.Error(), password) || !strings.Contains(err.Error(), "reading the docker config") {
		t.Errorf("got %v", err)
	}
}

func TestFaults(t *testing.T) {
	small := imagetest.Debian(t, imagetest.Options{Packages: 30, Clean: true})
	after := http.Header{"Retry-After": {"7"}}
	long := http.Header{"Retry-After": {"86400"}}
	for _, test := range []struct {
		name  string
		fault imagetest.Fault
		kind  error
		want  string
		slept time.Duration // at least, the longest
	}{
		{"401", imagetest.Fault{Kind: imagetest.Answer, Path: "/manifests/", Status: 401}, image.ErrUnauthorized, "answered 401 Unauthorized", 0},
		{"403", imagetest.Fault{Kind: imagetest.Answer, Path: "/manifests/", Status: 403}, image.ErrUnauthorized, "answered 403 Forbidden", 0},
		{"404", imagetest.Fault{Kind: imagetest.Answer, Path: "/manifests/", Status: 404}, image.ErrNotFound, "look at the name, the tag and the digest", 0},
		{"404 of a blob", imagetest.Fault{Kind: imagetest.Answer, Path: "/blobs/", Status: 404}, image.ErrNotFound, "404 Not Found", 0},
		{"429, then fine", imagetest.Fault{Kind: imagetest.Answer, Path: "/manifests/", Status: 429, Times: 2, Header: after}, nil, "", 7 * time.Second},
		{"429, for a day", imagetest.Fault{Kind: imagetest.Answer, Path: "/manifests/", Status: 429, Times: 1, Header: long}, nil, "", time.Minute},
		{"429 always", imagetest.Fault{Kind: imagetest.Answer, Path: "/manifests/", Status: 429, Header: after}, image.ErrUnavailable, "429 Too Many Requests", 7 * time.Second},
		{"503, then fine", imagetest.Fault{Kind: imagetest.Answer, Path: "/blobs/", Status: 503, Times: 3}, nil, "", 1},
		{"500 always", imagetest.Fault{Kind: imagetest.Answer, Path: "/blobs/", Status: 500}, image.ErrUnavailable, "500 Internal Server Error", 1},
		{"reset, then fine", imagetest.Fault{Kind: imagetest.Cut, Path: "/manifests/", Times: 3}, nil, "", 0},
		{"reset always", imagetest.Fault{Kind: imagetest.Cut, Path: "/manifests/"}, image.ErrUnavailable, "did not answer", 1},
		{"hang, then fine", imagetest.Fault{Kind: imagetest.Hang, Path: "/manifests/", Times: 1}, nil, "", 1},
		{"hang always", imagetest.Fault{Kind: imagetest.Hang, Path: "/manifests/"}, image.ErrUnavailable, "did not answer: the registry is silent", 1},
		{"a layer breaks off, and goes on", imagetest.Fault{Kind: imagetest.Cut, Path: "/blobs/", After: 1, Times: 1, Bytes: 300}, nil, "", 1},
		{"a layer hangs, and goes on", imagetest.Fault{Kind: imagetest.Hang, Path: "/blobs/", After: 1, Times: 1, Bytes: 300}, nil, "", 1},
		{"a layer always breaks off", imagetest.Fault{Kind: imagetest.Cut, Path: "/blobs/", After: 1, Bytes: 100}, image.ErrUnavailable, "broke off after", 1},
		{"a layer is short", imagetest.Fault{Kind: imagetest.Short, Path: "/blobs/", After: 1, Bytes: 300}, nil, "it ends after 300 of", 0},
		{"a layer is another", imagetest.Fault{Kind: imagetest.Corrupt, Path: "/blobs/", After: 1}, nil, "layer 1 of 3", 0},
		{"the configuration is another", imagetest.Fault{Kind: imagetest.Corrupt, Path: "/blobs/", Times: 1}, nil, "the configuration sha256:", 0},
		{"secrets in the answer", imagetest.Fault{
			Kind: imagetest.Answer, Path: "/manifests/", Status: 403,
			Body: `{"errors":[{"code":"DENIED","message":"no\u001b[31m\nfor ` + password + ` of ` + base64.StdEncoding.EncodeToString([]byte("me:"+password)) + `"}]}`,
		}, image.ErrUnauthorized, "DENIED: no[31m for *** of ***;", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := imagetest.NewRegistry(t, imagetest.RegistryOptions{Username: "me", Password: password})
			slept := new(clock)
			c := client(slept)
			c.Keychain = &image.Credentials{Host: r.Host, Username: "me", Password: password}
			small.Push(t, r.Host+"/org/shop:1", c.Remote(t.Context())...)
			r.Fail(test.fault)
			if test.fault.Kind == imagetest.Hang {
				c.Idle = 300 * time.Millisecond
			}
			s, err := open(t, r.Host+"/org/shop:1", image.Options{Registry: c})
			if err == nil {
				err = drain(s)
			}
			switch {
			case test.want == "" && err != nil:
				t.Errorf("got %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			case test.kind != nil && !errors.Is(err, test.kind):
				t.Errorf("got %v, want %v", err, test.kind)
			case err != nil && strings.Contains(err.Error(), password):
				t.Errorf("the password is in %v", err)
			case test.slept > 0 && slices.Max(append(slept.slept, 0)) < test.slept, slices.Max(append(slept.slept, 0)) > time.Minute, len(slept.slept) > 20:
				t.Errorf("got waits %v, want at least %v", slept.slept, test.slept)
			}
		})
	}
}

func TestPlainHTTP(t *testing.T) {
	c := client(new(clock))
	c.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
		if req.URL.Scheme == "https" {
			return nil, errors.New("no TLS here")
		}
		return &http.Response{StatusCode: 404, Body: http.NoBody, Request: req}, nil
	})
	for host, want := range map[string]string{
		"10.0.0.1:5000":        "10.0.0.1:5000 speaks plain http",
		"registry.localhost":   "registry.localhost speaks plain http",
		"insecure.example.com": "answered 404",
		"localhost:5000":       "answered 404",
		"ghcr.io":              "no TLS here",
	} {
		c.Insecure = []string{"insecure.example.com"}
		if _, err := c.Digest(t.Context(), reference(t, host+"/org/shop:1")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", host, err, want)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestTag(t *testing.T) {
	small := imagetest.Debian(t, imagetest.Options{Packages: 1, Clean: true})
	other := imagetest.Debian(t, imagetest.Options{Packages: 2, Clean: true})
	digest, old := small.Digest(t).String(), other.Digest(t).String()
	const repo, path = "org/shop", "/v2/org/shop/manifests/prod"
	put := func(f imagetest.Fault) *imagetest.Fault {
		f.Method, f.Path = http.MethodPut, path
		return &f
	}
	for _, test := range []struct {
		name   string
		before string
		tag    string
		fault  *imagetest.Fault
		writes int
		want   string
		kind   error
		after  string
	}{
		{"new", "", "prod", nil, 1, "", nil, digest},
		{"moved", old, "prod", nil, 1, "", nil, digest},
		{"there already", digest, "prod", nil, 0, "", nil, digest},
		{"no tag", "", "-prod", nil, 0, `got the tag "-prod"`, nil, ""},
		{"refused", old, "prod", put(imagetest.Fault{Kind: imagetest.Answer, Status: 403}), 0, "answered 403", image.ErrUnauthorized, old},
		{"done, and no answer", old, "prod", put(imagetest.Fault{Kind: imagetest.Lost}), 1, "", nil, digest},
		{"not done, and no answer", old, "prod", put(imagetest.Fault{Kind: imagetest.Answer, Status: 503, Times: 2}), 1, "", nil, digest},
		{"never done", old, "prod", put(imagetest.Fault{Kind: imagetest.Answer, Status: 503}), 0, "answered 503", image.ErrUnavailable, old},
		{"written, and what is then is not known", old, "prod", &imagetest.Fault{Kind: imagetest.Answer, Method: http.MethodGet, Path: path, Status: 403, After: 1}, 1, "reading it back failed", image.ErrUnknown, digest},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := imagetest.NewRegistry(t, imagetest.RegistryOptions{})
			c := client(new(clock))
			small.Push(t, r.Host+"/org/shop:candidate")
			other.Push(t, r.Host+"/org/shop:old")
			if test.before != "" {
				r.Move(t, repo, "prod", test.before)
			}
			if test.fault != nil {
				r.Fail(*test.fault)
			}
			start := len(r.TagWrites())
			before, err := c.Tag(t.Context(), reference(t, r.Host+"/org/shop@"+digest), test.tag)
			r.Heal()
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) || test.kind != nil && !errors.Is(err, test.kind) {
				t.Errorf("got %v, want %q, %v", err, test.want, test.kind)
			}
			if err == nil && before != test.before {
				t.Errorf("got %q before, want %q", before, test.before)
			}
			if got := len(r.TagWrites()) - start; got != test.writes {
				t.Errorf("got %d writes, want %d", got, test.writes)
			}
			if got := r.Tag(repo, "prod"); got != test.after {
				t.Errorf("the tag is %q, want %q", got, test.after)
			}
		})
	}
}

// Another writer is between our write and its reading back.
func TestTagMovedMeanwhile(t *testing.T) {
	small := imagetest.Debian(t, imagetest.Options{Packages: 1, Clean: true})
	other := imagetest.Debian(t, imagetest.Options{Packages: 2, Clean: true})
	r := imagetest.NewRegistry(t, imagetest.RegistryOptions{})
	digest := small.Push(t, r.Host+"/org/shop:candidate").String()
	theirs := other.Push(t, r.Host+"/org/shop:old").String()
	c := client(new(clock))
	c.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
		resp, err := remote.DefaultTransport.RoundTrip(req)
		if req.Method == http.MethodPut {
			r.Move(t, "org/shop", "prod", theirs)
		}
		return resp, err
	})
	_, err := c.Tag(t.Context(), reference(t, r.Host+"/org/shop@"+digest), "prod")
	if !errors.Is(err, image.ErrMoved) || r.Tag("org/shop", "prod") != theirs {
		t.Errorf("got %v, and the tag is %s", err, r.Tag("org/shop", "prod"))
	}
}

func TestDigest(t *testing.T) {
	r := imagetest.NewRegistry(t, imagetest.RegistryOptions{})
	digest := imagetest.Debian(t, both).Push(t, r.Host+"/org/shop:1").String()
	c := client(new(clock))
	if got, err := c.Digest(t.Context(), reference(t, r.Host+"/org/shop:1")); err != nil || got != digest {
		t.Errorf("got %s, %v", got, err)
	}
	for tag, want := range map[string]string{"1": digest, "2": ""} {
		if got, err := c.TagDigest(t.Context(), reference(t, r.Host+"/org/shop@"+digest), tag); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", tag, got, err, want)
		}
	}
	if _, err := c.Tag(t.Context(), reference(t, r.Host+"/org/shop:1"), "prod"); err == nil || !strings.Contains(err.Error(), "name it by its digest") {
		t.Errorf("got %v", err)
	}
}

// An upload that can't be sent again from the transport is begun anew.
func TestUploadAgain(t *testing.T) {
	r := imagetest.NewRegistry(t, imagetest.RegistryOptions{})
	r.Fail(imagetest.Fault{Kind: imagetest.Answer, Method: http.MethodPatch, Path: "/blobs/uploads/", Status: 503, Times: 1})
	c := client(new(clock))
	imagetest.Debian(t, imagetest.Options{Packages: 1, Clean: true}).Push(t, r.Host+"/org/shop:1", c.Remote(t.Context())...)
	if len(r.TagWrites()) != 1 {
		t.Errorf("got %+v", r.TagWrites())
	}
}
