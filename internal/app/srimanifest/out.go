package srimanifest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/integrity/adopt"
	"github.com/org/checkout-deploy/internal/integrity/header"
)

// outFiles are the files of the folder out, by name.
type outFiles map[string][]byte

// Names in the folder out.
const (
	findingsFile = "findings.sarif"
	evidenceFile = "evidence.json"
)

// Of the files that a run may write, those that it does not write are of an earlier
// run, and go. The headers are a release's: a live check leaves them.
var (
	headerFiles = []string{"headers.json", "headers.nginx.conf", "_headers"}
	otherFiles  = []string{"inventory.diff", findingsFile, evidenceFile, "evidence.csv", "evidence.html", evidenceFile + signed}
)

// possible are the files that a run of this mode may write into out.
func (j *job) possible() []string {
	switch j.in.mode {
	case ofBaseline:
		return nil
	case ofRelease:
		return slices.Concat(headerFiles, otherFiles)
	default:
		return otherFiles
	}
}

// strangers are what has a name of ours in out, and no run wrote.
func (j *job) strangers() (names []string) {
	for _, name := range j.possible() {
		path := filepath.Join(j.out, name)
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && info.Mode().IsRegular() && info.Size() <= maxPack {
			if data, err := os.ReadFile(path); err == nil && isOurs(name, data) {
				continue
			}
		}
		names = append(names, name)
	}
	return names
}

// isOurs reports whether a run wrote a file: such a file says so.
func isOurs(name string, data []byte) bool {
	switch name {
	case "headers.nginx.conf", "_headers", "inventory.diff": // also where a part of one was pasted into a file of somebody's
		return bytes.HasPrefix(data, []byte(header.Mark))
	case "evidence.csv":
		return bytes.HasPrefix(data, []byte("\ufeffname,kind,party,page,"))
	case evidenceFile + signed:
		return bytes.Contains(data, []byte("application/vnd.dev.sigstore.bundle"))
	}
	return bytes.Contains(data, []byte(adopt.ToolName))
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
		return nil, fmt.Errorf("making the folder %s: %w", j.r.Shown(j.out), place.Cause(err))
	}
	all := map[string][]byte{}
	for name, data := range files {
		all[filepath.Join(j.out, name)] = data
	}
	return j.stageFiles(all)
}

// commitOut puts them in their place, and takes away what an earlier run left.
func (j *job) commitOut(files outFiles, staged stagedFiles) error {
	if err := staged.commit(j); err != nil {
		return err
	}
	j.wrote = files
	for _, name := range j.possible() {
		if _, ok := files[name]; !ok {
			if err := place.Remove(filepath.Join(j.out, name)); err != nil {
				return fmt.Errorf("removing an earlier %s: %w", name, place.Cause(err))
			}
		}
	}
	return nil
}

// stagedFiles are written, and not in their place yet.
type stagedFiles []place.File

func (j *job) stageFiles(files map[string][]byte) (staged stagedFiles, _ error) {
	for _, path := range sortedKeys(files) {
		f, err := place.Stage(path, files[path])
		if err != nil {
			staged.discard()
			return nil, fmt.Errorf("writing %s: %w", j.r.Shown(path), place.Cause(err))
		}
		staged = append(staged, f)
	}
	return staged, nil
}

func (s stagedFiles) commit(j *job) error {
	for i := range s {
		if err := s[i].Commit(); err != nil {
			return fmt.Errorf("writing %s: %w", j.r.Shown(s[i].Path), place.Cause(err))
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
	staged, err := j.stageFiles(files)
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
