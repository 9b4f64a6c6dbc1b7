package blob

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// Options are a bucket's means.
type Options struct {
	// HTTP carries the requests; nil for a transport of this package's.
	HTTP http.RoundTripper
	// Lookup is the environment's, for what the SDKs don't look up themselves:
	// AZURE_STORAGE_…, and GitHub's ACTIONS_ID_TOKEN_REQUEST_… with role.
	Lookup func(name string) (string, bool)
}

func (o Options) variable(name string) string {
	if o.Lookup == nil {
		return ""
	}
	if value, ok := o.Lookup(name); ok {
		return value
	}
	return ""
}

// kind is one scheme's: what its addresses may say, and what opens them.
type kind struct {
	example string
	params  map[string]func(string) string // the problem with a value, or ""
	open    func(context.Context, *url.URL, Options) (*Bucket, error)
}

var kinds = map[string]kind{
	"s3": {
		"s3://shop-checkout/pay?region=eu-west-1",
		map[string]func(string) string{"region": word, "endpoint": endpoint, "role": role, "path-style": boolean},
		openS3,
	},
	"gs": {
		"gs://shop-checkout/pay",
		map[string]func(string) string{"endpoint": endpoint},
		openGCS,
	},
	"azblob": {
		"azblob://checkout/pay?account=shop",
		map[string]func(string) string{"account": word, "endpoint": endpoint},
		openAzure,
	},
}

// Schemes are those of buckets.
func Schemes() []string { return slices.Sorted(maps.Keys(kinds)) }

// Check tells all that is wrong with a bucket's address, without a request.
func Check(u *url.URL) error {
	k, ok := kinds[u.Scheme]
	if !ok {
		return fmt.Errorf("got the scheme %.50q, want one of %s", u.Scheme, strings.Join(Schemes(), ", "))
	}
	var problems []error
	add := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if u.User != nil {
		add("got a user or password in the address, want none: it would be in logs; credentials come from the environment")
	}
	if u.Hostname() == "" || u.Port() != "" {
		add("got no bucket's name alone where the host would be, want such as %s", k.example)
	}
	if u.Fragment != "" {
		add("got a fragment (#), want none")
	}
	if prefix := strings.Trim(u.Path, "/"); prefix != "" {
		if got, want := release.PathProblem(prefix); want != "" {
			add("the prefix: got %s, want %s", got, want)
		}
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		add("got a query that can't be read, want such as %s", k.example)
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		check, ok := k.params[name]
		switch {
		case secret(name):
			add("got the parameter %.50q, want no credentials in an address: they come from the environment", name)
		case !ok:
			add("got the parameter %.50q, want one of %s", name, strings.Join(slices.Sorted(maps.Keys(k.params)), ", "))
		case len(query[name]) != 1:
			add("got %s %d times, want it once", name, len(query[name]))
		default:
			if problem := check(query.Get(name)); problem != "" {
				add("%s: %s", name, problem)
			}
		}
	}
	return errors.Join(problems...)
}

// secret reports whether a parameter's name is that of a credential somewhere.
func secret(name string) bool {
	name = strings.ToLower(name)
	return name == "sig" || slices.ContainsFunc([]string{"key", "secret", "token", "password", "credential", "signature", "sas"}, func(s string) bool { return strings.Contains(name, s) })
}

func word(s string) string {
	if s == "" || len(s) > 63 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Sprintf("got %.80q, want lower-case letters, digits and -", s)
	}
	return ""
}

func boolean(s string) string {
	if s != "true" && s != "false" {
		return fmt.Sprintf("got %.80q, want true or false", s)
	}
	return ""
}

func role(s string) string {
	if !strings.HasPrefix(s, "arn:aws") || !strings.Contains(s, ":role/") || strings.ContainsAny(s, " \t\r\n") {
		return fmt.Sprintf("got %.80q, want such as arn:aws:iam::123456789012:role/deploy", s)
	}
	return ""
}

// endpoint is a server of another address than the cloud's. What is signed for it can
// be used by who listens, so plain http is for this machine's own addresses.
func endpoint(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "got no address of a server alone, want such as https://s3.example.com"
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return ""
	}
	return fmt.Sprintf("got %.80q, want https://; plain http is for this machine's own addresses", s)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Open opens a bucket by its address, such as
// s3://shop-checkout/pay?region=eu-west-1. It asks nobody yet but for credentials,
// where they can be had at once.
func Open(ctx context.Context, u *url.URL, o Options) (*Bucket, error) {
	if err := Check(u); err != nil {
		return nil, err
	}
	b, err := kinds[u.Scheme].open(ctx, u, o)
	if err != nil {
		return nil, fmt.Errorf("opening %s://%s: %w", u.Scheme, u.Host, err)
	}
	if prefix := strings.Trim(u.Path, "/"); prefix != "" {
		b.prefix = prefix + "/"
	}
	return b, nil
}

// transport is the one that was given, or one that is tuned.
func (o Options) transport() http.RoundTripper {
	if o.HTTP != nil {
		return o.HTTP
	}
	t := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // nobody changes it
	tune(t)
	return t
}

// tune has a transport wait, but not for ever, and leave bytes as they are: what is
// stored encoded is what has a digest.
func tune(t *http.Transport) {
	t.ResponseHeaderTimeout = time.Minute
	t.MaxIdleConns = 256
	t.MaxIdleConnsPerHost = 128
	t.DisableCompression = true
}
