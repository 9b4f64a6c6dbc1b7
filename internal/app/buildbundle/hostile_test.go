package buildbundle

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A source may ask for any file of the machine, by name or by a link. What is
// built is public: none of them may get into it, nor into the log. The environment
// of these tests has a PATH, as any.
func TestNothingOfTheMachineIsBuilt(t *testing.T) {
	const secret = "s3cret-of-the-environment"
	for name, row := range map[string]struct {
		source, style string
		link          string // src/linked's target
		says          string
	}{
		"imported as text":           {source: "import e from '/proc/self/environ' with { type: 'text' }; document.title = e", says: "a file of the system"},
		"imported as bytes":          {source: "import e from '/proc/self/environ' with { type: 'bytes' }; document.title = String(e)", says: "a file of the system"},
		"imported as JSON":           {source: "import e from '/proc/self/environ' with { type: 'json' }; document.title = e.a", says: "a file of the system"},
		"a linked image of a script": {source: "import e from './linked.png'; document.title = e", link: "/proc/self/environ", says: "a file of the system"},
		"a linked image of a style":  {source: "import './a.css'", style: "a { background: url('./linked.png') }", link: "/proc/self/environ", says: "a file of the system"},
		"an image by its path":       {source: "import './a.css'", style: "a { background: url('/proc/self/environ') }", says: ""},
		"a linked file outside":      {source: "import e from './linked.png'; document.title = e", link: "../../../outside", says: "outside the workspace"},
		"a linked style outside":     {source: "import './linked.css'", link: "../../../outside", says: "outside the workspace"},
		"an import of a link":        {source: "import e from './linked.txt' with { type: 'text' }; document.title = e", link: "../../../outside", says: "outside the workspace"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t)
			outside := filepath.Join(filepath.Dir(filepath.Dir(dir)), "outside")
			for path, text := range map[string]string{
				filepath.Join(dir, "src/index.ts"): row.source, filepath.Join(dir, "src/a.css"): row.style, outside: "a { content: '" + secret + "' }",
			} {
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for _, ext := range []string{".png", ".css", ".txt"} {
				if row.link == "" {
					break
				}
				target := row.link
				if !filepath.IsAbs(target) {
					target = outside
				}
				if err := os.Symlink(target, filepath.Join(dir, "src/linked"+ext)); err != nil {
					t.Fatal(err)
				}
			}
			s := runStep(t, dir)
			if row.says != "" && (s.code != 1 || !strings.Contains(s.log, row.says)) {
				t.Errorf("got exit code %d, want 1 and %q in\n%s", s.code, row.says, s.log)
			}
			if strings.Contains(s.log, secret) || strings.Contains(s.log, "GITHUB_") || strings.Contains(s.log, "PATH=") {
				t.Errorf("got the file's content in the log\n%s", s.log)
			}
			checkWithout(t, filepath.Join(dir, "dist"), secret, "PATH=/")
		})
	}
}

// checkWithout looks into every file of a folder.
func checkWithout(t *testing.T, dir string, texts ...string) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // there may be no folder at all
		}
		data, _ := os.ReadFile(path)
		for _, text := range texts {
			if strings.Contains(string(data), text) {
				t.Errorf("got %q in %s", text, path)
			}
		}
		return nil
	})
}

// A build replaces its output folder whole: never one that a link leads to
// outside the project.
func TestLinksOfTheOutputFolder(t *testing.T) {
	for _, row := range []struct {
		name, link, config, input string
		code                      int
		says                      string
	}{
		{"dist leads out", "dist", "", "", 2, "led out of the project by a link"},
		{"a parent leads out", "out", "out/sub", "", 2, "led out of the project by a link"},
		{"an input's, with files of somebody's", "out", "", "outdir=out", 2, "so no build made it"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := project(t)
			precious := filepath.Join(filepath.Dir(dir), "precious")
			if err := os.MkdirAll(filepath.Join(precious, "sub"), 0o755); err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{"file", "sub/file"} {
				if err := os.WriteFile(filepath.Join(precious, file), nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink("../precious", filepath.Join(dir, row.link)); err != nil {
				t.Fatal(err)
			}
			var inputs []string
			if row.input != "" {
				inputs = append(inputs, row.input)
			}
			if row.config != "" {
				text := "version: 1\nbuild: { outdir: " + row.config + ", passes: [{ name: app, entries: { checkout: src/index.ts } }] }\n"
				if err := os.WriteFile(filepath.Join(dir, "checkout-deploy.yml"), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			s := runStep(t, dir, inputs...)
			if s.code != row.code || !strings.Contains(s.log, row.says) {
				t.Errorf("got exit code %d, want %d and %q in\n%s", s.code, row.code, row.says, s.log)
			}
			for _, file := range []string{"file", "sub/file"} {
				if _, err := os.Stat(filepath.Join(precious, file)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestOutputFoldersThatAreNotThere(t *testing.T) {
	dir := project(t)
	if s := runStep(t, dir, "outdir=a/b/dist"); s.code != 0 {
		t.Errorf("got exit code %d\n%s", s.code, s.log)
	}
	if s := runStep(t, dir, "outdir="+t.TempDir()+"/dist"); s.code != 2 || !strings.Contains(s.log, "outside the workspace") {
		t.Errorf("outside the workspace: got exit code %d\n%s", s.code, s.log)
	}
	if s := runStep(t, filepath.Join(dir, "nowhere")); s.code != 2 || !strings.Contains(s.log, "working-directory: got") {
		t.Errorf("no project: got exit code %d\n%s", s.code, s.log)
	}
}

// A pipe has no end: what is no regular file is never opened.
func TestPipesAreNotRead(t *testing.T) {
	dir := project(t)
	for _, file := range []string{"pipe.yml", "src/pipe.ts"} {
		if err := syscall.Mkfifo(filepath.Join(dir, file), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, config := range []string{"pipe.yml", "/dev/zero"} {
		if s := runStep(t, dir, "config="+config); s.code != 2 || !strings.Contains(s.log, "no regular file") {
			t.Errorf("%s: got exit code %d\n%s", config, s.code, s.log)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "src/index.ts"), []byte("import './pipe'"), 0o644); err != nil {
		t.Fatal(err)
	}
	if s := runStep(t, dir); s.code != 1 {
		t.Errorf("got exit code %d\n%s", s.code, s.log)
	}
}

// A report replaces a link, and does not write to where it leads.
func TestReportReplacesLinks(t *testing.T) {
	dir := project(t)
	precious := filepath.Join(filepath.Dir(dir), "precious")
	report := filepath.Join(dir, "report.html")
	if err := errors.Join(os.WriteFile(precious, []byte("keep"), 0o644), os.Symlink(precious, report)); err != nil {
		t.Fatal(err)
	}
	if s := runStep(t, dir, "report=report.html"); s.code != 0 {
		t.Fatalf("got exit code %d\n%s", s.code, s.log)
	}
	kept, _ := os.ReadFile(precious)
	if info, err := os.Lstat(report); err != nil || !info.Mode().IsRegular() || string(kept) != "keep" {
		t.Errorf("got %v, %v, and %q where the link led", info, err, kept)
	}
	if s := runStep(t, dir, "report="+filepath.Join(t.TempDir(), "report.html")); s.code != 2 || !strings.Contains(s.log, "outside the workspace") {
		t.Errorf("outside the workspace: got exit code %d\n%s", s.code, s.log)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".checkout-deploy-*")); len(left) > 0 {
		t.Errorf("got %q left behind", left)
	}
}

// Messages quote a project's settings: a link to the environment is no setting.
func TestEnvironmentIsNotQuoted(t *testing.T) {
	for name, code := range map[string]int{".browserslistrc": 2, "tsconfig.json": 1} {
		dir := project(t)
		if err := errors.Join(os.WriteFile(filepath.Join(dir, "checkout-deploy.yml"), []byte("version: 1\n"), 0o644), os.Symlink("/proc/self/environ", filepath.Join(dir, name))); err != nil {
			t.Fatal(err)
		}
		if s := runStep(t, dir); s.code != code || strings.Contains(s.log, "PATH=") {
			t.Errorf("%s: got exit code %d\n%s", name, s.code, s.log)
		}
	}
}
