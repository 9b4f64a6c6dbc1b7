package watch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// project is a folder with files of a build, watched.
type project struct {
	*Watcher
	t   *testing.T
	dir string
}

func watched(t *testing.T, files ...string) project {
	t.Helper()
	p := project{t: t, dir: t.TempDir()}
	for _, f := range files {
		p.write(f, "0")
	}
	p.Watcher = Start(t.Context(), Options{
		After:  time.After,
		Ignore: func(path string) bool { return filepath.Base(path) == "dist" },
	})
	p.set(files...)
	return p
}

func (p project) path(name string) string { return filepath.Join(p.dir, name) }

func (p project) set(files ...string) {
	all := make([]string, len(files))
	for i, f := range files {
		all[i] = p.path(f)
	}
	p.Set(p.t.Context(), time.Now().Add(time.Hour), all)
}

func (p project) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p project) write(name, text string) {
	p.t.Helper()
	p.must(os.MkdirAll(filepath.Dir(p.path(name)), 0o755))
	p.must(os.WriteFile(p.path(name), []byte(text), 0o644))
}

// until reads changes until all names are among them, and returns all that were
// told: the system may tell of one save in several events.
func (p project) until(names ...string) []string {
	p.t.Helper()
	var told []string
	limit := time.After(20 * time.Second)
	for {
		select {
		case paths, open := <-p.Changes():
			if !open {
				p.t.Fatal("closed")
			}
			for _, path := range paths {
				name, err := filepath.Rel(p.dir, path)
				p.must(err)
				if name = filepath.ToSlash(name); !slices.Contains(told, name) {
					told = append(told, name)
				}
			}
		case <-limit:
			p.t.Fatalf("got %q, want %q", told, names)
		}
		if !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(told, n) }) {
			return told
		}
	}
}

// The last thing of each row is a change of end.ts, which is told in any case.
func TestChanges(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(p project)
		want []string
	}{
		{"a save", func(p project) { p.write("src/a.ts", "1") }, []string{"src/a.ts"}},
		{"two saves", func(p project) { p.write("src/a.ts", "1"); p.write("src/b.ts", "1") }, []string{"src/a.ts", "src/b.ts"}},
		{"a save by renaming", func(p project) {
			p.write("src/a.ts.tmp", "1")
			p.must(os.Rename(p.path("src/a.ts.tmp"), p.path("src/a.ts")))
		}, []string{"src/a.ts"}},
		{"a save as Vim's", func(p project) {
			p.write("src/4913", "")
			p.must(os.Remove(p.path("src/4913")))
			p.must(os.Rename(p.path("src/a.ts"), p.path("src/a.ts~")))
			p.write("src/a.ts", "1")
			p.must(os.Remove(p.path("src/a.ts~")))
		}, []string{"src/a.ts"}},
		{"a removal", func(p project) { p.must(os.Remove(p.path("src/a.ts"))) }, []string{"src/a.ts"}},
		{"a new file", func(p project) { p.write("src/new.ts", "1") }, []string{"src/new.ts"}},
		{"a package's version", func(p project) { p.write("node_modules/pkg/package.json", "1") }, []string{"node_modules/pkg/package.json"}},
		{"a file that no build reads", func(p project) { p.write("src/other.ts", "1") }, nil},
		{"temporary and hidden files", func(p project) {
			for _, name := range []string{"src/.a.ts.swp", "src/a.ts~", "src/#a.ts#", "src/.git/HEAD", "src/dist/a.js", "src/node_modules/x/index.js"} {
				p.write(name, "1")
			}
		}, nil},
		{"permissions", func(p project) { p.must(os.Chmod(p.path("src/a.ts"), 0o600)) }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := watched(t, "src/a.ts", "src/b.ts", "src/end.ts", "node_modules/pkg/package.json")
			if test.name == "a file that no build reads" {
				p.write("src/other.ts", "0")
				p.until("src/other.ts") // it is new
			}
			test.do(p)
			p.write("src/end.ts", "1")
			got := p.until(append(test.want, "src/end.ts")...)
			slices.Sort(got)
			want := append(slices.Clone(test.want), "src/end.ts")
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestNewFolder(t *testing.T) {
	p := watched(t, "src/a.ts")
	p.must(os.MkdirAll(p.path("src/new/deep"), 0o755))
	p.write("src/a.ts", "1")
	p.until("src/a.ts")
	p.set("src/a.ts") // a build that fails reads nothing more
	p.write("src/new/deep/b.ts", "1")
	p.until("src/new/deep/b.ts")
}

func TestFolderComesBack(t *testing.T) {
	p := watched(t, "node_modules/pkg/index.js", "src/a.ts")
	p.must(os.RemoveAll(p.path("node_modules")))
	p.until("node_modules/pkg/index.js")
	p.write("node_modules/pkg/index.js", "1")
	p.until("node_modules/pkg/index.js")
	p.write("node_modules/pkg/index.js", "22")
	p.until("node_modules/pkg/index.js")
}

func TestChangedWhileItWasBuilt(t *testing.T) {
	p := watched(t, "src/a.ts", "src/b.ts")
	p.set("src/a.ts")
	p.Set(t.Context(), time.Now().Add(-time.Hour), []string{p.path("src/a.ts"), p.path("src/b.ts")})
	if got := p.until("src/b.ts"); len(got) != 1 {
		t.Errorf("got %q: what was watched before is told by its own events", got)
	}
}

func TestWithoutWatches(t *testing.T) {
	p := project{t: t, dir: t.TempDir()}
	p.write("src/a.ts", "0")
	tick := make(chan time.Time)
	p.Watcher = &Watcher{
		options: Options{After: func(d time.Duration) <-chan time.Time {
			if d == lookEach {
				return tick
			}
			return time.After(d)
		}},
		changes: make(chan []string), found: make(chan string), kick: make(chan struct{}, 1),
		files: map[string]bool{}, folders: map[string]*folder{},
	}
	go p.run(t.Context())
	p.set("src/a.ts")
	for _, step := range []struct {
		name string
		do   func()
		want string
	}{
		{"a save", func() { p.write("src/a.ts", "11") }, "src/a.ts"},
		{"a new file", func() { p.write("src/b.ts", "1") }, "src/b.ts"},
		{"a removal", func() { p.must(os.Remove(p.path("src/a.ts"))) }, "src/a.ts"},
	} {
		step.do()
		tick <- time.Time{}
		if got := p.until(step.want); len(got) != 1 {
			t.Errorf("%s: got %s", step.name, strings.Join(got, " "))
		}
	}
}
