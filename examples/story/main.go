// Command story goes through a release's life on this machine: built, pinned,
// deployed to a folder that is served here, a bad one caught and taken back, and a
// rollback. It uses the programs in bin, as a workflow would.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
	"github.com/org/checkout-deploy/internal/release"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "story:", err)
		os.Exit(1)
	}
}

// story is one run: a copy of the example, and the address that it is served at.
type story struct {
	ctx     context.Context //nolint:containedctx // one story, one context
	bin     string
	project string
	url     string
	browser bool
	verbose bool
}

func run(ctx context.Context) (err error) {
	example := flag.String("example", "examples/page", "the example's `folder`")
	bin := flag.String("bin", "bin", "the `folder` of the programs")
	verbose := flag.Bool("v", false, "print all that the programs say")
	stay := flag.Bool("stay", false, "serve on until Ctrl-C")
	flag.Parse()

	s := &story{ctx: ctx, verbose: *verbose}
	if s.bin, err = filepath.Abs(*bin); err != nil {
		return err
	}
	if s.project, err = os.MkdirTemp("", "story-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.project)) }()
	if err := os.CopyFS(s.project, os.DirFS(*example)); err != nil {
		return err
	}
	_, missing := browser.Find("")
	s.browser = missing == nil
	end, err := s.serve()
	if err != nil {
		return err
	}
	defer end()
	if err := s.tell(); err != nil {
		return err
	}
	if *stay {
		fmt.Printf("\nOpen %s (Ctrl-C ends it).\n", s.url)
		<-ctx.Done()
	}
	return nil
}

func (s *story) tell() error {
	fmt.Printf("A shop's checkout is served at %s, from a folder.\n", s.url)
	first, err := s.release("1. The first release: built, pinned, and deployed blue-green.", "", "", "live")
	if err != nil {
		return err
	}
	second, err := s.release("2. The next one. The first stays in the folder: going back is one write.", "42.00", "43.00", "live")
	if err != nil {
		return err
	}
	if err := s.shows(second); err != nil {
		return err
	}
	if s.browser {
		if err := s.bad(second); err != nil {
			return err
		}
	} else {
		fmt.Println("\n3. A bad release is left out: its check needs a browser (apt-get install chromium).")
	}
	third, err := s.release("4. A release that is fine for every check, and then turns out to be wrong.", "43.00", "4300", "live", "--clear-hold")
	if err != nil {
		return err
	}
	if err := s.shows(third); err != nil {
		return err
	}
	fmt.Println("\n5. Rollback: no build, no key, one write.")
	began := time.Now()
	if err := s.do("rollback", "reverted"); err != nil {
		return err
	}
	fmt.Printf("   taken back in %d ms\n", time.Since(began).Milliseconds())
	if err := s.shows(second); err != nil {
		return err
	}
	fmt.Println("\n6. Open tabs of the first release still get their files, and the next deploy needs clear-hold.")
	return s.there("r/" + first + "/release.json")
}

// bad deploys a page that works at its own address, and not at the public one: what
// only shows once it is live.
func (s *story) bad(before string) error {
	source := filepath.Join(s.project, "src", "index.ts")
	good, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	bug := "if (!location.pathname.includes('/r/')) throw new Error('no route');\n"
	if err := os.WriteFile(source, []byte(strings.Replace(string(good), "const total", bug+"const total", 1)), 0o600); err != nil {
		return err
	}
	if _, err := s.release("3. A bad release: it works where it is previewed, and throws where shoppers open it.", "", "", "reverted"); err != nil {
		return err
	}
	if err := s.shows(before); err != nil {
		return err
	}
	return os.WriteFile(source, good, 0o600)
}

// release changes the source, builds, pins and deploys it, and wants a state.
func (s *story) release(title, from, to, state string, flags ...string) (id string, err error) {
	fmt.Println("\n" + title)
	source := filepath.Join(s.project, "src", "index.ts")
	text, err := os.ReadFile(source)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(source, []byte(strings.Replace(string(text), from, to, 1)), 0o600); err != nil {
		return "", err
	}
	if err := s.do("build-bundle", ""); err != nil {
		return "", err
	}
	if err := s.page(); err != nil {
		return "", err
	}
	if err := s.do("sri-manifest", "", "--fail-severity=none"); err != nil {
		return "", err
	}
	record, err := os.ReadFile(filepath.Join(s.project, "dist", release.RecordName))
	if err != nil {
		return "", err
	}
	return release.DigestOf(record).String(), s.do("deploy", state, flags...)
}

// page writes the shop's page beside the build's files, as page.mjs does where there
// is Node.js.
func (s *story) page() error {
	dist := filepath.Join(s.project, "dist")
	r, err := release.Open(os.DirFS(dist))
	if err != nil {
		return err
	}
	entry, _ := r.Passes[0].Entry("checkout")
	page, err := os.ReadFile(filepath.Join(s.project, "index.html"))
	if err != nil {
		return err
	}
	var styles, scripts strings.Builder
	for _, file := range entry.CSS {
		fmt.Fprintf(&styles, "<link rel=\"stylesheet\" href=%q>", file)
	}
	for _, file := range entry.JS {
		fmt.Fprintf(&scripts, "<script src=%q></script>", file)
	}
	page = bytes.Replace(page, []byte("<!-- styles -->"), []byte(styles.String()), 1)
	page = bytes.Replace(page, []byte("<!-- scripts -->"), []byte(scripts.String()), 1)
	return os.WriteFile(filepath.Join(dist, "index.html"), page, 0o644) //nolint:gosec // a page
}

// do runs a program, and wants the state that it says; "" wants success.
func (s *story) do(program, state string, flags ...string) error {
	cmd := exec.CommandContext(s.ctx, filepath.Join(s.bin, program), append([]string{"-C", s.project}, flags...)...) //nolint:gosec // ours
	out, err := cmd.CombinedOutput()
	if s.verbose {
		fmt.Print(indented(string(out)))
	} else if program == "deploy" || program == "rollback" {
		fmt.Print(indented(told(string(out))))
	}
	if state == "" {
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", program, err, out)
		}
		return nil
	}
	if want := "state=" + state + "\n"; !strings.Contains(string(out), want) {
		return fmt.Errorf("%s: got another state than %s (%w)\n%s", program, state, err, out)
	}
	return nil
}

// told are the lines that tell the story, without outputs.
func told(out string) string {
	var lines []string
	for line := range strings.SplitSeq(out, "\n") {
		if strings.Contains(line, " ✓ ") || strings.Contains(line, " ✗ ") || strings.HasPrefix(line, "release ") || strings.HasPrefix(line, "live: ") || strings.HasPrefix(line, "error: ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

func indented(text string) string {
	return "   " + strings.ReplaceAll(strings.Trim(text, "\n"), "\n", "\n   ") + "\n"
}

// shows asks the page as a shopper would.
func (s *story) shows(id string) error {
	page, err := s.get("")
	if err != nil {
		return err
	}
	if !strings.Contains(page, "release="+id) {
		return fmt.Errorf("%s does not show release %s:\n%s", s.url, id, page)
	}
	fmt.Printf("   %s shows release %.12s\n", s.url, id)
	return nil
}

func (s *story) there(path string) error {
	_, err := s.get(path)
	return err
}

func (s *story) get(path string) (string, error) {
	request, err := http.NewRequestWithContext(s.ctx, http.MethodGet, s.url+path, http.NoBody)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(answer.Body); err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s%s: got %s", s.url, path, answer.Status)
	}
	return body.String(), nil
}

// serve serves the store's folder with the headers that the docs ask for, at a free
// port, which it writes into the copy's configuration.
func (s *story) serve() (end func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed in the end
	if err != nil {
		return nil, err
	}
	s.url = "http://" + listener.Addr().String() + "/"
	file := filepath.Join(s.project, "checkout-deploy.yml")
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, bytes.ReplaceAll(text, []byte("http://127.0.0.1:8090/"), []byte(s.url)), 0o600); err != nil {
		return nil, err
	}
	server := &http.Server{Handler: headers(http.FileServer(http.Dir(filepath.Join(s.project, "served")))), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return func() { _ = server.Close() }, nil
}

func headers(files http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if strings.HasPrefix(r.URL.Path, "/r/") {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		files.ServeHTTP(w, r)
	})
}
