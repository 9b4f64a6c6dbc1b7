package buildbundle

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/org/checkout-deploy/internal/release"
)

// outDir is the absolute folder that a build replaces.
func (b *builder) outDir() string {
	out := filepath.FromSlash(b.cfg.Build.OutDir)
	if !filepath.IsAbs(out) {
		out = filepath.Join(b.Dir, out)
	}
	return filepath.Clean(out)
}

// checkOutDir refuses a folder whose replacement would lose what no build can
// bring back. The configuration's own is checked by package config; a flag's
// may lie anywhere.
func (b *builder) checkOutDir() error {
	out := b.outDir()
	if real, err := filepath.EvalSymlinks(out); err == nil {
		out = real
	}
	if inside(b.Dir, out) {
		return fmt.Errorf("output folder %q holds the project; a build replaces it whole: use a folder of its own, such as dist", out)
	}
	for _, p := range b.cfg.Build.Passes {
		for _, e := range p.Entries {
			for _, m := range e.Modules {
				if file := filepath.Join(b.Dir, filepath.FromSlash(m)); inside(file, out) {
					return fmt.Errorf("output folder %q holds the source %q; a build replaces it whole: use a folder of its own, such as dist", out, m)
				}
			}
		}
	}
	if b.OutDir == "" {
		return nil
	}
	return checkReplaceable(out)
}

// checkReplaceable wants a folder that is new, empty or a release.
func checkReplaceable(out string) error {
	entries, err := os.ReadDir(out)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking at the output folder: %w", err)
	}
	if _, err := os.Stat(filepath.Join(out, release.RecordName)); err != nil {
		return fmt.Errorf("output folder %q has files and no %s, so no build made it; a build replaces it whole: empty it, or use another", out, release.RecordName)
	}
	return nil
}

func inside(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
