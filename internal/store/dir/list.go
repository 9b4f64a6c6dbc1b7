package dir

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"syscall"

	"github.com/org/checkout-deploy/internal/store"
)

// List is store.Store's. Whole names are sorted, as the order of folders is
// another: "a-b" comes before "a/b".
func (d *Dir) List(ctx context.Context, folder string) iter.Seq2[store.Info, error] {
	return func(yield func(store.Info, error) bool) {
		if err := cmp.Or(ctx.Err(), store.CheckFolder(folder)); err != nil {
			yield(store.Info{}, err)
			return
		}
		if folder != "" && d.linked(folder+"/") {
			return
		}
		list, err := d.walk(ctx, cmp.Or(folder, "."))
		if err != nil {
			yield(store.Info{}, failed("listing", folder, err))
			return
		}
		for _, info := range list {
			if !yield(info, nil) {
				return
			}
		}
	}
}

func (d *Dir) walk(ctx context.Context, start string) (list []store.Info, err error) {
	err = fs.WalkDir(d.root.FS(), start, func(name string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
			return nil // it is not there, or went meanwhile
		case err != nil:
			return err
		case name == hidden:
			return fs.SkipDir
		case !e.Type().IsRegular() || name == start || store.CheckName("listing", name) != nil:
			return ctx.Err()
		}
		if info, err := e.Info(); err == nil {
			list = append(list, store.Info{Name: name, Size: info.Size()})
		}
		return ctx.Err()
	})
	slices.SortFunc(list, func(a, b store.Info) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}
