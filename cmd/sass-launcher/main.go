// Sass-launcher starts Dart Sass where there is no shell.
//
// Dart Sass's npm packages name a shell script, dart-sass/sass, as their
// executable; it only runs src/dart with src/sass.snapshot beside it. The
// image of build-bundle has this program as /bin/sh, so the kernel can start
// that script, the one in a project's node_modules too: a project's own
// version of the compiler is what makes its release the same on all machines.
// It is no shell. It runs no other script, and no text of the script.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

func main() {
	err := launch(os.Args[1:], os.Environ(), syscall.Exec)
	fmt.Fprintln(os.Stderr, "sass-launcher:", err)
	os.Exit(126) // a shell's code for a command that can't be run
}

// launch replaces the process by Dart Sass, and returns only what kept it from
// that. args are those of the kernel's "#!": the script, then the script's own.
func launch(args, env []string, exec func(string, []string, []string) error) error {
	if len(args) == 0 {
		return errors.New("got no script, want dart-sass/sass; this is no shell")
	}
	dart, snapshot, err := find(args[0])
	if err != nil {
		return err
	}
	if err := exec(dart, append([]string{dart, snapshot}, args[1:]...), env); err != nil {
		return fmt.Errorf("running %q: %w", dart, err)
	}
	return nil
}

// find returns the virtual machine and the program beside a script named sass.
func find(script string) (dart, snapshot string, err error) {
	real, err := filepath.EvalSymlinks(script)
	if err != nil {
		return "", "", fmt.Errorf("got %q, want the script dart-sass/sass (this is no shell): %w", script, err)
	}
	src := filepath.Join(filepath.Dir(real), "src")
	dart, snapshot = filepath.Join(src, "dart"), filepath.Join(src, "sass.snapshot")
	if filepath.Base(real) != "sass" {
		return "", "", fmt.Errorf("got %q, want the script dart-sass/sass: this is no shell", script)
	}
	for _, file := range []string{dart, snapshot} {
		if _, err := os.Stat(file); err != nil {
			return "", "", fmt.Errorf("got %q, which is not the script of a Dart Sass package: %w", script, err)
		}
	}
	return dart, snapshot, nil
}
