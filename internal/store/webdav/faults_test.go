package webdav

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/store"
)

// cutting loses the nth request, or its answer.
type cutting struct {
	n, at int
	after bool
}

func (c *cutting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n++
	if c.n != c.at {
		return http.DefaultTransport.RoundTrip(r)
	}
	if c.after {
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		drain(res.Body)
	} else if r.Body != nil {
		_ = r.Body.Close()
	}
	return nil, errors.New("the connection was cut")
}

// Whatever request of a write is lost, the error says the truth, and the write tried
// again ends with the object there, whole, once.
func TestWriteCut(t *testing.T) {
	at, root := apache(t)
	body := store.Bytes([]byte("checkout();"))
	for n := 1; ; n++ {
		cut := false
		for _, after := range []bool{false, true} {
			name := fmt.Sprintf("r/%d/%t/a.js", n, after)
			c := &cutting{at: n, after: after}
			s := opened(t, Options{URL: at + "/digest", User: user, Password: password, HTTP: c})
			_, err := s.Write(t.Context(), name, body, store.Header{}, store.Anew)
			cut = cut || c.n >= n
			clean := opened(t, Options{URL: at + "/dav"})
			checked := store.Check(t.Context(), clean, name, body.Size, body.Integrity)
			switch {
			case c.n < n && err != nil, err == nil && checked != nil:
				t.Errorf("cut at %d of %d, after %t: got %v, and the object: %v", n, c.n, after, err, checked)
			case err != nil && store.CodeOf(err) != store.Unknown && checked == nil:
				t.Errorf("cut at %d, after %t: got %v, and it was written", n, after, err)
			case err != nil && checked != nil && store.CodeOf(checked) != store.NotFound:
				t.Errorf("cut at %d, after %t: a part of it is there: %v", n, after, checked)
			}
			retrying := &store.Retrying{Store: s, Attempts: 3, Sleep: func(context.Context, time.Duration) error { return nil }}
			if _, err := retrying.Write(t.Context(), name, body, store.Header{}, store.Anew); err != nil && store.CodeOf(err) != store.Exists {
				t.Errorf("cut at %d, after %t, then again: %v", n, after, err)
			}
			if err := store.Check(t.Context(), clean, name, body.Size, body.Integrity); err != nil {
				t.Errorf("cut at %d, after %t, in the end: %v", n, after, err)
			}
		}
		if !cut {
			if n < 7 {
				t.Errorf("a write is %d requests", n-1)
			}
			break
		}
	}
	for _, name := range files(t, root) {
		if strings.HasPrefix(name, Uploads) {
			t.Logf("left behind: %s", name)
		}
	}
}

// fake is a server that answers by method; the others are refused.
func fake(t *testing.T, by map[string]http.HandlerFunc) *Store {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if h := by[r.Method]; h != nil {
			h(w, r)
			return
		}
		w.WriteHeader(http.StatusMethodNotAllowed)
	}))
	t.Cleanup(server.Close)
	return opened(t, Options{URL: server.URL + "/dav", User: user, Password: password})
}

func status(n int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(n)
	}
}

func saying(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

func TestWriteRefused(t *testing.T) {
	normal := func(change string, h http.HandlerFunc) map[string]http.HandlerFunc {
		all := map[string]http.HandlerFunc{"PROPFIND": status(404), "MKCOL": status(201), "PUT": status(201), "GET": saying("checkout();"), "MOVE": status(201), "DELETE": status(204)}
		all[change] = h
		return all
	}
	for _, test := range []struct {
		name, method string
		answer       http.HandlerFunc
		want         store.Code
		says         string
	}{
		{"it replaces what is there", "MOVE", status(204), store.Other, "although it was told not to"},
		{"it is there", "MOVE", status(412), store.Exists, ""},
		{"it is locked", "MOVE", status(423), store.Busy, "status 423"},
		{"the move fails", "MOVE", status(500), store.Unknown, "status 500"},
		{"a proxy is in between", "MOVE", status(502), store.Unknown, "by this scheme and host"},
		{"it is gone at once", "MOVE", status(201), store.Unknown, "it was moved into place, and then"},
		{"somebody has removed the uploads", "PUT", status(409), store.Busy, "somebody has removed"},
		{"other bytes come back", "GET", saying("evil();"), store.Mismatch, "the server gave 7 bytes"},
		{"more bytes come back", "GET", saying("checkout();checkout();"), store.Mismatch, "the server gave 12 bytes"},
		{"half of it comes back", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "11")
			_, _ = io.WriteString(w, "check")
		}, store.Busy, "unexpected EOF"},
		{"no room", "PUT", status(507), store.Other, "no room left"},
		{"too many requests", "PUT", status(429, "Retry-After", "7"), store.Busy, "429"},
		{"a server that fails", "PUT", status(500), store.Busy, "status 500"},
		{"no permission", "PUT", status(403), store.Denied, ""},
		{"no WebDAV", "PUT", status(405), store.Invalid, "is this a WebDAV server"},
		{"a collection that can't be made", "MKCOL", status(403), store.Denied, "MKCOL"},
		{"a redirect to a thief", "PROPFIND", status(307, "Location", "https://evil.example/"), store.Invalid, "a password goes nowhere else"},
		{"a challenge that nobody knows", "PROPFIND", status(401, "WWW-Authenticate", "Negotiate"), store.Denied, "neither Digest nor Basic"},
		{"challenges without end", "PROPFIND", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Digest realm="r", nonce="%d", stale=true, qop="auth"`, time.Now().UnixNano()))
			w.WriteHeader(401)
		}, store.Denied, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := fake(t, normal(test.method, test.answer))
			_, err := s.Write(t.Context(), "a.js", store.Bytes([]byte("checkout();")), store.Header{}, store.Anew)
			if store.CodeOf(err) != test.want || !strings.Contains(fmt.Sprint(err), test.says) || strings.Contains(fmt.Sprint(err), password) {
				t.Errorf("got %v, want it %s and %q", err, test.want, test.says)
			}
			if e := (*store.Error)(nil); test.name == "too many requests" && (!errors.As(err, &e) || e.RetryAfter != 7*time.Second) {
				t.Errorf("got %+v, want the server's wish", err)
			}
		})
	}
}

// What is there just after the move is looked at: another writer's is not ours.
func TestAnotherWriter(t *testing.T) {
	looks := 0
	s := fake(t, map[string]http.HandlerFunc{"MKCOL": status(201), "PUT": status(201), "GET": saying("checkout();"), "MOVE": status(201), "DELETE": status(204), "PROPFIND": func(w http.ResponseWriter, r *http.Request) {
		if looks++; looks == 1 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		multi("<d:response><d:href>/dav/a.js</d:href>"+file+"</d:response>")(w, r)
	}})
	_, err := s.Write(t.Context(), "a.js", store.Bytes([]byte("checkout();")), store.Header{}, store.Anew)
	if store.CodeOf(err) != store.Exists || !strings.Contains(err.Error(), "there is another writer") {
		t.Errorf("got %v", err)
	}
}

func TestStalls(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "half ")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	defer server.Close()
	s := opened(t, Options{URL: server.URL, Stall: 50 * time.Millisecond})
	if _, _, err := store.Read(t.Context(), s, "a.js", 100); err == nil || !strings.Contains(err.Error(), "no byte in 50ms") {
		t.Errorf("got %v", err)
	}
}

// overwriting is a server that obeys no condition.
type overwriting map[string]string

func (o overwriting) RoundTrip(r *http.Request) (*http.Response, error) {
	code, text := http.StatusNoContent, ""
	switch r.Method {
	case "PUT":
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		o[r.URL.Path] = string(data)
	case "MOVE":
		to, err := r.URL.Parse(r.Header.Get("Destination"))
		if err != nil {
			return nil, err
		}
		o[to.Path] = o[r.URL.Path]
	case "GET":
		code, text = http.StatusOK, o[r.URL.Path]
	case "MKCOL":
		code = http.StatusCreated
	}
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text))}, nil
}

func TestProbeFindsOut(t *testing.T) {
	s := opened(t, Options{URL: "https://store.example/dav", HTTP: overwriting{}})
	got, err := s.Probe(t.Context())
	if got.Overwrite || got.IfNoneMatch || store.CodeOf(err) != store.Invalid || !strings.Contains(err.Error(), "not safe to deploy to") {
		t.Errorf("got %+v and error %v", got, err)
	}
}

const file = `<d:propstat><d:prop><d:resourcetype/><d:getcontentlength>3</d:getcontentlength><d:getetag>"x"</d:getetag></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>`

func multi(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusMultiStatus)
		_, _ = io.WriteString(w, `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">`+body+`</d:multistatus>`)
	}
}

func TestListRefused(t *testing.T) {
	one := func(href string) string {
		return "<d:response><d:href>" + href + "</d:href>" + file + "</d:response>"
	}
	folder := strings.ReplaceAll(one("/dav/%s"), "<d:resourcetype/>", "<d:resourcetype><d:collection/></d:resourcetype>")
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		want   []string
		code   store.Code // Other for no error
		says   string
	}{
		{"members", multi(one("/dav/") + one("/dav/b") + one("http://HOST/dav/a%20b")), []string{"a b", "b"}, store.Other, ""},
		{"members that went away", multi(one("/dav/a") + "<d:response><d:href>/dav/b</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>"), []string{"a"}, store.Other, ""},
		{"one of another collection", multi(one("/other/a")), nil, store.Invalid, "want one of its members"},
		{"one below a member", multi(one("/dav/a/b")), nil, store.Invalid, "want one of its members"},
		{"a way up", multi(one("/dav/..")), nil, store.Invalid, "want one of its members"},
		{"a way up in a name", multi(one("/dav/%2e%2e")), nil, store.Invalid, "want one of its members"},
		{"a slash in a name", multi(one("/dav/a%2Fb")), nil, store.Invalid, "want one of its members"},
		{"another host", multi(one("https://evil.example/dav/a")), nil, store.Invalid, "want one of its members"},
		{"collections without end", func(w http.ResponseWriter, r *http.Request) {
			multi(strings.ReplaceAll(folder, "/dav/%s", r.URL.EscapedPath()+"x/"))(w, r)
		}, nil, store.Invalid, "more than 32 collections"},
		{"too many entries", multi(strings.Repeat(one("/dav/a"), 101)), nil, store.Invalid, "more than 100 entries"},
		{"too many bytes", multi(strings.Repeat(" ", 1<<20) + one("/dav/a")), nil, store.Invalid, "more than 100000 bytes"},
		{"a length that is none", multi(strings.ReplaceAll(one("/dav/a"), ">3<", ">-3<")), nil, store.Invalid, `got the length "-3"`},
		{"half of it", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusMultiStatus)
			_, _ = io.WriteString(w, `<d:multistatus xmlns:d="DAV:">`+one("/dav/a"))
		}, nil, store.Unknown, "reading a list"},
		{"a page", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusMultiStatus)
			_, _ = io.WriteString(w, "<html><body>Sign in</body></html>")
		}, nil, store.Unknown, "want a multistatus"},
		{"nothing", status(207), nil, store.Unknown, "got no multistatus"},
		{"entities", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusMultiStatus)
			_, _ = io.WriteString(w, `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><d:multistatus xmlns:d="DAV:">`+one("/dav/&b;")+`</d:multistatus>`)
		}, nil, store.Unknown, "reading a list"},
		{"no WebDAV", status(405), nil, store.Invalid, "is this a WebDAV server"},
		{"a server that fails", status(503, "Retry-After", "1"), nil, store.Busy, "503"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := fake(t, map[string]http.HandlerFunc{"PROPFIND": func(w http.ResponseWriter, r *http.Request) {
				rec := httptest.NewRecorder()
				test.answer(rec, r)
				w.WriteHeader(rec.Code)
				_, _ = io.WriteString(w, strings.ReplaceAll(rec.Body.String(), "HOST", r.Host))
			}})
			s.maxAnswer, s.maxEntries = 100_000, 100
			var names []string
			var failed error
			for info, err := range s.List(t.Context(), "") {
				if failed = err; err == nil {
					names = append(names, info.Name)
				}
			}
			if !slices.Equal(names, test.want) || store.CodeOf(failed) != test.code || !strings.Contains(fmt.Sprint(failed), test.says) {
				t.Errorf("got %q and error %v, want %q, it %s and %q", names, failed, test.want, test.code, test.says)
			}
		})
	}
}

// What a list yields of any answer are names of members, each a valid path.
func FuzzMultistatus(f *testing.F) {
	f.Add([]byte(`<d:multistatus xmlns:d="DAV:"><d:response><d:href>/dav/a%20b</d:href>` + file + `</d:response></d:multistatus>`))
	f.Add([]byte(`<multistatus xmlns="DAV:"><x/><response/></multistatus>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		of := url.URL{Scheme: "https", Host: "store.example", Path: "/dav/"}
		for r, err := range multistatus(strings.NewReader(string(data))) {
			if err != nil {
				return
			}
			segment, err := member(&of, r.Href)
			if err == nil && segment != "" && strings.ContainsAny(segment, "/\\\n") {
				t.Errorf("got the member %q", segment)
			}
			if e, ok, err := r.entry("a"); err == nil && ok && !e.collection && (e.Size < 0 || e.Version == "") {
				t.Errorf("got %+v", e)
			}
		}
	})
}
