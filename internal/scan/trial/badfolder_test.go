//go:build goexperiment.jsonv2

package trial

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/image/imagetest"
)

// Files that are made to break what reads them neither take the machine's memory nor
// bring the process down, and what else is in the folder is found.
func TestBadFolders(t *testing.T) {
	s := warm(t, imagetest.RegistryOptions{})
	laughs := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for i := 'b'; i < 'k'; i++ {
		laughs += fmt.Sprintf("%c: &%c [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", i-1), 9), ","))
	}
	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	for _, row := range []struct{ name, file, text string }{
		{"JSON, deep, a lock file", "web/package-lock.json", deep},
		{"JSON, deep, a template", "stack.json", deep},
		{"YAML that laughs", "pod.yml", laughs},
		{"YAML, deep", "pod.yml", strings.Repeat("[", 100_000)},
		{"a Dockerfile of one line", "Dockerfile", "FROM a\nRUN " + strings.Repeat("x", 5<<20)},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := s.row(t)
			for name, data := range imagetest.Project() {
				s.write("src/"+name, string(data))
			}
			s.write("src/"+row.file, row.text)
			r, u := measured(t, s.program("path=src", "scanners=vuln,misconfig", "fail-severity=none"))
			r.shows(t, 0, "verdict=")
			if !strings.Contains(string(s.read("scan/trivy.json")), `"go.mod"`) {
				t.Error("got nothing of go.mod")
			}
			if got := left(t, s.temp()); len(got) > 0 || u.peak > most {
				t.Errorf("got %q left, %d MiB in %v", got, u.peak>>20, u.wall)
			}
			t.Logf("%v, %d MiB", u.wall, u.peak>>20)
		})
	}
	t.Run("a lock file of half a gigabyte", func(t *testing.T) {
		s := s.row(t)
		s.write("src/package-lock.json", "")
		check(t, os.Truncate(filepath.Join(s.dir, "src/package-lock.json"), 500<<20))
		r, u := measured(t, s.program("path=src", "scanners=vuln", "fail-severity=none"))
		if got := left(t, s.temp()); len(got) > 0 || u.peak > most || strings.Contains(r.log, "goroutine ") {
			t.Errorf("got %q left, %d MiB, exit code %d of\n%s", got, u.peak>>20, r.code, tail(r.log))
		}
	})
}
