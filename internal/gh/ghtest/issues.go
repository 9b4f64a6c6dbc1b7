package ghtest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// Issue is one that the fake keeps.
type Issue struct {
	Number      int
	Title, Body string
	Author      string // one that ends with [bot] is a bot
	Labels      []string
	State       string // "open" or "closed"
	Reason      string // why it is closed
	PullRequest bool
	Comments    []Comment

	created, updated, closed time.Time
}

// Comment is one of an issue.
type Comment struct {
	ID           int64
	Author, Body string

	at time.Time
}

// Issues are copies of all that there are, in order.
func (f *Fake) Issues() []Issue {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []Issue
	for _, i := range f.issues {
		c := *i
		c.Labels, c.Comments = slices.Clone(i.Labels), slices.Clone(i.Comments)
		all = append(all, c)
	}
	return all
}

// Add puts an issue there as its author would, and returns its number.
func (f *Fake) Add(i Issue) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i.State == "" {
		i.State = "open"
	}
	return f.add(&i).Number
}

func (f *Fake) add(i *Issue) *Issue {
	i.Number = len(f.issues) + 1
	i.created = f.tick()
	i.updated = i.created
	for _, l := range i.Labels {
		f.labels[strings.ToLower(l)] = true
	}
	f.issues = append(f.issues, i)
	return i
}

// tick is the time of a write.
func (f *Fake) tick() time.Time {
	f.moment += time.Second
	return f.options.Now().Add(f.moment)
}

const issuesDocs = "issues/issues#create-an-issue"

func invalid(resource, field, code, message string) answer {
	detail := map[string]any{"resource": resource, "field": field, "code": code}
	if message != "" {
		detail["message"] = message
	}
	return failed(http.StatusUnprocessableEntity, "Validation Failed", issuesDocs, detail)
}

// malformed is the answer to a field of another type.
func malformed(field, want string) answer {
	return failed(http.StatusUnprocessableEntity, fmt.Sprintf("Invalid request.\n\nFor 'properties/%s', the value is not %s.", field, want), issuesDocs)
}

func (f *Fake) createIssue(q *request) answer {
	issue := &Issue{Author: f.options.Login, State: "open"}
	if a, bad := f.change(issue, q.fields); bad {
		return a
	}
	if strings.TrimSpace(issue.Title) == "" {
		return invalid("Issue", "title", "missing_field", "")
	}
	if f.options.DropLabels {
		issue.Labels = nil
	}
	f.add(issue)
	a := answer{status: http.StatusCreated, body: f.issueJSON(q, issue)}
	a.header = http.Header{"Location": {f.issueURL(q, issue)}}
	return a
}

// change sets the fields of a request, all or none.
func (f *Fake) change(issue *Issue, fields map[string]any) (answer, bool) {
	next := *issue
	for name, v := range fields {
		var a answer
		switch name {
		case "title", "body":
			text, ok := v.(string)
			if !ok {
				return malformed(name, "a string"), true
			}
			a = setText(&next, name, text)
		case "labels":
			a = f.setLabels(&next, v)
		case "state":
			a = f.setState(&next, v)
		}
		if a.status != 0 {
			return a, true
		}
	}
	if reason, ok := fields["state_reason"]; ok && next.State != issue.State {
		text, _ := reason.(string)
		if !slices.Contains([]string{"completed", "not_planned", "duplicate", "reopened"}, text) {
			return malformed("state_reason", "a member of [\"completed\", \"not_planned\", \"duplicate\", \"reopened\"]"), true
		}
		next.Reason = text
	}
	*issue = next
	return answer{}, false
}

func setText(i *Issue, name, text string) answer {
	into, limit := &i.Body, 65536
	if name == "title" {
		into, limit, text = &i.Title, 256, strings.TrimSpace(text)
		if text == "" {
			return invalid("Issue", "title", "missing_field", "")
		}
	}
	if len(utf16.Encode([]rune(text))) > limit {
		return invalid("Issue", name, "custom", fmt.Sprintf("%s is too long (maximum is %d characters)", name, limit))
	}
	*into = text
	return answer{}
}

func (f *Fake) setState(i *Issue, v any) answer {
	state, _ := v.(string)
	if state != "open" && state != "closed" {
		return malformed("state", `a member of ["open", "closed"]`)
	}
	if state == "closed" && i.State == "open" {
		i.closed, i.Reason = f.tick(), "completed"
	}
	i.State = state
	return answer{}
}

// setLabels makes labels that are not there, as GitHub does.
func (f *Fake) setLabels(i *Issue, v any) answer {
	list, ok := v.([]any)
	if !ok {
		return malformed("labels", "an array")
	}
	i.Labels = nil
	for _, v := range list {
		name, ok := v.(string)
		if object, isObject := v.(map[string]any); isObject {
			name, ok = object["name"].(string)
		}
		if !ok {
			return malformed("labels/items", "a string")
		}
		if name == "" || strings.Contains(name, ",") || len(name) > 50 {
			return invalid("Label", "name", "invalid", "")
		}
		f.labels[strings.ToLower(name)] = true
		i.Labels = append(i.Labels, name)
	}
	return answer{}
}

func (f *Fake) issue(q *request) (*Issue, answer) {
	n, err := strconv.Atoi(q.vars["issue_number"])
	if err != nil || n < 1 || n > len(f.issues) {
		return nil, failed(http.StatusNotFound, "Not Found", "issues/issues#get-an-issue")
	}
	return f.issues[n-1], answer{}
}

func (f *Fake) getIssue(q *request) answer {
	issue, a := f.issue(q)
	if issue == nil {
		return a
	}
	return answer{status: http.StatusOK, body: f.issueJSON(q, issue)}
}

func (f *Fake) updateIssue(q *request) answer {
	issue, a := f.issue(q)
	if issue == nil {
		return a
	}
	if a, bad := f.change(issue, q.fields); bad {
		return a
	}
	issue.updated = f.tick()
	return answer{status: http.StatusOK, body: f.issueJSON(q, issue)}
}

func (f *Fake) addLabels(q *request) answer {
	issue, a := f.issue(q)
	if issue == nil {
		return a
	}
	before := issue.Labels
	if a := f.setLabels(issue, q.fields["labels"]); a.status != 0 {
		issue.Labels = before
		return a
	}
	for _, l := range before {
		if !slices.Contains(issue.Labels, l) {
			issue.Labels = append(issue.Labels, l)
		}
	}
	if f.options.DropLabels {
		issue.Labels = before
	}
	return answer{status: http.StatusOK, body: f.labelsJSON(q, issue)}
}

func (f *Fake) createComment(q *request) answer {
	issue, a := f.issue(q)
	if issue == nil {
		return a
	}
	body, ok := q.fields["body"].(string)
	if !ok || strings.TrimSpace(body) == "" {
		return invalid("IssueComment", "body", "missing_field", "")
	}
	if len(utf16.Encode([]rune(body))) > 65536 {
		return invalid("IssueComment", "body", "custom", "body is too long (maximum is 65536 characters)")
	}
	f.comments++
	comment := Comment{ID: f.comments, Author: f.options.Login, Body: body, at: f.tick()}
	issue.Comments, issue.updated = append(issue.Comments, comment), comment.at
	return answer{status: http.StatusCreated, body: f.commentJSON(q, issue, comment)}
}

func (f *Fake) listComments(q *request) answer {
	issue, a := f.issue(q)
	if issue == nil {
		return a
	}
	since, err := time.Parse(time.RFC3339, q.url.Query().Get("since"))
	list := []any{}
	for _, c := range issue.Comments {
		if err != nil || !c.at.Before(since) {
			list = append(list, f.commentJSON(q, issue, c))
		}
	}
	return page(q, list)
}

func (f *Fake) listIssues(q *request) answer {
	ask := q.url.Query()
	state := ask.Get("state")
	if state == "" {
		state = "open"
	}
	if !slices.Contains([]string{"open", "closed", "all"}, state) {
		return failed(http.StatusUnprocessableEntity, "Validation Failed", "issues/issues#list-repository-issues", map[string]any{"resource": "Issue", "field": "state", "code": "invalid"})
	}
	list := []any{}
	for _, i := range f.issues {
		if (state == "all" || i.State == state) && hasAll(i.Labels, ask.Get("labels")) {
			list = append(list, f.issueJSON(q, i))
		}
	}
	if ask.Get("direction") != "asc" {
		slices.Reverse(list)
	}
	return page(q, list)
}

func hasAll(labels []string, wanted string) bool {
	for want := range strings.SplitSeq(wanted, ",") {
		if want != "" && !slices.ContainsFunc(labels, func(l string) bool { return strings.EqualFold(l, want) }) {
			return false
		}
	}
	return true
}

// page cuts a list, and links the next page by a cursor, as GitHub does since
// it no longer counts the pages of long lists.
func page(q *request, list []any) answer {
	ask := q.url.Query()
	size := 30
	if n, err := strconv.Atoi(ask.Get("per_page")); err == nil && n > 0 {
		size = min(n, 100)
	}
	from := 0
	if cursor, err := base64.RawURLEncoding.DecodeString(ask.Get("after")); err == nil && len(cursor) > 0 {
		from, _ = strconv.Atoi(string(cursor))
	} else if n, err := strconv.Atoi(ask.Get("page")); err == nil && n > 1 {
		from = (n - 1) * size
	}
	to := min(from+size, len(list))
	a := answer{status: http.StatusOK, body: list[min(from, to):to], header: http.Header{}}
	link := func(rel string, page, from int) string {
		next := url.Values{}
		for k, v := range ask {
			next[k] = v
		}
		next.Set("page", strconv.Itoa(page))
		next.Set("after", base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(from))))
		return fmt.Sprintf("<%s%s?%s>; rel=%q", strings.TrimSuffix(q.base, prefixOf(q)), q.url.Path, next.Encode(), rel)
	}
	var links []string
	if from > 0 {
		links = append(links, link("prev", from/size, max(from-size, 0)))
	}
	if to < len(list) {
		links = append(links, link("next", from/size+2, to), link("last", (len(list)-1)/size+1, len(list)-size))
	}
	if links != nil {
		a.header.Set("Link", strings.Join(links, ", "))
	}
	return a
}

// prefixOf is the path of the API's URL.
func prefixOf(q *request) string {
	u, err := url.Parse(q.base)
	if err != nil {
		return ""
	}
	return u.Path
}
