package buildbundle

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/browser"
	"github.com/org/checkout-deploy/internal/release"
)

// terminal is a command that runs until it is stopped, and what it printed.
type terminal struct {
	t    *testing.T
	mu   sync.Mutex
	text strings.Builder
	read int
	end  func() int
}

func (l *terminal) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// wait reads on until the pattern came, and gives its first group.
func (l *terminal) wait(pattern string) string {
	l.t.Helper()
	re := regexp.MustCompile(pattern)
	for range 600 {
		l.mu.Lock()
		text := l.text.String()[l.read:]
		m := re.FindStringSubmatchIndex(text)
		if m != nil {
			l.read += m[1]
		}
		l.mu.Unlock()
		if m != nil {
			return text[m[2]:m[3]]
		}
		time.Sleep(50 * time.Millisecond)
	}
	l.t.Fatalf("no %q in what came after\n%s", pattern, l.text.String()[l.read:])
	return ""
}

func atTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	l := &terminal{t: t}
	ctx, cancel := context.WithCancel(t.Context())
	code := make(chan int, 1)
	c := &action.Command{
		Args: args, Dir: "/", LookPath: exec.LookPath, Version: "test", Stdout: l, Stderr: l, Now: time.Now, After: time.After,
	}
	go func() { code <- c.Run(ctx, Action()) }()
	l.end = sync.OnceValue(func() int { cancel(); return <-code })
	t.Cleanup(func() { l.end() })
	return l
}

func sources(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "project")
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestServeReloadsThePage(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	b, err := browser.Start(ctx, browser.Options{})
	if errors.Is(err, browser.ErrNoBrowser) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	dir := sources(t, map[string]string{
		"src/index.ts":      "import './look.css'\nimport { text } from './text'\ndocument.querySelector('main')!.textContent = text\n",
		"src/text.ts":       "export const text: string = 'one'\n",
		"src/look.css":      "main { color: rgb(1, 1, 1) }\n",
		"public/index.html": `<!doctype html><link rel=icon href=data:,><link rel=stylesheet href=/index.css><main></main><script src=/index.js></script>`,
		"package.json":      `{"name": "tiny", "version": "1.0.0"}`,
	})
	l := atTerminal(t, "-C", dir, "--watch", "--serve")
	url := l.wait(`serving on (\S+)`)
	l.wait(`built in ()`)
	page, err := b.Page(ctx, browser.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	sees := func(expression string) {
		t.Helper()
		if err := page.Wait(ctx, expression, 20*time.Second); err != nil {
			t.Fatalf("%v\n%+v\n%s", err, page.Console(), l.text.String())
		}
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const overlay = "[...document.documentElement.querySelectorAll('*')].some(e => /no-such-file/.test(e.shadowRoot?.textContent ?? ''))"
	if err := page.Open(ctx, url); err != nil {
		t.Fatal(err)
	}
	sees("document.querySelector('main').textContent == 'one'")

	write("src/text.ts", "export const text: string = 'two'\n")
	sees("document.querySelector('main').textContent == 'two'")
	l.wait(`built in .* after a change of (src/text\.ts)`)

	// A style comes without a reload.
	sees("(window.kept = 1)")
	write("src/look.css", "main { color: rgb(2, 2, 2) }\n")
	sees("getComputedStyle(document.querySelector('main')).color == 'rgb(2, 2, 2)' && window.kept == 1")

	write("src/text.ts", "import './no-such-file'\nexport const text: string = 'three'\n")
	l.wait(`(text\.ts:1:8)`)
	l.wait(`(waiting for a change)`)
	sees(overlay)
	sees("document.querySelector('main').textContent == 'two'")

	// The file that was missing is the change.
	write("src/no-such-file.ts", "export {}\n")
	sees("document.querySelector('main').textContent == 'three'")

	write("checkout-deploy.yml", "version: 1\nbuild:\n  sorce-maps: none\n")
	l.wait(`(source-maps)`)
	if err := os.Remove(filepath.Join(dir, "checkout-deploy.yml")); err != nil {
		t.Fatal(err)
	}
	l.wait(`built in .*(checkout-deploy\.yml)`)

	if code := l.end(); code != 0 {
		t.Errorf("got the exit code %d, want 0: it was asked to end", code)
	}
	if _, err := os.Stat(filepath.Join(dir, "dist")); err == nil {
		t.Error("--serve wrote the output folder")
	}
}

func TestWatchWritesTheFolder(t *testing.T) {
	dir := sources(t, map[string]string{"src/index.ts": "export const = 1\n", "package.json": `{"name": "tiny"}`})
	l := atTerminal(t, "-C", dir, "--watch")
	l.wait(`(index\.ts:1:\d+)`) // the first build may be the one that fails
	l.wait(`(waiting for a change)`)
	if err := os.WriteFile(filepath.Join(dir, "src/index.ts"), []byte("export const one = 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	l.wait(`built in ()`)
	first := released(t, dir)
	source := filepath.Join(dir, "src/index.ts")
	if err := os.WriteFile(source, []byte("export const one = \n"), 0o644); err != nil {
		t.Fatal(err)
	}
	l.wait(`(index\.ts:2:0|index\.ts:1:19|index\.ts:\d+:\d+)`)
	l.wait(`(waiting for a change)`)
	if got := released(t, dir); got != first {
		t.Errorf("a build that failed left %s, want the last good one", got)
	}
	if err := os.WriteFile(source, []byte("export const one = 2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	l.wait(`built in ()`)
	if got := released(t, dir); got == first {
		t.Error("the folder is still the first build's")
	}
	if code := l.end(); code != 0 {
		t.Errorf("got the exit code %d, want 0", code)
	}
}

// released is the id of the release in dist, each byte of it verified, which was
// built for development.
func released(t *testing.T, dir string) release.Digest {
	t.Helper()
	dist := filepath.Join(dir, "dist")
	data, err := os.ReadFile(filepath.Join(dist, release.RecordName))
	if err != nil {
		t.Fatal(err)
	}
	rel, err := release.Read(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	if wrong, err := release.Verify(t.Context(), os.DirFS(dist), rel); err != nil || len(wrong) > 0 {
		t.Fatalf("%v %v", wrong, err)
	}
	if rel.Profile != release.Development {
		t.Errorf("got the profile %s, want development", rel.Profile)
	}
	return release.DigestOf(data)
}

func TestLaptopFlags(t *testing.T) {
	dir := sources(t, map[string]string{"src/index.ts": "export {}\n"})
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"a port alone":          {[]string{"--port", "8080"}, `--port: got "8080" without --serve`},
		"a report":              {[]string{"--watch", "--report", "r.html"}, `--report: got it with --watch or --serve`},
		"a port that is none":   {[]string{"--serve", "--port", "http"}, `--port: got "http", want a number from 1 to 65535`},
		"a folder that is none": {[]string{"--serve", "--public", "pages"}, `--public: got "pages", want a folder`},
	} {
		t.Run(name, func(t *testing.T) {
			l := atTerminal(t, append([]string{"-C", dir}, test.args...)...)
			l.wait("(" + regexp.QuoteMeta(test.want) + ")")
			if code := l.end(); code != 2 {
				t.Errorf("got the exit code %d, want 2", code)
			}
		})
	}
}

// TestLaptopInputsAreFlagsOnly: a workflow can't ask for a server.
func TestLaptopInputsAreFlagsOnly(t *testing.T) {
	dir := sources(t, map[string]string{"src/index.ts": "export const x = 1\n"})
	s := runStep(t, dir, "watch=true")
	if s.code != 0 {
		t.Errorf("got the exit code %d\n%s", s.code, s.log)
	}
	s.wants("log", s.log, `unknown input "watch"`)
	spec := Action().Spec
	if text := spec.Metadata("x", "y") + spec.Tables(); strings.Contains(text, "watch:") || strings.Contains(text, "`serve`") {
		t.Error("action.yml or the table of inputs has a flag of the laptop's")
	}
	if !strings.Contains(spec.Help(), "--serve") {
		t.Error("--help does not have --serve")
	}
}
