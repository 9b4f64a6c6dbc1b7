package action

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
)

// appendTo appends to one of the runner's command files, which it names in the
// environment and makes itself.
func (r *Run) appendTo(variable, text string) (err error) {
	path := r.env.get(variable)
	if path == "" {
		return fmt.Errorf("got no %s, the file that the runner names for it", variable)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("writing to %s: %w", variable, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = f.WriteString(text)
	return err
}

// record is an output as GITHUB_OUTPUT has it. The delimiter can't be guessed,
// so that no value can end it and begin another output.
func (o output) record() string {
	for {
		delimiter := "checkout_deploy_" + rand.Text()
		if !strings.Contains(o.value, delimiter) {
			return o.name + "<<" + delimiter + "\n" + o.value + "\n" + delimiter + "\n"
		}
	}
}

// line is an output on a laptop's standard output. A value of several lines, or
// with characters that a terminal takes for more, is quoted.
func (o output) line() string {
	value := o.value
	if visible(value) != value || strings.Contains(value, "\n") {
		value = fmt.Sprintf("%q", value)
	}
	return o.name + "=" + value + "\n"
}

// flushOutputs writes all outputs at once, also those of an action that failed: a
// deployment's state is wanted then above all.
func (r *Run) flushOutputs() error {
	var b strings.Builder
	for _, o := range r.outputs {
		if r.OnRunner() {
			b.WriteString(o.record())
		} else {
			b.WriteString(o.line())
		}
	}
	r.outputs = nil
	if b.Len() == 0 {
		return nil
	}
	if r.OnRunner() {
		return r.appendTo("GITHUB_OUTPUT", b.String())
	}
	_, err := r.Stdout.Write([]byte(b.String()))
	return err
}

// maxSummary is the runner's: a step's summary above it is dropped whole.
const maxSummary = 1 << 20

// summary collects the Markdown of a step.
type summary struct {
	text strings.Builder
	left int // bytes left out
}

// room is kept for the line that counts what was left out.
const room = 200

// add takes whole parts: what would be cut in two is left out, as half a table
// or an open tag would spoil the page.
func (s *summary) add(markdown string) {
	if s.left > 0 || s.text.Len()+len(markdown)+1 > maxSummary-room {
		s.left += len(markdown)
		return
	}
	s.text.WriteString(markdown + "\n")
}

// flushSummary writes the summary where the runner wants it; on a laptop there
// is no place for it.
func (r *Run) flushSummary() error {
	text, left := r.summary.text.String(), r.summary.left
	r.summary = summary{}
	if left > 0 {
		text += fmt.Sprintf("\n_%d KiB of this summary are left out: GitHub shows at most 1 MiB a step._\n", (left+1023)/1024)
	}
	if text == "" || !r.OnRunner() {
		return nil
	}
	return r.appendTo("GITHUB_STEP_SUMMARY", text)
}
