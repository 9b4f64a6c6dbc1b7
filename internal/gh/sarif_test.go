package gh

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/gh/ghtest"
)

var mayUpload = ghtest.Options{Permissions: map[string]string{"security-events": "write"}}

var found = SARIF{
	Commit: strings.Repeat("0a", 20), Ref: "refs/heads/main", CheckoutURI: "file:///github/workspace/",
	Data: []byte(`{"version":"2.1.0","runs":[]}`),
}

func TestUploadSARIF(t *testing.T) {
	for _, test := range []struct {
		name   string
		polls  int
		script func(*ghtest.Fake)
	}{
		{"at once", 0, func(*ghtest.Fake) {}},
		{"after a while", 3, func(*ghtest.Fake) {}},
		{"not known at first", 0, func(f *ghtest.Fake) { f.Script("GET", "", ghtest.Answer(404, `{"message":"Not Found"}`)) }},
		{"the answer lost", 0, func(f *ghtest.Fake) { f.Script("POST", "/sarifs", ghtest.Lost()) }},
		{"at a limit", 1, func(f *ghtest.Fake) { f.Script("POST", "/sarifs", f.SecondaryLimit(429, "3")) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			fake := mayUpload
			fake.Polls = test.polls
			tr := start(t, fake, nil)
			test.script(tr.fake)
			got, err := tr.client.UploadSARIF(t.Context(), found)
			if err != nil || !got.Complete || got.ID == "" || !strings.Contains(got.URL, got.ID) {
				t.Fatalf("got %+v and error %v", got, err)
			}
			all := tr.fake.Uploads()
			last := all[len(all)-1]
			if last.Commit != found.Commit || last.Ref != found.Ref || last.CheckoutURI != found.CheckoutURI || !bytes.Equal(last.Data, found.Data) {
				t.Errorf("got %+v, want %+v", last, found)
			}
		})
	}
}

func TestSARIFThatIsNotReadInTime(t *testing.T) {
	fake := mayUpload
	fake.Polls = 1000
	tr := start(t, fake, nil)
	got, err := tr.client.UploadSARIF(t.Context(), found)
	if err != nil || got.Complete || got.ID == "" {
		t.Errorf("got %+v and error %v, want it not complete", got, err)
	}
	if over := tr.now.Sub(newClock().now); over > DefaultMaxWait {
		t.Errorf("waited %v", over)
	}
}

func TestSARIFRefused(t *testing.T) {
	change := func(f func(*SARIF)) SARIF {
		s := found
		f(&s)
		return s
	}
	noise := make([]byte, maxSARIF+1<<20)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	for _, test := range []struct {
		name  string
		fake  ghtest.Options
		step  ghtest.Step
		sarif SARIF
		kind  error
		want  string
		asks  bool
	}{
		{"no commit", mayUpload, nil, change(func(s *SARIF) { s.Commit = "main" }), nil, "40 hex digits", false},
		{"a short ref", mayUpload, nil, change(func(s *SARIF) { s.Ref = "main" }), nil, "it is a full one", false},
		{"too large", mayUpload, nil, change(func(s *SARIF) { s.Data = noise }), nil, "GitHub takes 10 MB", false},
		{"no permission", ghtest.Options{}, nil, found, ErrRefused, "permissions: { security-events: write }", true},
		{"no SARIF", mayUpload, nil, change(func(s *SARIF) { s.Data = []byte("{}") }), nil, "could not take the SARIF file: Invalid SARIF", true},
		{
			"code scanning turned off", mayUpload,
			ghtest.Answer(http.StatusForbidden, `{"message":"Advanced Security must be enabled for this repository to use code scanning."}`),
			found, ErrRefused, "Advanced Security must be enabled", true,
		},
		{"an id that is a path", mayUpload, ghtest.Answer(202, `{"id":"../../issues"}`), found, ErrUnavailable, "got the id", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr := start(t, test.fake, nil)
			if test.step != nil {
				tr.fake.Script("POST", "", test.step)
			}
			_, err := tr.client.UploadSARIF(t.Context(), test.sarif)
			if err == nil || !strings.Contains(err.Error(), test.want) || test.kind != nil && !errors.Is(err, test.kind) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
			if asked := len(tr.fake.Requests()) > 0; asked != test.asks {
				t.Errorf("got requests %q", tr.fake.Requests())
			}
		})
	}
}
