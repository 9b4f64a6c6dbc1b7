package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is committed is what the code makes.
func TestCommitted(t *testing.T) {
	if err := run("../..", true); err != nil {
		t.Error(err)
	}
}

func TestFill(t *testing.T) {
	parts := map[string]string{"tables": "| a |\n", "help": "text\n"}
	rows := []struct{ name, text, want, problem string }{
		{"none", "# Title\n", "# Title\n", ""},
		{"two, one empty", "a\n<!-- made: help -->\n<!-- end -->\nb\n<!-- made: tables -->\nold\nolder\n<!-- end -->\n", "a\n<!-- made: help -->\ntext\n<!-- end -->\nb\n<!-- made: tables -->\n| a |\n<!-- end -->\n", ""},
		{"unknown", "<!-- made: table -->\n<!-- end -->\n", "", `got the part "table", want one of help, tables`},
		{"no end", "<!-- made: tables -->\n", "", "a line <!-- end -->"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, err := fill(row.text, parts)
			if got != row.want || (err == nil) != (row.problem == "") || err != nil && !strings.Contains(err.Error(), row.problem) {
				t.Errorf("got %q, %v, want %q, %q", got, err, row.want, row.problem)
			}
		})
	}
}

// A change in any file that is made is found, told by its line, and mended.
func TestCheckFindsEveryChange(t *testing.T) {
	made, err := files(os.DirFS("../.."))
	if err != nil || len(made) < 4 {
		t.Fatalf("got %d files, %v", len(made), err)
	}
	dir := t.TempDir()
	for _, f := range made {
		path := filepath.Join(dir, f.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(dir, true); err != nil {
		t.Fatalf("a copy: %v", err)
	}
	for _, f := range made {
		if !strings.Contains(string(f.content), begin) && !strings.HasSuffix(f.path, ".yml") {
			continue
		}
		path := filepath.Join(dir, f.path)
		changed := strings.Replace(string(f.content), "The folder", "A folder", 1)
		if changed == string(f.content) {
			continue
		}
		if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := run(dir, true); err == nil || !strings.Contains(err.Error(), f.path+": line ") {
			t.Errorf("%s: got %v, want the line that was changed", f.path, err)
		}
		if err := run(dir, false); err != nil {
			t.Error(err)
		}
		if got, _ := os.ReadFile(path); string(got) != string(f.content) {
			t.Errorf("%s is not mended", f.path)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "actions/orphan"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, true); err == nil || !strings.Contains(err.Error(), "actions/orphan") {
		t.Errorf("got %v, want the folder without an action", err)
	}
}
