// Package origin says which files may become a part of a release. What is built
// is public, and an import or a link may name any file of the machine: in a
// workflow the environment, with its tokens, is a file too.
package origin

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// system folders hold what the kernel makes up, such as processes' environments.
// Devices are no regular files anyway, and /dev/shm may hold a project.
var system = []string{"/proc", "/sys"}

// Check refuses a file that is none of the project's: not a regular one, one of
// the system's, or, where bound is not "", one outside that folder, an absolute
// path without links. Links are followed first.
func Check(file, bound string) error {
	info, err := os.Lstat(file)
	if err != nil {
		return nil //nolint:nilerror // who reads it tells that it is not there, and where it was asked for
	}
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return nil //nolint:nilerror // likewise
	}
	if real != file {
		if info, err = os.Lstat(real); err != nil {
			return nil //nolint:nilerror // likewise
		}
	}
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("got %q, which is no regular file, want one of the project's", file)
	case slices.ContainsFunc(system, func(folder string) bool { return strings.HasPrefix(real, folder+"/") }):
		return fmt.Errorf("got %q, which is a file of the system (%s), want one of the project's: what is built is public", file, real)
	case bound != "" && !strings.HasPrefix(real, strings.TrimSuffix(bound, "/")+"/"):
		return fmt.Errorf("got %q, which lies outside the workspace (%s), want a file in it: what is built is public", file, real)
	}
	return nil
}
