package artifact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The peers are act's artifact server and GitHub's client, in all four pairs
// with the client here and the fake.
//
// act's server is not GitHub's in this: it lists no digest and the size of a
// directory; it overwrites instead of answering 409; it appends blocks in the
// order of arrival, ignoring ids and block list; asked for a list before
// anything was uploaded, or for the bytes of nothing, it drops the connection;
// it refuses fields that it does not know, so @actions/artifact from 6.2 on; it
// writes the signature's "=" unescaped, which Azure's present SDK for JavaScript
// loses: repairSignature stands between those two.

const npmFolder = "testdata/npm"

func TestUploadIsReadByGitHubsClientThroughAct(t *testing.T) {
	uploadAndReadWithNode(t, repairSignature(t, startAct(t)))
}

func TestUploadIsReadByGitHubsClientThroughTheFake(t *testing.T) {
	f := newFake(t)
	uploadAndReadWithNode(t, f.runtime())
	noRefusals(t, f)
}

func uploadAndReadWithNode(t *testing.T, rt Runtime) {
	needNode(t)
	made, err := client(t, rt, Options{}).Upload(t.Context(), "ours-files", sample.fs())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	out := node(t, rt, "download.mjs", "ours-files", dir)
	sameTree(t, read(t, dir), sample)
	var listed struct {
		Name string
		ID   int64
	}
	decode(t, out, &listed)
	if listed.Name != "ours-files" || listed.ID != made.ID {
		t.Errorf("listed as %+v, want name ours-files and id %d", listed, made.ID)
	}
}

func TestGitHubsClientsUploadIsReadThroughAct(t *testing.T) {
	readFromNode(t, repairSignature(t, startAct(t)))
}

// TestFakeAgainstGitHubsClient shows that the fake is not stricter than a client
// that GitHub takes.
func TestFakeAgainstGitHubsClient(t *testing.T) {
	f := newFake(t)
	readFromNode(t, f.runtime())
	noRefusals(t, f)

	// Packed by another program, the same files are the same artifact.
	again, err := client(t, f.runtime(), Options{}).Upload(t.Context(), "their-files", sample.fs())
	if err != nil || again.ID != f.stored["their-files"].id || again.Digest.String() == hexSHA256(packed(t, sample)) {
		t.Errorf("uploading the same files: got %+v and error %v, want the artifact that is there", again, err)
	}
}

func readFromNode(t *testing.T, rt Runtime) {
	needNode(t)
	args := append([]string{"their-files", write(t, sample)}, sample.names()...)
	out := node(t, rt, "upload.mjs", args...)
	var made struct {
		ID, Size int64
		Digest   string
	}
	decode(t, out, &made)
	dir := filepath.Join(t.TempDir(), "got")
	got, err := client(t, rt, Options{}).Download(t.Context(), "their-files", dir)
	if err != nil {
		t.Fatal(err)
	}
	sameTree(t, read(t, dir), sample)
	if got.ID != made.ID || got.Size != made.Size || got.Digest.String() != made.Digest {
		t.Errorf("got %+v, want id %d, size %d and digest %s", got, made.ID, made.Size, made.Digest)
	}
}

func TestRoundTripThroughAct(t *testing.T) {
	rt := startAct(t)
	c := client(t, rt, Options{})
	if _, err := c.Upload(t.Context(), "checkout-abc-files", sample.fs()); err != nil {
		t.Fatal(err)
	}
	all, err := c.List(t.Context())
	if err != nil || len(all) != 1 || all[0].Name != "checkout-abc-files" {
		t.Errorf("List: got %+v, %v, want one artifact", all, err)
	}
	if _, err := c.Download(t.Context(), "another", filepath.Join(t.TempDir(), "x")); !errors.Is(err, ErrNotFound) {
		t.Errorf("got error %v, want ErrNotFound", err)
	}
	parent := t.TempDir()
	if _, err := c.Download(t.Context(), "checkout-abc-files", filepath.Join(parent, "dist")); err != nil {
		t.Fatal(err)
	}
	sameTree(t, read(t, filepath.Join(parent, "dist")), sample)
	onlyEntries(t, parent, "dist")
}

// TestManyBlocksThroughAct sends a zip of several blocks. act needs them one by
// one.
func TestManyBlocksThroughAct(t *testing.T) {
	rt := startAct(t)
	c := client(t, rt, Options{Parallel: 1})
	c.block = 100_000
	random := make([]byte, 1_234_567)
	_, _ = rand.NewChaCha8([32]byte{}).Read(random)
	files := tree{"a.bin": string(random), "b.txt": "b"}
	if _, err := c.Upload(t.Context(), "big", files.fs()); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "got")
	if _, err := c.Download(t.Context(), "big", dir); err != nil {
		t.Fatal(err)
	}
	sameTree(t, read(t, dir), files)
}

// client is ready for use, and does not wait between attempts.
func client(t *testing.T, rt Runtime, o Options) *Client {
	t.Helper()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.TempDir == "" {
		o.TempDir = t.TempDir()
	}
	if o.Sleep == nil {
		o.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	}
	c, err := New(rt, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// startAct builds and runs act's server on a folder of its own.
func startAct(t *testing.T) Runtime {
	t.Helper()
	need(t, "go", "install Go")
	server := filepath.Join(t.TempDir(), "actserver")
	build := exec.CommandContext(t.Context(), "go", "build", "-mod=readonly", "-o", server, ".")
	build.Dir = "testdata/actserver"
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // with -race too: one build in the cache
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building act's server: %v\n%s", err, out)
	}
	for range 5 { // another process may take the port in between
		port := freePort(t)
		if runAct(t, server, port) {
			return Runtime{ResultsURL: "http://127.0.0.1:" + strconv.Itoa(port) + "/", Token: jwt(`{"scp":"Actions.Results:1:2"}`)}
		}
	}
	t.Fatal("act's server found no port")
	return Runtime{}
}

// repairSignature is a proxy that gives signatures back the "=" that they lost.
func repairSignature(t *testing.T, rt Runtime) Runtime {
	t.Helper()
	target, err := url.Parse(rt.ResultsURL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // act makes URLs of it
		q := r.In.URL.Query()
		if sig := q.Get("sig"); len(sig)%4 == 3 {
			q.Set("sig", sig+"=")
			r.Out.URL.RawQuery = q.Encode()
		}
	}})
	t.Cleanup(proxy.Close)
	return Runtime{ResultsURL: proxy.URL, Token: rt.Token}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// runAct reports whether the server answers on that port.
func runAct(t *testing.T, server string, port int) bool {
	t.Helper()
	var log strings.Builder
	cmd := exec.CommandContext(context.Background(), server, t.TempDir(), strconv.Itoa(port))
	cmd.Stderr = &log
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = stdin.Close()
		<-ended
		if t.Failed() {
			t.Logf("act's server said:\n%s", log.String())
		}
	})
	for range 200 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = conn.Close()
			return true
		}
		select {
		case <-ended:
			return false
		case <-time.After(50 * time.Millisecond):
		}
	}
	return false
}

func node(t *testing.T, rt Runtime, script string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", append([]string{script}, args...)...)
	cmd.Dir = npmFolder
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "GITHUB_") || strings.HasPrefix(v, "ACTIONS_")
	}), "ACTIONS_RESULTS_URL="+rt.ResultsURL, "ACTIONS_RUNTIME_TOKEN="+rt.Token)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("node %s: %v\n%s", script, err, out)
	}
	return string(out)
}

// decode reads the last line, behind what the client logs.
func decode(t *testing.T, out string, v any) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), v); err != nil {
		t.Fatalf("%v in:\n%s", err, out)
	}
}

func noRefusals(t *testing.T, f *fake) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.refusals) > 0 {
		t.Errorf("the service refused: %q", f.refusals)
	}
}

func needNode(t *testing.T) {
	t.Helper()
	need(t, "node", "apt-get install nodejs npm")
	if _, err := os.Stat(filepath.Join(npmFolder, "node_modules", "@actions", "artifact")); errors.Is(err, fs.ErrNotExist) {
		missing(t, "@actions/artifact is not installed: npm ci --prefix internal/artifact/"+npmFolder)
	}
}

func need(t *testing.T, program, install string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		missing(t, program+" is not in PATH: "+install)
	}
}

// missing skips a test for want of a tool; where everything should be installed
// that is a failure.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}
