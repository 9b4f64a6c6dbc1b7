package style

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func sassPackagesHere(t *testing.T) string {
	t.Helper()
	names := sassPackages[runtime.GOOS+"/"+runtime.GOARCH]
	if len(names) == 0 {
		t.Skipf("no npm package of Dart Sass for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	return names[0]
}

func TestParallel(t *testing.T) {
	files := map[string]string{"_shared.scss": "$c: red;\n@mixin m { d: $c }"}
	const count = 40
	for i := range count {
		files[fmt.Sprintf("s%d.scss", i)] = fmt.Sprintf("@import 'shared';\n.s%d { @include m; }", i)
	}
	root := project(t, files)
	c := newCompiler(t, Options{Root: root, Sass: sassForTests(t), SourceMap: true})
	c.Start()
	var wg sync.WaitGroup
	sheets := make([]*Sheet, 2*count)
	for i := range sheets {
		wg.Go(func() {
			sheet, err := c.Compile(context.Background(), fmt.Sprintf("s%d.scss", i%count))
			if err != nil {
				t.Error(err)
				return
			}
			sheets[i] = sheet
		})
	}
	wg.Wait()
	for i, sheet := range sheets {
		if sheet == nil {
			t.Fatalf("no sheet %d", i)
		}
		if got, want := minified(t, sheet.CSS), fmt.Sprintf(".s%d{d:red}", i%count); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if len(sheet.Warnings) != 1 || sheet.Warnings[0].File != fmt.Sprintf("s%d.scss", i%count) {
			t.Errorf("sheet %d: got warnings %v, want its own", i, sheet.Warnings)
		}
		if sheet != sheets[i%count] {
			t.Errorf("sheet %d was compiled twice", i)
		}
	}
	if n := len(children(t)); n != 1 {
		t.Errorf("got %d processes, want one for all", n)
	}
}

func TestCancelAndClose(t *testing.T) {
	root := project(t, map[string]string{"loop.scss": "@while true { a { b: c } }", "ok.scss": "a{b:c}"})
	c, err := New(Options{Root: root, Sass: sassForTests(t)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := c.Compile(ctx, "loop.scss"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's error", err)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("took %v to give up", took)
	}
	compile(t, c, "ok.scss") // the process is alive beside the loop

	waiting := make(chan error, 1)
	go func() {
		_, err := c.Compile(context.Background(), "loop.scss")
		waiting <- err
	}()
	time.Sleep(50 * time.Millisecond)
	if err := c.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
	select {
	case err := <-waiting:
		if !errors.Is(err, errClosed) {
			t.Errorf("got %v, want that it is closed", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("still waiting after Close")
	}
	if left := children(t); len(left) > 0 {
		t.Errorf("processes left behind: %v", left)
	}
	if _, err := c.Compile(context.Background(), "ok.scss"); err == nil {
		t.Log("a sheet from before Close may still be given")
	}
	if err := c.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

// children are the process ids whose parent is this process. Zombies are not
// waited for, so they count.
func children(t *testing.T) []int {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("looks at /proc")
	}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	var out []int
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid()) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			out = append(out, pid)
		}
	}
	return out
}

func TestProcessThatDies(t *testing.T) {
	root := project(t, map[string]string{"a.scss": "", "sass": "#!/bin/sh\nexit 3\n"})
	sass := filepath.Join(root, "sass")
	if err := os.Chmod(sass, 0o755); err != nil {
		t.Fatal(err)
	}
	c, err := New(Options{Root: root, Sass: sass})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, err = c.Compile(context.Background(), "a.scss")
	if err == nil || !strings.Contains(err.Error(), `compiling "a.scss"`) {
		t.Errorf("got %v, want an error that names the source", err)
	}
}

func TestCache(t *testing.T) {
	root := project(t, map[string]string{"main.scss": "@use 'v'; a{b:v.$v}", "_v.scss": "$v: 1;"})
	c := newCompiler(t, Options{Root: root, Sass: sassForTests(t)})
	first := compile(t, c, "main.scss")
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(root, "_v.scss"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("$v: 1;")
	if compile(t, c, "main.scss") != first {
		t.Error("compiled again though the bytes are the same")
	}
	write("$v: 2;")
	if got := minified(t, compile(t, c, "main.scss").CSS); got != "a{b:2}" {
		t.Errorf("got %s after a change of a dependency", got)
	}
	write("$v: $nope;")
	if _, err := c.Compile(context.Background(), "main.scss"); err == nil {
		t.Error("want an error")
	}
	write("$v: 1;")
	compile(t, c, "main.scss") // errors are not kept
}

// thing is a value for flights.
type thing struct{ stale bool }

func (t *thing) fresh() bool { return !t.stale }

func TestFlightOutlivesItsFirstPassenger(t *testing.T) {
	var f flights[*thing]
	release := make(chan struct{})
	runs := 0
	var failure error
	compute := func() (*thing, error) {
		runs++
		<-release
		return &thing{}, failure
	}
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan error)
	go func() {
		_, err := f.do(ctx, "k", compute)
		gone <- err
	}()
	for f.count() == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
	close(release)
	value, err := f.do(context.Background(), "k", compute)
	if err != nil || runs != 1 {
		t.Errorf("got %v after %d runs, want one", err, runs)
	}
	value.stale = true
	if again, _ := f.do(context.Background(), "k", compute); again == value || runs != 2 {
		t.Errorf("a stale value was kept (%d runs)", runs)
	}
	failure = errors.New("out of memory")
	if _, err := f.do(context.Background(), "other", compute); !errors.Is(err, failure) {
		t.Errorf("got %v, want %v", err, failure)
	}
	failure = nil
	if _, err := f.do(context.Background(), "other", compute); err != nil || runs != 4 {
		t.Errorf("got %v after %d runs: an error was kept", err, runs)
	}
}

func (f *flights[T]) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.byKey)
}

// FuzzAddress: what an import says survives Sass's URL arithmetic, which here
// is net/url's.
func FuzzAddress(f *testing.F) {
	f.Add(uint8(2), "a/b")
	f.Fuzz(func(t *testing.T, ups uint8, rest string) {
		rest = safeName(rest)
		ups %= climbs
		if rest == "." || rest == ".." {
			return
		}
		base := address(7, 3, "_main.scss")
		got, ok := parseAddress(joinURL(t, base, strings.Repeat("../", int(ups))+rest))
		want := reference{7, 3, strings.Repeat("../", int(ups)) + rest}
		if !ok || got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func joinURL(t *testing.T, base, ref string) string {
	t.Helper()
	from, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	to, err := from.Parse(ref)
	if err != nil {
		t.Fatal(err)
	}
	return to.String()
}
