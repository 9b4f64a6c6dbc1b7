package image_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/org/checkout-deploy/internal/sign"
	"github.com/org/checkout-deploy/internal/sign/image"
	"github.com/org/checkout-deploy/internal/sign/predicate"
)

func TestRegistryFails(t *testing.T) {
	p := byKey(t)
	for _, test := range []struct {
		code, attempts int
		want           string
		kinds          []error
	}{
		{401, 1, "the registry answered 401; the credentials are missing", []error{sign.ErrRefused}},
		{403, 1, "the registry answered 403; the credentials are missing", []error{sign.ErrRefused}},
		{404, 1, "the registry has none", []error{sign.ErrRefused, image.ErrMissing}},
		{400, 1, "the registry answered 400", []error{sign.ErrRefused}},
		{429, 4, "the registry answered 429 at each of 4 attempts", []error{sign.ErrUnavailable}},
		{500, 4, "the registry answered 500 at each of 4 attempts", []error{sign.ErrUnavailable}},
		{503, 4, "the registry answered 503 at each of 4 attempts", []error{sign.ErrUnavailable}},
	} {
		t.Run(http.StatusText(test.code), func(t *testing.T) {
			h := newHub(t, true)
			d := h.push(t)
			p.signed(t, d, both...)
			shut := func(method, part string) func(*http.Request) int {
				return func(r *http.Request) int {
					if r.Method == method && strings.Contains(r.URL.Path, part) {
						return test.code
					}
					return 0
				}
			}
			for _, of := range []struct {
				name, method, part string
				do                 func() error
			}{
				{"verify: the image", "HEAD", "/manifests/sha256:", func() error {
					_, err := own().Verify(t.Context(), d, p.policy())
					return err
				}},
				{"sign: the image", "HEAD", "/manifests/sha256:", func() error {
					_, err := own().Sign(t.Context(), d, p.options())
					return err
				}},
				{"sign: the referrer", "PUT", "/manifests/sha256:", func() error {
					_, err := own().Sign(t.Context(), d, p.options())
					return err
				}},
				{"sign: the tag", "PUT", ".sig", func() error {
					_, err := own().Sign(t.Context(), d, p.options(image.Tag))
					return err
				}},
			} {
				before := h.count(of.method, of.part)
				restore := h.with(shut(of.method, of.part))
				err := of.do()
				restore()
				refusedFor(t, err, test.want, test.kinds...)
				if n := h.count(of.method, of.part) - before; n != test.attempts {
					t.Errorf("%s: asked %d times, want %d", of.name, n, test.attempts)
				}
			}
		})
	}
}

// What can't be read is not taken for what is not there; and what verifies counts,
// whatever else can't be read.
func TestVerifyUnread(t *testing.T) {
	p := byKey(t)
	for _, test := range []struct {
		name, part string
		layout     image.Layout
	}{
		{"the list of referrers", "/referrers/", image.Bundle},
		{"the tag", ".sig", image.Tag},
		{"a bundle", "/blobs/sha256:", image.Bundle},
		{"a payload", "/blobs/sha256:", image.Tag},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t, true)
			d := h.push(t)
			_, err := own().Sign(t.Context(), d, p.options(test.layout))
			check(t, err)
			shut := func(r *http.Request) int {
				if strings.Contains(r.URL.Path, test.part) {
					return 503
				}
				return 0
			}
			restore := h.with(shut)
			_, err = own().Verify(t.Context(), d, p.policy())
			restore()
			refusedFor(t, err, "503", sign.ErrUnavailable)
			if strings.HasPrefix(test.part, "/blobs") {
				return
			}
			_, err = own().Sign(t.Context(), d, p.options(both...))
			check(t, err)
			defer h.with(shut)()
			if _, err = own().Verify(t.Context(), d, p.policy()); err != nil {
				t.Errorf("the other layout has one: %v", err)
			}
		})
	}
}

// What a registry that breaks costs is not multiplied by what lies there.
func TestVerifyUnreadOnce(t *testing.T) {
	p := byKey(t)
	for _, layout := range both {
		h := newHub(t, true)
		d := h.push(t)
		for range 20 {
			_, err := own().Sign(t.Context(), d, p.options(layout))
			check(t, err)
		}
		before := h.count("GET", "/blobs/sha256:")
		restore := h.with(func(r *http.Request) int {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/sha256:") {
				return 503
			}
			return 0
		})
		_, err := own().Verify(t.Context(), d, p.policy())
		restore()
		refusedFor(t, err, "503", sign.ErrUnavailable)
		if n := h.count("GET", "/blobs/sha256:") - before; n != 4 {
			t.Errorf("%s: asked for blobs %d times, want 4", layout, n)
		}
	}
}

// An attempt whose answer is lost was made: another one makes no second signature.
func TestLostAnswers(t *testing.T) {
	p := byKey(t)
	for _, layout := range both {
		for _, referrers := range []bool{true, false} {
			h := newHub(t, referrers)
			d := h.push(t)
			var mu sync.Mutex // requests come side by side
			lost := map[string]int{}
			defer h.with(func(r *http.Request) int {
				mu.Lock()
				defer mu.Unlock()
				if r.Method == http.MethodPut || r.Method == http.MethodPatch || r.Method == http.MethodPost {
					if lost[r.Method+r.URL.Path]++; lost[r.Method+r.URL.Path] == 1 && r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") {
						return -502
					}
				}
				return 0
			})()
			p.signed(t, d, layout)
			got, err := own().Verify(t.Context(), d, p.policy(predicate.CycloneDX))
			if err != nil || len(got.Signatures) != 1 {
				t.Errorf("%s: got %+v, %v", layout, got, err)
			}
			if layout == image.Bundle && len(bundlesOf(t, d)) != 2 {
				t.Errorf("got %d bundles, want 2", len(bundlesOf(t, d)))
			}
		}
	}
}

// Somebody else reads before our write and writes after it.
func TestWrittenOver(t *testing.T) {
	p, other := byKey(t), byKey(t)
	for layout, suffix := range map[image.Layout]string{image.Tag: ".sig", image.Bundle: ""} {
		t.Run(string(layout), func(t *testing.T) {
			h := newHub(t, false)
			d := h.push(t)
			_, err := own().Sign(t.Context(), d, other.options(layout))
			check(t, err)
			theirs, err := remote.Get(tagOf(d, suffix))
			check(t, err)
			times := 0
			h.set(func() {
				h.after = func(r *http.Request) {
					if r.Method != http.MethodPut || !strings.HasSuffix(r.URL.Path, tagOf(d, suffix).TagStr()) {
						return
					}
					if times++; times == 1 { // its own write comes here too
						check(t, remote.Put(tagOf(d, suffix), raw{theirs.Manifest, theirs.MediaType}))
					}
				}
			})
			_, err = own().Sign(t.Context(), d, p.options(layout))
			check(t, err)
			for _, by := range []party{p, other} {
				if _, err := own().Verify(t.Context(), d, by.policy()); err != nil {
					t.Error(err)
				}
			}
			h.set(func() {
				h.after = func(r *http.Request) {
					if r.Method == http.MethodPut && !strings.Contains(r.Header.Get("User-Agent"), "them") && strings.HasSuffix(r.URL.Path, tagOf(d, suffix).TagStr()) {
						check(t, remote.Put(tagOf(d, suffix), raw{theirs.Manifest, theirs.MediaType}, remote.WithUserAgent("them")))
					}
				}
			})
			_, err = own().Sign(t.Context(), d, p.options(layout))
			refusedFor(t, err, "somebody else's", sign.ErrUnavailable)
		})
	}
}

// Waits grow, are spread, and end with the context.
func TestWaits(t *testing.T) {
	h, p := newHub(t, true), byKey(t)
	d := h.push(t)
	defer h.with(func(*http.Request) int { return 503 })()
	ctx, cancel := context.WithCancel(t.Context())
	var waited []time.Duration
	r := &image.Registry{Random: func() float64 { return 0.5 }, Sleep: func(ctx context.Context, d time.Duration) error {
		if waited = append(waited, d); len(waited) == 5 {
			cancel()
		}
		return ctx.Err()
	}}
	_, err := r.Verify(ctx, d, p.policy())
	refusedFor(t, err, "503", sign.ErrUnavailable)
	if want := []time.Duration{750 * time.Millisecond, 1500 * time.Millisecond, 3 * time.Second}; !slices.Equal(waited, want) {
		t.Errorf("waited %v, want %v", waited, want)
	}
	before := h.count("", "")
	if _, err = r.Verify(ctx, d, p.policy()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err = r.Sign(ctx, d, p.options()); !errors.Is(err, context.Canceled) || h.count("", "") > before+3 {
		t.Errorf("got %v after %d requests", err, h.count("", "")-before)
	}
}

// A registry that answers with something else than what was asked for.
func TestWrongBytes(t *testing.T) {
	h, p := newHub(t, true), byKey(t)
	d := h.push(t)
	for _, test := range []struct {
		name string
		lay  func(t *testing.T)
		want string
	}{
		{"a manifest that is none", func(t *testing.T) {
			put(t, tagOf(d, ".sig"), map[string]any{"schemaVersion": 2, "layers": "none"}, types.DockerManifestSchema2)
		}, "can't be read"},
		{"a layer that is not there", func(t *testing.T) {
			m := manifestOf(t, d)
			m.Layers[0].Digest = sum([]byte("nowhere"))
			put(t, tagOf(d, ".sig"), m, types.DockerManifestSchema2)
		}, "the registry has none"},
		{"a manifest that is too large", func(t *testing.T) {
			m := manifestOf(t, d)
			m.Annotations = map[string]string{"a": strings.Repeat("a", 4<<20)}
			put(t, tagOf(d, ".sig"), m, types.DockerManifestSchema2)
		}, "a manifest has 4194304 at most"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.lay(t)
			_, err := own().Verify(t.Context(), d, p.policy())
			refusedFor(t, err, test.want, sign.ErrRefused)
		})
	}
}

func TestBlobIsBounded(t *testing.T) {
	h := newHub(t, true)
	made := blob(t, h.repository(t), []byte("twelve bytes"), "text/plain")
	d := h.repository(t).Digest(made.Digest.String())
	if got, err := own().Blob(t.Context(), d, 12); err != nil || string(got) != "twelve bytes" {
		t.Errorf("got %q, %v", got, err)
	}
	_, err := own().Blob(t.Context(), d, 11)
	refusedFor(t, err, "has over 11 bytes", sign.ErrRefused)
}

// A registry that accepts a connection and says no more is left when the context is
// done.
func TestHang(t *testing.T) {
	h, p := newHub(t, true), byKey(t)
	d := h.push(t)
	p.signed(t, d, both...)
	for _, part := range []string{"/manifests/sha256:", "/referrers/", ".sig", "/blobs/"} {
		ctx, cancel := context.WithCancel(t.Context())
		restore := h.with(func(r *http.Request) int {
			if strings.Contains(r.URL.Path, part) {
				cancel()
				<-r.Context().Done()
			}
			return 0
		})
		if _, err := own().Verify(ctx, d, p.policy()); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", part, err)
		}
		restore()
	}
}
