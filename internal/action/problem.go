package action

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
)

// InputError is everything wrong with the inputs.
type InputError struct{ Problems []finding.Finding }

func (e *InputError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, f := range e.Problems {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Findings makes InputError a finding.Reporter.
func (e *InputError) Findings() []finding.Finding { return e.Problems }

// problems collects what is wrong with inputs.
type problems []finding.Finding

func (p *problems) add(format string, args ...any) {
	*p = append(*p, finding.Finding{Rule: "action/input", Severity: finding.High, Message: fmt.Sprintf(format, args...)})
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &InputError{p}
}

// quote shows text of unknown origin, escaped, and cut to 80 bytes.
func quote(s string) string {
	const most = 80
	if len(s) > most {
		return fmt.Sprintf("%s… (%d bytes)", strconv.Quote(strings.ToValidUTF8(s[:most], "")), len(s))
	}
	return strconv.Quote(s)
}
