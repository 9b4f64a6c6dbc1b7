package gh

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/gh/ghtest"
)

// listing is a read, opening a write: what the client does with an answer
// depends on it.
func listing(tr *trial) error {
	_, err := tr.client.get(tr.client.call(context.Background(), ""), tr.client.path("issues"), nil)
	return err
}

func opening(tr *trial) error {
	ctx := tr.client.call(context.Background(), "")
	return tr.client.post(ctx, "issues", map[string]any{"title": "t"}, nil)
}

func TestWhatIsRetried(t *testing.T) {
	inDate := func(tr *trial, after time.Duration) string { return tr.now.Add(after).UTC().Format(http.TimeFormat) }
	for _, test := range []struct {
		name  string
		do    func(*trial) error
		steps func(*trial) []ghtest.Step
		want  error // nil: it succeeds in the end
		waits []time.Duration
		why   string
	}{
		{"a read after a bad gateway", listing, func(*trial) []ghtest.Step { return ghtest.Times(2, ghtest.BadGateway(502)) }, nil, []time.Duration{1, 2}, "status 502"},
		{"a read whose answer was cut", listing, func(*trial) []ghtest.Step { return []ghtest.Step{ghtest.Truncated()} }, nil, []time.Duration{1}, "broke off"},
		{"a read without an answer", listing, func(*trial) []ghtest.Step { return []ghtest.Step{ghtest.Cut()} }, nil, []time.Duration{1}, "EOF"},
		{"a read that gets a portal's page", listing, func(*trial) []ghtest.Step { return ghtest.Times(maxAttempts, ghtest.Page()) }, ErrUnavailable, []time.Duration{1, 2, 4, 8}, "not JSON"},
		{"a read with an empty answer", listing, func(*trial) []ghtest.Step { return []ghtest.Step{ghtest.Answer(200, "")} }, nil, []time.Duration{1}, "no JSON"},
		{"a read with half of the JSON", listing, func(*trial) []ghtest.Step { return []ghtest.Step{ghtest.Answer(200, `[{"number":`)} }, nil, []time.Duration{1}, "no JSON"},
		{"a write with an empty answer", opening, func(*trial) []ghtest.Step { return []ghtest.Step{ghtest.Answer(201, "")} }, ErrUnavailable, nil, ""},
		{"a read that fails each time", listing, func(*trial) []ghtest.Step { return ghtest.Times(maxAttempts, ghtest.BadGateway(503)) }, ErrUnavailable, []time.Duration{1, 2, 4, 8}, "status 503"},
		{"a read told when to come back", listing, func(*trial) []ghtest.Step {
			return []ghtest.Step{ghtest.Answer(503, `{}`, "Retry-After", "20")}
		}, nil, []time.Duration{20}, "status 503"},

		{"a write after a bad gateway", opening, func(*trial) []ghtest.Step { return []ghtest.Step{ghtest.BadGateway(502)} }, ErrUnavailable, nil, ""},
		{"a write whose answer was cut", opening, func(*trial) []ghtest.Step { return []ghtest.Step{ghtest.Truncated()} }, ErrUnavailable, nil, ""},
		{"a write without an answer", opening, func(*trial) []ghtest.Step { return []ghtest.Step{ghtest.Cut()} }, ErrUnavailable, nil, ""},
		{"a write that gets a portal's page", opening, func(*trial) []ghtest.Step { return []ghtest.Step{ghtest.Page()} }, ErrUnavailable, nil, ""},

		{"a write at the rate limit", opening, func(tr *trial) []ghtest.Step { return []ghtest.Step{tr.fake.RateLimit(403, 9*time.Minute)} }, nil, []time.Duration{541}, "GitHub's rate limit"},
		{"a read at the rate limit, by 429", listing, func(tr *trial) []ghtest.Step { return []ghtest.Step{tr.fake.RateLimit(429, 9*time.Minute)} }, nil, []time.Duration{541}, "GitHub's rate limit"},
		{"a rate limit that is over by now", listing, func(tr *trial) []ghtest.Step { return []ghtest.Step{tr.fake.RateLimit(403, -time.Minute)} }, nil, []time.Duration{60}, "GitHub's rate limit"},
		{"a rate limit that is longer than is waited", opening, func(tr *trial) []ghtest.Step { return []ghtest.Step{tr.fake.RateLimit(403, time.Hour)} }, ErrUnavailable, nil, ""},
		{"a secondary limit", opening, func(tr *trial) []ghtest.Step { return []ghtest.Step{tr.fake.SecondaryLimit(403, "90")} }, nil, []time.Duration{90}, "GitHub's secondary rate limit"},
		{"a secondary limit, by 429", opening, func(tr *trial) []ghtest.Step { return []ghtest.Step{tr.fake.SecondaryLimit(429, "1")} }, nil, []time.Duration{1}, "GitHub's secondary rate limit"},
		{"a secondary limit with a date", opening, func(tr *trial) []ghtest.Step {
			return []ghtest.Step{tr.fake.SecondaryLimit(403, inDate(tr, 30*time.Second))}
		}, nil, []time.Duration{30}, "GitHub's secondary rate limit"},
		{"a secondary limit without a time", opening, func(tr *trial) []ghtest.Step { return ghtest.Times(2, tr.fake.SecondaryLimit(403, "")) }, nil, []time.Duration{60, 120}, "GitHub's secondary rate limit"},
		{"429 without a word", listing, func(*trial) []ghtest.Step { return []ghtest.Step{ghtest.Answer(429, "")} }, nil, []time.Duration{60}, "GitHub's secondary rate limit"},
		{"a secondary limit without an end", opening, func(tr *trial) []ghtest.Step { return ghtest.Times(maxAttempts, tr.fake.SecondaryLimit(429, "5")) }, ErrUnavailable, []time.Duration{5, 5, 5, 5}, "GitHub's secondary rate limit"},
		{"an absurd wait", listing, func(tr *trial) []ghtest.Step {
			return []ghtest.Step{tr.fake.SecondaryLimit(403, "99999999999999999")}
		}, ErrUnavailable, nil, ""},

		{"no permission", opening, func(*trial) []ghtest.Step {
			return []ghtest.Step{ghtest.Answer(403, `{"message":"Resource not accessible by integration"}`, "X-RateLimit-Remaining", "0")}
		}, ErrRefused, nil, ""},
		{"a token that is not known", listing, func(*trial) []ghtest.Step { return []ghtest.Step{ghtest.Answer(401, `{"message":"Bad credentials"}`)} }, ErrRefused, nil, ""},
		{"not there", listing, func(*trial) []ghtest.Step { return []ghtest.Step{ghtest.Answer(404, `{"message":"Not Found"}`)} }, ErrNotFound, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr := start(t, ghtest.Options{}, nil)
			tr.fake.Script("", "", test.steps(tr)...)
			err := test.do(tr)
			if !errors.Is(err, test.want) {
				t.Fatalf("got error %v, want %v", err, test.want)
			}
			if len(tr.waits) != len(test.waits) {
				t.Fatalf("told of waits %v, want %v", tr.waits, test.waits)
			}
			for i, w := range tr.waits {
				// What the server does not name is drawn from a range.
				least := test.waits[i] * time.Second
				if w.For < least || w.For > least*3/2 || !strings.Contains(w.Why, test.why) {
					t.Errorf("wait %d: got %+v, want about %v because of %q", i+1, w, least, test.why)
				}
			}
			if wantAsked := len(test.waits) + 1; len(tr.fake.Requests()) != wantAsked {
				t.Errorf("got requests %q, want %d", tr.fake.Requests(), wantAsked)
			}
			if issues := len(tr.fake.Issues()); issues > 1 {
				t.Errorf("got %d issues, want no write done twice", issues)
			}
		})
	}
}

// A write that failed in the dark says so; one that was refused does not.
func TestUnknownOutcome(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(*trial) error
		step ghtest.Step
		want bool
	}{
		{"a write and a bad gateway", opening, ghtest.BadGateway(502), true},
		{"a write and a lost answer", opening, ghtest.Cut(), true},
		{"a write and a page", opening, ghtest.Page(), true},
		{"a write that is refused", opening, ghtest.Answer(422, `{"message":"Validation Failed"}`), false},
		{"a read", listing, ghtest.Answer(404, `{"message":"Not Found"}`), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr := start(t, ghtest.Options{}, nil)
			tr.fake.Script("", "", test.step)
			if err := test.do(tr); err == nil || unknown(err) != test.want {
				t.Errorf("got error %v, want one whose outcome is unknown: %v", err, test.want)
			}
		})
	}
}

func TestNoServerIsTriedAgain(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	tr := start(t, ghtest.Options{}, func(o *Options) { o.BaseURL = gone.URL })
	err := opening(tr)
	if !errors.Is(err, ErrUnavailable) || unknown(err) || len(tr.waits) != maxAttempts-1 {
		t.Errorf("got error %v after the waits %v, want a write that was never sent tried %d times", err, tr.waits, maxAttempts)
	}
}

// A runner's clock may be off; what counts is the time that the answer has.
func TestWaitsAreByTheServersClock(t *testing.T) {
	server := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	for name, step := range map[string]ghtest.Step{
		"the rate limit's end": ghtest.Answer(403, `{"message":"API rate limit exceeded"}`, "X-RateLimit-Remaining", "0",
			"X-RateLimit-Reset", fmt.Sprint(server.Unix()+59), "Date", server.Format(http.TimeFormat)),
		"a date to come back at": ghtest.Answer(429, `{}`, "Retry-After", server.Add(time.Minute).Format(http.TimeFormat), "Date", server.Format(http.TimeFormat)),
	} {
		t.Run(name, func(t *testing.T) {
			tr := start(t, ghtest.Options{}, nil)
			tr.fake.Script("", "", step)
			if err := listing(tr); err != nil || len(tr.waits) != 1 || tr.waits[0].For != time.Minute {
				t.Errorf("got error %v after the waits %v, want a minute", err, tr.waits)
			}
		})
	}
}

func TestSlowAnswer(t *testing.T) {
	for name, step := range map[string]ghtest.Step{"no answer": ghtest.Hang(), "half an answer": ghtest.Stall()} {
		t.Run(name, func(t *testing.T) {
			tr := start(t, ghtest.Options{}, func(o *Options) { o.Timeout = 50 * time.Millisecond })
			tr.fake.Script("", "", ghtest.Times(maxAttempts, step)...)
			err := listing(tr)
			// It must not look like the caller's own deadline.
			if !errors.Is(err, ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no answer in 50ms") {
				t.Errorf("got error %v", err)
			}
			tr.fake.Script("", "", step)
			if err := opening(tr); !unknown(err) {
				t.Errorf("got error %v, want an unknown outcome", err)
			}
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A carrier of the caller's may give the context's error as it is.
func TestSlowAnswerByAnotherCarrier(t *testing.T) {
	tr := start(t, ghtest.Options{}, func(o *Options) {
		o.Timeout = time.Millisecond
		o.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
	})
	if err := listing(tr); errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrUnavailable) {
		t.Errorf("got error %v", err)
	}
}

func TestACertificateIsNotBetterTheNextTime(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	tr := start(t, ghtest.Options{}, func(o *Options) { o.BaseURL = server.URL })
	if err := listing(tr); err == nil || !strings.Contains(err.Error(), "certificate") || len(tr.waits) > 0 {
		t.Errorf("got error %v after the waits %v", err, tr.waits)
	}
}

func TestTheCallersEnd(t *testing.T) {
	t.Run("a deadline that a wait would pass", func(t *testing.T) {
		tr := start(t, ghtest.Options{}, nil)
		tr.now = time.Now() // a context's deadline is by the wall's clock
		tr.fake.Script("", "", tr.fake.RateLimit(403, 5*time.Minute))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := tr.client.get(ctx, tr.client.path("issues"), nil)
		if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "until the deadline") || tr.slept != nil {
			t.Errorf("got error %v after %v of sleep", err, tr.slept)
		}
	})
	t.Run("cancelled while it waits", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		tr := start(t, ghtest.Options{}, func(o *Options) { o.Waiting = func(Wait) { cancel() } })
		tr.fake.Script("", "", ghtest.BadGateway(502))
		if _, err := tr.client.get(ctx, tr.client.path("issues"), nil); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnavailable) {
			t.Errorf("got error %v", err)
		}
	})
	t.Run("what is waited in one call is counted together", func(t *testing.T) {
		tr := start(t, ghtest.Options{}, func(o *Options) { o.MaxWait = 2 * time.Minute })
		limit := tr.fake.SecondaryLimit(403, "50")
		tr.fake.Script("GET", "", limit)
		tr.fake.Script("POST", "/issues", limit, limit)
		_, err := tr.issues(t, IssueOptions{}).Alert(t.Context(), drift)
		if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "of the 2m0s that are waited 20s are left") {
			t.Errorf("got error %v", err)
		}
	})
}

func TestRefusalsNameThePermission(t *testing.T) {
	for _, test := range []struct {
		name  string
		fake  ghtest.Options
		step  ghtest.Step // nil: the fake refuses by itself
		do    func(*trial) error
		kind  error
		needs string
		says  []string
	}{
		{
			name: "no permission to write", fake: ghtest.Options{Permissions: map[string]string{"issues": "read"}}, do: opening,
			kind: ErrRefused, needs: "issues: write", says: []string{"Resource not accessible by integration", "give the job `permissions: { issues: write }`"},
		},
		{
			name: "no permission at all", fake: ghtest.Options{Permissions: map[string]string{"contents": "read"}}, do: listing,
			kind: ErrRefused, needs: "issues: read", says: []string{"issues: read"},
		},
		{
			name: "a private repository", fake: ghtest.Options{Private: true, Permissions: map[string]string{}}, do: listing,
			kind: ErrNotFound, needs: "issues: read", says: []string{"it is private and the token may not see it", "issues: read"},
		},
		{
			name: "two sets of permissions", do: listing,
			step: ghtest.Answer(403, `{"message":"no"}`, "X-Accepted-GitHub-Permissions", "pull_requests=read,metadata=read,contents=read; issues=read"),
			kind: ErrRefused, needs: "pull-requests: read, contents: read", says: []string{"permissions: { pull-requests: read, contents: read }"},
		},
		{
			name: "a header that is none", do: listing,
			step: ghtest.Answer(403, `{"message":"no"}`, "X-Accepted-GitHub-Permissions", "a=b`, ignore all that was said"),
			kind: ErrRefused, needs: "issues: read",
		},
		{
			name: "a read of a call that writes", fake: ghtest.Options{Permissions: map[string]string{"contents": "read"}}, do: func(tr *trial) error {
				_, err := tr.client.get(tr.client.call(context.Background(), "issues: write"), tr.client.path("issues"), nil)
				return err
			},
			kind: ErrRefused, needs: "issues: write", says: []string{"permissions: { issues: write }"},
		},
		{
			name: "a path that is not known", do: func(tr *trial) error {
				return tr.client.post(context.Background(), "pages", map[string]any{}, nil)
			},
			step: ghtest.Answer(403, `{"message":"no"}`, "X-Accepted-OAuth-Scopes", "repo, repo_deployment"),
			kind: ErrRefused, needs: "the scope repo, repo_deployment", says: []string{`give the token the scope "repo, repo_deployment"`},
		},
		{
			name: "single sign-on", do: listing,
			step: ghtest.Answer(403, `{"message":"Resource protected by organization SAML enforcement."}`, "X-GitHub-SSO", "required; url=https://github.com/orgs/x/sso"),
			kind: ErrRefused, needs: "issues: read", says: []string{"single sign-on"},
		},
		{
			name: "a token that GitHub does not know", fake: ghtest.Options{Token: "another"}, do: listing,
			kind: ErrRefused, says: []string{"Bad credentials", "older than its job"},
		},
		{
			name: "issues turned off", fake: ghtest.Options{NoIssues: true}, do: opening,
			kind: ErrNotFound, says: []string{"Issues has been disabled", "turned off in the repository's settings"},
		},
		{
			name: "what GitHub finds wrong", do: func(tr *trial) error {
				return tr.client.post(context.Background(), "issues", map[string]any{"title": ""}, nil)
			},
			says: []string{`got status 422, "Validation Failed: title missing_field"`},
		},
		{
			name: "a message with the token and line breaks", do: listing,
			step: ghtest.Answer(400, `{"message":"bad\n::error::`+ghtest.Token+`"}`),
			says: []string{`"bad ::error::***"`},
		},
		{
			name: "an endless message", do: listing,
			step: ghtest.Answer(400, `{"message":"`+strings.Repeat("x", 1<<20)+`"}`),
			says: []string{strings.Repeat("x", 100)},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr := start(t, test.fake, nil)
			if test.step != nil {
				tr.fake.Script("", "", test.step)
			}
			err := test.do(tr)
			var failed *Error
			if !errors.As(err, &failed) || failed.Needs != test.needs {
				t.Fatalf("got error %v, want permission %q", err, test.needs)
			}
			for _, kind := range []error{ErrRefused, ErrNotFound, ErrUnavailable} {
				if errors.Is(err, kind) != errors.Is(test.kind, kind) {
					t.Errorf("got error %v, want kind %v", err, test.kind)
				}
			}
			for _, want := range test.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got error %q, want %q in it", err, want)
				}
			}
			if strings.Contains(err.Error(), ghtest.Token) || len(err.Error()) > 800 || strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("got an error of %d bytes: %q", len(err.Error()), err)
			}
			if len(tr.fake.Requests()) != 1 {
				t.Errorf("got requests %q, want no other attempt", tr.fake.Requests())
			}
		})
	}
}

func TestRenamedRepository(t *testing.T) {
	for _, prefix := range []string{"", "/api/v3"} {
		tr := start(t, ghtest.Options{Repository: "org/store", Renamed: shop, Prefix: prefix}, nil)
		issues := tr.issues(t, IssueOptions{})
		for _, a := range []AlertIssue{drift, changed()} {
			if _, err := issues.Alert(t.Context(), a); err != nil {
				t.Fatal(err)
			}
		}
		if all := tr.fake.Issues(); len(all) != 1 || len(all[0].Comments) != 1 {
			t.Errorf("got %+v, want an issue and a comment at the new address", all)
		}
		if asked := tr.fake.Requests(); !slices.Contains(asked, "POST "+prefix+"/repositories/1296269/issues") {
			t.Errorf("got requests %q, want the POST to stay one", asked)
		}
	}
}

// The token goes to one host, whatever that host says.
func TestTheTokenStaysAtHome(t *testing.T) {
	var got []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
	}))
	defer other.Close()
	for _, status := range []int{301, 302, 307, 308} {
		for _, to := range []string{
			other.URL + "/repos/org/shop/issues", "http://169.254.169.254/latest/meta-data", "//evil.example/x", "file:///etc/passwd", "",
			"https://" + strings.TrimPrefix(other.URL, "http://"), "http://u:p@127.0.0.1/", "http://[::1", "https://evil.example/?t=" + ghtest.Token,
		} {
			for name, do := range map[string]func(*trial) error{"a read": listing, "a write": opening} {
				t.Run(fmt.Sprintf("%s, %d to %.40q", name, status, to), func(t *testing.T) {
					tr := start(t, ghtest.Options{}, nil)
					tr.fake.Script("", "", ghtest.Redirect(status, to))
					err := do(tr)
					if !errors.Is(err, ErrRefused) || strings.Contains(err.Error(), ghtest.Token) || len(tr.fake.Requests()) != 1 {
						t.Errorf("got error %v after %q", err, tr.fake.Requests())
					}
				})
			}
		}
	}
	t.Run("a next page elsewhere", func(t *testing.T) {
		tr := start(t, ghtest.Options{}, nil)
		tr.fake.Script("GET", "/issues", ghtest.Answer(200, `[]`, "Link", `<`+other.URL+`/x>; rel="next"`))
		if _, err := tr.issues(t, IssueOptions{}).Alert(t.Context(), drift); !errors.Is(err, ErrRefused) {
			t.Errorf("got error %v", err)
		}
	})
	if got != nil {
		t.Errorf("another host got %d requests, with %q", len(got), got)
	}
}

func TestRedirectsAreBounded(t *testing.T) {
	tr := start(t, ghtest.Options{}, nil)
	tr.fake.Script("", "", ghtest.Times(100, ghtest.Redirect(307, tr.client.base.String()+"again"))...)
	if err := opening(tr); !errors.Is(err, ErrUnavailable) || len(tr.fake.Requests()) != maxRedirects+1 {
		t.Errorf("got error %v after %d requests", err, len(tr.fake.Requests()))
	}
}

func TestAnswersAreBounded(t *testing.T) {
	bomb := func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		blank := bytes.Repeat([]byte(" "), 1<<20)
		for range 4 * maxAnswer >> 20 {
			if _, err := zip.Write(blank); err != nil {
				return // the client has had enough
			}
		}
		_ = zip.Close()
	}
	for _, test := range []struct {
		name string
		step ghtest.Step
		want string
	}{
		{"too long", ghtest.Answer(200, `["`+strings.Repeat("x", maxAnswer)+`"]`), "more than 16 MB"},
		{"too long when it is unpacked", bomb, "more than 16 MB"},
		{"too deep", ghtest.Answer(200, strings.Repeat("[", 1<<20)+strings.Repeat("]", 1<<20)), "no JSON"},
		{"an endless error", ghtest.Answer(422, `{"message":"`+strings.Repeat("x", maxAnswer)), "xxx"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr := start(t, ghtest.Options{}, nil)
			tr.fake.Script("", "", ghtest.Times(maxAttempts, test.step)...)
			if err := listing(tr); err == nil || !strings.Contains(err.Error(), test.want) || len(err.Error()) > 800 {
				t.Errorf("got error %v, want %q", err, test.want)
			}
		})
	}
}

// go-github keeps what it was told of limits and answers the next request by
// itself, by the wall's clock and without a wait.
func TestTheLastRequestBeforeALimit(t *testing.T) {
	tr := start(t, ghtest.Options{}, nil)
	reset := fmt.Sprint(time.Now().Add(time.Hour).Unix())
	tr.fake.Script("GET", "", ghtest.Answer(200, `[]`, "X-RateLimit-Limit", "1000", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset))
	for range 2 {
		if err := listing(tr); err != nil {
			t.Error(err)
		}
	}
	if len(tr.fake.Requests()) != 2 {
		t.Errorf("got requests %q, want two", tr.fake.Requests())
	}
}

func TestNew(t *testing.T) {
	now := time.Now
	for _, test := range []struct {
		name string
		o    Options
		want string // "" for the base
		base string
	}{
		{"github.com", Options{Repository: shop, Token: "t", Now: now}, "", "https://api.github.com/"},
		{"an Enterprise Server", Options{BaseURL: "https://ghe.example/api/v3", Repository: shop, Token: "t", Now: now}, "", "https://ghe.example/api/v3/"},
		{"with slashes", Options{BaseURL: "https://ghe.example/api/v3//", Repository: shop, Token: "t", Now: now}, "", "https://ghe.example/api/v3/"},
		{"this machine", Options{BaseURL: "http://127.0.0.1:8080", Repository: shop, Token: "t", Now: now}, "", "http://127.0.0.1:8080/"},
		{"in the clear", Options{BaseURL: "http://ghe.example/api/v3", Repository: shop, Token: "t", Now: now}, "by https only", ""},
		{"a password", Options{BaseURL: "https://u:hunter2@ghe.example", Repository: shop, Token: "t", Now: now}, "without user", ""},
		{"no URL", Options{BaseURL: "ghe.example", Repository: shop, Token: "t", Now: now}, "got the API's URL", ""},
		{"a repository's URL", Options{Repository: "https://github.com/org/shop", Token: "t", Now: now}, "it is owner/name", ""},
		{"a way up", Options{Repository: "org/..", Token: "t", Now: now}, "it is owner/name", ""},
		{"no token", Options{Repository: shop, Now: now}, "got no token", ""},
		{"a token with a line's end", Options{Repository: shop, Token: "t\n", Now: now}, "without a line's end", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := New(test.o)
			switch {
			case test.want == "" && (err != nil || c.api.BaseURL.String() != test.base):
				t.Errorf("got error %v, want base %q", err, test.base)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got error %v, want %q", err, test.want)
			case err != nil && strings.Contains(err.Error(), "hunter2"):
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
	if _, err := New(Options{BaseURL: "ftp://x", Repository: "x"}); err == nil || strings.Count(err.Error(), "got ") < 4 {
		t.Errorf("got error %v, want all problems", err)
	}
}

func TestGraphQLsAddress(t *testing.T) {
	for base, want := range map[string]string{
		"":                           "https://api.github.com/graphql",
		"https://ghe.example/api/v3": "https://ghe.example/api/graphql",
		"https://api.org.ghe.com":    "https://api.org.ghe.com/graphql",
	} {
		c, err := New(Options{BaseURL: base, Repository: shop, Token: "t", Now: time.Now})
		if err != nil || c.graphQL() != want {
			t.Errorf("%q: got %q and error %v, want %q", base, c.graphQL(), err, want)
		}
	}
}

// Writes of one client follow one another, whoever makes them; one that waits
// for its turn gives up with its context.
func TestWritesFollowOneAnother(t *testing.T) {
	tr := start(t, ghtest.Options{}, nil)
	var under, most atomic.Int32
	tr.fake.Script("POST", "", ghtest.Times(5, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		most.Store(max(most.Load(), under.Add(1)))
		next.ServeHTTP(w, r)
		under.Add(-1)
	})...)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if err := opening(tr); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most.Load() != 1 || len(tr.slept) != 4 {
		t.Errorf("got %d writes at once and pauses %v, want one and four", most.Load(), tr.slept)
	}

	held := make(chan struct{})
	release := make(chan struct{})
	tr.fake.Script("POST", "", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		close(held)
		<-release
		next.ServeHTTP(w, r)
	})
	all.Go(func() { _ = opening(tr) })
	<-held
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := tr.client.post(ctx, "issues", map[string]any{"title": "t"}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
	close(release)
	all.Wait()
	if n := len(tr.fake.Issues()); n != 6 {
		t.Errorf("got %d issues, want 6", n)
	}
}
