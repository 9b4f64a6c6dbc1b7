package webdav

import (
	"reflect"
	"strings"
	"testing"
)

// The examples of RFC 7616 section 3.9.1, and of RFC 2069 as RFC errata 749 has it.
func TestDigest(t *testing.T) {
	for _, test := range []struct {
		name                        string
		challenge                   map[string]string
		user, password, uri, cnonce string
		want                        string
	}{
		{
			"MD5",
			map[string]string{"realm": "http-auth@example.org", "qop": "auth, auth-int", "algorithm": "MD5", "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"},
			"Mufasa", "Circle of Life", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", `response="8ca523f5e9506fed4657c9700eebdbec"`,
		},
		{
			"SHA-256",
			map[string]string{"realm": "http-auth@example.org", "qop": "auth, auth-int", "algorithm": "SHA-256", "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"},
			"Mufasa", "Circle of Life", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", `response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"`,
		},
		{
			"without qop",
			map[string]string{"realm": "testrealm@host.com", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093", "opaque": "5ccc069c403ebaf9f0171e9517f40e41"},
			"Mufasa", "CircleOfLife", "/dir/index.html", "x", `response="1949323746fe6a43ef61f9606e7febea"`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := digest(test.challenge, test.user, test.password, "GET", test.uri, 1, test.cnonce)
			if !strings.Contains(got, test.want) || !strings.Contains(got, `opaque="`+test.challenge["opaque"]+`"`) || strings.Contains(got, test.password) {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if strings.Contains(got, "nc=00000001") != (test.challenge["qop"] != "") {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestChallenges(t *testing.T) {
	for _, test := range []struct {
		name  string
		lines []string
		want  string // the scheme and nonce of the best
	}{
		{"none", nil, ""},
		{"Basic", []string{`Basic realm="shop"`}, "basic "},
		{"Digest before Basic", []string{`Basic realm="a, b", Digest realm="x", nonce="n", qop="auth"`}, "digest n"},
		{"the better hash", []string{`Digest realm="x", nonce="one", algorithm=MD5`, `Digest realm="x", nonce="two", algorithm=SHA-256`}, "digest two"},
		{"a hash that nobody knows", []string{`Digest nonce="n", algorithm=SHA-512-256`, "Basic realm=x"}, "basic "},
		{"integrity alone", []string{`Digest nonce="n", qop="auth-int"`}, ""},
		{"no nonce", []string{`Digest realm="x"`}, ""},
		{"quotes in quotes", []string{`Digest realm="a\"b", nonce="n\\"`}, `digest n\`},
		{"others", []string{"Negotiate", "NTLM abc=", "Bearer realm=x"}, ""},
		{"others before", []string{"Negotiate, Digest nonce=n"}, "digest n"},
		{"half a string", []string{`Digest nonce="n`}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := best(challenges(test.lines))
			if text := strings.TrimLeft(got.scheme+" "+got.params["nonce"], " "); ok != (test.want != "") || text != test.want {
				t.Errorf("got %q, %t, want %q", text, ok, test.want)
			}
		})
	}
}

// A parameter that is written is read again, whatever it holds.
func FuzzChallenges(f *testing.F) {
	f.Add("nonce", `a"b\c, d=e`)
	f.Fuzz(func(t *testing.T, name, value string) {
		if token(name) != name || name == "" || strings.ContainsAny(value, "\r\n") {
			return
		}
		got := challenges([]string{"Digest " + name + "=" + quoted(value) + ", after=1"})
		want := []challenge{{"digest", map[string]string{"after": "1"}}}
		if name := strings.ToLower(name); name != "after" {
			want[0].params[name] = value
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}
