package reproduce

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// A copy is refused beyond this: the disk is others' too.
const (
	maxFiles = 200_000
	maxBytes = 4 << 30
)

// Copied is what a copy holds.
type Copied struct {
	Base, Dir string // the counterparts of the project's
	Files     int
	Bytes     int64
}

// Copy lays into a folder what building the project again needs, at other
// paths than the project's in length and depth: the project without .git, Skip
// and node_modules, each installed package that was asked for, whole, and what was
// read of the rest of Base. Links stay links. The files are of another time.
func (p *Project) Copy(ctx context.Context, folder string) (*Copied, error) {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(8) // files, not processors
	c := &copier{project: p, to: elsewhere(p.Base, folder), self: folder, work: work, ctx: ctx, done: map[string]bool{}}
	err := errors.Join(c.all(), work.Wait())
	if err != nil {
		return nil, fmt.Errorf("copying the project to %q: %w", folder, err)
	}
	return &Copied{Base: c.to, Dir: c.target(p.Dir), Files: c.files, Bytes: c.bytes}, nil
}

// elsewhere is a path in folder that has another length and depth than base.
func elsewhere(base, folder string) string {
	depth := func(path string) int { return strings.Count(filepath.ToSlash(path), "/") }
	at := filepath.Join(folder, "again")
	for depth(at) == depth(base) || len(at) == len(base) {
		at = filepath.Join(at, "deeper")
	}
	return at
}

type copier struct {
	project  *Project
	to, self string
	work     *errgroup.Group
	ctx      context.Context //nolint:containedctx // of this one copy
	done     map[string]bool // folders that are there whole
	files    int
	bytes    int64
}

func (c *copier) target(path string) string {
	rel, _ := filepath.Rel(c.project.Base, path) // both are absolute
	return filepath.Join(c.to, rel)
}

func (c *copier) all() error {
	p := c.project
	if err := os.MkdirAll(c.target(p.Dir), 0o700); err != nil {
		return err
	}
	if err := c.tree(p.Dir); err != nil {
		return err
	}
	for _, folder := range append(slices.Clone(p.Packages), p.statistics()...) {
		if err := c.folder(folder); err != nil {
			return err
		}
	}
	for _, file := range p.Inputs() {
		if err := c.input(file); err != nil {
			return err
		}
	}
	return nil
}

// statistics are the packages that browserslist queries are answered from.
func (p *Project) statistics() (found []string) {
	for at := p.Dir; inside(at, p.Base); at = filepath.Dir(at) {
		for _, place := range []string{"caniuse-lite", "browserslist/node_modules/caniuse-lite", ".pnpm/node_modules/caniuse-lite"} {
			path := filepath.Join(at, "node_modules", filepath.FromSlash(place))
			if isFile(filepath.Join(path, "data", "agents.js")) {
				return []string{path}
			}
		}
	}
	return nil
}

// input brings a file that was read, with what it belongs to.
func (c *copier) input(file string) error {
	switch owner := c.owner(file); {
	case inPackage(file):
		return c.folder(packageOf(file))
	case inside(file, c.project.Dir):
		return nil // there, or left out on purpose
	case owner != "":
		return c.folder(owner)
	}
	_, ok, err := c.reach(filepath.Dir(file), 0)
	if err != nil || !ok || c.done[file] {
		return err
	}
	c.done[file] = true
	return c.file(file)
}

// owner is the workspace's package that a file outside the project is in.
func (c *copier) owner(file string) string {
	for at := filepath.Dir(file); at != c.project.Base && inside(at, c.project.Base); at = filepath.Dir(at) {
		if inside(c.project.Dir, at) {
			return "" // a folder above the project is no package of its own
		}
		if isFile(filepath.Join(at, "package.json")) {
			return at
		}
	}
	return ""
}

// folder brings a folder whole, and the links that lead to it.
func (c *copier) folder(path string) error {
	real, ok, err := c.reach(path, 0)
	if err != nil || !ok {
		return err
	}
	return c.tree(real)
}

// maxLinks is the kernel's own bound.
const maxLinks = 40

// reach makes the folders and links of a path, and says where it really leads;
// false where that is out of Base, or nowhere.
func (c *copier) reach(path string, links int) (string, bool, error) {
	if !inside(path, c.project.Base) || links > maxLinks {
		return "", false, nil
	}
	rel, _ := filepath.Rel(c.project.Base, path) // inside
	at := c.project.Base
	parts := strings.Split(rel, string(filepath.Separator))
	for i, part := range parts {
		at = filepath.Join(at, part)
		info, err := os.Lstat(at)
		switch {
		case err != nil:
			return "", false, nil //nolint:nilerr // what is not there is not needed
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := c.link(at)
			if err != nil {
				return "", false, err
			}
			return c.reach(filepath.Join(append([]string{to}, parts[i+1:]...)...), links+1)
		case info.IsDir():
			if err := os.MkdirAll(c.target(at), 0o700); err != nil {
				return "", false, err
			}
		}
	}
	return at, true, nil
}

// link makes a link again, and says where the first one leads. One that an
// installer made may have the folder's path in it, and is led to the copy.
func (c *copier) link(path string) (string, error) {
	text, err := os.Readlink(path)
	if err != nil {
		return "", err
	}
	to := text
	if !filepath.IsAbs(text) {
		to = filepath.Join(filepath.Dir(path), text)
	} else if inPackage(path) && inside(text, c.project.Base) {
		text = c.target(text)
	}
	if err := os.Symlink(text, c.target(path)); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return to, nil
}

// tree copies a folder without the packages installed in it.
func (c *copier) tree(root string) error {
	if c.whole(root) {
		return nil
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && c.left(path, d.Name()):
			return fs.SkipDir
		case d.IsDir() && path != root && c.done[path]:
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(c.target(path), 0o700)
		case d.Type()&fs.ModeSymlink != 0:
			_, err := c.link(path)
			return err
		case d.Type().IsRegular() && !c.done[path]:
			return c.file(path)
		}
		return nil
	})
	c.done[root] = true
	return err
}

// whole reports a folder that a tree copied before has in it.
func (c *copier) whole(path string) bool {
	for at := path; inside(at, c.project.Base); at = filepath.Dir(at) {
		if c.done[at] {
			return true
		}
		if c.left(at, filepath.Base(at)) {
			return false
		}
	}
	return false
}

// left says what no tree brings.
func (c *copier) left(path, name string) bool {
	return name == "node_modules" || name == ".git" || path == c.self || slices.Contains(c.project.Skip, path)
}

// file copies a file in the background.
func (c *copier) file(path string) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	c.files++
	c.bytes += info.Size()
	if c.files > maxFiles || c.bytes > maxBytes {
		return fmt.Errorf("got more than %d files or %d GiB; want a project without what is generated: move it out of the project's folder, or leave the check off", maxFiles, maxBytes>>30)
	}
	c.work.Go(func() error { return copyFile(path, c.target(path), info.Mode().Perm()) })
	return nil
}

// anotherTime is what the copies are of.
var anotherTime = time.Unix(1_000_000_000, 0)

func copyFile(from, to string, mode fs.FileMode) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode|0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return os.Chtimes(to, anotherTime, anotherTime)
}
