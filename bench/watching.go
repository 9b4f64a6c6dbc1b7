//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// watcher is a peer that stays and builds again at every change.
type watcher struct {
	*peer
	built  *regexp.Regexp // a line of its output that says that all is written
	asked  bool           // it builds again when it is told to, at a line on its standard input
	served bool           // what it makes is had from its server
	pace
}

// pace is how long is waited.
type pace struct {
	firstLimit, nextLimit time.Duration // for a build
	// Watching by time stamps takes what was written in the second or two before
	// for changed.
	afterFirst time.Duration
	// What a peer still does when the app is built is over by then.
	between time.Duration
}

var unhurried = pace{firstLimit: 5 * time.Minute, nextLimit: time.Minute, afterFirst: 3 * time.Second, between: time.Second}

// serving is the line with the address of a server.
var serving = regexp.MustCompile(`serving on (http://\S+/)`)

// watching is a watcher's process.
type watching struct {
	*watcher
	cmd    *exec.Cmd
	input  io.Writer
	builds chan time.Time // when a build was said to be done
	ended  chan struct{}
	url    string // of the server
	stop   chan struct{}
	peak   chan int64

	mu     sync.Mutex
	output bytes.Buffer
}

// start runs the watcher until its first build is done.
func (p *watcher) start(ctx context.Context) (w *watching, first time.Duration, err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, 0, err
	}
	w = &watching{watcher: p, builds: make(chan time.Time, 1000), ended: make(chan struct{}), stop: make(chan struct{}), peak: make(chan int64, 1)}
	if w.cmd, err = command(ctx, p.peer, write); err == nil {
		w.input, err = w.cmd.StdinPipe()
	}
	begun := time.Now()
	if err == nil {
		err = w.cmd.Start()
	}
	if err = errors.Join(err, write.Close()); err != nil {
		return nil, 0, errors.Join(err, read.Close())
	}
	go func() { w.peak <- watch(w.cmd.Process.Pid, glanceEvery, w.stop) }()
	go w.read(read)
	done, err := w.next(ctx, p.firstLimit)
	if err == nil && p.served {
		err = w.listen(ctx)
	}
	if err != nil {
		_, endErr := w.end()
		return nil, 0, errors.Join(err, endErr)
	}
	return w, done.Sub(begun), nil
}

// read takes note of builds and of the server's address.
func (w *watching) read(output io.ReadCloser) {
	defer close(w.ended)
	defer func() { _ = output.Close() }() // it was only read
	told := false
	for lines := bufio.NewReader(output); ; {
		line, err := lines.ReadBytes('\n')
		now := time.Now()
		w.mu.Lock()
		w.output.Write(line)
		w.mu.Unlock()
		if m := serving.FindSubmatch(line); m != nil {
			w.url = string(m[1]) // before the first build
		}
		// After the first build a server tells by itself.
		if w.built.Match(line) && !(w.served && told) {
			told = true
			w.tell(now)
		}
		if err != nil {
			return
		}
	}
}

func (w *watching) tell(at time.Time) {
	select {
	case w.builds <- at:
	default: // nobody has listened for a thousand builds
	}
}

// listen has the server's events tell of builds, as they tell an open page.
func (w *watching) listen(ctx context.Context) error {
	events, err := get(ctx, w.url+"__checkout-deploy/events")
	if err != nil {
		return err
	}
	go func() {
		defer func() { _ = events.Close() }() // it was only read
		for lines := bufio.NewScanner(events); lines.Scan(); {
			if lines.Text() == "event: release" {
				w.tell(time.Now())
			}
		}
	}()
	return nil
}

// next waits until a build is done.
func (w *watching) next(ctx context.Context, limit time.Duration) (time.Time, error) {
	select {
	case at := <-w.builds:
		return at, nil
	case <-w.ended:
		return time.Time{}, fmt.Errorf("it ended: %s", w.last())
	case <-time.After(limit):
		return time.Time{}, fmt.Errorf("no build with it in %s: %s", limit, w.last())
	case <-ctx.Done():
		return time.Time{}, context.Cause(ctx)
	}
}

// last is the end of what it said.
func (w *watching) last() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(tail(w.output.Bytes()))), "\n")
	return strings.Join(lines[max(0, len(lines)-2):], "; ")
}

// await waits for a build in which a mark is there, or is no longer, and
// returns when that was so.
func (w *watching) await(ctx context.Context, e edit, mark string, want bool) (time.Time, error) {
	for {
		at, err := w.next(ctx, w.nextLimit)
		if err != nil {
			return at, err
		}
		var there bool
		var since time.Time
		if w.served {
			there, err = w.fetch(ctx, e, mark)
			since = time.Now() // the page has it
		} else {
			there, since, err = written(w.dist, mark)
		}
		if err != nil || there == want {
			return later(at, since), err
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// fetch looks for a mark in the file that an open page would load.
func (w *watching) fetch(ctx context.Context, e edit, mark string) (bool, error) {
	name := e.loads
	if filepath.Ext(name) == "" {
		record, err := body(ctx, w.url+"release.json")
		if err != nil {
			return false, err
		}
		if name = string(regexp.MustCompile(regexp.QuoteMeta(name) + `-[0-9a-f]{10}\.js`).Find(record)); name == "" {
			return false, fmt.Errorf("release.json has no script of the chunk %s", e.loads)
		}
	}
	content, err := body(ctx, w.url+name)
	return bytes.Contains(content, []byte(mark)), err
}

func get(ctx context.Context, url string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("%s: got %s", url, res.Status), res.Body.Close())
	}
	return res.Body, nil
}

func body(ctx context.Context, url string) ([]byte, error) {
	content, err := get(ctx, url)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(content)
	return data, errors.Join(err, content.Close())
}

// written looks for a mark in the scripts and styles of a folder, and says when
// the file that has it was written.
func written(dist, mark string) (there bool, at time.Time, err error) {
	err = filepath.WalkDir(dist, func(path string, d fs.DirEntry, err error) error {
		if ext := filepath.Ext(path); err != nil || d.IsDir() || ext != ".js" && ext != ".css" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(data, []byte(mark)) {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		there, at = true, info.ModTime()
		return fs.SkipAll
	})
	return there, at, err
}

// ask has the watcher build, where it doesn't notice changes by itself.
func (w *watching) ask() error {
	if !w.asked {
		return nil
	}
	_, err := io.WriteString(w.input, "\n")
	return err
}

// forget passes over builds that nobody has waited for.
func (w *watching) forget() {
	for {
		select {
		case <-w.builds:
		default:
			return
		}
	}
}

// end kills all processes and returns the greatest memory they had.
func (w *watching) end() (peak int64, err error) {
	session := w.cmd.Process.Pid
	close(w.stop)
	peak = <-w.peak
	_ = unix.Kill(-session, unix.SIGKILL) // it may have ended by itself
	_ = w.cmd.Wait()                      // it was killed
	reap(session)
	<-w.ended
	return peak, os.WriteFile(w.log, w.output.Bytes(), 0o644)
}

// watchers are the peers of -rebuild that are asked for, webpack only by name:
// its first build takes minutes. They work on a copy of the checkout.
func (l layout) watchers(s settings) ([]*watcher, error) {
	only := strings.Split(s.only, ",")
	for _, name := range only {
		if s.only != "" && !slices.Contains(watcherNames, name) {
			return nil, fmt.Errorf("no peer %q with -rebuild: %s", name, strings.Join(watcherNames, ", "))
		}
	}
	var list []*watcher
	for _, name := range watcherNames {
		if s.only == "" && name == "webpack" || s.only != "" && !slices.Contains(only, name) {
			continue
		}
		dir := filepath.Join(l.out, "rebuild", name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		w := &watcher{
			peer:  &peer{name: name, dir: l.app, dist: filepath.Join(dir, "dist"), log: filepath.Join(dir, "log.txt"), runs: s.runs, warm: true},
			built: regexp.MustCompile(`^built`), pace: unhurried,
		}
		l.watcher(w, s)
		list = append(list, w)
	}
	return list, nil
}

// watcherNames are all of them, first what ratios refer to. webpack comes last: what
// it writes is in the copy.
var watcherNames = []string{"bare", "ours-serve", "ours-watch", "rspack", "webpack"}

// watcher says how a peer is made to watch, and how one sees that it has built.
func (l layout) watcher(w *watcher, s settings) {
	switch w.name {
	case "bare":
		l.bare(w.peer)
		w.what = "esbuild's incremental API and the embedded Dart Sass, told when to build: nobody has to notice the change"
		w.args, w.asked = append(w.args, "-again"), true
	case "ours-serve":
		l.ours(w.peer, s.ours+" --serve", "classic")
		w.what = "build-bundle --serve: until a page that was told of the build has fetched the file"
		w.served = true
	case "ours-watch":
		l.ours(w.peer, s.ours+" --watch", "classic")
		w.what = "build-bundle --watch: until the new release is in its folder"
	case "rspack":
		l.rspack(w.peer)
		w.what = "Rspack's --watch in development: the production configuration's loaders and chunk groups, no hashes and no integrity, eval-source-map as the app has it; until the app's files are written"
		w.args = append(w.args, "--watch")
		w.env[len(w.env)-1] = "NODE_ENV=development"
	case "webpack":
		w.what = "the app's own configuration with --watch --mode development, its file cache empty; until both passes are written"
		w.dir, w.dist = l.app, filepath.Join(l.app, "build")
		w.args = []string{"node", "node_modules/webpack/bin/webpack.js", "--watch", "--mode", "development"}
		w.built = regexp.MustCompile(`compiled .*in \d+ ms`)
		w.runs, w.warm = s.webpackRuns, false
	}
}
