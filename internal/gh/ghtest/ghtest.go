// Package ghtest is GitHub for tests: a strict http.Handler that keeps issues,
// labels, comments, deployments and code scanning's uploads of one repository, refuses what
// GitHub refuses, in its words, and checks each request and each of its own
// answers against GitHub's REST description where npm has installed it.
package ghtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options are what the fake is. Repository and Permissions are required.
type Options struct {
	Repository string // owner/name
	// Permissions are the token's, as in a workflow: "issues": "write". What is
	// not there is none, as in a workflow that has a permissions block.
	Permissions map[string]string
	// Login is the token's user; "" is github-actions[bot].
	Login string
	// Token is the one that is taken; "" is Token.
	Token string
	// Private repositories are not there for a token that can't read anything
	// of them.
	Private bool
	// NoIssues has the repository's issues turned off.
	NoIssues bool
	// DropLabels has labels on new issues dropped without a word, as GitHub does
	// for users without push access.
	DropLabels bool
	// Renamed is an older name of the repository: its addresses redirect.
	Renamed string
	// Prefix is the path before the API's: "" as on github.com, "/api/v3" as on
	// an Enterprise Server.
	Prefix string
	// Parents are the repository's commits, each with those that it comes from, none
	// as an empty list; nil takes any commit for one.
	Parents map[string][]string
	// Polls is how often an upload of SARIF is pending.
	Polls int
	// Now is the clock of dates and limits; nil is a fixed date.
	Now func() time.Time
	// Report is told what GitHub's description does not allow; nil fails the
	// test.
	Report func(problem string)
}

// Token is a token that the fake takes. It is in two pieces, so that
// no scanner of sources takes it for one of GitHub's.
const Token = "ghs_" + "0123456789abcdefghijklmnopqrstuvwxyzA"

// Fake is the server. It is safe for concurrent use.
type Fake struct {
	options     Options
	description *description // nil where npm has installed none
	routes      []route

	mu          sync.Mutex
	scripts     []*script
	requests    []string
	issues      []*Issue
	labels      map[string]bool
	comments    int64
	uploads     []*upload
	deployments []*Deployment
	statuses    int64         // of deployments
	moment      time.Duration // since the clock's time: each write is a second later
}

// New starts nothing: a Fake is a http.Handler.
func New(t testing.TB, o Options) *Fake {
	t.Helper()
	read := readCloud
	if o.Prefix != "" {
		read = readEnterprise
	}
	d, err := read()
	if err != nil {
		t.Fatal(err)
	}
	if d == nil {
		t.Log("GitHub's description is not there to compare with: make npm")
	}
	if o.Login == "" {
		o.Login = "github-actions[bot]"
	}
	if o.Token == "" {
		o.Token = Token
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC) }
	}
	if o.Report == nil {
		o.Report = func(problem string) { t.Error(problem) }
	}
	f := &Fake{options: o, description: d, labels: map[string]bool{}}
	f.routes = f.table()
	return f
}

// Described says whether GitHub's description is there: without it, a test of
// agreement with it says nothing.
func (f *Fake) Described() bool { return f.description != nil }

// Serve starts a server for the test and returns the API's URL.
func (f *Fake) Serve(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return server.URL + f.options.Prefix
}

// Grant gives the token of the next job its permissions.
func (f *Fake) Grant(permissions map[string]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.options.Permissions = permissions
}

// Requests are the methods and paths of what was asked, in order.
func (f *Fake) Requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.requests...)
}

// route is one operation. Its template is the description's.
type route struct {
	method, template string
	permission       string // "issues: write"
	docs             string // the page's place below docs.github.com/rest
	serve            func(f *Fake, q *request) answer
}

// request is what a route gets.
type request struct {
	base   string // the API's URL
	url    *url.URL
	vars   map[string]string
	body   []byte
	fields map[string]any // of the body
}

// answer is what a route gives.
type answer struct {
	status int
	body   any
	header http.Header
}

func (f *Fake) table() []route {
	const repo = "/repos/{owner}/{repo}"
	return []route{
		{"GET", repo + "/issues", "issues: read", "issues/issues#list-repository-issues", (*Fake).listIssues},
		{"POST", repo + "/issues", "issues: write", "issues/issues#create-an-issue", (*Fake).createIssue},
		{"GET", repo + "/issues/{issue_number}", "issues: read", "issues/issues#get-an-issue", (*Fake).getIssue},
		{"PATCH", repo + "/issues/{issue_number}", "issues: write", "issues/issues#update-an-issue", (*Fake).updateIssue},
		{"GET", repo + "/issues/{issue_number}/comments", "issues: read", "issues/comments#list-issue-comments", (*Fake).listComments},
		{"POST", repo + "/issues/{issue_number}/comments", "issues: write", "issues/comments#create-an-issue-comment", (*Fake).createComment},
		{"POST", repo + "/issues/{issue_number}/labels", "issues: write", "issues/labels#add-labels-to-an-issue", (*Fake).addLabels},
		{"POST", repo + "/code-scanning/sarifs", "security-events: write", "code-scanning/code-scanning#upload-an-analysis-as-sarif-data", (*Fake).uploadSARIF},
		{"GET", repo + "/deployments", "deployments: read", "deployments/deployments#list-deployments", (*Fake).listDeployments},
		{"POST", repo + "/deployments", "deployments: write", deploymentDocs, (*Fake).createDeployment},
		{"GET", repo + "/deployments/{deployment_id}/statuses", "deployments: read", "deployments/statuses#list-deployment-statuses", (*Fake).listDeploymentStatuses},
		{"POST", repo + "/deployments/{deployment_id}/statuses", "deployments: write", "deployments/statuses#create-a-deployment-status", (*Fake).createDeploymentStatus},
		{"GET", repo + "/compare/{basehead}", "contents: read", "commits/commits#compare-two-commits", (*Fake).compareCommits},
		{"GET", repo + "/code-scanning/sarifs/{sarif_id}", "security-events: read", "code-scanning/code-scanning#get-information-about-a-sarif-upload", (*Fake).sarifStatus},
	}
}

// ServeHTTP answers by the first script that matches, or by itself.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.requests = append(f.requests, r.Method+" "+r.URL.Path)
	step := f.nextStep(r)
	f.mu.Unlock()
	own := http.HandlerFunc(f.serve)
	if step != nil {
		step(w, r, own)
		return
	}
	own(w, r)
}

// serve finds the route and holds both sides against the description.
func (f *Fake) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, err := io.ReadAll(io.LimitReader(r.Body, 32<<20))
	if err != nil {
		return // the client is gone
	}
	q := &request{url: r.URL, body: body, base: "http://" + r.Host + f.options.Prefix}
	route, a := f.find(q, r)
	if route != nil {
		f.compare(route, q, a)
	}
	f.write(w, route, a)
}

func (f *Fake) find(q *request, r *http.Request) (*route, answer) {
	if r.Header.Get("User-Agent") == "" {
		return nil, answer{status: http.StatusForbidden, body: "Request forbidden by administrative rules. Please make sure your request has a User-Agent header."}
	}
	if r.Header.Get("Authorization") != "Bearer "+f.options.Token {
		return nil, failed(http.StatusUnauthorized, "Bad credentials", "")
	}
	if v := r.Header.Get("X-GitHub-Api-Version"); v != "" && v != "2022-11-28" && v != "2026-03-10" {
		return nil, failed(http.StatusBadRequest, "Version "+v+" is not supported.", "")
	}
	if r.URL.Path == f.graphQL() && r.Method == http.MethodPost {
		return nil, f.viewer(q)
	}
	path, below := strings.CutPrefix(r.URL.Path, f.options.Prefix)
	if !below {
		return nil, answer{status: http.StatusNotFound, body: "Not Found"}
	}
	if a, moved := f.moved(q, r.Method, path); moved {
		return nil, a
	}
	for i := range f.routes {
		if vars, ok := match(f.routes[i].template, path); ok && f.routes[i].method == r.Method {
			q.vars = vars
			return &f.routes[i], f.allowed(&f.routes[i], q)
		}
	}
	return nil, failed(http.StatusNotFound, "Not Found", "")
}

// allowed has the route serve what the token may have.
func (f *Fake) allowed(route *route, q *request) answer {
	owner, repo := q.vars["owner"], q.vars["repo"]
	switch {
	case !strings.EqualFold(owner+"/"+repo, f.options.Repository),
		f.options.Private && len(f.options.Permissions) == 0:
		return failed(http.StatusNotFound, "Not Found", route.docs)
	case !f.may(route.permission):
		return failed(http.StatusForbidden, "Resource not accessible by integration", route.docs)
	case f.options.NoIssues && strings.HasPrefix(route.permission, "issues"):
		return failed(http.StatusGone, "Issues has been disabled in this repository.", "")
	}
	if len(q.body) > 0 {
		var v any
		if json.Unmarshal(q.body, &v) != nil {
			return failed(http.StatusBadRequest, "Problems parsing JSON", route.docs)
		}
		fields, ok := v.(map[string]any)
		if !ok {
			return failed(http.StatusBadRequest, "Body should be a JSON object", route.docs)
		}
		q.fields = fields
	}
	return route.serve(f, q)
}

func (f *Fake) may(permission string) bool {
	name, level, _ := strings.Cut(permission, ": ")
	got := f.options.Permissions[name]
	return got == "write" || got == level
}

// match fills a template's variables.
func match(template, path string) (map[string]string, bool) {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	vars := map[string]string{}
	for i := range want {
		switch {
		case strings.HasPrefix(want[i], "{"):
			vars[strings.Trim(want[i], "{}")] = got[i]
		case want[i] != got[i]:
			return nil, false
		}
	}
	return vars, true
}

// repositoryID is how redirects name a repository.
const repositoryID = "1296269"

// moved redirects from an older name, by the status that keeps the method, and
// serves the address that it redirects to.
func (f *Fake) moved(q *request, method, path string) (answer, bool) {
	if rest, ok := strings.CutPrefix(path, "/repositories/"+repositoryID); ok {
		path = "/repos/" + f.options.Repository + rest
		for i := range f.routes {
			if vars, ok := match(f.routes[i].template, path); ok && f.routes[i].method == method {
				q.vars = vars
				a := f.allowed(&f.routes[i], q)
				f.compare(&f.routes[i], q, a)
				return a, true
			}
		}
	}
	rest, ok := strings.CutPrefix(path, "/repos/"+f.options.Renamed+"/")
	if !ok || f.options.Renamed == "" {
		return answer{}, false
	}
	status := http.StatusMovedPermanently
	if method != http.MethodGet {
		status = http.StatusTemporaryRedirect
	}
	to := q.base + "/repositories/" + repositoryID + "/" + rest
	if q.url.RawQuery != "" {
		to += "?" + q.url.RawQuery
	}
	return answer{
		status: status,
		body:   map[string]any{"message": "Moved Permanently", "url": to, "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects"},
		header: http.Header{"Location": {to}},
	}, true
}

// graphQL is where GitHub has it.
func (f *Fake) graphQL() string {
	if api, ok := strings.CutSuffix(f.options.Prefix, "/v3"); ok {
		return api + "/graphql"
	}
	return f.options.Prefix + "/graphql"
}

func (f *Fake) viewer(q *request) answer {
	var ask struct{ Query string }
	if json.Unmarshal(q.body, &ask) != nil || strings.Join(strings.Fields(ask.Query), "") != "{viewer{login}}" {
		return answer{status: http.StatusOK, body: map[string]any{"errors": []any{map[string]any{"message": "the fake knows the query {viewer{login}}"}}}}
	}
	return answer{status: http.StatusOK, body: map[string]any{"data": map[string]any{"viewer": map[string]any{"login": f.options.Login}}}}
}

// compare reports what the description does not have. A request that was
// refused for its form may be wrong.
func (f *Fake) compare(route *route, q *request, a answer) {
	if f.description == nil {
		return
	}
	op, err := f.description.operation(route.method, route.template)
	if err != nil {
		f.options.Report(err.Error())
		return
	}
	what := route.method + " " + q.url.RequestURI()
	if err := op.checkRequest(q.url.Query(), q.body); err != nil && a.status != http.StatusBadRequest {
		f.options.Report(fmt.Sprintf("the request %s: %v", what, err))
	}
	header, body := a.encode()
	if err := op.checkAnswer(a.status, header, body); err != nil {
		f.options.Report(fmt.Sprintf("the fake's answer to %s: %v", what, err))
	}
}

func (a answer) encode() (http.Header, []byte) {
	h := http.Header{}
	maps.Copy(h, a.header)
	if text, plain := a.body.(string); plain {
		h.Set("Content-Type", "text/html; charset=utf-8")
		return h, []byte(text)
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	body, err := json.Marshal(a.body)
	if err != nil {
		panic(err) // the fake's own types
	}
	return h, body
}

func (f *Fake) write(w http.ResponseWriter, route *route, a answer) {
	header, body := a.encode()
	maps.Copy(w.Header(), header)
	h := w.Header()
	now := f.options.Now()
	h.Set("Date", now.UTC().Format(http.TimeFormat))
	h.Set("X-GitHub-Media-Type", "github.v3; format=json")
	h.Set("X-GitHub-Request-Id", fmt.Sprintf("0400:%04X:FAKE", len(f.requests)))
	h.Set("X-RateLimit-Limit", "1000")
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(1000-len(f.requests), 1)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(now.Add(time.Hour).Unix(), 10))
	if route != nil {
		h.Set("X-Accepted-GitHub-Permissions", strings.ReplaceAll(strings.Replace(route.permission, ": ", "=", 1), "-", "_"))
	}
	w.WriteHeader(a.status)
	if a.status != http.StatusNoContent {
		_, _ = io.Copy(w, bytes.NewReader(body))
	}
}

// failed is an answer in GitHub's form.
func failed(status int, message, docs string, errors ...map[string]any) answer {
	body := map[string]any{
		"message":           message,
		"documentation_url": strings.TrimSuffix("https://docs.github.com/rest/"+docs, "/"),
		"status":            strconv.Itoa(status),
	}
	if errors != nil {
		body["errors"] = errors
	}
	return answer{status: status, body: body}
}
