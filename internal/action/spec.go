// Package action is the runner's edge: what every action shares of inputs,
// outputs, logs, annotations, summaries, secrets, signals and exit codes.
//
// An action is a Spec and a function. The same program is a GitHub container
// action, whose inputs arrive as INPUT_* variables and whose outputs go to the
// file GITHUB_OUTPUT, and a command on a laptop, whose inputs are flags of the
// same names and whose outputs are lines on standard output. action.yml, README
// tables and --help are made from the Spec.
//
// Only this package and cmd touch the environment, the clock, the streams and
// the exit code.
package action

import (
	"context"
	"fmt"
	"regexp"
	"slices"
)

// Action is a Spec and what it does.
type Action struct {
	Spec
	// Run does the work. The values of Spec's inputs are set before. Its error
	// decides the exit code, see Kind.
	Run func(ctx context.Context, r *Run) error
}

// Spec describes an action to the runner, to people and to generators.
type Spec struct {
	// Name is the command's, and the folder's under actions: "build-bundle".
	Name string
	// Summary is one line for lists: what it does, without a full stop.
	Summary string
	// Description is one sentence for action.yml, and at most 125 characters, as
	// the marketplace wants it.
	Description string
	// Icon and Colour are the marketplace's branding.
	Icon, Colour string
	Inputs       []Input
	Outputs      []Output
	// program is what it is a command of; "" where it is one itself.
	program string
	// Permissions are the GITHUB_TOKEN scopes it needs, such as "contents: read".
	Permissions []string
}

// Input is a value that a workflow or a command line gives.
type Input struct {
	Name string
	// Doc is a sentence of Markdown: what it means, and what "" means.
	Doc string
	// Default stands for an input that is absent or empty.
	Default string
	// Expression is the default in a workflow, in the runner's own language, such as
	// "${{ github.token }}". A laptop has none.
	Expression string
	// Flag is a one-letter flag for the command line, besides Name; may be empty.
	Flag string
	// Required inputs may not be empty. The runner enforces nothing itself.
	Required bool
	// Secret values are masked in the log, and kept out of all that is written.
	Secret bool
	// Laptop inputs are flags only: a workflow has nobody who would look.
	Laptop bool
	Value  Value
}

// Output is a value that later steps can use.
type Output struct {
	Name string
	Doc  string // a sentence of Markdown
}

// input returns the input of a name, nil without one.
func (s *Spec) input(name string) *Input {
	i := slices.IndexFunc(s.Inputs, func(in Input) bool { return in.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Inputs[i]
}

func (s *Spec) hasOutput(name string) bool {
	return slices.ContainsFunc(s.Outputs, func(o Output) bool { return o.Name == name })
}

// ofRunner lists the inputs that a workflow may give.
func (s *Spec) ofRunner() []Input {
	return slices.DeleteFunc(slices.Clone(s.Inputs), func(in Input) bool { return in.Laptop })
}

// inputNames lists the inputs in their order.
func (s *Spec) inputNames() []string {
	names := make([]string, len(s.Inputs))
	for i, in := range s.Inputs {
		names[i] = in.Name
	}
	return names
}

const maxDescription = 125

var validExpression = regexp.MustCompile(`^\$\{\{ [a-z_.]+ \}\}$`)

var validName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// Check reports what is wrong with the Spec itself, a mistake of ours.
func (s *Spec) Check() error {
	var p problems
	if !validName.MatchString(s.Name) {
		p.add("got the action's name %q, want words of a-z and 0-9 joined by hyphens", s.Name)
	}
	if s.Summary == "" || s.Description == "" || len(s.Description) > maxDescription {
		p.add("got the summary %q and a description of %d characters, want both, and at most %d", s.Summary, len(s.Description), maxDescription)
	}
	var flags []string
	for _, in := range s.Inputs {
		if !validName.MatchString(in.Name) || in.Doc == "" || in.Value == nil {
			p.add("input %q: want a name of a-z, 0-9 and hyphens, a doc and a value", in.Name)
		}
		if in.Secret && in.Default != "" {
			p.add("input %q: got a default for a secret, want none", in.Name)
		}
		if in.Expression != "" && (in.Default != "" || !validExpression.MatchString(in.Expression)) {
			p.add("input %q: got the expression %q, want one such as ${{ github.token }}, and no default", in.Name, in.Expression)
		}
		flags = append(flags, in.Name)
		if in.Flag != "" {
			flags = append(flags, in.Flag)
		}
	}
	for _, o := range s.Outputs {
		if !validName.MatchString(o.Name) || o.Doc == "" {
			p.add("output %q: want a name of a-z, 0-9 and hyphens, and a doc", o.Name)
		}
	}
	slices.Sort(flags)
	for i := 1; i < len(flags); i++ {
		if flags[i] == flags[i-1] {
			p.add("got the input %q twice", flags[i])
		}
	}
	if len(p) > 0 {
		return fmt.Errorf("spec of %q: %w", s.Name, p.err())
	}
	return nil
}
