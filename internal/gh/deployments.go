package gh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/go-github/v60/github"
)

// Deployments keeps GitHub's records of what was deployed. They are told to people
// and to other workflows, and nothing here is decided by them: the store knows what
// is live. What GitHub did not take while it was down is made good by recording the
// same again.
type Deployments struct{ client *Client }

// Deployments needs the permission deployments: write.
func (c *Client) Deployments() *Deployments { return &Deployments{c} }

// Task is what a deployment does.
type Task string

const (
	TaskDeploy   Task = "deploy"
	TaskRollback Task = "rollback"
)

// Deployment is one flip of an environment. Equal ones are one record.
type Deployment struct {
	Environment string
	Task        Task
	Commit      string // of what is deployed, 40 hex digits: of a rollback the older one
	Release     string
	// KeysVersion and Sequence are the flip's place in the order of all, Nonce tells
	// it from another with the same.
	KeysVersion, Sequence int64
	Nonce                 string
	// Production is an environment that shoppers use, Transient one that goes away.
	Production, Transient bool
	Description           string // cut to 140 characters
}

// State is a status's. GitHub has more; these are those that are written.
type State string

const (
	InProgress State = "in_progress"
	Success    State = "success"
	Failure    State = "failure" // what was deployed is not well
	Errored    State = "error"   // it could not be deployed
	Inactive   State = "inactive"
)

var states = []State{InProgress, Success, Failure, Errored, Inactive}

// Status is what became of a deployment.
type Status struct {
	State       State
	URL         string // of the environment, for people; may be empty
	Log         string // of the run; may be empty
	Description string // cut to 140 characters
}

// DeploymentRecord is what GitHub has of a deployment.
type DeploymentRecord struct {
	ID      int64 // 0 where there is none yet
	Created bool  // by this call
	State   State // now; "" without a status
	// Retired are older deployments that were marked inactive.
	Retired []int64
	// Pending is what is still to be recorded, in words. The same call does that and
	// no more.
	Pending []string
}

const (
	maxDescription = 140
	maxRecent      = 300 // deployments of an environment that are looked through
	maxRetired     = 20  // of ours whose statuses are looked at
)

// payload tells ours from others', and one of ours from another.
type payload struct {
	Tool        string `json:"tool"`
	Release     string `json:"release"`
	KeysVersion int64  `json:"keysVersion"`
	Sequence    int64  `json:"sequence"`
	Nonce       string `json:"nonce"`
}

func (d *Deployment) payload() payload {
	return payload{DefaultLabel, d.Release, d.KeysVersion, d.Sequence, d.Nonce}
}

// before says that p is of an earlier flip.
func (p payload) before(q payload) bool {
	return p.KeysVersion < q.KeysVersion || p.KeysVersion == q.KeysVersion && p.Sequence < q.Sequence
}

// readPayload takes both forms that GitHub has: an object, and a text of JSON.
func readPayload(raw json.RawMessage) (p payload, ours bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		raw = json.RawMessage(text)
	}
	if json.Unmarshal(raw, &p) != nil || p.Tool != DefaultLabel {
		return payload{}, false
	}
	return p, true
}

func (d *Deployment) check(s Status) error {
	var problems []error
	add := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if d.Environment == "" || len(d.Environment) > 255 || strings.ContainsAny(d.Environment, "\r\n") {
		add("got the environment %.80q; it has 1 to 255 bytes on one line", d.Environment)
	}
	if d.Task != TaskDeploy && d.Task != TaskRollback {
		add("got the task %.80q; it is %s or %s", d.Task, TaskDeploy, TaskRollback)
	}
	if !commitForm.MatchString(d.Commit) {
		add("got the commit %.80q; it is 40 hex digits", d.Commit)
	}
	if d.Release == "" || d.Nonce == "" || len(d.Release)+len(d.Nonce) > 1000 {
		add("got the release %.80q and the nonce %.80q; a record is found again by both", d.Release, d.Nonce)
	}
	if !slices.Contains(states, s.State) {
		add("got the state %.80q; it is one of %q", s.State, states)
	}
	for _, at := range []string{s.URL, s.Log} {
		if u, err := url.Parse(at); at != "" && (err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http") {
			add("got an address for people that is none, or has a user in it; want https://host/path")
		}
	}
	return errors.Join(problems...)
}

// Record has GitHub know of a deployment and its state. What is there already stays
// as it is: a deployment is made once, one that has ended is not in progress again,
// and one that a later flip has taken the place of is not active again. With
// Success the earlier ones of the environment are marked inactive, as GitHub itself
// does that neither for production nor for what is recorded late.
//
// With an error the record says what is Pending.
func (d *Deployments) Record(ctx context.Context, what Deployment, s Status) (DeploymentRecord, error) {
	if err := what.check(s); err != nil {
		return DeploymentRecord{}, fmt.Errorf("a deployment: %w", err)
	}
	ctx = d.client.call(ctx, "deployments: write")
	r := DeploymentRecord{}
	steps := []struct {
		name string
		do   func() error
	}{
		{fmt.Sprintf("the %s of %s to %s", what.Task, short(what.Release), what.Environment), func() error { return d.ensure(ctx, &what, &r) }},
		{"its state " + string(s.State), func() error { return d.move(ctx, &what, s, &r) }},
		{"that earlier ones are inactive", func() error { return d.retire(ctx, &what, &r) }},
	}
	if s.State != Success {
		steps = steps[:2]
	}
	for i, step := range steps {
		err := step.do()
		if err == nil {
			continue
		}
		for _, left := range steps[i:] {
			r.Pending = append(r.Pending, left.name)
		}
		return r, fmt.Errorf("recording %s: %w", step.name, err)
	}
	return r, nil
}

func short(release string) string {
	if len(release) > 12 {
		return release[:12]
	}
	return release
}

// deployment is what is read of GitHub's.
type deployment struct {
	ID          int64           `json:"id"`
	SHA         string          `json:"sha"`
	Task        string          `json:"task"`
	Environment string          `json:"environment"`
	Payload     json.RawMessage `json:"payload"`
	CreatedAt   string          `json:"created_at"`
}

// ensure finds the deployment, or makes it. If it isn't known whether GitHub did,
// the list tells; if it didn't, it is asked once more.
func (d *Deployments) ensure(ctx context.Context, what *Deployment, r *DeploymentRecord) (err error) {
	if r.ID, err = d.find(ctx, what); err != nil || r.ID != 0 {
		return err
	}
	made, err := d.create(ctx, what)
	if unknown(err) {
		found, listErr := d.find(ctx, what)
		switch {
		case listErr != nil:
			return errors.Join(err, listErr)
		case found != 0:
			r.ID = found
			return nil
		}
		made, err = d.create(ctx, what)
	}
	r.ID, r.Created = made, err == nil
	return err
}

// find is the number of the deployment, 0 for none; of several the oldest.
func (d *Deployments) find(ctx context.Context, what *Deployment) (id int64, err error) {
	query := url.Values{"environment": {what.Environment}, "task": {string(what.Task)}, "sha": {what.Commit}}
	for got, err := range d.list(ctx, query) {
		if err != nil {
			return 0, err
		}
		if p, ours := readPayload(got.Payload); ours && p == what.payload() && (id == 0 || got.ID < id) {
			id = got.ID
		}
	}
	return id, nil
}

func (d *Deployments) list(ctx context.Context, query url.Values) iter.Seq2[deployment, error] {
	query.Set("per_page", "100")
	return pages[deployment](ctx, d.client, d.client.path("deployments")+"?"+query.Encode())
}

func (d *Deployments) create(ctx context.Context, what *Deployment) (int64, error) {
	c := d.client
	merge, contexts, task := false, []string{}, string(what.Task)
	description := cut(what.Description)
	made, _, err := c.api.Repositories.CreateDeployment(ctx, c.owner, c.repo, &github.DeploymentRequest{
		Ref: &what.Commit, Task: &task, Environment: &what.Environment, Description: &description, Payload: what.payload(),
		// By default GitHub merges the default branch into what is deployed, and refuses
		// while a check of the commit is pending: this run's own.
		AutoMerge: &merge, RequiredContexts: &contexts,
		TransientEnvironment: &what.Transient, ProductionEnvironment: &what.Production,
	})
	if err != nil {
		return 0, clean(err)
	}
	if made.GetID() <= 0 || made.GetSHA() != what.Commit {
		return 0, fmt.Errorf("GitHub's answer to a new deployment has the number %d and the commit %.80q, want %s: %w", made.GetID(), made.GetSHA(), what.Commit, ErrUnavailable)
	}
	return made.GetID(), nil
}

// cut is a description as long as GitHub takes it.
func cut(s string) string {
	s = oneLine(s)
	if utf8.RuneCountInString(s) > maxDescription {
		s = strings.TrimRight(string([]rune(s)[:maxDescription-1]), " ") + "…"
	}
	return s
}

// follows says whether a state may be written after another.
func (s State) follows(was State) bool {
	switch was {
	case s, Inactive:
		return false
	case Success, Failure, Errored:
		return s != InProgress
	default:
		return true
	}
}

func (d *Deployments) move(ctx context.Context, what *Deployment, s Status, r *DeploymentRecord) (err error) {
	if !r.Created {
		if r.State, err = d.state(ctx, r.ID); err != nil {
			return err
		}
	}
	if !s.State.follows(r.State) {
		return nil
	}
	if err := d.post(ctx, r.ID, what.Environment, s); err != nil {
		return err
	}
	r.State = s.State
	return nil
}

// post adds a status, once: if it isn't known whether GitHub has it, the list tells.
func (d *Deployments) post(ctx context.Context, id int64, environment string, s Status) error {
	c := d.client
	state, description, automatic := string(s.State), cut(s.Description), false
	request := &github.DeploymentStatusRequest{
		State: &state, Description: &description, Environment: &environment,
		// By GitHub's own rule a record that is completed late would retire its successor.
		AutoInactive: &automatic,
	}
	if s.URL != "" {
		request.EnvironmentURL = &s.URL
	}
	if s.Log != "" {
		request.LogURL = &s.Log
	}
	send := func() error {
		_, _, err := c.api.Repositories.CreateDeploymentStatus(ctx, c.owner, c.repo, id, request)
		return clean(err)
	}
	err := send()
	if !unknown(err) {
		return err
	}
	now, listErr := d.state(ctx, id)
	switch {
	case listErr != nil:
		return errors.Join(err, listErr)
	case now == s.State:
		return nil
	}
	return send()
}

// state is a deployment's last, "" without a status.
func (d *Deployments) state(ctx context.Context, id int64) (State, error) {
	path := d.client.path("deployments/" + strconv.FormatInt(id, 10) + "/statuses?per_page=100")
	last, state := int64(0), State("")
	for s, err := range pages[*github.DeploymentStatus](ctx, d.client, path) {
		if err != nil {
			return "", err
		}
		if s.GetID() > last {
			last, state = s.GetID(), State(s.GetState())
		}
	}
	return state, nil
}

// retire marks the earlier flips of the environment inactive that are a success
// still, and this one if a later one is: then it was recorded late.
func (d *Deployments) retire(ctx context.Context, what *Deployment, r *DeploymentRecord) error {
	if r.State != Success {
		return nil
	}
	late := false
	others, err := d.recent(ctx, what.Environment, maxRetired, r.ID)
	if err != nil {
		return err
	}
	for _, other := range others {
		p, _ := readPayload(other.Payload)
		if !p.before(what.payload()) && !what.payload().before(p) {
			continue // another run's record of the same flip
		}
		state, err := d.state(ctx, other.ID)
		if err != nil {
			return err
		}
		switch {
		case state != Success:
		case what.payload().before(p):
			late = true
		default:
			if err := d.post(ctx, other.ID, other.Environment, Status{State: Inactive, Description: "A later one has taken its place."}); err != nil {
				return err
			}
			r.Retired = append(r.Retired, other.ID)
		}
	}
	if !late {
		return nil
	}
	if err := d.post(ctx, r.ID, what.Environment, Status{State: Inactive, Description: "It was recorded late: a later one had taken its place."}); err != nil {
		return err
	}
	r.State = Inactive
	return nil
}

// recent are the newest n deployments of ours to an environment, but for one.
func (d *Deployments) recent(ctx context.Context, environment string, n int, but int64) (all []deployment, err error) {
	seen := 0
	for got, err := range d.list(ctx, url.Values{"environment": {environment}}) {
		if err != nil {
			return nil, err
		}
		if _, ours := readPayload(got.Payload); ours && got.ID != but && got.Environment == environment {
			all = append(all, got)
		}
		if seen++; seen == maxRecent || len(all) == n {
			break
		}
	}
	return all, nil
}

// Recorded is a deployment as GitHub has it.
type Recorded struct {
	ID        int64
	Task      Task
	Commit    string
	Release   string
	Sequence  int64
	CreatedAt string // RFC 3339
	State     State  // "" without a status
}

// List is the newest n deployments of ours to an environment, at most 20, with
// their states. What anybody with write access may have recorded is for people to
// read, and not to act upon.
func (d *Deployments) List(ctx context.Context, environment string, n int) ([]Recorded, error) {
	ctx = d.client.call(ctx, "deployments: read")
	found, err := d.recent(ctx, environment, min(n, maxRetired), 0)
	if err != nil {
		return nil, fmt.Errorf("listing the deployments to %.80q: %w", environment, err)
	}
	all := make([]Recorded, len(found))
	for i, got := range found {
		p, _ := readPayload(got.Payload)
		all[i] = Recorded{ID: got.ID, Task: Task(got.Task), Commit: got.SHA, Release: p.Release, Sequence: p.Sequence, CreatedAt: got.CreatedAt}
		if all[i].State, err = d.state(ctx, got.ID); err != nil {
			return nil, fmt.Errorf("reading the state of the deployment %d: %w", got.ID, err)
		}
	}
	return all, nil
}
