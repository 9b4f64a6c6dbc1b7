package srimanifest

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/finding"
)

// outFiles are the files of the folder out, by name.
type outFiles map[string][]byte

// Names in the folder out.
const (
	findingsFile = "findings.sarif"
	evidenceFile = "evidence.json"
)

// possible are the files that a run may write: one that this run does not write is
// of an earlier run, and goes.
var possible = []string{
	"headers.json", "headers.nginx.conf", "_headers", "inventory.diff",
	findingsFile, evidenceFile, "evidence.csv", "evidence.html", evidenceFile + signed,
}

// writeOut stages the files of out and puts them in their place.
func (j *job) writeOut(files outFiles) error {
	staged, err := j.stageOut(files)
	if err != nil {
		return err
	}
	defer staged.discard()
	return j.commitOut(files, staged)
}

// stageOut writes the files of out beside where they are to be: a disk that is full
// is found out before anything is in its place.
func (j *job) stageOut(files outFiles) (stagedFiles, error) {
	if err := j.r.MkdirAll(j.out); err != nil {
		return nil, fmt.Errorf("making the folder out: %w", err)
	}
	all := map[string][]byte{}
	for name, data := range files {
		all[filepath.Join(j.out, name)] = data
	}
	return stageFiles(all)
}

// commitOut puts them in their place, and takes away what an earlier run left.
func (j *job) commitOut(files outFiles, staged stagedFiles) error {
	if err := staged.commit(j); err != nil {
		return err
	}
	for _, name := range possible {
		if _, ok := files[name]; !ok {
			if err := place.Remove(filepath.Join(j.out, name)); err != nil {
				return fmt.Errorf("removing an earlier %s: %w", name, err)
			}
		}
	}
	return nil
}

// stagedFiles are written, and not in their place yet.
type stagedFiles []place.File

func stageFiles(files map[string][]byte) (staged stagedFiles, _ error) {
	for _, path := range sortedKeys(files) {
		f, err := place.Stage(path, files[path])
		if err != nil {
			staged.discard()
			return nil, fmt.Errorf("writing %s: %w", filepath.Base(path), err)
		}
		staged = append(staged, f)
	}
	return staged, nil
}

func (s stagedFiles) commit(j *job) error {
	for i := range s {
		if err := s[i].Commit(); err != nil {
			return fmt.Errorf("writing %s: %w", filepath.Base(s[i].Path), err)
		}
		j.r.Wrote(s[i].Path)
	}
	return nil
}

func (s stagedFiles) discard() {
	for i := range s {
		s[i].Discard()
	}
}

// writeAll puts files in their place after all of them have been written.
func (j *job) writeAll(files map[string][]byte) error {
	staged, err := stageFiles(files)
	if err != nil {
		return err
	}
	defer staged.discard()
	return staged.commit(j)
}

// addFindings writes them as SARIF.
func (j *job) addFindings(files outFiles) error {
	found := make([]finding.Finding, len(j.findings))
	for i, f := range j.findings {
		found[i] = j.r.Within(j.dir, f)
	}
	rules := slices.Clone(j.rules)
	data, err := finding.SARIF(finding.Run{
		Tool:     finding.Tool{Name: "checkout-deploy/sri-manifest", Version: j.r.Version, URI: "https://github.com/org/checkout-deploy"},
		Category: "checkout-deploy/sri-manifest/" + string(j.in.mode), Rules: rules, Findings: found,
		Place: j.r.Within(j.dir, finding.Finding{Location: finding.Location{Path: orDefault(j.cfg.File)}}).Location.Path, Incomplete: j.incomplete,
	})
	if err != nil {
		return fmt.Errorf("writing the findings: %w", err)
	}
	files[findingsFile] = data
	return nil
}
