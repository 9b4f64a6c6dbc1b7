// Package golden compares what tests get with files in testdata. Only tests
// import it.
package golden

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var (
	update = flag.Bool("update", false, "write the golden files anew")
	used   = map[string]bool{}
)

// Compare compares got with the file of testdata that is named after the test,
// with the extension ext: ".json". go test -update writes it.
func Compare(t *testing.T, ext string, got []byte) {
	t.Helper()
	name := filepath.Join("testdata", strings.ReplaceAll(t.Name(), "/", "-")+ext)
	used[name] = true
	if *update {
		if err := os.WriteFile(name, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v: go test -update writes it", err)
	}
	if string(got) != string(want) {
		t.Errorf("differs from %s (go test -update writes it anew):\n%s", name, got)
	}
}

// Main runs a package's tests, and fails for a file of testdata that no test
// compared. A TestMain calls it; it ends the process.
func Main(m *testing.M) {
	code := m.Run()
	if flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.fuzz").Value.String() == "" {
		files, _ := filepath.Glob("testdata/*.*")
		for _, f := range files {
			if !used[f] {
				fmt.Println("golden file of no test:", f)
				code = 1
			}
		}
	}
	os.Exit(code)
}
