package shop

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/release"
)

const script = "self.checkout = { renderCheckout() {} };\n"

// sample is a shop with an example of one script and a small store.
func sample(t *testing.T) *Shop {
	t.Helper()
	folder := t.TempDir()
	write := func(name, content string) {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	rel := &release.Release{
		Profile: release.Production,
		Tool:    release.Tool{Name: "test", Version: "1"},
		Passes: []release.Pass{{
			Name: "app", Format: release.Classic, Library: "checkout",
			Entries: []release.Entry{{Name: "checkout", JS: []string{"checkout.js"}}},
		}},
		Files: []release.File{{
			Path: "checkout.js", Size: int64(len(script)), Integrity: release.IntegrityOf([]byte(script)),
			Type: release.TypeOf("checkout.js"), Role: release.Script, Passes: []string{"app"},
		}},
	}
	if err := rel.Seal(); err != nil {
		t.Fatal(err)
	}
	record, err := rel.Encode()
	if err != nil {
		t.Fatal(err)
	}
	write("dist/checkout.js", script)
	write("dist/secret.txt", "not of the release")
	write("dist/"+release.RecordName, string(record))
	write("store/checkout.json", `{"id":"c-1"}`)
	write("store/orders.json", `{"number":"1"}`)
	write("index.html", `{{range .Scripts "checkout"}}<script src="{{$.PublicPath}}{{.Path}}" integrity="{{.Integrity}}" nonce="{{$.Nonce}}"></script>{{end}}`)
	build, err := ReadBuild(filepath.Join(folder, "dist"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), folder, build, Loopback)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func ask(t *testing.T, method, url, body string) (int, http.Header, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(data)
}

func TestPageNamesPinnedFiles(t *testing.T) {
	s := sample(t)
	status, header, html := ask(t, http.MethodGet, s.URL(), "")
	if status != http.StatusOK {
		t.Fatalf("got %d: %s", status, html)
	}
	policy := header.Get("Content-Security-Policy")
	_, nonce, _ := strings.Cut(policy, "script-src 'nonce-")
	nonce, _, _ = strings.Cut(nonce, "'")
	for _, want := range []string{`src="` + s.Assets() + `/checkout.js"`, `integrity="sha384-`, `nonce="` + nonce + `"`} {
		if !strings.Contains(html, want) {
			t.Errorf("got %s, want %s in it", html, want)
		}
	}
	if _, again, _ := ask(t, http.MethodGet, s.URL(), ""); again.Get("Content-Security-Policy") == policy {
		t.Error("two answers have one nonce")
	}
}

func TestAssets(t *testing.T) {
	s := sample(t)
	for _, test := range []struct {
		name, path string
		status     int
	}{
		{"a file of the release", "/checkout.js", http.StatusOK},
		{"the record is not of the release", "/release.json", http.StatusNotFound},
		{"nor is what else lies there", "/secret.txt", http.StatusNotFound},
		{"a path out of the folder", "/../store/checkout.json", http.StatusNotFound},
		{"the folder itself", "/", http.StatusNotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, header, body := ask(t, http.MethodGet, s.Assets()+test.path, "")
			if status != test.status {
				t.Errorf("got %d, want %d: %s", status, test.status, body)
			}
			if header.Get("Access-Control-Allow-Origin") != "*" {
				t.Error("a browser could not check its integrity: no Access-Control-Allow-Origin")
			}
		})
	}
}

func TestBreak(t *testing.T) {
	s := sample(t)
	url := s.Assets() + "/checkout.js"
	for _, test := range []struct {
		name     string
		fault    Fault
		statuses []int
	}{
		{"once", Fault{Path: "checkout.js", Times: 1}, []int{503, 200, 200}},
		{"always", Fault{Path: "checkout.js"}, []int{503, 503, 503}},
		{"another file", Fault{Path: "other.js"}, []int{200}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.Break(test.fault)
			for i, want := range test.statuses {
				if got, _, _ := ask(t, http.MethodGet, url, ""); got != want {
					t.Errorf("request %d: got %d, want %d", i+1, got, want)
				}
			}
			if got := s.Asked("checkout.js"); got != len(test.statuses) {
				t.Errorf("got %d requests, want %d", got, len(test.statuses))
			}
		})
	}
	t.Run("a prefetch does not count", func(t *testing.T) {
		s.Break(Fault{Path: "checkout.js", Times: 1})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Sec-Purpose", "prefetch")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusServiceUnavailable || s.Asked("checkout.js") != 0 {
			t.Errorf("got %d after %d requests, want 503 after 0", response.StatusCode, s.Asked("checkout.js"))
		}
	})
	t.Run("a flipped byte", func(t *testing.T) {
		s.Break(Fault{Path: "checkout.js", Kind: FlippedByte})
		status, _, body := ask(t, http.MethodGet, url, "")
		if status != http.StatusOK || len(body) != len(script) || body == script {
			t.Errorf("got %d %q, want %q with one other byte", status, body, script)
		}
	})
}

func TestStore(t *testing.T) {
	s := sample(t)
	const order = `{"email":"a@b","address":{"name":"A"},"shippingOption":{"id":"x"},"payment":{"method":"card"}}`
	for _, test := range []struct {
		name, method, path, body string
		status                   int
	}{
		{"reading", http.MethodGet, "api/checkout", "", http.StatusOK},
		{"reading what is not there", http.MethodGet, "api/nothing", "", http.StatusNotFound},
		{"reading out of the folder", http.MethodGet, "api/..%2findex", "", http.StatusNotFound},
		{"an order", http.MethodPost, "api/orders", order, http.StatusOK},
		{"an order without payment", http.MethodPost, "api/orders", strings.Replace(order, "card", "", 1), http.StatusUnprocessableEntity},
		{"an order that is no JSON", http.MethodPost, "api/orders", "order", http.StatusBadRequest},
		{"an order too large", http.MethodPost, "api/orders", strings.Repeat(" ", maxOrder+1), http.StatusRequestEntityTooLarge},
		{"writing elsewhere", http.MethodPost, "api/checkout", order, http.StatusMethodNotAllowed},
	} {
		t.Run(test.name, func(t *testing.T) {
			if status, _, body := ask(t, test.method, s.URL()+test.path, test.body); status != test.status {
				t.Errorf("got %d, want %d: %s", status, test.status, body)
			}
		})
	}
}

func TestReadBuildWithoutRecord(t *testing.T) {
	if _, err := ReadBuild(t.TempDir()); err == nil || !strings.Contains(err.Error(), "build-bundle") {
		t.Errorf("got %v, want an error that says to run build-bundle", err)
	}
}
