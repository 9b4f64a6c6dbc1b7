package gh

import "context"

// Issues keeps one open issue for each thing that is wrong. An issue is an
// incident: it is opened when the alert first fires, gets a comment when what
// was found changes, and is closed when all is well. A closed one is not opened
// again: its dates are the incident's.
type Issues struct {
	client *Client
	label  string
	login  string
}

// DefaultLabel is what issues are found by.
const DefaultLabel = "checkout-deploy"

// IssueOptions may be zero.
type IssueOptions struct {
	// Label is on every issue of ours, and what they are listed by; "" is
	// DefaultLabel. GitHub makes it where the repository has none.
	Label string
	// Login is the token's user, such as github-actions[bot]; "" asks GitHub.
	// Issues of other authors are not ours, whatever they hold.
	Login string
}

// AlertIssue is what is wrong.
type AlertIssue struct {
	// Key tells alerts apart, such as "live/checkout": at most 100 of a-z, 0-9
	// and "./_-", the first a letter or digit, with no "--".
	Key string
	// Title is one line of plain text. It is cut to 256 characters.
	Title string
	// Body is Markdown. Text of unknown origin in it is escaped by the caller,
	// mentions and references too. It is cut to what GitHub takes.
	Body string
	// Labels are added to the one of IssueOptions when the issue is opened.
	Labels []string
	// State says what the alert is about: while it stays equal, nothing is
	// written. "" takes Title and Body, which then hold no time and no run.
	State string
}

// Change is what a call did.
type Change string

const (
	Opened    Change = "opened"
	Updated   Change = "updated"
	Unchanged Change = "unchanged"
	Closed    Change = "closed"
)

// Issue is one of ours.
type Issue struct {
	Number int
	URL    string // for people
	Change Change
}

// Issues needs the permission issues: write.
func (c *Client) Issues(o IssueOptions) (*Issues, error) { panic("soon") }

// Alert opens the issue, or brings the open one up to date. Of several that are
// open, as two runs at once can leave them, the oldest stays.
//
// Where it is not known whether GitHub did what was asked, it is looked up; so
// one call leaves one issue open, and a comment can be there twice at worst.
func (i *Issues) Alert(ctx context.Context, a AlertIssue) (Issue, error) { panic("soon") }

// Resolve closes what is open under the key, with a comment in Markdown, and
// returns what it closed: nothing where nothing is open, which is no error.
func (i *Issues) Resolve(ctx context.Context, key, comment string) ([]Issue, error) { panic("soon") }
