// Package starter is the use case behind `checkout-deploy init`: it looks at a
// project and writes a commented checkout-deploy.yml, the nearest to what the
// project's present configuration does.
//
// It reads webpack's or Vite's configuration as text and never runs it. What it
// can't read, or what has no counterpart, it says.
package starter

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/org/checkout-deploy/internal/config"
)

// Result is what was written and what is to be said about it.
type Result struct {
	File string // the new file's name in the project
	// Found has a line for each thing that was found, and where.
	Found []string
	// Questions are what could not be read or has no counterpart, and what to do
	// about it. They are in the file too.
	Questions []string
}

// Write writes the configuration of the project in dir. It never replaces a
// file; an existing configuration of either name is an error that is
// fs.ErrExist. After an error there is no new file.
func Write(ctx context.Context, dir string) (*Result, error) {
	text, result, err := Make(ctx, os.DirFS(dir))
	if err != nil {
		return nil, err
	}
	result.File = config.Names[0]
	if err := create(filepath.Join(dir, result.File), text); err != nil {
		return nil, err
	}
	return result, nil
}

// Make returns the text of the configuration that Write would write.
func Make(ctx context.Context, root fs.FS) ([]byte, *Result, error) {
	for _, name := range config.Names {
		if _, err := fs.Lstat(root, name); err == nil {
			return nil, nil, fmt.Errorf("starting a configuration: %q: %w; change that file, or remove it first", name, fs.ErrExist)
		}
	}
	p, err := look(ctx, root)
	if err != nil {
		return nil, nil, fmt.Errorf("starting a configuration: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("starting a configuration: %w", err)
	}
	text := p.render()
	// What is written must be what the reader takes, whatever was found.
	if _, err := config.Parse(config.Names[0], text, root, anyVariable); err != nil {
		return nil, nil, fmt.Errorf("starting a configuration from what %s says: %w", p.source, err)
	}
	return text, &Result{Found: p.found, Questions: p.questions}, nil
}

// anyVariable stands for the environment, of which nothing is read.
func anyVariable(string) (string, bool) { return "1.0.0", true }

// create writes a new file whole, or none: the text goes into a file beside it
// first, and a link does not replace what is there.
func create(name string, text []byte) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %q: %w", name, err)
		}
	}()
	f, err := os.CreateTemp(filepath.Dir(name), ".checkout-deploy-*.tmp")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	err = os.Link(f.Name(), name)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return createHere(name, text) // a file system without links
}

func createHere(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}
