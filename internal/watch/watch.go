// Package watch tells which of a build's files have changed.
//
// It watches the folders of the files, so it sees a file that an editor saves by
// renaming, and one that is new: an import that found nothing may find it, or
// one that found something may find it first. Where the system has no more
// watches to give, or a folder is gone for now, it looks every half second.
package watch

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	quiet    = 8 * time.Millisecond   // without a change, until they are told
	atMost   = 200 * time.Millisecond // after the first change
	lookEach = 500 * time.Millisecond // at folders without a watch
	maxFresh = 200                    // new folders that no build has read yet
	coarse   = 10 * time.Millisecond  // how far a file's time may be behind the clock
)

// Options of a Watcher.
type Options struct {
	// Ignore reports a path whose changes are nobody's business, such as the
	// output's; may be nil. Folders called node_modules and .git, hidden names and
	// editors' temporary files are ignored where no build has read them.
	Ignore func(path string) bool
	// After is the clock: time.After.
	After func(time.Duration) <-chan time.Time
}

// Watcher watches the files of the last Set.
type Watcher struct {
	options Options
	notify  *fsnotify.Watcher // nil where the system has none to give
	changes chan []string
	found   chan string   // by looking
	kick    chan struct{} // a folder has no watch

	mu      sync.Mutex
	files   map[string]bool
	folders map[string]*folder
}

// folder is one that has files of the build.
type folder struct {
	watched bool
	fresh   bool             // it is new, and no build has read it
	seen    map[string]stamp // at the last look, where it is not watched
}

// stamp changes when a file does.
type stamp struct {
	size int64
	at   time.Time
}

// Start returns a watcher that runs until the context ends.
func Start(ctx context.Context, o Options) *Watcher {
	w := &Watcher{
		options: o, changes: make(chan []string), found: make(chan string), kick: make(chan struct{}, 1),
		files: map[string]bool{}, folders: map[string]*folder{},
	}
	w.notify, _ = fsnotify.NewWatcher() // without one it looks
	go w.run(ctx)
	return w
}

// Changes tells the paths that have changed since it told them last, sorted:
// files of the last Set, and files that are new beside them. It is closed when
// the context ends.
func (w *Watcher) Changes() <-chan []string { return w.changes }

// Set replaces the files that are watched, absolute paths. A file that was not
// watched before is told at once if it has changed since then, when the build
// began to read.
func (w *Watcher) Set(ctx context.Context, since time.Time, files []string) {
	for _, path := range w.set(since, files) {
		select {
		case w.found <- path:
		case <-ctx.Done():
			return
		}
	}
}

func (w *Watcher) set(since time.Time, files []string) (changed []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before, folders := w.files, map[string]*folder{}
	w.files = make(map[string]bool, len(files))
	for _, path := range files {
		w.files[path] = true
		dir := filepath.Dir(path)
		if folders[dir] == nil {
			folders[dir] = &folder{}
			if old := w.folders[dir]; old != nil {
				old.fresh = false
				folders[dir] = old
			}
		}
		if info, err := os.Stat(path); !before[path] && err == nil && !info.ModTime().Before(since.Add(-coarse)) {
			changed = append(changed, path)
		}
	}
	for dir, f := range w.folders {
		switch {
		case folders[dir] != nil:
		case f.fresh && f.watched:
			folders[dir] = f
		case f.watched:
			_ = w.notify.Remove(dir) // at worst it tells of a file that is no longer ours
		}
	}
	w.folders = folders
	for dir, f := range folders {
		w.watch(dir, f)
	}
	return changed
}

// watch gives a folder a watch, or remembers what is there to compare with.
func (w *Watcher) watch(dir string, f *folder) {
	if f.watched {
		return
	}
	if w.notify != nil && w.notify.Add(dir) == nil {
		f.watched, f.seen = true, nil
		return
	}
	if f.seen == nil {
		f.seen = w.stamps(dir)
	}
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

// run gathers changes until there are no more for a moment, and tells them.
func (w *Watcher) run(ctx context.Context) {
	defer close(w.changes)
	var events chan fsnotify.Event
	var faults chan error
	if w.notify != nil {
		events, faults = w.notify.Events, w.notify.Errors
		defer func() { _ = w.notify.Close() }()
	}
	var b batch
	b.after = w.options.After
	var look <-chan time.Time
	for {
		var out chan []string
		if b.ready {
			out = w.changes
		}
		select {
		case <-ctx.Done():
			return
		case e := <-events:
			b.add(w.event(e)...)
		case err := <-faults:
			if errors.Is(err, fsnotify.ErrEventOverflow) {
				b.add(w.all()...)
			}
		case path := <-w.found:
			b.add(path)
		case <-w.kick:
			if look == nil {
				look = w.options.After(lookEach)
			}
		case <-look:
			paths, again := w.look()
			b.add(paths...)
			if look = nil; again {
				look = w.options.After(lookEach)
			}
		case <-b.quiet:
			b.quiet = nil
			// An editor may have put the old file aside and not written the new one.
			b.ready = w.present(b.paths)
		case <-b.bound:
			b.quiet, b.bound, b.ready = nil, nil, true
		case out <- slices.Sorted(maps.Keys(b.paths)):
			b = batch{after: b.after}
		}
	}
}

// batch is what changed and was not told yet.
type batch struct {
	paths        map[string]bool
	ready        bool
	after        func(time.Duration) <-chan time.Time
	quiet, bound <-chan time.Time
}

func (b *batch) add(paths ...string) {
	if len(paths) == 0 {
		return
	}
	if b.paths == nil {
		b.paths = map[string]bool{}
	}
	for _, path := range paths {
		b.paths[path] = true
	}
	b.ready, b.quiet = false, b.after(quiet)
	if b.bound == nil {
		b.bound = b.after(atMost)
	}
}

// event lists what an event of the system means for the build.
func (w *Watcher) event(e fsnotify.Event) []string {
	if e.Op == fsnotify.Chmod {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	gone := e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename)
	if f := w.folders[e.Name]; f != nil && gone {
		return w.lose(e.Name, f)
	}
	switch {
	case w.files[e.Name]:
		return []string{e.Name}
	case w.ignored(e.Name) || !e.Has(fsnotify.Create) && !w.freshFile(e.Name):
		return nil
	}
	if info, err := os.Stat(e.Name); err == nil && info.IsDir() {
		return w.adopt(e.Name)
	}
	return []string{e.Name}
}

// freshFile reports a file of a folder that no build has read: it may be the one
// that is missing, and be written after it was made.
func (w *Watcher) freshFile(path string) bool {
	f := w.folders[filepath.Dir(path)]
	return f != nil && f.fresh
}

// lose takes note that a folder is gone: its files have changed, and it is
// looked for.
func (w *Watcher) lose(dir string, f *folder) (changed []string) {
	if f.watched {
		_ = w.notify.Remove(dir) // it is gone already, or was moved away
	}
	f.watched, f.seen = false, map[string]stamp{}
	if f.fresh {
		delete(w.folders, dir)
		return nil
	}
	for path := range w.files {
		if filepath.Dir(path) == dir {
			changed = append(changed, path)
		}
	}
	select {
	case w.kick <- struct{}{}:
	default:
	}
	return changed
}

// adopt watches a new folder and those in it, and lists their files.
func (w *Watcher) adopt(dir string) (changed []string) {
	if w.folders[dir] != nil || w.ignored(dir) || w.notify == nil {
		return nil
	}
	fresh := 0
	for _, f := range w.folders {
		if f.fresh {
			fresh++
		}
	}
	if fresh >= maxFresh || w.notify.Add(dir) != nil {
		return nil
	}
	w.folders[dir] = &folder{watched: true, fresh: true}
	entries, _ := os.ReadDir(dir) // gone again: nothing is in it
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir():
			changed = append(changed, w.adopt(path)...)
		case !w.ignored(path):
			changed = append(changed, path)
		}
	}
	return changed
}

// look compares the folders without a watch with what they were, and reports
// whether there still are some.
func (w *Watcher) look() (changed []string, again bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for dir, f := range w.folders {
		if f.watched {
			continue
		}
		before := f.seen
		w.watch(dir, f)
		now := w.stamps(dir)
		for path, s := range now {
			if before[path] != s {
				changed = append(changed, path)
			}
		}
		for path := range before {
			if _, still := now[path]; !still && w.files[path] {
				changed = append(changed, path)
			}
		}
		if !f.watched {
			f.seen, again = now, true
		}
	}
	return changed, again
}

// stamps lists a folder's files; none where there is no folder.
func (w *Watcher) stamps(dir string) map[string]stamp {
	all := map[string]stamp{}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path)
		if err == nil && (w.files[path] || !w.ignored(path)) && !info.IsDir() {
			all[path] = stamp{info.Size(), info.ModTime()}
		}
	}
	return all
}

// present reports whether the build's files among the paths are there.
func (w *Watcher) present(paths map[string]bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for path := range paths {
		if _, err := os.Lstat(path); err != nil && w.files[path] {
			return false
		}
	}
	return true
}

func (w *Watcher) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Keys(w.files))
}

// ignored reports a path that can't be a source which is new.
func (w *Watcher) ignored(path string) bool {
	name := filepath.Base(path)
	for _, end := range []string{"~", ".tmp", ".swp", ".swx", ".bak", "___jb_tmp___", "___jb_old___"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	// 4913 is what Vim tries whether it may write.
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "#") || name == "4913" || name == "node_modules" ||
		w.options.Ignore != nil && w.options.Ignore(path)
}
