package image_test

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/image"
	"github.com/org/checkout-deploy/internal/image/imagetest"
)

// daemon is docker's API as far as an image is inspected and saved.
func daemon(t *testing.T, saved []byte, id string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "d") // a socket's path may not be long
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`^/v1\.\d+`)
	server := &http.Server{ReadHeaderTimeout: 0, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Api-Version", "1.51")
		switch path := version.ReplaceAllString(req.URL.Path, ""); {
		case path == "/_ping":
		case path == "/images/shop:1/json":
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"Id":"` + id + `","RepoTags":["shop:1","shop:prod"],"RepoDigests":["shop@` + someDigest + `"]}`))
		case path == "/images/get" && slices.Equal(req.URL.Query()["names"], []string{id}), path == "/images/"+id+"/get":
			_, _ = w.Write(saved)
		default:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"message":"No such image: ` + path + `"}`))
		}
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() {
		_ = server.Close()
		_ = os.RemoveAll(dir)
	})
	return "unix://" + socket
}

var someDigest = "sha256:" + strings.Repeat("b2", 32)

func TestDaemon(t *testing.T) {
	made := imagetest.Debian(t, imagetest.Options{Packages: 3})
	id, err := made.Images[0].ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	saved := imagetest.Saved(t, made.Images[0], "shop:1")
	host := daemon(t, saved, id.String())
	tmp := t.TempDir()
	ref, err := image.Parse("docker-daemon:shop:1")
	if err != nil {
		t.Fatal(err)
	}
	s, err := image.Open(t.Context(), ref, image.Options{DockerHost: host, TempDir: tmp})
	if err != nil {
		t.Fatal(err)
	}
	if s.Digest != id.String() || !slices.Equal(s.RepoTags, []string{"shop:1", "shop:prod"}) || !slices.Equal(s.RepoDigests, []string{"shop@" + someDigest}) {
		t.Errorf("got %s, %q, %q", s.Digest, s.RepoTags, s.RepoDigests)
	}
	if err := drain(s); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for name, test := range map[string]struct {
		ref  string
		opts image.Options
		data []byte
		want string
	}{
		"no such image": {"docker-daemon:other:1", image.Options{}, saved, "No such image"},
		"cut off":       {"docker-daemon:shop:1", image.Options{}, saved[:len(saved)/2], "the archive is cut off"},
		"too large":     {"docker-daemon:shop:1", image.Options{MaxSize: 1 << 10}, saved, "raise max-image-size"},
		"no archive":    {"docker-daemon:shop:1", image.Options{}, bytes.Repeat([]byte("x"), 2048), "no tar"},
	} {
		test.opts.DockerHost, test.opts.TempDir = daemon(t, test.data, id.String()), tmp
		if _, err := open(t, test.ref, test.opts); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v left", left, err)
	}
}
