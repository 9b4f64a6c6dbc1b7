package blob_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/blob"
	"github.com/org/checkout-deploy/internal/store/storetest/peer"
)

// answering is a server.
type answering func(*http.Request) (*http.Response, error)

// wire answers requests by a function, and counts them.
type wire struct {
	mu      sync.Mutex
	answers answering
	seen    []string
	body    string // of the last request
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, r.Method+" "+r.URL.Path)
	if r.Body != nil {
		data, err := io.ReadAll(r.Body)
		if err := errors.Join(err, r.Body.Close()); err != nil {
			return nil, err
		}
		w.body = string(data)
	}
	response, err := w.answers(r)
	if response != nil {
		response.Request = r
	}
	return response, err
}

func answer(status int, body string, header ...string) answering {
	return func(*http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{
			StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}, nil
	}
}

// said is an error in each cloud's words.
func said(status int, code string, header ...string) map[string]answering {
	return map[string]answering{
		"s3": answer(status, `<?xml version="1.0"?><Error><Code>`+code+`</Code><Message>`+strings.Repeat("words ", 200)+`</Message></Error>`, append(header, "Content-Type", "application/xml")...),
		"gs": answer(status, `{"error":{"code":`+itoa(status)+`,"message":"words","errors":[{"reason":"`+code+`","message":"words"}]}}`, append(header, "Content-Type", "application/json")...),
		"azblob": answer(status, `<?xml version="1.0"?><Error><Code>`+code+`</Code><Message>words</Message></Error>`,
			append(header, "Content-Type", "application/xml", "x-ms-error-code", code)...),
	}
}

func itoa(n int) string {
	return string([]byte{byte('0' + n/100), byte('0' + n/10%10), byte('0' + n%10)})
}

func everywhere(f answering) map[string]answering {
	return map[string]answering{"s3": f, "gs": f, "azblob": f}
}

const secret = "hunter2hunter2"

// bucketOn is a bucket whose requests go to w, with secrets that no error may have.
func bucketOn(t *testing.T, cloud string, w *wire) *blob.Bucket {
	t.Helper()
	address := map[string]string{"s3": "s3://b/p?region=eu-west-1", "gs": "gs://b/p", "azblob": "azblob://b/p?account=shop"}[cloud]
	for name, value := range (&peer.S3{AccessKey: "AKIA" + secret, Secret: secret}).Env() {
		t.Setenv(name, value)
	}
	t.Setenv("AWS_CA_BUNDLE", "")
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", peer.GCSCredentials(t))
	return open(t, address, blob.Options{HTTP: w, Lookup: func(name string) (string, bool) {
		return "sv=2024-11-04&sp=rw&sig=" + secret, name == "AZURE_STORAGE_SAS_TOKEN"
	}})
}

var version = map[string]store.Version{"s3": `"0123456789abcdef0123456789abcdef"`, "gs": "1234567890", "azblob": `"0x8DC0000000000"`}

func TestAnswers(t *testing.T) {
	cut := errors.New("read: connection reset by peer")
	for _, row := range []struct {
		name    string
		answers map[string]answering
		// the codes of opening, creating, replacing, deleting
		open, anew, swap, remove store.Code
		wait                     time.Duration
	}{
		{"not found", said(404, "NoSuchKey"), store.NotFound, store.NotFound, store.Changed, store.NotFound, 0},
		{"no such bucket", map[string]answering{
			"s3": said(404, "NoSuchBucket")["s3"], "azblob": said(404, "ContainerNotFound")["azblob"],
		}, store.Other, store.Other, store.Other, store.Other, 0},
		{"precondition", said(412, "PreconditionFailed"), store.Changed, store.Exists, store.Changed, store.Changed, 0},
		{"conflict of writes", said(409, "ConditionalRequestConflict"), store.Busy, store.Busy, store.Busy, store.Busy, 0},
		{"forbidden", said(403, "AccessDenied"), store.Denied, store.Denied, store.Denied, store.Denied, 0},
		{"who are you", said(401, "InvalidToken"), store.Denied, store.Denied, store.Denied, store.Denied, 0},
		{"too many", said(429, "TooManyRequests", "Retry-After", "7"), store.Busy, store.Busy, store.Busy, store.Busy, 7 * time.Second},
		{"slow down", said(503, "SlowDown", "Retry-After", "soon"), store.Busy, store.Busy, store.Busy, store.Busy, 0},
		{"internal", said(500, "InternalError"), store.Unknown, store.Unknown, store.Unknown, store.Unknown, 0},
		{"gateway", everywhere(answer(502, "<html>words</html>", "Content-Type", "text/html")), store.Unknown, store.Unknown, store.Unknown, store.Unknown, 0},
		{"bad request", said(400, "InvalidArgument"), store.Other, store.Other, store.Other, store.Other, 0},
		{"cut", everywhere(func(*http.Request) (*http.Response, error) { return nil, cut }), store.Unknown, store.Unknown, store.Unknown, store.Unknown, 0},
	} {
		for cloud, answers := range row.answers {
			t.Run(row.name+"/"+cloud, func(t *testing.T) {
				w := &wire{answers: answers}
				b := bucketOn(t, cloud, w)
				try := func(what string, want store.Code, do func() error) {
					t.Helper()
					w.seen = nil
					err := do()
					var e *store.Error
					if !errors.As(err, &e) || e.Code != want || e.RetryAfter != row.wait && e.Code == store.Busy {
						t.Errorf("%s: got %q, %v, want %q", what, store.CodeOf(err), err, want)
						return
					}
					if text := err.Error(); strings.Contains(text, secret) || strings.Contains(text, peer.GCSToken) || strings.Contains(text, "words") || len(text) > 400 {
						t.Errorf("%s: got %s", what, text)
					}
					most := 1
					if what == "deleting" {
						most = 2 // it may look first, or afterwards
					}
					if len(w.seen) > most {
						t.Errorf("%s: got the requests %q, want no attempt but one", what, w.seen)
					}
				}
				try("opening", row.open, func() error {
					_, _, err := b.Open(t.Context(), "channel.json")
					return err
				})
				try("creating", row.anew, func() error {
					_, err := b.Write(t.Context(), "channel.json", store.Bytes([]byte("one")), store.Header{}, store.Anew)
					return err
				})
				try("replacing", row.swap, func() error {
					_, err := b.Write(t.Context(), "channel.json", store.Bytes([]byte("two")), store.Header{}, store.Replacing(version[cloud]))
					return err
				})
				try("deleting", row.remove, func() error { return b.Delete(t.Context(), "channel.json", version[cloud]) })
			})
		}
	}
}

// TestCutBody: a reader fails where the bytes end too early.
func TestCutBody(t *testing.T) {
	for cloud, header := range map[string][]string{
		"s3": {"ETag", `"0123456789abcdef0123456789abcdef"`}, "gs": {"X-Goog-Generation", "12", "X-Goog-Metageneration", "1"}, "azblob": {"ETag", `"0x1"`},
	} {
		t.Run(cloud, func(t *testing.T) {
			header = append(header, "Last-Modified", "Thu, 26 Nov 2026 03:00:00 GMT", "Content-Type", "text/plain", "Content-Length", "10")
			w := &wire{answers: func(r *http.Request) (*http.Response, error) {
				response, err := answer(200, "", header...)(r)
				response.Body = io.NopCloser(io.MultiReader(strings.NewReader("five5"), failure{}))
				response.ContentLength = 10
				return response, err
			}}
			data, _, err := store.Read(t.Context(), bucketOn(t, cloud, w), "a.js", 100)
			if err == nil || store.CodeOf(err) != store.Unknown {
				t.Errorf("got %q, %v", data, err)
			}
		})
	}
}

type failure struct{}

func (failure) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

const (
	roleARN     = "arn:aws:iam::123456789012:role/deploy"
	bearer      = "bearer-of-the-run-" + secret
	identity    = "aWQ.b2Y.cnVu-" + secret
	temporaryID = "ASIATEMPORARY"
)

// TestRole: a workflow's own token becomes a role's credentials, and nothing else's.
func TestRole(t *testing.T) {
	for _, row := range []struct {
		name, bearer, role string
		sts                answering
		want               store.Code
		says               string
	}{
		{"good", bearer, roleARN, nil, store.NotFound, "404"},
		{"a token of another run", "other", roleARN, nil, store.Denied, "GitHub's tokens: the server said 401"},
		{"a role that does not trust it", bearer, "arn:aws:iam::1:role/other", nil, store.Denied, "403 AccessDenied"},
		{"STS is down", bearer, roleARN, answer(503, "", "Content-Type", "text/xml"), store.Busy, "503"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv("AWS_ACCESS_KEY_ID", "AKIAANOTHER") // is not what role asks for
			t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
			t.Setenv("AWS_CA_BUNDLE", "")
			t.Setenv("AWS_MAX_ATTEMPTS", "1")
			w := &wire{}
			w.answers = amazon(w, row.sts)
			environment := map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": "https://tokens.example/token?v=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": row.bearer}
			b := open(t, "s3://shop-checkout?region=eu-west-1&role="+row.role, blob.Options{HTTP: w, Lookup: func(name string) (string, bool) {
				v, ok := environment[name]
				return v, ok
			}})
			_, _, err := b.Open(t.Context(), "channel.json")
			if store.CodeOf(err) != row.want || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), secret) {
				t.Errorf("got %q, %v, want %q and %q", store.CodeOf(err), err, row.want, row.says)
			}
		})
	}
	u, err := url.Parse("s3://b?role=" + roleARN)
	check(t, err)
	if _, err := blob.Open(t.Context(), u, blob.Options{}); err == nil || !strings.Contains(err.Error(), "id-token: write") {
		t.Errorf("without a token to ask for: got %v", err)
	}
}

// amazon is GitHub's tokens, STS and S3, which take what they should and no more.
func amazon(w *wire, sts answering) answering {
	return func(r *http.Request) (*http.Response, error) {
		switch r.URL.Host {
		case "tokens.example":
			if r.Header.Get("Authorization") != "Bearer "+bearer || r.URL.Query().Get("audience") != "sts.amazonaws.com" || r.URL.Query().Get("v") != "1" {
				return answer(401, "{}")(r)
			}
			return answer(200, `{"count":1,"value":"`+identity+`"}`, "Content-Type", "application/json")(r)
		case "sts.eu-west-1.amazonaws.com":
			if sts != nil {
				return sts(r)
			}
			return assume(r, w.body)
		case "shop-checkout.s3.eu-west-1.amazonaws.com":
			if !strings.Contains(r.Header.Get("Authorization"), "Credential="+temporaryID+"/") || r.Header.Get("X-Amz-Security-Token") != "session" {
				return said(403, "InvalidAccessKeyId")["s3"](r)
			}
			return said(404, "NoSuchKey")["s3"](r)
		}
		return nil, errors.New("no such host " + r.URL.Host)
	}
}

func assume(r *http.Request, body string) (*http.Response, error) {
	form, err := url.ParseQuery(body)
	if err != nil {
		return nil, err
	}
	if r.Header.Get("Authorization") != "" || form.Get("Action") != "AssumeRoleWithWebIdentity" || form.Get("RoleArn") != roleARN || form.Get("WebIdentityToken") != identity {
		return answer(403, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>words</Message></Error></ErrorResponse>`, "Content-Type", "text/xml")(r)
	}
	return answer(200, `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>`+temporaryID+
		`</AccessKeyId><SecretAccessKey>`+secret+`</SecretAccessKey><SessionToken>session</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`, "Content-Type", "text/xml")(r)
}
