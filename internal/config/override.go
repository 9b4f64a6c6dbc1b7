package config

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/release"
)

// Overrides are an action's inputs that go over what the file says; "" is not
// given. A problem of one names the input and has no place in the file.
type Overrides struct {
	// OutDir, unlike the file's, may lead out of the project or be absolute:
	// whether it may be replaced is then for those to see who know where the
	// project is. One that leads back to the project's root is refused.
	OutDir  string
	Format  string // of every pass
	Profile string
	// Present is for those who are to build: sources and other files that the file
	// names have to be there.
	Present bool
	// Built is for those who take what others built: no sources have to be there.
	Built bool
}

// override puts the overrides over what was read.
func (r *reader) override(b *Build) {
	o := r.overrides
	if o.OutDir != "" {
		b.OutDir = r.outDirInput(o.OutDir)
	}
	if format, ok := enumInput(r, "format", release.Format(o.Format), release.Formats); ok {
		for i := range b.Passes {
			b.Passes[i].Format = format
		}
	}
}

// overrideProfile comes before the rest: other keys depend on the profile.
func (r *reader) overrideProfile(b *Build) {
	if profile, ok := enumInput(r, "profile", release.Profile(r.overrides.Profile), release.Profiles); ok {
		b.Profile = profile
	}
}

func enumInput[T ~string](r *reader, name string, got T, allowed []T) (T, bool) {
	if got != "" && !slices.Contains(allowed, got) {
		r.input(name, "got %s, want one of %s", quote(string(got)), oneOf(allowed))
	}
	return got, slices.Contains(allowed, got)
}

func (r *reader) outDirInput(s string) string {
	clean := path.Clean(filepath.ToSlash(s))
	switch {
	case strings.TrimSpace(s) == "":
		r.input("outdir", "got blank text, want a folder, such as dist")
	case strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }):
		r.input("outdir", "got %s, want a path without control characters", quote(s))
	case clean == ".." || strings.HasSuffix(clean, "/..") || clean == "/":
		r.input("outdir", "got %s, which holds the project; want a folder of its own, such as dist: a build replaces it whole", quote(s))
	}
	return clean
}
