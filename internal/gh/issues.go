package gh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
)

// Issues keeps one open issue for each thing that is wrong. An issue is an
// incident: it is opened when the alert first fires, gets a comment when what
// was found changes, and is closed when all is well. A closed one is not opened
// again: its dates are the incident's. It is for one goroutine.
type Issues struct {
	client *Client
	label  string
	login  string // "" until it is known
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
	// and "./_-", the first a letter or digit, with no "--" and no "-" at the
	// end.
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
func (c *Client) Issues(o IssueOptions) (*Issues, error) {
	label := cmp.Or(o.Label, DefaultLabel)
	if err := checkLabel(label); err != nil {
		return nil, err
	}
	return &Issues{client: c, label: label, login: o.Login}, nil
}

func (a *AlertIssue) check() error {
	problems := []error{checkKey(a.Key)}
	if oneLine(a.Title) == "" {
		problems = append(problems, fmt.Errorf("got the title %.80q of the alert %.120q; an issue has a title", a.Title, a.Key))
	}
	for _, label := range a.Labels {
		problems = append(problems, checkLabel(label))
	}
	return errors.Join(problems...)
}

func (a *AlertIssue) state() string { return cmp.Or(a.State, a.Title+"\n"+a.Body) }

func (a *AlertIssue) text() string { return marked(a.Key, a.state(), a.Body) }

// Alert opens the issue, or brings the open one up to date. Of several that are
// open, as two runs at once can leave them, the oldest stays.
//
// Where it is not known whether GitHub did what was asked, it is looked up
// before it is asked again.
func (i *Issues) Alert(ctx context.Context, a AlertIssue) (Issue, error) {
	if err := a.check(); err != nil {
		return Issue{}, err
	}
	ctx = i.client.call(ctx, "issues: write")
	issue, err := i.alert(ctx, &a)
	if err != nil {
		return issue, fmt.Errorf("the issue of the alert %q: %w", a.Key, err)
	}
	return issue, nil
}

func (i *Issues) alert(ctx context.Context, a *AlertIssue) (Issue, error) {
	if err := i.identify(ctx); err != nil {
		return Issue{}, err
	}
	open, err := i.open(ctx, a.Key)
	if err != nil {
		return Issue{}, err
	}
	made := 0
	if len(open) == 0 {
		issue, err := i.create(ctx, a)
		if err != nil {
			return Issue{}, err
		}
		made = issue.GetNumber()
		if open, err = i.settle(ctx, a.Key, issue); err != nil {
			return ours(issue, Opened), err
		}
	}
	return i.keepOldest(ctx, a, open, made)
}

// keepOldest brings the first of the open issues up to date and closes the
// others. made is the number of the one that this call opened, or 0.
func (i *Issues) keepOldest(ctx context.Context, a *AlertIssue, open []*github.Issue, made int) (Issue, error) {
	oldest := open[0]
	for _, other := range open[1:] {
		if err := i.yield(ctx, a.Key, other, oldest); err != nil {
			return ours(oldest, Unchanged), err
		}
	}
	issue, err := i.update(ctx, a, oldest)
	if issue.Number == made && issue.Change == Unchanged {
		issue.Change = Opened
	}
	return issue, err
}

func ours(issue *github.Issue, change Change) Issue {
	return Issue{Number: issue.GetNumber(), URL: issue.GetHTMLURL(), Change: change}
}

// identify finds out whose issues are ours. An alert does not fall silent over
// it: a workflow's own user is the likely one, and the first issue that is
// opened tells.
func (i *Issues) identify(ctx context.Context) error {
	if i.login != "" {
		return nil
	}
	login, err := i.client.Login(ctx)
	var failed *Error
	if errors.As(err, &failed) && failed.Status != http.StatusUnauthorized && (errors.Is(err, ErrRefused) || errors.Is(err, ErrNotFound)) {
		login, err = actionsLogin, nil
	}
	i.login = login
	return err
}

// mine compares an author with the token's user. A bot's name ends with [bot],
// and no person's name has brackets.
func (i *Issues) mine(user *github.User) bool { return strings.EqualFold(user.GetLogin(), i.login) }

// open lists our open issues with the key, the oldest first. Lists tell what is
// there; GitHub's search learns of it later.
func (i *Issues) open(ctx context.Context, key string) ([]*github.Issue, error) {
	query := url.Values{
		"labels": {i.label}, "state": {"open"}, "sort": {"created"}, "direction": {"asc"}, "per_page": {"100"},
	}
	var open []*github.Issue
	for issue, err := range pages[*github.Issue](ctx, i.client, i.client.path("issues")+"?"+query.Encode()) {
		if err != nil {
			return nil, err
		}
		if mark, _ := firstLines(issue.GetBody()); mark == keyMark(key) && i.mine(issue.User) && !issue.IsPullRequest() {
			open = append(open, issue)
		}
	}
	slices.SortFunc(open, func(a, b *github.Issue) int { return cmp.Compare(a.GetNumber(), b.GetNumber()) })
	return open, nil
}

func (c *Client) path(rest string) string { return "repos/" + c.owner + "/" + c.repo + "/" + rest }

// create opens an issue. If it isn't known whether GitHub did, the list tells;
// if it didn't, it is asked once more: two issues are better than none, and the
// younger of two closes.
func (i *Issues) create(ctx context.Context, a *AlertIssue) (*github.Issue, error) {
	issue, err := i.post(ctx, a)
	if !unknown(err) {
		return issue, err
	}
	open, listErr := i.open(ctx, a.Key)
	switch {
	case listErr != nil:
		return nil, errors.Join(err, listErr)
	case len(open) > 0:
		return open[0], nil
	}
	return i.post(ctx, a)
}

func unknown(err error) bool {
	var failed *Error
	return errors.As(err, &failed) && failed.Unknown
}

func (i *Issues) post(ctx context.Context, a *AlertIssue) (*github.Issue, error) {
	c := i.client
	title, body := oneLine(a.Title), a.text()
	labels := append([]string{i.label}, a.Labels...)
	issue, _, err := c.api.Issues.Create(ctx, c.owner, c.repo, &github.IssueRequest{Title: &title, Body: &body, Labels: &labels})
	if err != nil {
		return nil, clean(err)
	}
	if issue.GetNumber() <= 0 || issue.GetUser().GetLogin() == "" {
		return nil, fmt.Errorf("GitHub's answer to a new issue has no number or no author: %w", ErrUnavailable)
	}
	i.login = issue.User.GetLogin()
	return issue, i.labelled(ctx, issue)
}

// labelled gives an issue the label that it is found by, which GitHub drops
// without a word where the token may not set it.
func (i *Issues) labelled(ctx context.Context, issue *github.Issue) error {
	if hasLabel(issue.Labels, i.label) {
		return nil
	}
	// go-github sends a bare list here, which GitHub's description does not have.
	var labels []*github.Label
	path := "issues/" + strconv.Itoa(issue.GetNumber()) + "/labels"
	if err := i.client.post(repeating(ctx), path, map[string]any{"labels": []string{i.label}}, &labels); err != nil {
		return fmt.Errorf("#%d was opened, without the label %q that it is to be found by: %w", issue.GetNumber(), i.label, err)
	}
	if !hasLabel(labels, i.label) {
		return fmt.Errorf("#%d was opened, and GitHub dropped the label %q that it is to be found by: %w; the token's user needs the right to set labels", issue.GetNumber(), i.label, ErrRefused)
	}
	return nil
}

func hasLabel(labels []*github.Label, name string) bool {
	return slices.ContainsFunc(labels, func(l *github.Label) bool { return strings.EqualFold(l.GetName(), name) })
}

// settle lists again after an issue was opened: another run may have opened one
// since the first list. It returns the oldest and, if that is another, this
// run's own; what else there is is its own run's to close.
func (i *Issues) settle(ctx context.Context, key string, made *github.Issue) ([]*github.Issue, error) {
	open, err := i.open(ctx, key)
	if err != nil {
		return nil, err
	}
	if len(open) == 0 || open[0].GetNumber() >= made.GetNumber() { // or the list is behind
		return []*github.Issue{made}, nil
	}
	return []*github.Issue{open[0], made}, nil
}

// yield closes an issue in favour of an older one.
func (i *Issues) yield(ctx context.Context, key string, issue, oldest *github.Issue) error {
	text := fmt.Sprintf("Another run opened #%d at the same time; it goes on there.", oldest.GetNumber())
	return i.close(ctx, key, issue, text, "not_planned")
}

// update tells in a comment what has changed, which people get by mail, and
// then in the issue's text. In this order a run that breaks off between the two
// is made good by the next.
func (i *Issues) update(ctx context.Context, a *AlertIssue, issue *github.Issue) (Issue, error) {
	if _, state := firstLines(issue.GetBody()); state == stateMark(a.state()) {
		return ours(issue, Unchanged), nil
	}
	if err := i.comment(ctx, a.Key, issue, a.state(), "What was found has changed. It is now:\n\n"+a.Body); err != nil {
		return ours(issue, Unchanged), err
	}
	title, body := oneLine(a.Title), a.text()
	return ours(issue, Updated), i.edit(ctx, issue, &github.IssueRequest{Title: &title, Body: &body})
}

func (i *Issues) edit(ctx context.Context, issue *github.Issue, change *github.IssueRequest) error {
	c := i.client
	_, _, err := c.api.Issues.Edit(repeating(ctx), c.owner, c.repo, issue.GetNumber(), change)
	return clean(err)
}

// comment adds one, once: if it isn't known whether GitHub has it, the list
// tells.
func (i *Issues) comment(ctx context.Context, key string, issue *github.Issue, state, markdown string) error {
	c := i.client
	body := marked(key, state, markdown)
	post := func() error {
		_, _, err := c.api.Issues.CreateComment(ctx, c.owner, c.repo, issue.GetNumber(), &github.IssueComment{Body: &body})
		return clean(err)
	}
	err := post()
	if !unknown(err) {
		return err
	}
	there, listErr := i.commented(ctx, key, issue, state)
	if listErr != nil {
		return errors.Join(err, listErr)
	}
	if there {
		return nil
	}
	return post()
}

// commented looks for a comment that is no older than what is known of the
// issue.
func (i *Issues) commented(ctx context.Context, key string, issue *github.Issue, state string) (bool, error) {
	query := url.Values{"per_page": {"100"}}
	if at := issue.GetUpdatedAt(); !at.IsZero() {
		query.Set("since", at.UTC().Format(time.RFC3339))
	}
	path := i.client.path("issues/" + strconv.Itoa(issue.GetNumber()) + "/comments")
	for comment, err := range pages[*github.IssueComment](ctx, i.client, path+"?"+query.Encode()) {
		if err != nil {
			return false, err
		}
		gotKey, gotState := firstLines(comment.GetBody())
		if gotKey == keyMark(key) && gotState == stateMark(state) && i.mine(comment.User) {
			return true, nil
		}
	}
	return false, nil
}

// Resolve closes what is open under the key, with a comment in Markdown, and
// returns what it closed: nothing where nothing is open, which is no error.
func (i *Issues) Resolve(ctx context.Context, key, comment string) ([]Issue, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	ctx = i.client.call(ctx, "issues: write")
	closed, err := i.resolve(ctx, key, comment)
	if err != nil {
		return closed, fmt.Errorf("closing the issue of the alert %q: %w", key, err)
	}
	return closed, nil
}

func (i *Issues) resolve(ctx context.Context, key, comment string) ([]Issue, error) {
	if err := i.identify(ctx); err != nil {
		return nil, err
	}
	open, err := i.open(ctx, key)
	if err != nil {
		return nil, err
	}
	var closed []Issue
	for _, issue := range open {
		if err := i.close(ctx, key, issue, comment, "completed"); err != nil {
			return closed, err
		}
		closed = append(closed, ours(issue, Closed))
	}
	return closed, nil
}

func (i *Issues) close(ctx context.Context, key string, issue *github.Issue, text, reason string) error {
	if text != "" {
		if err := i.comment(ctx, key, issue, "closed: "+text, text); err != nil {
			return err
		}
	}
	state := "closed"
	return i.edit(ctx, issue, &github.IssueRequest{State: &state, StateReason: &reason})
}
