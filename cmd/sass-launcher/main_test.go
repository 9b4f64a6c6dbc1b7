package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLaunch(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{"good/sass", "good/src/dart", "good/src/sass.snapshot", "good/other", "half/sass", "half/src/dart", "evil/src/dart", "evil/src/sass.snapshot"} {
		path := filepath.Join(dir, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\ntouch forged\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("good/sass", filepath.Join(dir, "linked")); err != nil {
		t.Fatal(err)
	}
	good := []string{dir + "/good/src/dart", dir + "/good/src/sass.snapshot", "--embedded"}
	for _, tt := range []struct {
		name   string
		args   []string
		want   []string
		refuse string
	}{
		{"the package's script", []string{dir + "/good/sass", "--embedded"}, good, ""},
		{"a link to it", []string{dir + "/linked", "--embedded"}, good, ""},
		{"nothing", nil, nil, "no shell"},
		{"a command", []string{"-c", "touch forged"}, nil, "no shell"},
		{"another script", []string{dir + "/good/other"}, nil, "no shell"},
		{"half a package", []string{dir + "/half/sass"}, nil, "sass.snapshot"},
		{"no script of that name", []string{dir + "/evil/sass"}, nil, "no shell"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var ran []string
			err := launch(tt.args, nil, func(program string, args, _ []string) error {
				if program != args[0] {
					t.Errorf("ran %q as %q", program, args[0])
				}
				ran = args
				return nil
			})
			if !slices.Equal(ran, tt.want) {
				t.Errorf("ran %q, want %q", ran, tt.want)
			}
			if tt.refuse == "" && err != nil || tt.refuse != "" && (err == nil || !strings.Contains(err.Error(), tt.refuse)) {
				t.Errorf("got %v, want an error with %q", err, tt.refuse)
			}
		})
	}
}
