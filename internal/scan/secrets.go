//go:build goexperiment.jsonv2

package scan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"

	"github.com/aquasecurity/trivy/pkg/fanal/secret"
	"golang.org/x/sync/errgroup"

	"github.com/org/checkout-deploy/internal/scan/secrets"
)

// Secrets scans the files of a folder with the built-in rules of Trivy v0.74, and
// needs neither network nor configuration. Links are not followed. A finding's
// rule is "secret/" and Trivy's rule id; no finding and no error holds any of a
// file's content. What can't be read is an error, and all of them are told.
func Secrets(ctx context.Context, root *os.Root, opts secrets.Options) (*secrets.Result, error) {
	w := &walk{root: root, opts: opts, engine: stock()}
	if opts.Everything {
		w.engine = whole()
	}
	if err := w.list(ctx); err != nil {
		return nil, err
	}
	answers := make([]answer, len(w.files))
	work := new(errgroup.Group)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range w.files {
		work.Go(func() error {
			answers[i] = w.scan(ctx, name)
			return nil
		})
	}
	_ = work.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("scanning for secrets: %w", err)
	}
	return w.result(answers)
}

// walk is one scan of a folder.
type walk struct {
	root   *os.Root
	opts   secrets.Options
	engine *secret.Scanner
	files  []string
	left   []secrets.LeftOut
}

func (w *walk) leave(name string, why secrets.Why) {
	w.left = append(w.left, secrets.LeftOut{Path: name, Why: why})
}

// list finds the files to scan, in lexical order.
func (w *walk) list(ctx context.Context) error {
	var errs problems
	err := fs.WalkDir(w.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			errs.add(err)
		case d.IsDir() && slices.ContainsFunc(w.opts.SkipDirs, func(skip string) bool { return path.Clean(skip) == name }):
			w.leave(name+"/", secrets.Skipped)
			return fs.SkipDir
		case d.IsDir():
			if name != "." && exemptsFolder(w.engine, name) {
				w.leave(name+"/", secrets.Exempt)
				return fs.SkipDir
			}
		case exempts(w.engine, name):
			w.leave(name, secrets.Exempt)
		case !d.Type().IsRegular():
			w.leave(name, secrets.Irregular)
		default:
			w.files = append(w.files, name)
		}
		return nil
	})
	if err := errors.Join(err, errs.err()); err != nil {
		return fmt.Errorf("listing files: %w", err)
	}
	return nil
}

// result puts the answers together.
func (w *walk) result(answers []answer) (*secrets.Result, error) {
	res := &secrets.Result{LeftOut: w.left}
	var errs problems
	for i, a := range answers {
		switch {
		case a.err != nil:
			errs.add(a.err)
		case a.why != "":
			res.LeftOut = append(res.LeftOut, secrets.LeftOut{Path: w.files[i], Why: a.why})
		default:
			res.Files++
			res.Bytes += a.size
		}
		res.Findings = append(res.Findings, a.findings...)
	}
	if err := errs.err(); err != nil {
		return nil, fmt.Errorf("scanning for secrets: %w", err)
	}
	res.Sort()
	return res, nil
}

// problems are errors, of which the first few are told and the others counted.
type problems struct {
	told []error
	more int
}

func (p *problems) add(err error) {
	const most = 20
	if len(p.told) == most {
		p.more++
		return
	}
	p.told = append(p.told, err)
}

func (p *problems) err() error {
	if p.more > 0 {
		return errors.Join(append(p.told, fmt.Errorf("and %d files more", p.more))...)
	}
	return errors.Join(p.told...)
}
