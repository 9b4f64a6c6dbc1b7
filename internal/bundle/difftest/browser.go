package difftest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/chromedp"
)

// Browser is one headless Chromium with one page that shows each graph in a frame of its own, several at a time. The
// page fetches its work from a server in this process, so no DevTools message is needed per graph.
type Browser struct {
	server *http.Server
	origin string
	cancel context.CancelFunc
	work   chan string

	mu   sync.Mutex
	next int
	jobs map[string]*job
}

type job struct {
	page   string
	files  fs.FS
	answer chan answer
}

// StartBrowser starts the program at path. Close ends it, or the context's end.
func StartBrowser(ctx context.Context, path string) (*Browser, error) {
	var network net.ListenConfig
	listener, err := network.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting browser: %w", err)
	}
	b := &Browser{origin: "http://" + listener.Addr().String(), work: make(chan string), jobs: map[string]*job{}}
	b.server = &http.Server{Handler: b, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = b.server.Serve(listener) }() // until Close

	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)
	alloc, cancelAlloc := chromedp.NewExecAllocator(ctx, options...)
	tab, cancelTab := chromedp.NewContext(alloc)
	b.cancel = func() { cancelTab(); cancelAlloc() }
	if _, err := chromedp.Run(tab, chromedp.Navigate(b.origin+"/")); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %q: %w", path, err), b.Close())
	}
	return b, nil
}

// Close ends the browser and its server.
func (b *Browser) Close() error {
	b.cancel()
	return b.server.Close()
}

// Run loads a build in a fresh frame and walks the steps. The answer of a page that stalls is an error after 10 s.
func (b *Browser) Run(ctx context.Context, out *Output, format Format, steps []string) (Trace, error) {
	page, err := page(out, format, steps)
	if err != nil {
		return nil, err
	}
	j := &job{page: page, files: out.Files, answer: make(chan answer, 1)}
	path := b.add(j)
	defer b.remove(path)
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case b.work <- path + "index.html":
	}
	where := "bundled as " + string(format)
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Minute):
		return nil, &RunError{Where: where, Message: "no answer from the browser in a minute"}
	case a := <-j.answer:
		trace, err := a.result(where)
		if err == nil {
			err = leaked(a.Leaks, out.Globals, where)
		}
		return trace, err
	}
}

// leaked turns global names that the build should not have left into an error.
func leaked(names, allowed []string, where string) error {
	ok := map[string]bool{Library: true}
	for _, name := range allowed {
		ok[name] = true
	}
	var bad []string
	for _, name := range names {
		if !ok[name] {
			bad = append(bad, name)
		}
	}
	if bad == nil {
		return nil
	}
	return &RunError{Where: where, Message: fmt.Sprintf("left globals %q, allowed %q", bad, append([]string{Library}, allowed...))}
}

func (b *Browser) add(j *job) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	path := fmt.Sprintf("/g/%d/", b.next)
	b.jobs[path] = j
	return path
}

func (b *Browser) remove(path string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.jobs, path)
}

// find gives the graph that an address belongs to, and the rest of the path.
func (b *Browser) find(path string) (*job, string) {
	parts := strings.SplitN(strings.TrimPrefix(path, "/g/"), "/", 2)
	b.mu.Lock()
	defer b.mu.Unlock()
	if j := b.jobs["/g/"+parts[0]+"/"]; j != nil && len(parts) == 2 {
		return j, parts[1]
	}
	return nil, ""
}

// ServeHTTP serves the runner, its work, and the graphs' files.
func (b *Browser) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	switch path := r.URL.Path; {
	case path == "/":
		fmt.Fprint(w, hostFile("runner.html"))
	case path == "/next":
		select {
		case next := <-b.work:
			fmt.Fprint(w, next)
		case <-time.After(20 * time.Second):
		case <-r.Context().Done():
		}
	case strings.HasPrefix(path, "/result/"):
		var a answer
		if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
			a.Error = "unreadable answer: " + err.Error()
		}
		if j, _ := b.find(strings.TrimPrefix(path, "/result")); j != nil {
			j.answer <- a
		}
	default:
		j, name := b.find(path)
		if j == nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Access-Control-Allow-Origin", "*")
		if name == "index.html" {
			fmt.Fprint(w, j.page)
			return
		}
		http.ServeFileFS(w, r, j.files, name)
	}
}
