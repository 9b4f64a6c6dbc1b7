package release

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// The hidden siblings of a target: what is being written, and what was moved away
// where two names can't be exchanged.
const (
	stagingName  = "staging"
	replacedName = "replaced"
)

// hidden names a sibling that nothing else uses.
func hidden(target, what string) string {
	return filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+"."+what+"-"+rand.Text()[:10])
}

// errHeld says that another process, or another Stage of this one, has the lock.
var errHeld = errors.New("locked by another")

// claimSibling makes the staging sibling and locks it. The kernel ends the lock
// with the process, however that ends: a sibling that nobody holds is litter. A
// sweep may come between the making and the lock, and then it is made again.
func claimSibling(target string) (string, *os.File, error) {
	for {
		dir := hidden(target, stagingName)
		if err := os.Mkdir(dir, 0o777); err != nil {
			return "", nil, err
		}
		f, err := lock(dir)
		switch {
		case err == nil && isStill(f, dir):
			return dir, f, nil
		case err == nil:
			_ = f.Close()
		case !errors.Is(err, errHeld) && !errors.Is(err, fs.ErrNotExist):
			return dir, nil, nil // no locks here: nobody sweeps either
		}
	}
}

// isStill says whether dir is the open directory, and not gone.
func isStill(f *os.File, dir string) bool {
	open, err1 := f.Stat()
	named, err2 := os.Lstat(dir)
	return err1 == nil && err2 == nil && os.SameFile(open, named)
}

// sweep removes what killed processes left beside target. It takes only names
// that hidden makes, of directories that no living process has locked. What was
// moved away is removed only when the target is there: until then it is the last
// good release. What can't be removed stays; it harms nobody.
func sweep(target string) {
	parent, base := filepath.Dir(target), regexp.QuoteMeta(filepath.Base(target))
	ours := regexp.MustCompile(`^\.` + base + `\.(` + stagingName + `|` + replacedName + `)-[A-Z2-7]{10}$`)
	entries, _ := os.ReadDir(parent)
	_, missing := os.Lstat(target) // after the list: see above
	for _, e := range entries {
		name := ours.FindStringSubmatch(e.Name())
		if name == nil || !e.IsDir() || name[1] == replacedName && missing != nil {
			continue
		}
		dir := filepath.Join(parent, e.Name())
		if f, err := lock(dir); err == nil {
			_ = os.RemoveAll(dir)
			_ = f.Close()
		}
	}
}
