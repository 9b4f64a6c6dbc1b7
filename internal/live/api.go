package live

import "context"

// Observe looks at every page. What a page did is in the Observation, also if it
// failed; an error is ctx's or that of an option.
func Observe(ctx context.Context, o Options) (*Observation, error) { return nil, nil }

// Baseline is what is kept of an observation, to compare later ones with. It has no
// values of cookies and of queries.
type Baseline struct{}

// NewBaseline reduces an observation. own are the files of the release it shows.
func NewBaseline(o *Observation, own map[string]string) (*Baseline, error) { return nil, nil }

// ReadBaseline reads strictly what Encode wrote.
func ReadBaseline(data []byte) (*Baseline, error) { return nil, nil }

// Encode writes canonical JSON.
func (b *Baseline) Encode() ([]byte, error) { return nil, nil }

// Compare says how an observation differs from its baseline, and what is wrong with
// it in any case. A nil baseline is none: then only the latter.
func Compare(b *Baseline, a Against, o *Observation) []Difference { return nil }

// Alarm is one alteration of a drill and what came of it.
type Alarm struct {
	Name    string // what was altered, in words
	Want    string // the rule
	URL     string
	Fired   bool
	Message string // of the difference, or why there was none
}

// DrillResult is what a drill showed.
type DrillResult struct{ Alarms []Alarm }

// Passed says that every alarm fired, and that there was one.
func (d *DrillResult) Passed() bool { return false }

// Drill looks at the first page twice, once as it is and once altered, and says
// which alarms the alterations raised that the page as it is does not.
func Drill(ctx context.Context, o Options, b *Baseline, a Against) (*DrillResult, error) {
	return nil, nil
}
