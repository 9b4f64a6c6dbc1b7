package page

import "testing"

// The rows are of the URL standard: new URL(…) of a browser gives the same host.
func TestNormal(t *testing.T) {
	for _, row := range []struct{ name, ref, want string }{
		{"as it is", "a/b.js?x=1#y", "a/b.js?x=1#y"},
		{"a host in capitals", "https://CDN.example/A.js", "https://cdn.example/A.js"},
		{"the scheme's port", "HTTPS://cdn.example:443/a.js", "https://cdn.example/a.js"},
		{"another port", "http://cdn.example:443/a.js", "http://cdn.example:443/a.js"},
		{"no scheme", "//CDN.example:443/a.js", "//cdn.example/a.js"},
		{"backslashes", `https:\\cdn.example\a\b.js`, "https://cdn.example/a/b.js"},
		{"backslashes without a scheme", `\\cdn.example\a.js`, "//cdn.example/a.js"},
		{"a backslash in a query", `a.js?x=\`, `a.js?x=\`},
		{"one slash", "https:/cdn.example/a.js", "https://cdn.example/a.js"},
		{"many slashes", "https://///cdn.example/a.js", "https://cdn.example/a.js"},
		{"tabs and line ends", " \x01ht\ttps://cdn.\nexample/a.js\r ", "https://cdn.example/a.js"},
		{"only a host", "https://CDN.example", "https://cdn.example"},
		{"a user", "https://Me:443@CDN.example:443/", "https://Me:443@cdn.example/"},
		{"an address", "https://[::1]:443/a.js", "https://[::1]/a.js"},
		{"two ports", "http://a:80:80/", "http://a:80:80/"},
		{"a colon in a path", "./a:b.js", "./a:b.js"},
		{"data", "data:text/javascript,A\\b", "data:text/javascript,A\\b"},
		{"a template", `{{ URL\x }}/A.js`, `{{ URL\x }}/A.js`},
		{"nothing", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := Normal(row.ref); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			if again := Normal(row.want); again != row.want {
				t.Errorf("again: got %q", again)
			}
		})
	}
}

func TestAddress(t *testing.T) {
	for _, row := range []struct{ name, base, ref, want string }{
		{"the page's own", "", "a.js", ""},
		{"its own folder", "/shop/", "a.js", ""},
		{"another host", "", "//cdn.example/a.js", "https://cdn.example/a.js"},
		{"by the base", "//CDN.example/x/", "a.js", "https://cdn.example/x/a.js"},
		{"its root", "https://cdn.example/x/", "/a.js", "https://cdn.example/a.js"},
		{"one of its own", "https://cdn.example/x/", "http://b.example/a.js", "http://b.example/a.js"},
		{"none", "", "https://a b/", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := (&Document{Base: row.base}).Address(row.ref); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

// What is normal stays so.
func FuzzNormal(f *testing.F) {
	for _, ref := range []string{"a.js", `https:\\A:443\b?\#`, "//A:443", "https:443", "\x01h\tttp:/a:80:80", "data:x"} {
		f.Add(ref)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		if once := Normal(ref); Normal(once) != once {
			t.Errorf("%q is %q, then %q", ref, once, Normal(once))
		}
	})
}
