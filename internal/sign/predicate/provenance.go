package predicate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// WorkflowBuild is the build type of GitHub's workflows,
// https://actions.github.io/buildtypes/workflow/v1.
const WorkflowBuild = "https://actions.github.io/buildtypes/workflow/v1"

// Provenance says how an image was built: SLSA's provenance v1,
// https://slsa.dev/spec/v1.0/provenance, of the build type WorkflowBuild.
type Provenance struct {
	// Builder is the workflow that is trusted to say so, at its ref:
	// https://github.com/org/shop/.github/workflows/release.yml@refs/heads/main.
	Builder string
	// Repository is the source's address, https://github.com/org/shop; Ref is what
	// was built of it, and Commit what that was.
	Repository, Ref, Commit string
	// Workflow is the path of the workflow that ran, in that repository.
	Workflow string
	// Event is what started it; RepositoryID and OwnerID outlive names; Runner is
	// github-hosted or self-hosted.
	Event, RepositoryID, OwnerID, Runner string
	// Run is the address of the run's attempt.
	Run string
	// Started and Finished are left out where they are zero.
	Started, Finished time.Time
	// Bases are the images that this one was made from.
	Bases []Base
}

// Base is an image that another was made from.
type Base struct {
	Name   string // such as docker.io/library/nginx
	Digest string // sha256:…
}

type provenance struct {
	BuildDefinition struct {
		BuildType          string `json:"buildType"`
		ExternalParameters struct {
			Workflow workflow `json:"workflow"`
		} `json:"externalParameters"`
		InternalParameters struct {
			GitHub github `json:"github"`
		} `json:"internalParameters"`
		ResolvedDependencies []dependency `json:"resolvedDependencies"`
	} `json:"buildDefinition"`
	RunDetails struct {
		Builder struct {
			ID string `json:"id"`
		} `json:"builder"`
		Metadata metadata `json:"metadata"`
	} `json:"runDetails"`
}

type workflow struct {
	Ref        string `json:"ref"`
	Repository string `json:"repository"`
	Path       string `json:"path"`
}

type github struct {
	Event       string `json:"event_name,omitempty"`
	Repository  string `json:"repository_id,omitempty"`
	Owner       string `json:"repository_owner_id,omitempty"`
	Environment string `json:"runner_environment,omitempty"`
}

type dependency struct {
	URI    string            `json:"uri"`
	Digest map[string]string `json:"digest"`
}

type metadata struct {
	Invocation string     `json:"invocationId,omitempty"`
	Started    *time.Time `json:"startedOn,omitempty"`
	Finished   *time.Time `json:"finishedOn,omitempty"`
}

const (
	gitStart  = "git+"
	baseStart = "oci://"
)

// Predicate is the provenance as JSON.
func (p Provenance) Predicate() ([]byte, error) {
	if problems := p.problems(); len(problems) > 0 {
		return nil, fmt.Errorf("got a provenance with %s", strings.Join(problems, "; "))
	}
	var out provenance
	d, run := &out.BuildDefinition, &out.RunDetails
	d.BuildType = WorkflowBuild
	d.ExternalParameters.Workflow = workflow{p.Ref, p.Repository, p.Workflow}
	d.InternalParameters.GitHub = github{p.Event, p.RepositoryID, p.OwnerID, p.Runner}
	d.ResolvedDependencies = []dependency{{gitStart + p.Repository + "@" + p.Ref, map[string]string{"gitCommit": p.Commit}}}
	for _, b := range p.Bases {
		d.ResolvedDependencies = append(d.ResolvedDependencies, dependency{baseStart + b.Name, map[string]string{"sha256": strings.TrimPrefix(b.Digest, "sha256:")}})
	}
	run.Builder.ID = p.Builder
	run.Metadata = metadata{p.Run, present(p.Started), present(p.Finished)}
	return json.Marshal(out)
}

func present(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

var (
	commitPattern = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
	digestPattern = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// problems are what a policy could not judge.
func (p Provenance) problems() []string {
	var list []string
	for _, of := range []struct{ what, address string }{{"builder", p.Builder}, {"repository", p.Repository}, {"run", p.Run}} {
		if u, err := url.Parse(of.address); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			list = append(list, fmt.Sprintf("the %s %s, want an https address", of.what, quote(of.address)))
		}
	}
	if strings.HasSuffix(p.Repository, "/") || strings.Contains(p.Repository, "@") {
		list = append(list, fmt.Sprintf("the repository %s, want it without a ref or a slash at its end", quote(p.Repository)))
	}
	if !commitPattern.MatchString(p.Commit) {
		list = append(list, fmt.Sprintf("the commit %s, want 40 or 64 hex digits", quote(p.Commit)))
	}
	if p.Ref == "" {
		list = append(list, "no ref, want such as refs/heads/main")
	}
	if p.Workflow == "" {
		list = append(list, "no workflow, want its path")
	}
	for _, b := range p.Bases {
		if b.Name == "" || !digestPattern.MatchString(b.Digest) {
			list = append(list, fmt.Sprintf("the base image %s with the digest %s, want a name and sha256:…", quote(b.Name), quote(b.Digest)))
		}
	}
	return list
}

// ReadProvenance reads a predicate of the build type WorkflowBuild. What it does not
// know it refuses where the specification has a verifier do so: another build type,
// another external parameter. Its one source is the repository of the workflow.
func ReadProvenance(predicate []byte) (Provenance, error) {
	var in provenance
	if err := json.Unmarshal(predicate, &in); err != nil {
		return Provenance{}, refuse("got a provenance that can't be read: %s", excerpt(err))
	}
	if got := in.BuildDefinition.BuildType; got != WorkflowBuild {
		return Provenance{}, refuse("got a provenance of the build type %s, want %s", quote(got), WorkflowBuild)
	}
	if err := checkParameters(predicate); err != nil {
		return Provenance{}, err
	}
	p, problems := in.values()
	problems = append(problems, p.problems()...)
	if len(problems) > 0 {
		return Provenance{}, refuse("got a provenance with %s", strings.Join(problems, "; "))
	}
	return p, nil
}

// checkParameters refuses external parameters that are not in the build type.
func checkParameters(predicate []byte) error {
	var raw struct {
		BuildDefinition struct {
			ExternalParameters json.RawMessage `json:"externalParameters"`
		} `json:"buildDefinition"`
	}
	if err := json.Unmarshal(predicate, &raw); err != nil {
		return refuse("got a provenance that can't be read: %s", excerpt(err))
	}
	d := json.NewDecoder(bytes.NewReader(raw.BuildDefinition.ExternalParameters))
	d.DisallowUnknownFields()
	var known struct {
		Workflow workflow `json:"workflow"`
	}
	if err := d.Decode(&known); err != nil {
		return refuse("got a provenance with external parameters that %s does not have: %s", WorkflowBuild, excerpt(err))
	}
	return nil
}

func (in *provenance) values() (p Provenance, problems []string) {
	d, run := in.BuildDefinition, in.RunDetails
	w, g := d.ExternalParameters.Workflow, d.InternalParameters.GitHub
	p = Provenance{
		Builder: run.Builder.ID, Repository: w.Repository, Ref: w.Ref, Workflow: w.Path,
		Event: g.Event, RepositoryID: g.Repository, OwnerID: g.Owner, Runner: g.Environment, Run: run.Metadata.Invocation,
	}
	for at, t := range map[*time.Time]*time.Time{&p.Started: run.Metadata.Started, &p.Finished: run.Metadata.Finished} {
		if t != nil {
			*at = *t
		}
	}
	source := gitStart + w.Repository + "@" + w.Ref
	if i := slices.IndexFunc(d.ResolvedDependencies, func(d dependency) bool { return d.URI == source }); i >= 0 {
		p.Commit = d.ResolvedDependencies[i].Digest["gitCommit"]
	}
	for _, dep := range d.ResolvedDependencies {
		name, base := strings.CutPrefix(dep.URI, baseStart)
		switch {
		case base:
			p.Bases = append(p.Bases, Base{name, "sha256:" + dep.Digest["sha256"]})
		case strings.HasPrefix(dep.URI, gitStart) && dep.URI != source:
			problems = append(problems, fmt.Sprintf("the source %s, want %s alone", quote(dep.URI), quote(source)))
		}
	}
	return p, problems
}
