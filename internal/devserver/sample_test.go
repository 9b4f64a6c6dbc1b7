package devserver

import (
	"crypto/sha512"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// sources are what a sample build is made of. Its script holds a table of the
// lazy style sheet, as those of the bundler do.
type sources struct {
	script, style, lazy string
}

// build makes a release: an entry of a script, with the client before it, and a
// style sheet, a chunk with a style sheet, and an image.
func (src sources) build(t *testing.T, format release.Format) (*release.Release, map[string][]byte) {
	t.Helper()
	content := map[string][]byte{}
	rel := &release.Release{
		Profile: release.Development,
		Tool:    release.Tool{Name: "test", Version: "1"},
	}
	add := func(stem, ext, text string, role release.Role) string {
		sum := sha512.Sum384([]byte(text))
		path := stem + "-" + hex.EncodeToString(sum[:5]) + ext
		content[path] = []byte(text)
		rel.Files = append(rel.Files, release.File{
			Path: path, Size: int64(len(text)), Integrity: release.IntegrityOf([]byte(text)),
			Type: release.TypeOf(path), Role: role, Passes: []string{"app"},
		})
		return path
	}
	style := add("checkout", ".css", src.style, release.Style)
	lazy := add("lazy", ".css", src.lazy, release.Style)
	chunk := add("lazy", ".js", "self.lazy = 1;", release.Script)
	add("static/logo", ".svg", `<svg xmlns="http://www.w3.org/2000/svg"/>`, release.Asset)
	script := add("checkout", ".js", Client(format)+`var T = [["`+lazy+`", "`+release.IntegrityOf([]byte(src.lazy)).String()+`"]];`+src.script, release.Script)
	rel.Passes = []release.Pass{{
		Name: "app", Format: format,
		Entries: []release.Entry{{Name: "checkout", JS: []string{script}, CSS: []string{style}, Chunks: []string{"lazy"}}},
		Chunks:  []release.Chunk{{Name: "lazy", JS: []string{chunk}, CSS: []string{lazy}}},
	}}
	if err := rel.Seal(); err != nil {
		t.Fatal(err)
	}
	return rel, content
}

var plain = sources{"self.runs = (self.runs || 0) + 1;", "body { color: rgb(1, 2, 3) }", "p { margin: 7px }"}

func publish(t *testing.T, s *Server, src sources) *release.Release {
	t.Helper()
	rel, content := src.build(t, release.Classic)
	if err := s.Publish(rel, content); err != nil {
		t.Fatal(err)
	}
	return rel
}

// never is a clock in which no bound is ever reached.
func never(time.Duration) <-chan time.Time { return nil }

func at1970() time.Time { return time.Unix(0, 0) }

// served starts a server, with a folder of pages where some are given.
func served(t *testing.T, s *Server, pages map[string]string) string {
	t.Helper()
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.After == nil {
		s.After = never
	}
	if pages != nil {
		dir := t.TempDir()
		for name, text := range pages {
			write(t, filepath.Join(dir, name), text)
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = root.Close() })
		s.Public = root
	}
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request with headers "Name: value"; Host is one of them.
func ask(t *testing.T, method, url string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			request.Host = value
		}
		request.Header.Set(name, value)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}
