package coverage

import "testing"

// Where a URL of a page leads: into the release, or elsewhere.
func TestWithin(t *testing.T) {
	for _, row := range []struct{ public, dir, base, ref, want string }{
		{"", ".", "", "a.js", "a.js"},
		{"", ".", "", "/a.js?v=1#x", "a.js"},
		{"", "shop", "", "../assets/a.js", "assets/a.js"},
		{"", "shop", "", "../../../a.js", "a.js"},
		{"", "shop", "", "./a%20b.js", "shop/a b.js"},
		{"", ".", "", "https://cdn.example/a.js", "elsewhere"},
		{"", ".", "", "//cdn.example/a.js", "elsewhere"},
		{"", ".", "", "javascript:1", "elsewhere"},
		{"", ".", "", "http://[::1", "elsewhere"},
		{"", ".", "assets/", "a.js", "assets/a.js"},
		{"", ".", "/assets/x.html", "a.js", "assets/a.js"},
		{"", ".", "https://other.example/", "a.js", "elsewhere"},
		{"/shop/", ".", "", "/shop/a.js", "a.js"},
		{"/shop/", ".", "", "a.js", "a.js"},
		{"https://cdn.example/x/", ".", "", "https://cdn.example/x/a.js", "a.js"},
		{"https://cdn.example/x/", ".", "", "//cdn.example/x/a.js", "a.js"},
		{"https://cdn.example/x/", ".", "", "https://cdn.example/y/a.js", "elsewhere"},
		{"https://cdn.example/x/", ".", "", "https://cdn.example/x/../y/a.js", "elsewhere"},
		{"https://cdn.example/x/", ".", "", "http://cdn.example/x/a.js", "elsewhere"},
		{"https://cdn.example/x/", ".", "https://cdn.example/x/sub/", "../a.js", "a.js"},
	} {
		r := &reader{Input: Input{PublicURL: row.public}}
		got, elsewhere := r.within(row.dir, row.base, row.ref)
		if elsewhere {
			got = "elsewhere"
		}
		if got != row.want {
			t.Errorf("%q in %q, base %q, public %q: got %q, want %q", row.ref, row.dir, row.base, row.public, got, row.want)
		}
	}
}

// Which file a constant in a script names, and whether that is certain.
func TestFileOfConstant(t *testing.T) {
	r := &reader{Input: Input{PublicURL: "https://cdn.example/x/"}, units: map[string]*unit{}}
	for _, path := range []string{"a.js", "assets/a.js", "assets/b.js"} {
		r.units[path] = &unit{path: path}
	}
	for _, row := range []struct {
		from, constant, want string
		exact                bool
	}{
		{"m.js", "a.js", "a.js", true},
		{"assets/m.js", "./a.js", "assets/a.js", true},
		{"assets/m.js", "../a.js", "a.js", true},
		{"assets/m.js", "b.js?v=1", "assets/b.js", true},
		{"m.js", "/assets/b.js", "assets/b.js", true},
		{"m.js", "/shop/assets/b.js", "assets/b.js", false},
		{"m.js", "https://cdn.example/x/assets/b.js", "assets/b.js", true},
		{"m.js", "https://other.example/assets/b.js", "", false},
		{"m.js", "b.js", "", false},
		{"m.js", "1/2/3/4/5/6/7/8/9/a.js", "", false},
		{"m.js", "../../../../etc/passwd.js", "", false},
	} {
		u, exact := r.file(row.from, row.constant)
		got := ""
		if u != nil {
			got = u.path
		}
		if got != row.want || exact != row.exact {
			t.Errorf("%q in %s: got %q, %t, want %q, %t", row.constant, row.from, got, exact, row.want, row.exact)
		}
	}
}
