package srimanifest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/app/signing"
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
	out := place.Within(dir, filepath.FromSlash(in.out))
	if in.mode == ofLive || in.mode == ofDrill { // beside a release's evidence, not in its place
		out = filepath.Join(out, string(in.mode))
	}
	j.out = place.Real(out)
	if err := errors.Join(j.checkPlaces()...); err != nil {
		return nil, action.Misuse(err)
	}
	return j, nil
}

// checkPlaces tells all at once what is wrong with inputs that depend on one another.
func (j *job) checkPlaces() (errs []error) {
	problem := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	dist := j.distProblem()
	if dist != "" {
		problem("dist: got %q, %s", j.in.dist, dist)
	}
	if out := j.outProblem(dist == ""); out != "" {
		problem("out: got %q, %s", j.in.out, out)
	}
	if (j.in.key != "") != (j.in.sign == signing.Key) {
		problem("sign, key: got %s and %s, want sign: key with a key, or none", j.in.sign, orNothing(strings.SplitN(j.in.key, ":", 2)[0]))
	}
	if j.in.password != "" && j.in.sign != signing.Key {
		problem("key-password: got a password without sign: key")
	}
	return errs
}

func (j *job) distProblem() string {
	if place.Inside(j.dir, j.dist) {
		return "which holds the project; want the folder that was built"
	}
	return j.folderProblem(j.dist)
}

// outProblem compares out with dist where that is a folder for a release.
func (j *job) outProblem(withDist bool) string {
	// Of the modes with a folder in out, out itself is what has to be one.
	given := place.Real(place.Within(j.dir, filepath.FromSlash(j.in.out)))
	if withDist && place.Inside(j.out, j.dist) || place.Inside(j.dir, given) {
		return "which is the release's folder, in it, or above the project; want a folder of its own, such as integrity"
	}
	if problem := j.folderProblem(j.out); problem != "" {
		return problem
	}
	if names := j.strangers(); len(names) > 0 {
		return fmt.Sprintf("which has what no run wrote, and would be replaced: %s; want a folder of its own, such as integrity", strings.Join(names, ", "))
	}
	return ""
}

// folderProblem is what any folder that is written to has to be.
func (j *job) folderProblem(folder string) string {
	if w := j.r.Workspace(); w != "" && !place.Inside(folder, w) {
		return "which lies outside the workspace, and would be gone with the container; want a folder in it"
	}
	if file := fileOnTheWay(folder); file != "" {
		return fmt.Sprintf("but %q is a file; want a folder", j.relative(file))
	}
	return ""
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
	return place.Read(j.dir, j.r.Workspace(), name, most)
}

// found keeps findings.
func (j *job) found(all ...finding.Finding) { j.findings = append(j.findings, all...) }
