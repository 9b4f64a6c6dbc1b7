package gh

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/gh/ghtest"
)

var drift = AlertIssue{
	Key: "live/checkout", Title: "The payment page has changed", Body: "`https://shop.example/pay.js` is not what was signed.",
}

// changed is the same alert with something else found.
func changed() AlertIssue {
	a := drift
	a.Body = "Two scripts are not what was signed."
	return a
}

func TestAlertsLife(t *testing.T) {
	tr := start(t, ghtest.Options{}, nil)
	issues := tr.issues(t, IssueOptions{})
	alert := func(a AlertIssue, want Change) {
		t.Helper()
		got, err := issues.Alert(t.Context(), a)
		if err != nil || got.Change != want || got.URL != "https://github.com/org/shop/issues/1" {
			t.Fatalf("got %+v and error %v, want it %s", got, err, want)
		}
	}
	alert(drift, Opened)
	alert(drift, Unchanged)
	alert(changed(), Updated)
	alert(changed(), Unchanged)

	all := tr.fake.Issues()
	if len(all) != 1 || len(all[0].Comments) != 1 {
		t.Fatalf("got %+v, want one issue with one comment", all)
	}
	for _, want := range []string{"<!-- checkout-deploy:live/checkout -->\n", "Two scripts"} {
		if !strings.Contains(all[0].Body, want) || !strings.Contains(all[0].Comments[0].Body, want) {
			t.Errorf("got the body %q and the comment %q, want %q in both", all[0].Body, all[0].Comments[0].Body, want)
		}
	}
	if !slices.Equal(all[0].Labels, []string{DefaultLabel}) {
		t.Errorf("got labels %q", all[0].Labels)
	}

	closed, err := issues.Resolve(t.Context(), drift.Key, "All is as signed.")
	if err != nil || len(closed) != 1 || closed[0].Change != Closed {
		t.Fatalf("got %+v and error %v", closed, err)
	}
	if i := tr.fake.Issues()[0]; i.State != "closed" || i.Reason != "completed" || len(i.Comments) != 2 {
		t.Errorf("got %+v, want it closed with a comment", i)
	}
	if closed, err = issues.Resolve(t.Context(), drift.Key, "again"); err != nil || closed != nil {
		t.Errorf("resolved once more: got %+v and error %v, want nothing", closed, err)
	}

	// What comes back is another incident.
	if again, err := issues.Alert(t.Context(), drift); err != nil || again.Number != 2 || again.Change != Opened {
		t.Errorf("after it was closed: got %+v and error %v, want a new one", again, err)
	}
}

func TestAlertIsNotSatisfiedByAnothersIssue(t *testing.T) {
	own := drift.text()
	for _, test := range []struct {
		name  string
		other ghtest.Issue
	}{
		{"a stranger's with the marks", ghtest.Issue{Title: "t", Body: own, Author: "mallory", Labels: []string{DefaultLabel}}},
		{"a person who is called like the bot", ghtest.Issue{Title: "t", Body: own, Author: "github-actions", Labels: []string{DefaultLabel}}},
		{"another app's", ghtest.Issue{Title: "t", Body: own, Author: "other[bot]", Labels: []string{DefaultLabel}}},
		{"ours of another key", ghtest.Issue{Title: "t", Body: marked("live/cart", "s", "b"), Author: actionsLogin, Labels: []string{DefaultLabel}}},
		{"ours that quotes the mark", ghtest.Issue{Title: "t", Body: "It says:\n" + own, Author: actionsLogin, Labels: []string{DefaultLabel}}},
		{"ours, closed", ghtest.Issue{Title: "t", Body: own, Author: actionsLogin, Labels: []string{DefaultLabel}, State: "closed"}},
		{"a pull request", ghtest.Issue{Title: "t", Body: own, Author: actionsLogin, Labels: []string{DefaultLabel}, PullRequest: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr := start(t, ghtest.Options{}, nil)
			tr.fake.Add(test.other)
			before := tr.fake.Issues()[0]
			issues := tr.issues(t, IssueOptions{})
			if got, err := issues.Alert(t.Context(), drift); err != nil || got.Number != 2 || got.Change != Opened {
				t.Fatalf("got %+v and error %v, want a new issue", got, err)
			}
			if _, err := issues.Resolve(t.Context(), drift.Key, "over"); err != nil {
				t.Fatal(err)
			}
			after := tr.fake.Issues()
			if after[0].State != before.State || len(after[0].Comments) > 0 || after[0].Body != before.Body {
				t.Errorf("the other was touched: %+v", after[0])
			}
			if after[1].State != "closed" {
				t.Errorf("ours was not closed: %+v", after[1])
			}
		})
	}
}

func TestAlertFindsItsIssueAgain(t *testing.T) {
	for _, test := range []struct {
		name string
		fake ghtest.Options
		body func(string) string
	}{
		{"a workflow's token", ghtest.Options{}, nil},
		{"an app's", ghtest.Options{Login: "release-robot[bot]"}, nil},
		{"a person's", ghtest.Options{Login: "octocat"}, nil},
		{"on an Enterprise Server", ghtest.Options{Prefix: "/api/v3"}, nil},
		{"edited in the browser", ghtest.Options{}, func(s string) string {
			return strings.ReplaceAll(s, "\n", "\r\n") + "\r\n\r\nWe look into it."
		}},
		{"on the eleventh page's eve", ghtest.Options{}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr := start(t, test.fake, nil)
			if test.name == "on the eleventh page's eve" {
				for range 999 {
					tr.fake.Add(ghtest.Issue{Title: "t", Author: "octocat", Labels: []string{DefaultLabel}})
				}
			}
			body := drift.text()
			if test.body != nil {
				body = test.body(body)
			}
			author := test.fake.Login
			if author == "" {
				author = actionsLogin
			}
			n := tr.fake.Add(ghtest.Issue{Title: drift.Title, Body: body, Author: author, Labels: []string{DefaultLabel}})
			got, err := tr.issues(t, IssueOptions{}).Alert(t.Context(), drift)
			if err != nil || got.Number != n || got.Change != Unchanged {
				t.Errorf("got %+v and error %v, want #%d unchanged", got, err, n)
			}
		})
	}
}

func TestListsAreBounded(t *testing.T) {
	tr := start(t, ghtest.Options{}, nil)
	for range 1001 {
		tr.fake.Add(ghtest.Issue{Title: "t", Author: "octocat", Labels: []string{DefaultLabel}})
	}
	_, err := tr.issues(t, IssueOptions{}).Alert(t.Context(), drift)
	if err == nil || !strings.Contains(err.Error(), "more than 10 pages") {
		t.Errorf("got error %v", err)
	}
	if n := len(tr.fake.Issues()); n != 1001 {
		t.Errorf("got %d issues, want no new one", n)
	}
}

// Two runs list, see nothing, and both open an issue: one stays.
func TestTwoRunsAtOnceLeaveOneIssue(t *testing.T) {
	tr := start(t, ghtest.Options{}, nil)
	var listed sync.WaitGroup
	listed.Add(2)
	both := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(w, r)
		listed.Done()
	}
	tr.fake.Script("GET", "/issues", both, both)
	after := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		listed.Wait() // nobody opens before both have looked
		next.ServeHTTP(w, r)
	}
	tr.fake.Script("POST", "/issues", after, after)

	var runs sync.WaitGroup
	for range 2 {
		runs.Go(func() {
			c := newClock()
			client, err := New(Options{BaseURL: tr.client.options.BaseURL, Repository: shop, Token: ghtest.Token, Now: c.Now, Sleep: c.Sleep})
			if err != nil {
				t.Error(err)
				return
			}
			issues, _ := client.Issues(IssueOptions{})
			if _, err := issues.Alert(context.Background(), drift); err != nil {
				t.Error(err)
			}
		})
	}
	runs.Wait()
	all := tr.fake.Issues()
	if len(all) != 2 || all[0].State != "open" || all[1].State != "closed" || all[1].Reason != "not_planned" {
		t.Fatalf("got %+v, want the older one open and the younger one closed", all)
	}
	if len(all[1].Comments) != 1 || !strings.Contains(all[1].Comments[0].Body, "#1") {
		t.Errorf("got comments %+v, want one that names #1", all[1].Comments)
	}
}

// However the requests of several runs interleave, the oldest issue stays, and
// those that are closed name it: twice where a late run tidied up too.
func TestRunsAtOnce(t *testing.T) {
	for range 20 {
		tr := start(t, ghtest.Options{}, nil)
		var runs sync.WaitGroup
		for range 4 {
			runs.Go(func() {
				c := newClock()
				client, err := New(Options{BaseURL: tr.client.options.BaseURL, Repository: shop, Token: ghtest.Token, Now: c.Now, Sleep: c.Sleep})
				if err != nil {
					t.Error(err)
					return
				}
				issues, err := client.Issues(IssueOptions{Login: actionsLogin})
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := issues.Alert(t.Context(), drift); err != nil || got.Number != 1 {
					t.Errorf("got %+v and error %v, want #1", got, err)
				}
			})
		}
		runs.Wait()
		for _, i := range tr.fake.Issues() {
			if oldest := i.Number == 1; (i.State == "open") != oldest || (len(i.Comments) == 0) != oldest {
				t.Errorf("got %+v, want #1 alone open", i)
			}
		}
	}
}

// A run that was killed between opening and looking leaves two; the next one
// tidies up.
func TestAlertTidiesUp(t *testing.T) {
	tr := start(t, ghtest.Options{}, nil)
	for range 3 {
		tr.fake.Add(ghtest.Issue{Title: drift.Title, Body: drift.text(), Author: actionsLogin, Labels: []string{DefaultLabel}})
	}
	got, err := tr.issues(t, IssueOptions{}).Alert(t.Context(), drift)
	if err != nil || got.Number != 1 || got.Change != Unchanged {
		t.Fatalf("got %+v and error %v", got, err)
	}
	var open []int
	for _, i := range tr.fake.Issues() {
		if i.State == "open" {
			open = append(open, i.Number)
		}
	}
	if !slices.Equal(open, []int{1}) {
		t.Errorf("got %v open, want 1", open)
	}
}

func TestLostAnswersLeaveNoSecondIssueOrComment(t *testing.T) {
	notDone := ghtest.BadGateway(http.StatusBadGateway)
	for _, test := range []struct {
		name         string
		method, path string
		step         ghtest.Step
	}{
		{"opened, and the answer lost", "POST", "/issues", ghtest.Lost()},
		{"opened, and the answer cut", "POST", "/issues", ghtest.Truncated()},
		{"not opened", "POST", "/issues", notDone},
		{"not opened, and no answer", "POST", "/issues", ghtest.Cut()},
		{"opened, and a portal's page", "POST", "/issues", ghtest.Page()},
		{"commented, and the answer lost", "POST", "/comments", ghtest.Lost()},
		{"commented, and the answer cut", "POST", "/comments", ghtest.Truncated()},
		{"not commented", "POST", "/comments", notDone},
		{"changed, and the answer lost", "PATCH", "/issues/1", ghtest.Lost()},
		{"not changed", "PATCH", "/issues/1", notDone},
		{"a list cut", "GET", "/issues", ghtest.Truncated()},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr := start(t, ghtest.Options{}, nil)
			tr.fake.Script(test.method, test.path, test.step)
			issues := tr.issues(t, IssueOptions{})
			for _, a := range []AlertIssue{drift, changed()} {
				if _, err := issues.Alert(t.Context(), a); err != nil {
					t.Fatal(err)
				}
			}
			all := tr.fake.Issues()
			if len(all) != 1 || len(all[0].Comments) != 1 || !strings.Contains(all[0].Body, "Two scripts") {
				t.Errorf("got %+v, want one issue with one comment and the last text", all)
			}
		})
	}
}

// A run that ends between the comment and the change of the text has told of
// it; the next one tells again rather than not at all.
func TestChangeIsToldAgainWhereItWasNotFinished(t *testing.T) {
	tr := start(t, ghtest.Options{}, nil)
	issues := tr.issues(t, IssueOptions{})
	if _, err := issues.Alert(t.Context(), drift); err != nil {
		t.Fatal(err)
	}
	tr.fake.Script("PATCH", "", ghtest.Times(maxAttempts, ghtest.BadGateway(http.StatusServiceUnavailable))...)
	if _, err := issues.Alert(t.Context(), changed()); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("got error %v, want it unavailable", err)
	}
	if got, err := issues.Alert(t.Context(), changed()); err != nil || got.Change != Updated {
		t.Errorf("got %+v and error %v, want it updated", got, err)
	}
}

func TestLabelThatIsDroppedIsAnError(t *testing.T) {
	tr := start(t, ghtest.Options{DropLabels: true}, nil)
	_, err := tr.issues(t, IssueOptions{}).Alert(t.Context(), drift)
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), `dropped the label "checkout-deploy"`) {
		t.Errorf("got error %v", err)
	}
}

// Where GitHub does not tell the token's user, a workflow's is the likely one,
// and the first issue tells.
func TestLoginThatIsNotTold(t *testing.T) {
	untold := ghtest.Answer(http.StatusForbidden, `{"message":"Resource not accessible by integration"}`)
	t.Run("a workflow's", func(t *testing.T) {
		tr := start(t, ghtest.Options{}, nil)
		tr.fake.Script("POST", "/graphql", untold)
		n := tr.fake.Add(ghtest.Issue{Title: drift.Title, Body: drift.text(), Author: actionsLogin, Labels: []string{DefaultLabel}})
		if got, err := tr.issues(t, IssueOptions{}).Alert(t.Context(), drift); err != nil || got.Number != n {
			t.Errorf("got %+v and error %v, want #%d", got, err, n)
		}
	})
	t.Run("an app's", func(t *testing.T) {
		tr := start(t, ghtest.Options{Login: "release-robot[bot]"}, nil)
		tr.fake.Script("POST", "/graphql", untold)
		issues := tr.issues(t, IssueOptions{})
		for _, want := range []Change{Opened, Unchanged} {
			if got, err := issues.Alert(t.Context(), drift); err != nil || got.Number != 1 || got.Change != want {
				t.Errorf("got %+v and error %v, want #1 %s", got, err, want)
			}
		}
	})
	t.Run("that of no token", func(t *testing.T) {
		tr := start(t, ghtest.Options{Token: "another"}, nil)
		_, err := tr.issues(t, IssueOptions{}).Alert(t.Context(), drift)
		if !errors.Is(err, ErrRefused) || len(tr.fake.Requests()) != 1 {
			t.Errorf("got error %v after %q, want nothing else asked", err, tr.fake.Requests())
		}
	})
}

func TestAlertRefusesWhatGitHubWould(t *testing.T) {
	tr := start(t, ghtest.Options{}, nil)
	for _, test := range []struct {
		name  string
		alert AlertIssue
		want  string
	}{
		{"no key", AlertIssue{Title: "t"}, "got the key"},
		{"a key that ends its comment", AlertIssue{Key: "a-->b", Title: "t"}, "got the key"},
		{"a key that no comment may hold", AlertIssue{Key: "a--b", Title: "t"}, "got the key"},
		{"a key with a line break", AlertIssue{Key: "a\nb", Title: "t"}, "got the key"},
		{"no title", AlertIssue{Key: "k", Title: " \n"}, "an issue has a title"},
		{"a label that is two", AlertIssue{Key: "k", Title: "t", Labels: []string{"a,b"}}, "got the label"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := tr.issues(t, IssueOptions{}).Alert(t.Context(), test.alert)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
		})
	}
	if asked := tr.fake.Requests(); len(asked) > 0 {
		t.Errorf("GitHub was asked: %q", asked)
	}
}

func TestLongTextsAreCut(t *testing.T) {
	long := strings.Repeat("🔥 a line of what was found\n", 4000)
	for _, test := range []struct{ name, body string }{
		{"lines", long},
		{"one line", strings.ReplaceAll(long, "\n", " ")},
		{"a code block", "```\n" + long + "```\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr := start(t, ghtest.Options{}, nil)
			a := AlertIssue{Key: "k", Title: strings.Repeat("🔥", 400), Body: test.body}
			if _, err := tr.issues(t, IssueOptions{}).Alert(t.Context(), a); err != nil {
				t.Fatal(err) // the fake refuses what is too long
			}
			body := tr.fake.Issues()[0].Body
			if !strings.HasPrefix(body, keyMark("k")) || !strings.HasSuffix(body, cutNote) || strings.Count(body, "```")%2 != 0 {
				t.Errorf("got %q … %q", body[:60], body[len(body)-120:])
			}
		})
	}
}

// Writes are a second apart; what is read is not held up.
func TestWritesAreASecondApart(t *testing.T) {
	tr := start(t, ghtest.Options{}, nil)
	issues := tr.issues(t, IssueOptions{Login: actionsLogin})
	for _, a := range []AlertIssue{drift, changed()} { // create; comment and edit
		if _, err := issues.Alert(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	if want := []time.Duration{time.Second, time.Second}; !slices.Equal(tr.slept, want) || tr.waits != nil {
		t.Errorf("slept %v and told of %v, want %v and nothing", tr.slept, tr.waits, want)
	}
}
