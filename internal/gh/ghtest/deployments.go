package ghtest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Deployment is one that the fake keeps.
type Deployment struct {
	ID                       int64
	SHA, Ref, Task           string
	Environment, Description string
	Creator                  string
	Payload                  any // an object or a text
	Production, Transient    bool
	Statuses                 []DeploymentStatus // the oldest first
	created                  time.Time
}

// DeploymentStatus is one of a deployment.
type DeploymentStatus struct {
	ID                     int64
	State, Environment     string
	EnvironmentURL, LogURL string
	Description            string
	created                time.Time
}

// State is that of the last status.
func (d *Deployment) State() string {
	if len(d.Statuses) == 0 {
		return ""
	}
	return d.Statuses[len(d.Statuses)-1].State
}

// Deployments are copies of all that there are, in order.
func (f *Fake) Deployments() []Deployment {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []Deployment
	for _, d := range f.deployments {
		c := *d
		c.Statuses = slices.Clone(d.Statuses)
		all = append(all, c)
	}
	return all
}

// AddDeployment puts one there as its creator would, with its states, and returns
// its number.
func (f *Fake) AddDeployment(d Deployment, states ...string) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deploy(&d)
	for _, s := range states {
		f.status(&d, DeploymentStatus{State: s, Environment: d.Environment})
	}
	return d.ID
}

func (f *Fake) deploy(d *Deployment) {
	d.ID, d.created = int64(len(f.deployments)+1), f.tick()
	f.deployments = append(f.deployments, d)
}

func (f *Fake) status(d *Deployment, s DeploymentStatus) DeploymentStatus {
	f.statuses++
	s.ID, s.created = f.statuses, f.tick()
	d.Statuses = append(d.Statuses, s)
	return s
}

const deploymentDocs = "deployments/deployments#create-a-deployment"

func refusedField(resource, field, code, message string) answer {
	return failed(http.StatusUnprocessableEntity, "Validation Failed", deploymentDocs, map[string]any{"resource": resource, "field": field, "code": code, "message": message})
}

func (f *Fake) createDeployment(q *request) answer {
	text := func(name, otherwise string) string {
		if s, ok := q.fields[name].(string); ok {
			return s
		}
		return otherwise
	}
	d := &Deployment{
		Ref: text("ref", ""), Task: text("task", "deploy"), Environment: text("environment", "production"), Description: text("description", ""),
		Creator: f.options.Login, Payload: q.fields["payload"],
	}
	d.Transient, _ = q.fields["transient_environment"].(bool)
	production, told := q.fields["production_environment"].(bool)
	if d.Production = production; !told {
		d.Production = d.Environment == "production"
	}
	merge, told := q.fields["auto_merge"].(bool)
	_, contexts := q.fields["required_contexts"].([]any)
	switch {
	case d.Ref == "":
		return refusedField("Deployment", "ref", "missing_field", "")
	case f.options.Parents != nil && f.options.Parents[d.Ref] == nil:
		return failed(http.StatusUnprocessableEntity, "No ref found for: "+d.Ref, deploymentDocs)
	case !told || merge:
		return failed(http.StatusConflict, "Conflict merging main into "+d.Ref, deploymentDocs)
	case !contexts:
		return failed(http.StatusConflict, "Conflict: Commit status checks failed for "+d.Ref+".", deploymentDocs)
	}
	d.SHA = d.Ref
	f.deploy(d)
	return answer{status: http.StatusCreated, body: f.deploymentJSON(q, d)}
}

func (f *Fake) listDeployments(q *request) answer {
	ask := q.url.Query()
	list := []any{}
	for _, d := range slices.Backward(f.deployments) {
		is := func(name, value string) bool { return !ask.Has(name) || ask.Get(name) == value }
		if is("sha", d.SHA) && is("ref", d.Ref) && is("task", d.Task) && is("environment", d.Environment) {
			list = append(list, f.deploymentJSON(q, d))
		}
	}
	return page(q, list)
}

func (f *Fake) deployment(q *request) (*Deployment, answer) {
	n, err := strconv.Atoi(q.vars["deployment_id"])
	if err != nil || n < 1 || n > len(f.deployments) {
		return nil, failed(http.StatusNotFound, "Not Found", "deployments/deployments#get-a-deployment")
	}
	return f.deployments[n-1], answer{}
}

var deploymentStates = []string{"error", "failure", "inactive", "in_progress", "queued", "pending", "success"}

func (f *Fake) createDeploymentStatus(q *request) answer {
	d, a := f.deployment(q)
	if d == nil {
		return a
	}
	text := func(name string) string { s, _ := q.fields[name].(string); return s }
	s := DeploymentStatus{State: text("state"), Environment: text("environment"), EnvironmentURL: text("environment_url"), LogURL: text("log_url"), Description: text("description")}
	switch {
	case !slices.Contains(deploymentStates, s.State):
		return refusedField("DeploymentStatus", "state", "custom", "state is not included in the list")
	case utf8.RuneCountInString(s.Description) > 140:
		return refusedField("DeploymentStatus", "description", "custom", "description is too long (maximum is 140 characters)")
	}
	for name, at := range map[string]string{"environment_url": s.EnvironmentURL, "log_url": s.LogURL} {
		if at != "" && !strings.HasPrefix(at, "https://") && !strings.HasPrefix(at, "http://") {
			return refusedField("DeploymentStatus", name, "custom", name+" must use http(s) scheme")
		}
	}
	if s.Environment == "" {
		s.Environment = d.Environment
	}
	s = f.status(d, s)
	if automatic, told := q.fields["auto_inactive"].(bool); s.State == "success" && (automatic || !told) {
		f.inactivate(d)
	}
	return answer{status: http.StatusCreated, body: f.deploymentStatusJSON(q, d, s)}
}

// inactivate is GitHub's own rule, which leaves production alone.
func (f *Fake) inactivate(next *Deployment) {
	for _, d := range f.deployments {
		if d.ID < next.ID && !d.Transient && !d.Production && d.Environment == next.Environment && d.State() == "success" {
			f.status(d, DeploymentStatus{State: "inactive", Environment: d.Environment})
		}
	}
}

func (f *Fake) listDeploymentStatuses(q *request) answer {
	d, a := f.deployment(q)
	if d == nil {
		return a
	}
	list := []any{}
	for _, s := range slices.Backward(d.Statuses) {
		list = append(list, f.deploymentStatusJSON(q, d, s))
	}
	return page(q, list)
}

func (f *Fake) deploymentURL(q *request, d *Deployment) string {
	return fmt.Sprintf("%s/deployments/%d", f.repoURL(q), d.ID)
}

func (f *Fake) deploymentJSON(q *request, d *Deployment) map[string]any {
	at, u := d.created.UTC().Format(time.RFC3339), f.deploymentURL(q, d)
	v := map[string]any{
		"url": u, "id": d.ID, "node_id": fmt.Sprintf("DE_%d", d.ID), "sha": d.SHA, "ref": d.Ref, "task": d.Task, "payload": d.Payload,
		"original_environment": d.Environment, "environment": d.Environment, "description": nil, "creator": userJSON(q, d.Creator),
		"created_at": at, "updated_at": at, "statuses_url": u + "/statuses", "repository_url": f.repoURL(q),
		"transient_environment": d.Transient, "production_environment": d.Production, "performed_via_github_app": nil,
	}
	if d.Payload == nil {
		v["payload"] = ""
	}
	if d.Description != "" {
		v["description"] = d.Description
	}
	return v
}

func (f *Fake) deploymentStatusJSON(q *request, d *Deployment, s DeploymentStatus) map[string]any {
	at, u := s.created.UTC().Format(time.RFC3339), f.deploymentURL(q, d)
	return map[string]any{
		"url": fmt.Sprintf("%s/statuses/%d", u, s.ID), "id": s.ID, "node_id": fmt.Sprintf("DES_%d", s.ID), "state": s.State,
		"creator": userJSON(q, f.options.Login), "description": s.Description, "environment": s.Environment,
		"target_url": s.LogURL, "log_url": s.LogURL, "environment_url": s.EnvironmentURL,
		"created_at": at, "updated_at": at, "deployment_url": u, "repository_url": f.repoURL(q), "performed_via_github_app": nil,
	}
}
