package action

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/sethvargo/go-githubactions"

	"github.com/org/checkout-deploy/internal/finding"
)

// Run is what an action sees of the world while it works, and where it writes
// what people and later steps are to know. Its methods may be called from
// several goroutines.
type Run struct {
	*Command
	spec  *Spec
	env   environment
	given map[string]string
	// mu guards all below, and the streams.
	mu      sync.Mutex
	secrets secrets
	toolkit *githubactions.Action
	notes   annotations
	outputs []output
	summary summary
	written []string // folders and files that are to be the workspace owner's
	problem error    // the first mistake of the action's own
}

type output struct{ name, value string }

func newRun(c *Command, s *Spec) *Run {
	r := &Run{Command: c, spec: s, env: environment{c.Env}}
	r.toolkit = githubactions.New(githubactions.WithGetenv(r.env.get), githubactions.WithWriter(silent{c.Stdout}))
	return r
}

// Lookup is a variable of the environment.
func (r *Run) Lookup(name string) (string, bool) { return r.env.lookup(name) }

// OnRunner says whether this runs in a workflow, and not on a laptop.
func (r *Run) OnRunner() bool { return r.env.onRunner() }

// Path is a path of the user's, relative to the current folder (on a runner the
// workspace), made absolute.
func (r *Run) Path(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(r.Dir, path)
}

// Shown is an absolute path as outputs and messages have it: relative to the
// current folder, on a runner the workspace, with "/"; or absolute outside it. In
// a container the absolute one would mean nothing to the next step.
func (r *Run) Shown(path string) string {
	rel, err := filepath.Rel(r.Dir, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return filepath.ToSlash(path)
	}
	return filepath.ToSlash(rel)
}

// Workspace is the folder that a workflow's files must lie in, without links:
// what a container writes elsewhere is gone with it. "" on a laptop, where there
// is no bound.
func (r *Run) Workspace() string {
	if !r.OnRunner() {
		return ""
	}
	if real, err := filepath.EvalSymlinks(r.Dir); err == nil {
		return real
	}
	return r.Dir
}

// MkdirAll makes a folder and its parents. All of them are the workspace owner's
// in the end.
func (r *Run) MkdirAll(dir string) error {
	missing := ""
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(at); err == nil || filepath.Dir(at) == at {
			break
		}
		missing = at
	}
	if missing == "" {
		return nil
	}
	r.Wrote(missing)
	return os.MkdirAll(dir, 0o777)
}

// Logf writes lines for who watches. They may hold text of unknown origin.
func (r *Run) Logf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.print(fmt.Sprintf(format, args...))
}

// print writes a line, or several, to the log.
func (r *Run) print(text string) {
	text = plain(r.secrets.hide(text), r.OnRunner())
	r.log().print(text + "\n")
}

// log is where lines for people go: on a runner the stream that commands are
// read from, as two streams may come in another order.
func (r *Run) log() silent {
	if r.OnRunner() {
		return silent{r.Stdout}
	}
	return silent{r.Stderr}
}

// Group puts what do logs under a title that can be folded away.
func (r *Run) Group(title string, do func() error) error {
	r.mu.Lock()
	if r.OnRunner() {
		r.toolkit.Group(visible(r.secrets.hide(title)))
	} else {
		r.print(title)
	}
	r.mu.Unlock()
	err := do()
	if r.OnRunner() {
		r.mu.Lock()
		r.toolkit.EndGroup()
		r.mu.Unlock()
	}
	return err
}

// Mask makes value a secret from here on.
func (r *Run) Mask(value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := len(r.secrets.forms)
	r.secrets.add(value)
	if len(r.secrets.forms) == before || !r.OnRunner() {
		return
	}
	for _, form := range r.secrets.forms {
		r.toolkit.AddMask(form)
	}
}

// Findings takes an error apart into what can be shown at its place.
func (r *Run) Findings(err error) []finding.Finding {
	if err == nil {
		return nil
	}
	return r.findings(err)
}

// Report shows findings: on a runner as annotations at their place.
func (r *Run) Report(all ...finding.Finding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range all {
		r.annotate(f)
	}
}

// SetOutput gives later steps a value, when the action ends; the last one of a
// name counts. A name that Spec
// does not have is a mistake of the action's.
func (r *Run) SetOutput(name, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !r.spec.hasOutput(name):
		r.blame("got the output %q, which the spec of %s has not", name, r.spec.Name)
	case r.secrets.in(value):
		r.blame("got a secret as the output %q", name)
	default:
		r.outputs = slices.DeleteFunc(r.outputs, func(o output) bool { return o.name == name })
		r.outputs = append(r.outputs, output{name, value})
	}
}

// Output is a value that SetOutput was given before.
func (r *Run) Output(name string) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.outputs, func(o output) bool { return o.name == name })
	if i < 0 {
		return "", false
	}
	return r.outputs[i].value, true
}

// Given says whether the user gave an input of this name a value of its own: the
// runner fills in action.yml's defaults, and they look like the user's.
func (r *Run) Given(name string) bool {
	in := r.spec.input(name)
	return in != nil && r.given[name] != "" && r.given[name] != in.Default
}

// Summarise adds Markdown to the job's summary. Text of unknown origin in it has
// to be escaped already, as package report does.
func (r *Run) Summarise(markdown string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.summary.add(r.secrets.hide(markdown))
}

// Wrote says that the action made path. In a container that is root's, and
// the next step, or the next checkout, could not remove it.
func (r *Run) Wrote(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.written = append(r.written, path)
}

// blame keeps the first mistake of the action's own.
func (r *Run) blame(format string, args ...any) {
	if r.problem == nil {
		r.problem = &Error{Kind: Broken, Err: fmt.Errorf(format, args...)}
	}
}
