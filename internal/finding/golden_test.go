package finding

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

var goldenUsed = map[string]bool{}

// golden compares got with the file of testdata named after the test.
func golden(t *testing.T, ext string, got []byte) {
	t.Helper()
	name := filepath.Join("testdata", strings.ReplaceAll(t.Name(), "/", "-")+ext)
	goldenUsed[name] = true
	if *update {
		if err := os.WriteFile(name, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("differs from %s:\n%s", name, got)
	}
}

func TestMain(m *testing.M) {
	code := m.Run()
	if flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.fuzz").Value.String() == "" {
		files, _ := filepath.Glob("testdata/*.*")
		for _, f := range files {
			if !goldenUsed[f] {
				fmt.Println("golden file of no test:", f)
				code = 1
			}
		}
	}
	os.Exit(code)
}
