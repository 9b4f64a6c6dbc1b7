// Package origin says which files may become a part of a release. What is built
// is public, and an import or a link may name any file of the machine: in a
// workflow the environment, with its tokens, is a file too.
package origin

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// system folders hold what the kernel makes up, such as processes' environments.
// Devices are no regular files anyway, and /dev/shm may hold a project.
var system = []string{"/proc", "/sys"}

// Checker looks at files before they are read. It is safe for concurrent use.
type Checker struct {
	bound   string
	folders sync.Map // of a folder, what it is without links
}

// New makes a Checker. bound is the folder that files must lie in, an absolute
// path without links; "" for no bound.
func New(bound string) *Checker { return &Checker{bound: bound} }

// Check refuses a file that is none of the project's: not a regular one, one of
// the system's, or one out of bounds. Links are followed first. A file that is
// not there is none of its problems: who reads it tells where it was asked for.
func (c *Checker) Check(file string) error {
	info, err := os.Lstat(file)
	if err != nil {
		return nil
	}
	real := filepath.Join(c.folder(filepath.Dir(file)), filepath.Base(file))
	if info.Mode()&fs.ModeSymlink != 0 {
		if real, err = filepath.EvalSymlinks(file); err != nil {
			return nil
		}
		if info, err = os.Lstat(real); err != nil {
			return nil
		}
	}
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("got %q, which is no regular file, want one of the project's", file)
	case slices.ContainsFunc(system, func(folder string) bool { return strings.HasPrefix(real, folder+"/") }):
		return fmt.Errorf("got %q, which is a file of the system (%s), want one of the project's: what is built is public", file, real)
	case c.bound != "" && !strings.HasPrefix(real, strings.TrimSuffix(c.bound, "/")+"/"):
		return fmt.Errorf("got %q, which lies outside the workspace (%s), want a file in it: what is built is public", file, real)
	}
	return nil
}

// folder follows a folder's links, once for each: a build has thousands of files
// in them.
func (c *Checker) folder(path string) string {
	if known, ok := c.folders.Load(path); ok {
		return known.(string)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		real = path
	}
	c.folders.Store(path, real)
	return real
}
