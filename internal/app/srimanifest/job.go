package srimanifest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/finding"
)

// job is one run: what is known before anything is done, and what was found. The
// paths of its findings are relative to the project.
type job struct {
	in       *inputs
	r        *action.Run
	cfg      *config.Config
	dir      string // the project, absolute
	dist     string // the release's folder, absolute
	out      string // absolute
	findings []finding.Finding
	rules    []finding.Rule
	wrote    outFiles // of this run
	// noInventory says that the file is not there, which was told.
	noInventory bool
	// incomplete says why no findings would prove nothing.
	incomplete string
}

// begin reads the configuration and looks at the folders, and writes nothing.
func (in *inputs) begin(r *action.Run) (*job, error) {
	dir, err := place.Project(r.Path(in.dir), r.Workspace())
	if err != nil {
		return nil, action.Misuse(err)
	}
	cfg, err := place.Config(dir, in.config, config.Overrides{Built: true}, r.Lookup)
	if err != nil {
		return nil, action.Misuse(r.In(dir, err))
	}
	j := &job{in: in, r: r, cfg: cfg, dir: dir}
	j.dist = place.Real(place.Within(dir, filepath.FromSlash(cfg.Build.OutDir)))
	if in.dist != defaultDist {
		j.dist = place.Real(r.Path(in.dist))
	}
	j.out = place.Real(place.Within(dir, filepath.FromSlash(in.out)))
	if err := errors.Join(j.checkPlaces()...); err != nil {
		return nil, action.Misuse(err)
	}
	return j, nil
}

// checkPlaces tells all at once what is wrong with inputs that depend on one another.
func (j *job) checkPlaces() (errs []error) {
	problem := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if place.Inside(j.dir, j.dist) {
		problem("dist: got %q, which holds the project; want the folder that was built", j.in.dist)
	}
	if place.Inside(j.out, j.dist) || place.Inside(j.dir, j.out) {
		problem("out: got %q, which is the release's folder, in it, or above the project; want a folder of its own, such as integrity", j.in.out)
	}
	for _, folder := range []struct{ input, path string }{{"dist", j.dist}, {"out", j.out}} {
		if w := j.r.Workspace(); w != "" && !place.Inside(folder.path, w) {
			problem("%s: got %q, which lies outside the workspace, and would be gone with the container; want a folder in it", folder.input, folder.path)
		}
		if file := fileOnTheWay(folder.path); file != "" {
			problem("%s: got %q, but %q is a file; want a folder", folder.input, j.relative(folder.path), j.relative(file))
		}
	}
	if names := j.strangers(); len(names) > 0 {
		problem("out: got %q, where %s is of somebody else and would be replaced; want a folder of its own, such as integrity", j.in.out, strings.Join(names, ", "))
	}
	if (j.in.key != "") != (j.in.sign == byKey) {
		problem("sign, key: got %s and %s, want sign: key with a key, or none", j.in.sign, orNothing(strings.SplitN(j.in.key, ":", 2)[0]))
	}
	if j.in.password != "" && j.in.sign != byKey {
		problem("key-password: got a password without sign: key")
	}
	return errs
}

// fileOnTheWay is the part of a path that is there and no folder, "" for none.
func fileOnTheWay(path string) string {
	for at := path; ; at = filepath.Dir(at) {
		if info, err := os.Stat(at); err == nil {
			if info.IsDir() {
				return ""
			}
			return at
		}
		if at == filepath.Dir(at) {
			return ""
		}
	}
}

func orNothing(text string) string {
	if text == "" {
		return "no key"
	}
	return "a key"
}

// relative is a path as findings have it.
func (j *job) relative(path string) string {
	if rel, err := filepath.Rel(j.dir, path); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(path)
}

// file reads a file that a user named, relative to the project.
func (j *job) file(name string, most int64) ([]byte, error) {
	path := place.Within(j.dir, filepath.FromSlash(name))
	if w := j.r.Workspace(); w != "" && !place.Inside(place.Real(path), w) {
		return nil, fmt.Errorf("got %q, which lies outside the workspace, want a file in it", name)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("got %q, want a regular file of at most %d bytes", name, most)
	}
	return os.ReadFile(path)
}

// found keeps findings.
func (j *job) found(all ...finding.Finding) { j.findings = append(j.findings, all...) }
