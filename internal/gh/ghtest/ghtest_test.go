package ghtest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

const shop = "org/shop"

var mayAll = map[string]string{"issues": "write", "security-events": "write", "deployments": "write", "contents": "read"}

type reply struct {
	status int
	header http.Header
	body   string
}

// ask sends one request as a client would that GitHub takes.
func ask(t *testing.T, api, method, path, body string, header ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, api+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+Token)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(text)}
}

func TestRefusals(t *testing.T) {
	const issues, sarifs, deployments = "/repos/org/shop/issues", "/repos/org/shop/code-scanning/sarifs", "/repos/org/shop/deployments"
	commit := strings.Repeat("0a", 20)
	for _, test := range []struct {
		name         string
		o            Options
		method, path string
		body         string
		header       []string
		status       int
		want         string
	}{
		{"no token", Options{}, "GET", issues, "", []string{"Authorization", ""}, 401, "Bad credentials"},
		{"another token", Options{}, "GET", issues, "", []string{"Authorization", "Bearer x"}, 401, "Bad credentials"},
		{"no user agent", Options{}, "GET", issues, "", []string{"User-Agent", ""}, 403, "make sure your request has a User-Agent header"},
		{"an API that is not there", Options{}, "GET", issues, "", []string{"X-GitHub-Api-Version", "2020-01-01"}, 400, "is not supported"},
		{"another repository", Options{}, "GET", "/repos/org/other/issues", "", nil, 404, "Not Found"},
		{"no such path", Options{}, "GET", "/repos/org/shop/wiki", "", nil, 404, "Not Found"},
		{"outside of the prefix", Options{Prefix: "/api/v3"}, "GET", "/../.." + issues, "", nil, 404, "Not Found"},
		{"no permission to read", Options{Permissions: map[string]string{"contents": "read"}}, "GET", issues, "", nil, 403, "Resource not accessible by integration"},
		{"no permission to write", Options{Permissions: map[string]string{"issues": "read"}}, "POST", issues, `{"title":"t"}`, nil, 403, "Resource not accessible by integration"},
		{"no permission to upload", Options{Permissions: map[string]string{"issues": "write", "security-events": "read"}}, "POST", sarifs, `{"commit_sha":"` + commit + `","ref":"refs/heads/main","sarif":"x"}`, nil, 403, "Resource not accessible by integration"},
		{"a private repository", Options{Private: true, Permissions: map[string]string{}}, "GET", issues, "", nil, 404, "Not Found"},
		{"issues turned off", Options{NoIssues: true}, "POST", issues, `{"title":"t"}`, nil, 410, "Issues has been disabled"},
		{"no JSON", Options{}, "POST", issues, `{"title":`, nil, 400, "Problems parsing JSON"},
		{"a list", Options{}, "POST", issues, `[]`, nil, 400, "Body should be a JSON object"},
		{"an empty title", Options{}, "POST", issues, `{"title":" "}`, nil, 422, `"code":"missing_field"`},
		{"a long title", Options{}, "POST", issues, `{"title":"` + strings.Repeat("x", 257) + `"}`, nil, 422, "title is too long (maximum is 256 characters)"},
		{"a long body", Options{}, "POST", issues, `{"title":"t","body":"` + strings.Repeat("x", 65537) + `"}`, nil, 422, "body is too long (maximum is 65536 characters)"},
		{"a label with a comma", Options{}, "POST", issues, `{"title":"t","labels":["a,b"]}`, nil, 422, `"resource":"Label"`},
		{"no such issue", Options{}, "PATCH", issues + "/9", `{"state":"closed"}`, nil, 404, "Not Found"},
		{"an empty comment", Options{}, "POST", issues + "/1/comments", `{"body":" "}`, nil, 422, `"resource":"IssueComment"`},
		{"a commit that is none", Options{}, "POST", sarifs, `{"commit_sha":"` + commit + `","ref":"main","sarif":"x"}`, nil, 400, "not a full git reference"},
		{"no gzip", Options{}, "POST", sarifs, `{"commit_sha":"` + commit + `","ref":"refs/heads/main","sarif":"eA=="}`, nil, 400, "not gzip"},
		{"no such upload", Options{}, "GET", sarifs + "/x", "", nil, 404, "Not Found"},
		{"no permission to deploy", Options{Permissions: map[string]string{"deployments": "read"}}, "POST", deployments, `{"ref":"main"}`, nil, 403, "Resource not accessible by integration"},
		{"a deployment of nothing", Options{}, "POST", deployments, `{"ref":"","auto_merge":false,"required_contexts":[]}`, nil, 422, `"field":"ref"`},
		{"a deployment of a commit that is gone", Options{Parents: map[string][]string{}}, "POST", deployments, `{"ref":"main","auto_merge":false,"required_contexts":[]}`, nil, 422, "No ref found for: main"},
		{"a deployment that merges", Options{}, "POST", deployments, `{"ref":"main","required_contexts":[]}`, nil, 409, "Conflict merging"},
		{"a deployment that waits for checks", Options{}, "POST", deployments, `{"ref":"main","auto_merge":false}`, nil, 409, "status checks failed"},
		{"a state of no deployment", Options{}, "POST", deployments + "/1/statuses", `{"state":"success"}`, nil, 404, "Not Found"},
		{"commits that are not there", Options{}, "GET", "/repos/org/shop/compare/" + commit + "..." + commit, "", nil, 404, "Not Found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.o.Repository = shop
			if test.o.Permissions == nil {
				test.o.Permissions = mayAll
			}
			f := New(t, test.o)
			f.Add(Issue{Title: "t", Author: "octocat"})
			got := ask(t, f.Serve(t), test.method, test.path, test.body, test.header...)
			if got.status != test.status || !strings.Contains(got.body, test.want) {
				t.Errorf("got status %d and %s, want %d and %q", got.status, got.body, test.status, test.want)
			}
			if len(f.Issues()) != 1 || f.Issues()[0].State != "open" || len(f.Issues()[0].Comments) > 0 || len(f.Uploads()) > 0 || len(f.Deployments()) > 0 {
				t.Errorf("something was written: %+v", f.Issues())
			}
		})
	}
}

func TestDeploymentStatusRefusals(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"a state that is none", `{"state":"done"}`, "state is not included in the list"},
		{"a long description", `{"state":"success","description":"` + strings.Repeat("x", 141) + `"}`, "description is too long"},
		{"an address that is a script", `{"state":"success","environment_url":"javascript:alert(1)"}`, "must use http(s) scheme"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := New(t, Options{Repository: shop, Permissions: mayAll, Report: func(string) {}})
			f.AddDeployment(Deployment{SHA: "0a", Environment: "production"})
			got := ask(t, f.Serve(t), "POST", "/repos/org/shop/deployments/1/statuses", test.body)
			if got.status != 422 || !strings.Contains(got.body, test.want) || f.Deployments()[0].Statuses != nil {
				t.Errorf("got status %d and %s, want %q", got.status, got.body, test.want)
			}
		})
	}
}

// GitHub's own rule leaves production and transient environments alone.
func TestInactiveByItself(t *testing.T) {
	for _, test := range []struct {
		name  string
		first Deployment
		body  string
		want  string
	}{
		{"staging", Deployment{Environment: "staging"}, `{"state":"success"}`, "inactive"},
		{"staging, unless it is told not to", Deployment{Environment: "staging"}, `{"state":"success","auto_inactive":false}`, "success"},
		{"production", Deployment{Environment: "staging", Production: true}, `{"state":"success"}`, "success"},
		{"transient", Deployment{Environment: "staging", Transient: true}, `{"state":"success"}`, "success"},
		{"another", Deployment{Environment: "test"}, `{"state":"success"}`, "success"},
		{"not yet", Deployment{Environment: "staging"}, `{"state":"in_progress"}`, "success"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := New(t, Options{Repository: shop, Permissions: mayAll})
			f.AddDeployment(test.first, "success")
			f.AddDeployment(Deployment{Environment: "staging"})
			ask(t, f.Serve(t), "POST", "/repos/org/shop/deployments/2/statuses", test.body)
			if all := f.Deployments(); all[0].State() != test.want {
				t.Errorf("got %q, want %q", all[0].State(), test.want)
			}
		})
	}
}

// What GitHub's description does not have is reported, though GitHub or the
// fake may take it.
func TestDescriptionIsHeldAgainstBothSides(t *testing.T) {
	for _, test := range []struct{ name, method, path, body, want string }{
		{"a field that is misspelled", "POST", "/issues", `{"title":"t","label":["a"]}`, `the body's "label"`},
		{"no title", "POST", "/issues", `{"body":"b"}`, "missing property 'title'"},
		{"a field of another type", "POST", "/issues", `{"title":"t","body":5}`, "want string"},
		{"labels that are numbers", "POST", "/issues", `{"title":"t","labels":[5]}`, "labels"},
		{"a bare list of labels", "PATCH", "/issues/1", `{"labels":"a"}`, "want array"},
		{"a state that is none", "PATCH", "/issues/1", `{"state":"shut"}`, "value must be one of"},
		{"a reason that is none", "PATCH", "/issues/1", `{"state":"closed","state_reason":"fixed"}`, "value must be one of"},
		{"a query that is none", "GET", "/issues?label=a", "", `the query's "label"`},
		{"a number that is none", "GET", "/issues?per_page=many", "", "want integer"},
		{"a direction that is none", "GET", "/issues?direction=up", "", "value must be one of"},
		{"a parameter twice", "GET", "/issues?state=open&state=all", "", "2 times"},
		{"a body where there is none", "GET", "/issues", "{}", "a body is not in the description"},
		{"no body", "POST", "/issues", "", "the body is lacking"},
		{"a commit that is none", "POST", "/code-scanning/sarifs", `{"commit_sha":"x","ref":"refs/heads/main","sarif":"x","more":1}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var problems []string
			f := New(t, Options{Repository: shop, Permissions: mayAll, Report: func(p string) { problems = append(problems, p) }})
			if !f.Described() {
				t.Skip("GitHub's description is not there: make npm")
			}
			f.Add(Issue{Title: "t", Author: "octocat"})
			ask(t, f.Serve(t), test.method, "/repos/org/shop"+test.path, test.body)
			all := strings.Join(problems, "\n")
			if (all != "") != (test.want != "") || !strings.Contains(all, test.want) {
				t.Errorf("reported %q, want %q", all, test.want)
			}
		})
	}
}

// An answer that is not GitHub's is found out: else the fake could say what it
// likes.
func TestAnswersAreHeldAgainstTheDescription(t *testing.T) {
	d, err := readCloud()
	if err != nil {
		t.Fatal(err)
	}
	if d == nil {
		t.Skip("GitHub's description is not there: make npm")
	}
	f := New(t, Options{Repository: shop, Permissions: mayAll})
	f.Add(Issue{Title: "t", Author: "octocat", Labels: []string{"a"}, State: "closed", Reason: "completed"})
	q := &request{base: "https://api.github.com"}
	op, err := d.operation("GET", "/repos/{owner}/{repo}/issues/{issue_number}")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		status int
		change func(map[string]any)
		want   string // "" for an answer that is right
	}{
		{"as it is", 200, func(map[string]any) {}, ""},
		{"without a number", 200, func(m map[string]any) { delete(m, "number") }, "number"},
		{"a number that is text", 200, func(m map[string]any) { m["number"] = "1" }, "want integer"},
		{"a date that is none", 200, func(m map[string]any) { m["created_at"] = "today" }, "date-time"},
		{"a user that is none", 200, func(m map[string]any) { m["user"] = map[string]any{"login": "x"} }, "user"},
		{"no user", 200, func(m map[string]any) { m["user"] = nil }, ""},
		{"no title", 200, func(m map[string]any) { m["title"] = nil }, "title"},
		{"a status that is none", 418, func(map[string]any) {}, "status 418"},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := f.issueJSON(q, f.issues[0])
			test.change(body)
			header, raw := answer{body: body}.encode()
			err := op.checkAnswer(test.status, header, raw)
			if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
		})
	}
}

func TestEveryRouteIsDescribed(t *testing.T) {
	for name, read := range map[string]func() (*description, error){"github.com": readCloud, "an Enterprise Server": readEnterprise} {
		t.Run(name, func(t *testing.T) {
			d, err := read()
			if err != nil {
				t.Fatal(err)
			}
			if d == nil {
				t.Skip("GitHub's description is not there: make npm")
			}
			for _, r := range (&Fake{}).table() {
				op, err := d.operation(r.method, r.template)
				if err != nil {
					t.Error(err)
					continue
				}
				if (op.body != nil) != (r.method != "GET") || len(op.responses) == 0 {
					t.Errorf("%s %s: read a body %v and answers %v", r.method, r.template, op.body != nil, op.responses)
				}
			}
		})
	}
}

// Pages are linked by a cursor, on the host that was asked.
func TestPages(t *testing.T) {
	f := New(t, Options{Repository: shop, Permissions: mayAll, Prefix: "/api/v3"})
	for range 5 {
		f.Add(Issue{Title: "t", Author: "octocat"})
	}
	api := f.Serve(t)
	var seen []int
	for path := "/repos/org/shop/issues?per_page=2&direction=asc"; path != ""; {
		got := ask(t, api, "GET", path, "")
		var list []struct{ Number int }
		if err := json.Unmarshal([]byte(got.body), &list); err != nil {
			t.Fatal(err)
		}
		for _, i := range list {
			seen = append(seen, i.Number)
		}
		path = ""
		for _, link := range strings.Split(got.header.Get("Link"), ", ") {
			if to, ok := strings.CutSuffix(link, `>; rel="next"`); ok {
				path = strings.TrimPrefix(to, "<"+api)
			}
		}
	}
	if len(seen) != 5 || seen[0] != 1 || seen[4] != 5 {
		t.Errorf("got %v", seen)
	}
}

func TestRenamed(t *testing.T) {
	f := New(t, Options{Repository: shop, Permissions: mayAll, Renamed: "org/store"})
	api := f.Serve(t)
	for method, want := range map[string]int{"GET": 301, "POST": 307} {
		body := ""
		if method == "POST" {
			body = `{"title":"t"}`
		}
		got := ask(t, api, method, "/repos/org/store/issues", body)
		if to := got.header.Get("Location"); got.status != want || to != api+"/repositories/1296269/issues" {
			t.Errorf("%s: got status %d to %q, want %d", method, got.status, to, want)
		}
	}
	if len(f.Issues()) > 0 {
		t.Error("the old address took an issue")
	}
}
