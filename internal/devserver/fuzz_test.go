package devserver

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// No path gets what is outside the public folder or hidden in it.
func FuzzPaths(f *testing.F) {
	for _, path := range []string{"/", "/../secret.txt", "/%2e%2e/secret.txt", "/a/../../secret.txt", "/link", "/link/secret.txt", "/.env", "/.env/", "//.env", `/..\secret.txt`, "/sub/.hidden/x", Prefix + "../.env", "/.well-known/../.env"} {
		f.Add(path)
	}
	dir := f.TempDir()
	for name, text := range map[string]string{
		"secret.txt": "SECRET", "secret.html": "SECRET", "public/.env": "SECRET", "public/sub/.hidden/x": "SECRET", "public/.hidden.html": "SECRET", "public/index.html": "page",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			f.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			f.Fatal(err)
		}
	}
	if err := os.Symlink("..", filepath.Join(dir, "public/link")); err != nil {
		f.Fatal(err)
	}
	root, err := os.OpenRoot(filepath.Join(dir, "public"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = root.Close() })
	s := &Server{Public: root, Now: at1970, After: never}
	s.Fail(nil)
	f.Fuzz(func(t *testing.T, path string) {
		if strings.HasPrefix(path, Prefix+"events") {
			return // listens until the client goes
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, &http.Request{Method: http.MethodGet, Host: "localhost", URL: &url.URL{Path: path}, Header: http.Header{}})
		if strings.Contains(w.Body.String(), "SECRET") {
			t.Errorf("%q gets %s", path, w.Body)
		}
	})
}

// Which of two scripts is the newer one makes no difference, and a script is
// the same as itself.
func FuzzSameButHashes(f *testing.F) {
	f.Add(`"a-0123456789.css"`, `"a-0123456780.css"`)
	f.Add("sha384-"+strings.Repeat("a", 64), "sha384-"+strings.Repeat("b", 64))
	f.Add(`h:"0123456789"`, `h:"012345678a"`)
	f.Fuzz(func(t *testing.T, a, b string) {
		if sameButHashes([]byte(a), []byte(b)) != sameButHashes([]byte(b), []byte(a)) {
			t.Error("it depends on the order")
		}
		if !sameButHashes([]byte(a), []byte(a)) {
			t.Error("it is not the same as itself")
		}
	})
}
