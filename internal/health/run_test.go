package health

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCheck(t *testing.T) {
	at := serve(t, shop)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for _, test := range []struct {
		name  string
		check Check // URL is a path of the shop
		want  Outcome
		says  []string // the problems, one each
	}{
		{"status 200", Check{URL: "/checkout"}, Passed, nil},
		{"HEAD", Check{URL: "/checkout", Method: "HEAD"}, Passed, nil},
		{"another status", Check{URL: "/broken"}, Failed, []string{"got status 500, want status 200"}},
		{"a status of several", Check{URL: "/gone", Status: []int{200, 404}}, Passed, nil},
		{"the marker", Check{URL: "/checkout", Marker: `data-release="1f2e3d"`}, Passed, nil},
		{"another release", Check{URL: "/checkout", Marker: "9a8b7c"}, Failed, []string{`got a page of another release, want the release with "9a8b7c"`}},
		{"a text and an expression", Check{URL: "/checkout", Contains: []string{"Checkout"}, Matches: []string{`(?i)<TITLE>`}}, Passed, nil},
		{
			"all that is wrong at once",
			Check{URL: "/checkout", Status: []int{204}, Contains: []string{"Cart"}, Matches: []string{"^Cart"}, Headers: map[string]string{"x-frame-options": "DENY"}},
			Failed,
			[]string{"got status 200, want status 204", `got x-frame-options: "", want "DENY"`, `the text "Cart"`, `a match of "^Cart"`},
		},
		{"a header", Check{URL: "/checkout", Headers: map[string]string{"content-security-policy": "default-src 'self'"}}, Passed, nil},
		{"JSON", Check{URL: "/status.json", JSON: map[string]any{"/release/id": "1f2e3d", "/release/n": 7, "/ready": true, "/parts/1": nil, "/a~1b/~0": 1.5, "/parts": []string{"cart", ""}[:0]}}, Failed, []string{`got ["cart",null] at "/parts", want []`}},
		{"JSON that is as it should be", Check{URL: "/status.json", JSON: map[string]any{"/release/n": 7, "/parts/0": "cart", "/a~1b": map[string]any{"~": 1.5}}}, Passed, nil},
		{"JSON of another type", Check{URL: "/status.json", JSON: map[string]any{"/release/n": "7"}}, Failed, []string{`got 7 at "/release/n", want "7"`}},
		{"JSON that lacks it", Check{URL: "/status.json", JSON: map[string]any{"/parts/01": "cart", "/parts/-": 1}}, Failed, []string{`got nothing at "/parts/-"`, `got nothing at "/parts/01"`}},
		{"no JSON", Check{URL: "/checkout", JSON: map[string]any{"/a": 1}}, Failed, []string{"got a body that is no JSON"}},
		{"a redirect is an answer", Check{URL: "/moved"}, Failed, []string{`got status 302, want status 200; it redirects to "/checkout"`}},
		{"a redirect is wanted", Check{URL: "/moved", Status: []int{302}}, Passed, nil},
		{"a redirect is followed", Check{URL: "/moved", Redirects: true, Marker: "1f2e3d"}, Passed, nil},
		{"a loop", Check{URL: "/loop", Redirects: true}, Failed, []string{"more than 10 redirects"}},
		{"to metadata", Check{URL: "/metadata", Redirects: true}, Failed, []string{"169.254.169.254 is the address of a cloud's metadata service"}},
		{"to metadata by NAT64", Check{URL: "/mapped", Redirects: true}, Failed, []string{"metadata service"}},
		{"to a file", Check{URL: "/file", Redirects: true}, Failed, []string{"want http:// or https:// and a host"}},
		{"to a user", Check{URL: "/user", Redirects: true}, Failed, []string{"got a redirect to a user in the address"}},
		{"a bomb that is looked into", Check{URL: "/bomb", Contains: []string{"x"}}, Failed, []string{"a body of more than 4194304 bytes"}},
		{"a bomb", Check{URL: "/bomb"}, Passed, nil},
		{"an endless body", Check{URL: "/endless", Contains: []string{"x"}}, Failed, []string{"a body of more than"}},
		{"half an answer", Check{URL: "/cut"}, Failed, []string{"the answer broke off after 10 bytes"}},
		{"no answer in time", Check{URL: "/silent", Timeout: 50 * time.Millisecond}, Failed, []string{"no answer within 50ms"}},
		{"a limit on requests", Check{URL: "/busy"}, NoData, []string{"got status 429"}},
		{"a limit on requests that is wanted", Check{URL: "/busy", Status: []int{429}}, Passed, nil},
		{"nothing listens", Check{URL: closed.URL}, Errored, []string{"connection refused"}},
		{"no such name", Check{URL: "http://shop.invalid/?token=hunter2"}, Errored, []string{"shop.invalid"}},
		{"metadata itself", Check{URL: "http://169.254.169.254/"}, Errored, []string{"metadata service"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := test.check
			c.Name = "it"
			if strings.HasPrefix(c.URL, "/") {
				c.URL = at + c.URL
			}
			r := Run(t.Context(), Checks{HTTP: []Check{c}}, newClock().options())
			got := r.Samples[0]
			if got.Outcome != test.want || r.Passed() != (test.want == Passed) || got.Check != "it" || len(got.Problems) != len(test.says) {
				t.Fatalf("got %s, want %s and %d problems:\n%s", got.Outcome, test.want, len(test.says), text(got.Problems))
			}
			for i, p := range got.Problems {
				if !strings.Contains(p.String(), test.says[i]) || strings.Contains(p.String(), "hunter2") || len(p.String()) > 1000 {
					t.Errorf("got %q, want %q", p, test.says[i])
				}
			}
		})
	}
}

func TestLatency(t *testing.T) {
	c := newClock()
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		c.pass(300 * time.Millisecond)
		shop(w, r)
	})
	for most, want := range map[time.Duration]Outcome{300 * time.Millisecond: Passed, 299 * time.Millisecond: Failed} {
		got := Run(t.Context(), Checks{HTTP: []Check{{Name: "a", URL: at + "/checkout", MaxLatency: most}}}, c.options()).Samples[0]
		if got.Outcome != want || got.Latency != 300*time.Millisecond {
			t.Errorf("at most %v: got %s after %v, want %s:\n%s", most, got.Outcome, got.Latency, want, text(got.Problems))
		}
	}
}

func TestCertificates(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(shop))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	check := Checks{HTTP: []Check{{Name: "a", URL: s.URL + "/checkout"}}}
	o := newClock().options()
	if got := Run(t.Context(), check, o).Samples[0]; got.Outcome != Errored || !strings.Contains(text(got.Problems), "certificate") {
		t.Errorf("a certificate that nobody knows: got %s:\n%s", got.Outcome, text(got.Problems))
	}
	o.HTTP = NewTransport(&tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs})
	if got := Run(t.Context(), check, o).Samples[0]; got.Outcome != Passed {
		t.Errorf("one that is trusted: got %s:\n%s", got.Outcome, text(got.Problems))
	}
}

// A name that leads to a metadata service is refused where it is dialed.
func TestTransportRefusesMetadata(t *testing.T) {
	for _, address := range []string{"169.254.169.254:80", "[fe80::1%25lo]:80", "[fd00:ec2::254]:80", "[::ffff:169.254.169.254]:80", "[2002:a9fe:a9fe::1]:80", "168.63.129.16:80", "100.100.100.200:80"} {
		conn, err := NewTransport(nil).DialContext(t.Context(), "tcp", address)
		if err == nil || !strings.Contains(err.Error(), ErrMetadata.Error()) {
			t.Errorf("%s: got %v and error %v", address, conn, err)
		}
	}
}

func TestTarget(t *testing.T) {
	u, _ := address("https://shop.example/a")
	if to, err := target(u, "/b?c#d"); err != nil || to.String() != "https://shop.example/b?c" {
		t.Errorf("got %v and error %v", to, err)
	}
	if to, err := target(u, "http://shop.example/b"); err == nil || !strings.Contains(err.Error(), "from https to") {
		t.Errorf("got %v and error %v, want none without encryption", to, err)
	}
}

func TestRunEnded(t *testing.T) {
	at := serve(t, shop)
	ended, end := context.WithCancel(t.Context())
	end()
	r := Run(ended, Checks{HTTP: []Check{{Name: "a", URL: at + "/checkout"}}}, newClock().options())
	if r.Samples[0].Outcome != NoData || r.Passed() {
		t.Errorf("got %+v, want no data", r)
	}
	if (Result{}).Passed() {
		t.Error("nothing was asked, and that passed")
	}
}

// No more are made at once than is said, and all are made.
func TestConcurrency(t *testing.T) {
	busy := make(chan struct{}, 2)
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case busy <- struct{}{}:
			time.Sleep(time.Millisecond)
			<-busy
			shop(w, r)
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	var c Checks
	for _, name := range "abcdefghijklmnopqrst" {
		c.HTTP = append(c.HTTP, Check{Name: string(name), URL: at + "/checkout"})
	}
	o := newClock().options()
	o.Concurrency = 2
	if r := Run(t.Context(), c, o); !r.Passed() || len(r.Samples) != 20 || r.Samples[19].Check != "t" {
		t.Errorf("got %+v", r)
	}
}

func TestProblems(t *testing.T) {
	if got := (Checks{HTTP: []Check{{Name: "a", URL: "https://shop.example/"}}, Smoke: []Smoke{{Name: "b", URL: "http://10.0.0.1/", Global: "app.ready"}}}).Problems(); got != nil {
		t.Fatalf("got %s, want none", text(got))
	}
	none := -1
	wrong := Checks{
		HTTP: []Check{
			{Name: "a", URL: "ftp://shop.example", Method: "POST", Status: []int{99, 600}, Timeout: time.Hour, MaxLatency: -1, Contains: []string{""}},
			{Name: "a", URL: "https://u:hunter2@shop.example/", Method: "HEAD", Marker: "x", Matches: []string{"(", ""}, Headers: map[string]string{"a b": ""}, JSON: map[string]any{"a": 1, "/~2": 1, "/f": func() {}}},
			{Name: "c\nd", URL: "https://"},
			{Name: "slow", URL: "https://shop.example", MaxLatency: 11 * time.Second},
		},
		Smoke: []Smoke{{Name: "a", URL: "%", Global: "alert(1)", Selector: strings.Repeat("a", 1001), Within: -1, MaxConsoleErrors: &none}},
	}
	got := wrong.Problems()
	want := []string{
		`HTTP check "a": URL: got "ftp://shop.example"`, `method: got "POST"`, "status: got 99", "status: got 600", `contains: got ""`, "timeout: got 1h0m0s", "maximum latency: got -1ns",
		`HTTP check "a": URL: got a user in the address`, "method: got HEAD with a condition on the body", `matches: got "("`, `matches: got ""`, `header: got "a b"`, `JSON at "/f": got a value that JSON has not`, `JSON pointer: got "/~2"`, `JSON pointer: got "a"`, "name: got one that another check has",
		`HTTP check 3: URL: got "https:"`, `HTTP check 3: name: got "c d"`,
		"maximum latency: got 11s, want at most 10s",
		`browser check "a": URL: got one that can't be read`, `global: got "alert(1)"`, "selector: got 1001 bytes", "console errors: got -1", "within: got -1ns", "name: got one that another check has",
	}
	for i, p := range got {
		if i >= len(want) || !strings.Contains(p.String(), want[i]) || strings.Contains(p.String(), "hunter2") {
			t.Errorf("got %q, want %q", p, want[min(i, len(want)-1)])
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d problems, want %d", len(got), len(want))
	}
	r := Run(t.Context(), wrong, newClock().options())
	if len(r.Samples) != 5 || slices.ContainsFunc(r.Samples, func(s Sample) bool { return s.Outcome != NoData || len(s.Problems) != len(want) }) {
		t.Errorf("checks with problems were asked: %+v", r)
	}
}

// A pointer that can be read finds what was put where it says.
func FuzzPointer(f *testing.F) {
	f.Add("/a~1b/~0/0")
	f.Add("")
	f.Add("/~")
	f.Fuzz(func(t *testing.T, pointer string) {
		list, err := tokens(pointer)
		if err != nil {
			return
		}
		var document any = "found"
		for _, token := range slices.Backward(list) {
			document = map[string]any{token: document}
		}
		if got, has := lookUp(document, pointer); !has || got != "found" {
			t.Errorf("%q: got %v, %t", pointer, got, has)
		}
	})
}
