package buildbundle

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// example copies examples/checkout-vanilla into a new folder.
func example(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(dir, os.DirFS("../../../examples/checkout-vanilla")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestChildBuild is no test: TestSameReleaseForAnybody starts it as a program.
func TestChildBuild(t *testing.T) {
	dir, out := os.Getenv("CHILD_BUILD"), os.Getenv("CHILD_OUT")
	if dir == "" {
		t.Skip("a part of TestSameReleaseForAnybody")
	}
	built, err := Run(t.Context(), Request{Dir: dir, OutDir: out, Env: os.LookupEnv, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("release=" + built.ID.String())
}

// TestSameReleaseForAnybody builds one project in folders, at times and by
// processes that have little in common.
func TestSameReleaseForAnybody(t *testing.T) {
	program := filepath.Join(open(t, t.TempDir()), "build.test")
	binary, err := os.ReadFile(os.Args[0])
	if err == nil {
		err = os.WriteFile(program, binary, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, row := range []struct {
		name, umask string
		env         []string
		time        time.Time
		user        *syscall.Credential
	}{
		{name: "plain"},
		{name: "one processor", env: []string{"GOMAXPROCS=1"}},
		{name: "two processors", env: []string{"GOMAXPROCS=2"}},
		{name: "many processors", env: []string{"GOMAXPROCS=16"}},
		{name: "old sources", time: time.Unix(86400, 0)},
		{name: "sources of the future", time: time.Now().AddDate(50, 0, 0)},
		{name: "another place on earth", env: []string{"TZ=Pacific/Apia", "LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8"}},
		{name: "no home and a strict umask", env: []string{"HOME=/nonexistent", "USER=somebody"}, umask: "077"},
		{name: "a lax umask", umask: "000"},
		{name: "another user", user: &syscall.Credential{Uid: 65534, Gid: 65534}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.user != nil && os.Geteuid() != 0 {
				t.Skip("only root can be somebody else")
			}
			dir := example(t)
			open(t, dir)
			if !row.time.IsZero() {
				age(t, dir, row.time)
			}
			out := open(t, t.TempDir())
			if err := os.Chmod(out, 0o777); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "sh", "-c", `umask "${1:-022}"; exec "$0" -test.run='^TestChildBuild$' -test.v`, program, row.umask)
			cmd.Dir = "/"
			cmd.Env = append(os.Environ(), append(row.env, "CHILD_BUILD="+dir, "CHILD_OUT="+filepath.Join(out, "dist"))...)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: row.user}
			text, err := cmd.CombinedOutput()
			_, id, found := bytes.Cut(text, []byte("release="))
			if err != nil || !found {
				t.Fatalf("%v\n%s", err, text)
			}
			ids[row.name] = string(id[:64])
			if ids[row.name] != ids["plain"] {
				t.Errorf("got the release %s, want %s", ids[row.name], ids["plain"])
			}
		})
	}
}

// open lets everybody into a test's folder, whose parents are the user's own.
func open(t *testing.T, dir string) string {
	t.Helper()
	for at := dir; strings.HasPrefix(at, filepath.Clean(os.TempDir())+"/"); at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// age gives all files of a folder a time.
func age(t *testing.T, dir string, when time.Time) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, when, when)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestWhatDoesNotRunChangesNoName adds comments everywhere, an unused export and a
// file outside the graph: without source maps the release is the same, with them
// every other file is.
func TestWhatDoesNotRunChangesNoName(t *testing.T) {
	for _, format := range []release.Format{release.Classic, release.ESM, release.IIFE} {
		for _, kind := range []string{"none", "apart", "linked"} {
			t.Run(string(format)+" "+kind, func(t *testing.T) {
				for name, dir := range map[string]string{"example": example(t), "shop": project(t)} {
					sourceMaps(t, dir, kind)
					before := mustBuildAs(t, dir, format)
					quiet(t, dir)
					after := mustBuildAs(t, dir, format)
					one, two := runs(before), runs(after)
					if !maps.Equal(one, two) {
						t.Errorf("%s: got the files %v, want %v", name, two, one)
					}
					if kind == "none" && before.ID != after.ID {
						t.Errorf("%s: got the release %s, want %s", name, after.ID, before.ID)
					}
				}
			})
		}
	}
}

// An export is seen where somebody may list them all, so it is no unused one.
func TestExportsThatAreSeen(t *testing.T) {
	for _, name := range []string{"src/index.ts", "src/pay.ts"} {
		t.Run(name, func(t *testing.T) {
			dir := project(t)
			before := mustBuild(t, dir)
			file := filepath.Join(dir, filepath.FromSlash(name))
			text, err := os.ReadFile(file)
			if err == nil {
				err = os.WriteFile(file, append(text, "export const more = { a: 1 };\n"...), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			if after := mustBuild(t, dir); maps.Equal(runs(before), runs(after)) {
				t.Errorf("got the same files, want others")
			}
		})
	}
}

// runs has the integrity of the files that are no source maps.
func runs(out *Outcome) map[string]string {
	all := map[string]string{}
	for _, f := range out.Release.Files {
		if f.Role != release.Map {
			all[f.Path] = f.Integrity.String()
		}
	}
	return all
}

func mustBuildAs(t *testing.T, dir string, format release.Format) *Outcome {
	t.Helper()
	out, err := Run(t.Context(), Request{Dir: dir, Format: format, Env: func(string) (string, bool) { return "", false }, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sourceMaps(t *testing.T, dir, kind string) {
	t.Helper()
	file := filepath.Join(dir, "checkout-deploy.yml")
	text, err := os.ReadFile(file)
	if err == nil {
		text = bytes.Replace(text, []byte("\nbuild:\n"), []byte("\nbuild:\n  source-maps: "+kind+"\n"), 1)
		err = os.WriteFile(file, text, 0o644)
	}
	if err != nil || !bytes.Contains(text, []byte("source-maps: "+kind)) {
		t.Fatalf("got %q, %v", text, err)
	}
}

// quiet edits a project where no browser sees it. Comments hold what looks like
// code. Exports are added where nobody asks for all of them.
func quiet(t *testing.T, dir string) {
	t.Helper()
	comment := "/* import './nothing'\nexport default 1;\n require('./nothing') { import.meta.url */\n"
	var sources []string
	err := filepath.WalkDir(filepath.Join(dir, "src"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && slices.Contains([]string{".ts", ".css"}, filepath.Ext(path)) {
			sources = append(sources, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range sources {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text = append([]byte(comment), append(text, "\n"+comment...)...)
		if strings.HasSuffix(path, "shared.ts") || strings.HasSuffix(path, "lock.ts") || strings.HasSuffix(path, "money.ts") {
			text = append(text, "export const nobodyAsksForThis = { a: 1 };\nexport function thisNeither() { return nobodyAsksForThis; }\n"...)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"src/outside.ts", "README", "docs/x.css"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("outside"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
