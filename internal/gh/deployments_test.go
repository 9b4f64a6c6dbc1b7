package gh

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/gh/ghtest"
)

var deploymentsWrite = map[string]string{"deployments": "write"}

// flip is the nth one of production.
func flip(n int64) Deployment {
	return Deployment{
		Environment: "production", Task: TaskDeploy, Commit: strings.Repeat("0a", 20), Release: "1f2e3d4c5b6a79880123",
		KeysVersion: 1, Sequence: n, Nonce: fmt.Sprint("nonce ", n), Production: true, Description: "Release 1f2e3d4c5b6a",
	}
}

var live = Status{State: Success, URL: "https://pay.example.com/checkout/", Log: "https://github.com/org/shop/actions/runs/1", Description: "Live."}

func record(t *testing.T, tr *trial, d Deployment, s Status) DeploymentRecord {
	t.Helper()
	r, err := tr.client.Deployments().Record(t.Context(), d, s)
	if err != nil || r.Pending != nil {
		t.Fatalf("recording %s of %d: got %+v and error %v", s.State, d.Sequence, r, err)
	}
	return r
}

// says is what GitHub has, a deployment a word: its states, the oldest first.
func says(tr *trial) string {
	var all []string
	for _, d := range tr.fake.Deployments() {
		var states []string
		for _, s := range d.Statuses {
			states = append(states, s.State)
		}
		all = append(all, strings.Join(states, ">"))
	}
	return strings.Join(all, " ")
}

func TestDeploymentsLife(t *testing.T) {
	for _, prefix := range []string{"", "/api/v3"} {
		t.Run("at "+prefix, func(t *testing.T) {
			tr := start(t, ghtest.Options{Permissions: deploymentsWrite, Prefix: prefix}, nil)
			for n := range int64(2) {
				for i, s := range []Status{{State: InProgress}, {State: InProgress}, live, live, {State: InProgress}} { // reruns too
					if r := record(t, tr, flip(n), s); r.ID != n+1 || r.Created != (i == 0) {
						t.Errorf("got %+v", r)
					}
				}
			}
			rollback := flip(2)
			rollback.Task = TaskRollback
			if r := record(t, tr, rollback, live); !r.Created || r.State != Success || !slices.Equal(r.Retired, []int64{2}) {
				t.Errorf("got %+v, want the second one retired", r)
			}
			if got, want := says(tr), "in_progress>success>inactive in_progress>success>inactive success"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			last := tr.fake.Deployments()[2]
			if last.Task != "rollback" || !last.Production || last.Transient || last.SHA != rollback.Commit || last.Statuses[0].EnvironmentURL != live.URL || last.Statuses[0].LogURL != live.Log {
				t.Errorf("got %+v", last)
			}
			all, err := tr.client.Deployments().List(t.Context(), "production", 2)
			if err != nil || len(all) != 2 || all[0].Task != TaskRollback || all[0].State != Success || all[1].State != Inactive || all[1].Sequence != 1 || all[1].Release != rollback.Release {
				t.Errorf("got %+v and error %v", all, err)
			}
		})
	}
}

// A state is not taken back by what runs later or again.
func TestDeploymentsStates(t *testing.T) {
	for _, test := range []struct {
		name, was string
		want      State
		says      string
	}{
		{"the first", "", InProgress, "in_progress"},
		{"well", "in_progress", Success, "in_progress>success"},
		{"again", "success", Success, "success"},
		{"a rerun begins", "success", InProgress, "success"},
		{"a rerun of one that failed begins", "failure", InProgress, "failure"},
		{"and is well", "failure", Success, "failure>success"},
		{"not well after all", "success", Failure, "success>failure"},
		{"another has taken its place", "inactive", Success, "inactive"},
		{"by another's state", "queued", InProgress, "queued>in_progress"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr := start(t, ghtest.Options{Permissions: deploymentsWrite}, nil)
			d := flip(8)
			var before []string
			if test.was != "" {
				before = append(before, test.was)
			}
			tr.fake.AddDeployment(ghtest.Deployment{SHA: d.Commit, Ref: d.Commit, Task: "deploy", Environment: "production", Creator: "octocat", Payload: d.payload(), Production: true}, before...)
			record(t, tr, d, Status{State: test.want})
			if got := says(tr); got != test.says {
				t.Errorf("got %q, want %q", got, test.says)
			}
		})
	}
}

func TestDeploymentIsFoundAgain(t *testing.T) {
	own := flip(8)
	object := func(change func(*payload)) any {
		p := own.payload()
		change(&p)
		return p
	}
	as := func(change func(*ghtest.Deployment)) ghtest.Deployment {
		d := ghtest.Deployment{SHA: own.Commit, Ref: "main", Task: "deploy", Environment: "production", Creator: "octocat", Payload: own.payload(), Production: true}
		change(&d)
		return d
	}
	text := fmt.Sprintf(`{"tool":"checkout-deploy","release":%q,"keysVersion":1,"sequence":8,"nonce":%q}`, own.Release, own.Nonce)
	for _, test := range []struct {
		name  string
		there ghtest.Deployment
		found bool
	}{
		{"as an object", as(func(*ghtest.Deployment) {}), true},
		{"as a text", as(func(d *ghtest.Deployment) { d.Payload = text }), true},
		{"another nonce", as(func(d *ghtest.Deployment) { d.Payload = object(func(p *payload) { p.Nonce = "x" }) }), false},
		{"another sequence", as(func(d *ghtest.Deployment) { d.Payload = object(func(p *payload) { p.Sequence = 6 }) }), false},
		{"another release", as(func(d *ghtest.Deployment) { d.Payload = object(func(p *payload) { p.Release = "x" }) }), false},
		{"another tool's", as(func(d *ghtest.Deployment) { d.Payload = object(func(p *payload) { p.Tool = "x" }) }), false},
		{"without payload", as(func(d *ghtest.Deployment) { d.Payload = "" }), false},
		{"another task", as(func(d *ghtest.Deployment) { d.Task = "rollback" }), false},
		{"another environment", as(func(d *ghtest.Deployment) { d.Environment = "staging" }), false},
		{"another commit", as(func(d *ghtest.Deployment) { d.SHA = strings.Repeat("0b", 20) }), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr := start(t, ghtest.Options{Permissions: deploymentsWrite}, nil)
			tr.fake.AddDeployment(test.there, "in_progress")
			for range 120 { // of others, on top
				tr.fake.AddDeployment(as(func(d *ghtest.Deployment) { d.Payload = "" }))
			}
			r := record(t, tr, own, Status{State: InProgress})
			if (r.ID == 1) != test.found || r.Created == test.found {
				t.Errorf("got %+v, want it found: %t", r, test.found)
			}
		})
	}
}

// What is recorded late, after a later flip, is not what is live.
func TestDeploymentRecordedLate(t *testing.T) {
	tr := start(t, ghtest.Options{Permissions: deploymentsWrite}, nil)
	staging := flip(9)
	staging.Environment, staging.Production = "staging", false
	record(t, tr, staging, live)
	record(t, tr, flip(6), live)
	record(t, tr, flip(9), live)
	if r := record(t, tr, flip(8), live); r.State != Inactive || r.Retired != nil {
		t.Errorf("got %+v, want it inactive", r)
	}
	if got, want := says(tr), "success success>inactive success success>inactive"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	// New keys begin to count anew.
	next := flip(1)
	next.KeysVersion = 2
	if r := record(t, tr, next, live); r.State != Success || !slices.Equal(r.Retired, []int64{3}) {
		t.Errorf("got %+v, want the third one retired", r)
	}
}

func TestDeploymentsLostAnswers(t *testing.T) {
	for _, test := range []struct {
		name, method, path string
		steps              []ghtest.Step
		says               string
	}{
		{"of the deployment", "POST", "/deployments", []ghtest.Step{ghtest.Lost()}, "success"},
		{"of the deployment, that was not made", "POST", "/deployments", []ghtest.Step{ghtest.BadGateway(502)}, "success"},
		{"of the state", "POST", "/statuses", []ghtest.Step{ghtest.Lost()}, "success"},
		{"of the state, half of it", "POST", "/statuses", []ghtest.Step{ghtest.Truncated()}, "success"},
		{"of the state, that was not made", "POST", "/statuses", []ghtest.Step{ghtest.Cut()}, "success"},
		{"of the list", "GET", "/deployments", ghtest.Times(4, ghtest.BadGateway(503)), "success"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr := start(t, ghtest.Options{Permissions: deploymentsWrite}, nil)
			tr.fake.Script(test.method, test.path, test.steps...)
			record(t, tr, flip(8), live)
			if got := says(tr); got != test.says {
				t.Errorf("got %q, want %q", got, test.says)
			}
		})
	}
}

// What GitHub did not take is told, and the same call completes it.
func TestDeploymentsPending(t *testing.T) {
	all := []string{"the deploy of 1f2e3d4c5b6a to production", "its state success", "that earlier ones are inactive"}
	for _, test := range []struct {
		name, method, path string
		steps              []ghtest.Step
		pending            []string
		kind               error
	}{
		{"GitHub is down", "", "", ghtest.Times(20, ghtest.BadGateway(503)), all, ErrUnavailable},
		{"it takes no deployment", "POST", "/deployments", ghtest.Times(2, ghtest.BadGateway(503)), all, ErrUnavailable},
		{"it refuses one", "POST", "/deployments", []ghtest.Step{ghtest.Answer(409, `{"message":"Conflict"}`)}, all, nil},
		{"it answers for another commit", "POST", "/deployments", []ghtest.Step{ghtest.Answer(201, `{"id":7,"sha":"0b"}`)}, all, ErrUnavailable},
		{"it takes no state", "POST", "/2/statuses", ghtest.Times(2, ghtest.BadGateway(503)), all[1:], ErrUnavailable},
		{"it retires none", "POST", "/1/statuses", ghtest.Times(2, ghtest.BadGateway(503)), all[2:], ErrUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr := start(t, ghtest.Options{Permissions: deploymentsWrite}, nil)
			record(t, tr, flip(6), live)
			tr.fake.Script(test.method, test.path, test.steps...)
			r, err := tr.client.Deployments().Record(t.Context(), flip(8), live)
			if err == nil || !slices.Equal(r.Pending, test.pending) || test.kind != nil && !errors.Is(err, test.kind) {
				t.Fatalf("got %+v and error %v, want %q pending", r, err, test.pending)
			}
			tr.fake.Script("", "", ghtest.Own()) // the rest of the script is over
			for range 20 {
				if r, err = tr.client.Deployments().Record(t.Context(), flip(8), live); err == nil {
					break
				}
			}
			if got, want := says(tr), "success>inactive success"; err != nil || r.Pending != nil || got != want {
				t.Errorf("then: got %+v, error %v and %q, want %q", r, err, got, want)
			}
		})
	}
}

// However many others there are, the end is near.
func TestDeploymentsAmongMany(t *testing.T) {
	tr := start(t, ghtest.Options{Permissions: deploymentsWrite}, nil)
	record(t, tr, flip(6), live)
	for range 1100 {
		tr.fake.AddDeployment(ghtest.Deployment{SHA: strings.Repeat("0b", 20), Environment: "production", Creator: "octocat"})
	}
	before := len(tr.fake.Requests())
	if r := record(t, tr, flip(8), live); r.State != Success || r.Retired != nil {
		t.Errorf("got %+v", r)
	}
	if n := len(tr.fake.Requests()) - before; n > 6 {
		t.Errorf("got %d requests", n)
	}
}

func TestDeploymentsRefused(t *testing.T) {
	tr := start(t, ghtest.Options{Permissions: map[string]string{"deployments": "read"}}, nil)
	r, err := tr.client.Deployments().Record(t.Context(), flip(8), live)
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "permissions: { deployments: write }") || len(r.Pending) != 3 || strings.Contains(err.Error(), ghtest.Token) {
		t.Errorf("got %+v and error %v", r, err)
	}
	wrong := Deployment{Task: "x", Commit: "main"}
	_, err = tr.client.Deployments().Record(t.Context(), wrong, Status{State: "done", URL: "javascript:alert(1)", Log: "https://u:hunter2@ci.example/"})
	for _, want := range []string{"the environment", "the task", "the commit", "the nonce", "the state", "an address for people"} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if n := len(tr.fake.Requests()); n != 2 { // those of the first call
		t.Errorf("got %d requests", n)
	}
}

func TestDeploymentsLongDescription(t *testing.T) {
	tr := start(t, ghtest.Options{Permissions: deploymentsWrite}, nil)
	record(t, tr, flip(8), Status{State: Failure, Description: strings.Repeat("zu früh ", 100)})
	if got := tr.fake.Deployments()[0].Statuses[0].Description; !strings.HasSuffix(got, "…") || len([]rune(got)) > maxDescription {
		t.Errorf("got %q", got)
	}
}

func TestRelate(t *testing.T) {
	commit := func(s string) string { return strings.Repeat(s, 20) }
	history := map[string][]string{commit("0a"): {}, commit("0b"): {commit("0a")}, commit("0c"): {commit("0b")}, commit("0d"): {commit("0b")}, commit("0e"): {commit("0c"), commit("0d")}}
	tr := start(t, ghtest.Options{Permissions: map[string]string{"contents": "read"}, Parents: history}, nil)
	for _, test := range []struct {
		name, a, b string
		want       Relation
	}{
		{"the same", "0b", "0b", Same},
		{"older", "0a", "0c", Ancestor},
		{"newer", "0c", "0a", Descendant},
		{"a branch beside", "0c", "0d", Diverged},
		{"a merged branch", "0d", "0e", Ancestor},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, err := tr.client.Relate(t.Context(), commit(test.a), commit(test.b)); err != nil || got != test.want {
				t.Errorf("got %q and error %v, want %q", got, err, test.want)
			}
		})
	}
	if _, err := tr.client.Relate(t.Context(), commit("0a"), commit("ff")); !errors.Is(err, ErrNotFound) {
		t.Errorf("a commit that is gone: got %v", err)
	}
	if _, err := tr.client.Relate(t.Context(), commit("0a"), "main"); err == nil || !strings.Contains(err.Error(), "40 hex digits") {
		t.Errorf("a branch: got %v", err)
	}
	tr.fake.Script("GET", "", ghtest.Answer(200, `{"status":"sideways"}`))
	if got, err := tr.client.Relate(t.Context(), commit("0a"), commit("0b")); err == nil || got != "" {
		t.Errorf("another word: got %q and error %v", got, err)
	}
}

// A payload is ours only if it says so, whatever else it holds.
func FuzzReadPayload(f *testing.F) {
	f.Add([]byte(`{"tool":"checkout-deploy","sequence":8}`))
	f.Add([]byte(`"{\"tool\":\"checkout-deploy\"}"`))
	f.Add([]byte(`[1]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, ours := readPayload(raw)
		if ours != (p.Tool == DefaultLabel) || !ours && p != (payload{}) {
			t.Errorf("%q: got %+v, %t", raw, p, ours)
		}
	})
}
