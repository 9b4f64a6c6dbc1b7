package buildbundle

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/release"
)

// outDir is the absolute folder that a build replaces.
func (b *builder) outDir() string {
	return place.Within(b.Dir, filepath.FromSlash(b.cfg.Build.OutDir))
}

// checkReport refuses a report where it can't be. In the release's folder it
// would be a file that the record does not have.
func (b *builder) checkReport() error {
	if b.Report == "" {
		return nil
	}
	file := place.Within(b.Dir, b.Report)
	if place.Inside(file, b.outDir()) {
		return fmt.Errorf("report: got %q, which is in the release's folder %q; want a file outside it", b.Report, b.cfg.Build.OutDir)
	}
	if b.Workspace != "" && !place.Inside(place.Real(filepath.Dir(file)), b.Workspace) {
		return fmt.Errorf("report: got %q, which lies outside the workspace; want a file in it", b.Report)
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
		return fmt.Errorf("report: got %q, want a file in a folder that is there", b.Report)
	}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return fmt.Errorf("report: got the folder %q, want a file", b.Report)
	}
	return nil
}

// checkOutDir refuses a folder whose replacement would lose what no build can
// bring back. The configuration's own is checked by package config; a flag's
// may lie anywhere.
func (b *builder) checkOutDir() error {
	named := b.outDir()
	out := place.Real(named)
	if place.Inside(b.Dir, out) {
		return fmt.Errorf("output folder %q holds the project; a build replaces it whole: use a folder of its own, such as dist", out)
	}
	for _, p := range b.cfg.Build.Passes {
		for _, e := range p.Entries {
			for _, m := range e.Modules {
				if file := filepath.Join(b.Dir, filepath.FromSlash(m)); place.Inside(file, out) {
					return fmt.Errorf("output folder %q holds the source %q; a build replaces it whole: use a folder of its own, such as dist", out, m)
				}
			}
		}
	}
	switch {
	case b.Workspace != "" && !place.Inside(out, b.Workspace):
		return fmt.Errorf("output folder %q lies outside the workspace, and would be gone with the container: use a folder in it, such as dist", named)
	case b.OutDir == "" && !place.Inside(out, b.Dir):
		return fmt.Errorf("output folder %q is led out of the project by a link, to %q; a build replaces it whole: remove the link", named, out)
	case isOther(named):
		return fmt.Errorf("output folder %q is a file or a link that leads nowhere: remove it, or use another folder", named)
	case b.OutDir == "" && out == named:
		return nil // a folder of the project's own, by a name that is no source's
	}
	return checkReplaceable(out)
}

// checkSources refuses to replace a folder that the build has just read from: an
// import leads there, though no entry does.
func (b *builder) checkSources() error {
	out := place.Real(b.outDir())
	read := b.inputs
	if b.styles != nil {
		read = append(slices.Clone(read), b.styles.Inputs()...)
	}
	for _, path := range read {
		if place.Inside(path, out) {
			source, err := filepath.Rel(b.Dir, path)
			if err != nil {
				source = path
			}
			return fmt.Errorf("output folder %q holds the source %q, which is imported; a build replaces it whole: use a folder of its own, such as dist", b.cfg.Build.OutDir, filepath.ToSlash(source))
		}
	}
	return nil
}

// isOther says whether something is there that is no folder, nor leads to one.
func isOther(path string) bool {
	if _, err := os.Lstat(path); err != nil {
		return false
	}
	info, err := os.Stat(path)
	return err != nil || !info.IsDir()
}

// checkReplaceable wants a folder that is new, empty or a release.
func checkReplaceable(out string) error {
	entries, err := os.ReadDir(out)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("output folder %q is a file, or below one: want a folder of its own, such as dist", out)
	}
	if err != nil {
		return fmt.Errorf("looking at the output folder: %w", err)
	}
	if _, err := os.Stat(filepath.Join(out, release.RecordName)); err != nil {
		return fmt.Errorf("output folder %q has files and no %s, so no build made it; a build replaces it whole: empty it, or use another", out, release.RecordName)
	}
	return nil
}
