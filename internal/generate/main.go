// Generate writes what is made from the code: action.yml files, and the parts of
// documents between markers. With -check it compares instead.
//
//	go run ./internal/generate [-check] [folder]
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	check := flag.Bool("check", false, "compare, and write nothing")
	flag.Parse()
	folder := "."
	if flag.NArg() > 0 {
		folder = flag.Arg(0)
	}
	if err := run(folder, *check); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder string, check bool) error {
	made, err := files(os.DirFS(folder))
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range made {
		path := filepath.Join(folder, filepath.FromSlash(f.path))
		have, err := os.ReadFile(path)
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			errs = append(errs, err)
		case slices.Equal(have, f.content) && err == nil:
		case check:
			errs = append(errs, fmt.Errorf("%s: %s: run make generate", f.path, difference(have, f.content)))
		default:
			errs = append(errs, os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, f.content, 0o666))
		}
	}
	return errors.Join(errs...)
}

// difference names the first line that differs.
func difference(have, want []byte) string {
	a, b := slices.Collect(lines(have)), slices.Collect(lines(want))
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return fmt.Sprintf("line %d: got the end, want %q", i+1, b[i])
		case i >= len(b):
			return fmt.Sprintf("line %d: got %q, want the end", i+1, a[i])
		case a[i] != b[i]:
			return fmt.Sprintf("line %d: got %q, want %q", i+1, a[i], b[i])
		}
	}
	return "the same"
}
