package header

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/integrity/page"
)

// A route has the headers of the index.html above it, where a form can say so.
func TestRoutes(t *testing.T) {
	rows := []struct {
		name   string
		routes []string
		json   []string // of which page
		file   []string // in _headers
		rule   string   // of a finding
	}{
		{"a folder of routes", []string{"/checkout", "/checkout/*"}, []string{"/checkout", "/checkout/*"}, []string{"/checkout", "/checkout/*"}, ""},
		{"files are below", []string{"/*"}, []string{"/*"}, nil, ruleSharedRoute},
		{"a wider route", []string{"/checkout/*", "/checkout/step"}, []string{"/checkout/*"}, []string{"/checkout/*"}, ""},
		{"a file's path", []string{"/loader.js", "/"}, nil, nil, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			in := sample(t)
			in.Routes = row.routes
			set := made2(t, in)
			headers, err := set.Netlify("/")
			if err != nil {
				t.Fatal(err)
			}
			var got, written []string
			for _, r := range set.Rules {
				if !r.Route {
					continue
				}
				got = append(got, r.Path)
				if i := slices.IndexFunc(set.Rules, func(o Rule) bool { return o.Path == "/index.html" }); !slices.Equal(r.Fields, set.Rules[i].Fields) {
					t.Errorf("%s has other headers than its page: %v", r.Path, r.Fields)
				}
				if strings.Contains("\n"+string(headers), "\n"+r.Path+"\n") {
					written = append(written, r.Path)
				}
			}
			if !slices.Equal(got, row.json) || !slices.Equal(written, row.file) {
				t.Errorf("got the routes %q, in _headers %q", got, written)
			}
			if found := len(set.Findings) == 1 && set.Findings[0].Rule == row.rule; found != (row.rule != "") {
				t.Errorf("got %v", set.Findings)
			}
		})
	}
}

// The nearest page counts, and none is a mistake.
func TestRoutePage(t *testing.T) {
	pages := map[string]*page.Document{"pay/index.html": {}}
	for route, want := range map[string]string{"/pay": "/pay/index.html", "/pay/*": "/pay/index.html", "/pay/a/b": "/pay/index.html", "/payment": "", "/*": ""} {
		if got := above(pages, route); got != want {
			t.Errorf("%s: got %q, want %q", route, got, want)
		}
	}
	in := sample(t)
	in.Pages, in.Routes = nil, []string{"/pay/*"}
	if _, err := Make(in); err == nil || !strings.Contains(err.Error(), `routes: got "/pay/*"`) {
		t.Errorf("got %v", err)
	}
}

// A page that is made to be served anywhere is told, until somebody says where.
func TestUnnamedRoutes(t *testing.T) {
	rooted := func(in *Input) {
		in.Pages["index.html"].Elements[2].URL = "/" + in.Pages["index.html"].Elements[2].URL
	}
	in := sample(t)
	rooted(&in)
	if set := made2(t, in); len(set.Findings) != 1 || set.Findings[0].Rule != ruleRoutes || set.Findings[0].Location.Path != "index.html" {
		t.Errorf("got %v", set.Findings)
	}
	in.Routes = []string{"/"}
	if set := made2(t, in); len(set.Findings) > 0 {
		t.Errorf("with a route: got %v", set.Findings)
	}
}

// nginx's fallback goes through the page's own location: a route has its headers.
func TestNginxRoute(t *testing.T) {
	in := sample(t)
	in.Routes = []string{"/shop/*"}
	set := made2(t, in)
	snippet, err := set.Nginx("/")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "index.html"), []byte("<p>"), 0o666); err != nil {
		t.Fatal(err)
	}
	address := nginx(t, root, append(snippet, "location / { try_files $uri /index.html; }\n"...))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/shop/pay", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if got := res.Header.Values("Content-Security-Policy"); res.StatusCode != http.StatusOK || len(got) != 1 || got[0] != value(t, set, "Content-Security-Policy") {
		t.Errorf("got %s and %q", res.Status, got)
	}
}
