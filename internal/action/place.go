package action

import (
	"path"

	"github.com/org/checkout-deploy/internal/finding"
)

// Within moves a finding, whose path is relative to folder, to where it is in the
// workspace. Annotations are shown at the files of the pull request only then.
func (r *Run) Within(folder string, f finding.Finding) finding.Finding {
	if f.Location.Path != "" && !path.IsAbs(f.Location.Path) {
		f.Location.Path = path.Join(r.Shown(folder), f.Location.Path)
	}
	return f
}

// In does what Within does for the findings that err is made of.
func (r *Run) In(folder string, err error) error {
	if err == nil {
		return nil
	}
	return &placed{r, folder, err}
}

type placed struct {
	run    *Run
	folder string
	err    error
}

func (p *placed) Error() string { return p.err.Error() }
func (p *placed) Unwrap() error { return p.err }

// Findings makes placed a finding.Reporter.
func (p *placed) Findings() []finding.Finding {
	all := p.run.findings(p.err)
	moved := make([]finding.Finding, len(all))
	for i, f := range all {
		moved[i] = p.run.Within(p.folder, f)
	}
	return moved
}
