package sign_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/sign"
	"github.com/org/checkout-deploy/internal/sign/signtest"
)

// Each row changes the deployment, or what is asked of it.
func TestKeylessRefused(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(*signtest.Sigstore, *sign.KeylessOptions)
		kind    error
		message string
	}{
		{"a wrong request token", func(_ *signtest.Sigstore, o *sign.KeylessOptions) { o.RequestToken = "a-secret-that-is-wrong" }, sign.ErrRefused, "the issuer of identities at"},
		{"another audience", func(_ *signtest.Sigstore, o *sign.KeylessOptions) { o.Audience = "aws" }, sign.ErrRefused, "the token is for aws"},
		{"an expired token", func(s *signtest.Sigstore, _ *sign.KeylessOptions) { s.Lifetime = -time.Minute }, sign.ErrRefused, "the token is expired"},
		{"a certificate that is expired", func(s *signtest.Sigstore, _ *sign.KeylessOptions) { s.Born = -time.Hour }, sign.ErrRefused, "integrated time outside certificate validity"},
		{"a certificate of tomorrow", func(s *signtest.Sigstore, _ *sign.KeylessOptions) { s.Born = 24 * time.Hour }, sign.ErrRefused, "integrated time outside certificate validity"},
		{"a certificate without an SCT", func(s *signtest.Sigstore, _ *sign.KeylessOptions) { s.WithSCT = false }, sign.ErrRefused, "signed certificate timestamp"},
		{"a stricter threshold", func(_ *signtest.Sigstore, o *sign.KeylessOptions) { o.Trust.Entries = 2 }, sign.ErrRefused, "log"},
		{"Fulcio down", func(s *signtest.Sigstore, _ *sign.KeylessOptions) {
			s.Fails["/api/v2/signingCert"] = []int{500, 502, 503, 429}
		}, sign.ErrUnavailable, "Fulcio at"},
		{"Rekor down", func(s *signtest.Sigstore, _ *sign.KeylessOptions) {
			s.Fails["/api/v1/log/entries"] = []int{500, 500, 500, 500}
		}, sign.ErrUnavailable, "Rekor at"},
		{"a redirect", func(s *signtest.Sigstore, _ *sign.KeylessOptions) { s.Fails["/token"] = []int{302} }, sign.ErrRefused, "answered 302"},
		{"nobody there", func(_ *signtest.Sigstore, o *sign.KeylessOptions) { o.Services.Rekor = "http://127.0.0.1:1" }, sign.ErrUnavailable, "Rekor at 127.0.0.1:1 did not answer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := signtest.New(t)
			o := s.Keyless(t)
			test.change(s, &o)
			made, err := sign.NewKeylessSigner(t.Context(), o)
			check(t, err)
			bundle, err := made.Sign(t.Context(), record)
			if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.message) || bundle != nil {
				t.Fatalf("got %v, want %v: …%s…", err, test.kind, test.message)
			}
			if strings.Contains(err.Error(), o.RequestToken) {
				t.Errorf("the error holds the token: %v", err)
			}
		})
	}
}

func TestKeylessRetries(t *testing.T) {
	s := signtest.New(t)
	s.Fails["/api/v2/signingCert"] = []int{503, 429}
	s.Fails["/token"] = []int{500}
	made, err := sign.NewKeylessSigner(t.Context(), s.Keyless(t))
	check(t, err)
	if _, err := made.Sign(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	if s.Asked["/token"] != 2 || s.Asked["/api/v2/signingCert"] != 3 || s.Asked["/api/v1/log/entries"] != 1 {
		t.Errorf("got the requests %v", s.Asked)
	}
}

func TestKeylessCanceled(t *testing.T) {
	s := signtest.New(t)
	made, err := sign.NewKeylessSigner(t.Context(), s.Keyless(t))
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := made.Sign(ctx, record); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A service may answer anything; none of it is believed or read without end.
func TestHostileServices(t *testing.T) {
	for _, test := range []struct{ name, answer string }{
		{"an error page served as 200", "<html>login</html>"},
		{"a token without dots", `{"value":"abc"}`},
		{"without end", `{"value":"` + strings.Repeat("a.", 2<<20)},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := signtest.New(t)
			bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(test.answer)) }))
			defer bad.Close()
			o := s.Keyless(t)
			o.RequestURL = bad.URL
			made, err := sign.NewKeylessSigner(t.Context(), o)
			check(t, err)
			if _, err := made.Sign(t.Context(), record); !errors.Is(err, sign.ErrUnavailable) {
				t.Errorf("got %v, want unavailable", err)
			}
		})
	}
}

// A bundle of the deployment is nothing to the public good instance, and a
// bundle that lost its log entry nothing to anybody.
func TestTrustRefused(t *testing.T) {
	s := signtest.New(t)
	made, err := sign.NewKeylessSigner(t.Context(), s.Keyless(t))
	check(t, err)
	bundle, err := made.Sign(t.Context(), record)
	check(t, err)
	unlogged := edit(t, bundle, func(b map[string]any) { delete(b["verificationMaterial"].(map[string]any), "tlogEntries") })
	for _, test := range []struct {
		name, message string
		trust         sign.Trust
		bundle        []byte
	}{
		{"the public good instance", "want a valid one by " + signtest.Workflow, sign.Trust{}, bundle},
		{"no log entry", "not enough verified log entries", s.Trust(t), unlogged},
	} {
		t.Run(test.name, func(t *testing.T) {
			v, err := sign.NewIdentityVerifier(sign.IdentityOptions{Identity: signtest.Workflow, Trust: test.trust})
			check(t, err)
			if _, err := v.Verify(t.Context(), record, test.bundle); !errors.Is(err, sign.ErrRefused) || !strings.Contains(err.Error(), test.message) {
				t.Errorf("got %v, want refused: %s", err, test.message)
			}
		})
	}
}

func TestIdentityOptionsRefused(t *testing.T) {
	for _, test := range []struct {
		name, message string
		options       sign.IdentityOptions
	}{
		{"none", "got no identity", sign.IdentityOptions{}},
		{"anybody", "before the first *", sign.IdentityOptions{Identity: "*"}},
		{"anybody on GitHub", "before the first *", sign.IdentityOptions{Identity: "https://github.com/*"}},
		{"any host", "before the first *", sign.IdentityOptions{Identity: "https://*.com/org/shop"}},
		{"two stars", "** means nothing", sign.IdentityOptions{Identity: "https://github.com/org/**"}},
		{"no log with the public root", "for a trusted root of your own", sign.IdentityOptions{Identity: signtest.Workflow, Trust: sign.Trust{Entries: -1}}},
		{"no time", "nobody knows whether it was valid", sign.IdentityOptions{Identity: signtest.Workflow, Trust: sign.Trust{Timestamps: -1}}},
		{"a root that is none", "the trusted root can't be read", sign.IdentityOptions{Identity: signtest.Workflow, Trust: sign.Trust{Root: []byte("{}")}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := sign.NewIdentityVerifier(test.options); err == nil || !strings.Contains(err.Error(), test.message) {
				t.Errorf("got %v, want …%s…", err, test.message)
			}
		})
	}
}

func TestKeylessOptionsRefused(t *testing.T) {
	for _, test := range []struct {
		name, message string
		options       sign.KeylessOptions
	}{
		{"no permission", "id-token: write", sign.KeylessOptions{}},
		{"half a deployment", "got some of the services' addresses", sign.KeylessOptions{RequestURL: "https://x", RequestToken: "y", Services: sign.Services{Rekor: "https://r"}}},
		{"a token in the clear", "it is https", sign.KeylessOptions{RequestURL: "http://x.example", RequestToken: "y"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := sign.NewKeylessSigner(t.Context(), test.options); err == nil || !strings.Contains(err.Error(), test.message) {
				t.Errorf("got %v, want …%s…", err, test.message)
			}
		})
	}
}
