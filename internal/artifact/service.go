package artifact

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	servicePath = "/twirp/github.actions.results.api.v1.ArtifactService/"
	// maxAnswer bounds an answer of the service: a run's list of 1,000
	// artifacts is half a megabyte.
	maxAnswer = 8 << 20
)

// request has the fields of all requests, in GitHub's spelling; each call sets
// its own.
type request struct {
	Run        string `json:"workflow_run_backend_id"`
	Job        string `json:"workflow_job_run_backend_id"`
	Name       string `json:"name,omitempty"`
	NameFilter string `json:"name_filter,omitempty"`
	ExpiresAt  string `json:"expires_at,omitempty"`
	Version    int    `json:"version,omitempty"`
	Size       string `json:"size,omitempty"` // int64, so a string in ProtoJSON
	Hash       string `json:"hash,omitempty"`
}

// call asks the service. The caller says in words what it is for.
func (c *Client) call(ctx context.Context, method string, r request) (message, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	var answer message
	err = c.retry(ctx, method, c.times.call, func(ctx context.Context) error {
		answer, err = c.callOnce(ctx, method, body)
		return err
	})
	return answer, err
}

func (c *Client) callOnce(ctx context.Context, method string, body []byte) (message, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.service.JoinPath(servicePath, method).String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.send(req, http.StatusOK, c.token)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, &transient{err: fmt.Errorf("reading the answer: %w", withoutURL(ctx, err))}
	}
	if len(data) > maxAnswer {
		return nil, fmt.Errorf("got an answer of more than %d bytes, want less", maxAnswer)
	}
	// What is not JSON was written by something in between: GitHub's client
	// tries again too.
	m, err := parseMessage(data)
	if err != nil {
		return nil, &transient{err: errors.New("got an answer that is no JSON object")}
	}
	return m, nil
}

// create reserves the name and returns where its bytes go.
func (c *Client) create(ctx context.Context, name string) (signedURL, error) {
	r := request{Run: c.ids.run, Job: c.ids.job, Name: name, Version: 4}
	if days := c.options.RetentionDays; days > 0 {
		r.ExpiresAt = c.options.Now().UTC().AddDate(0, 0, days).Format(time.RFC3339)
	}
	m, err := c.call(ctx, "CreateArtifact", r)
	if err != nil {
		return signedURL{}, err
	}
	if err := m.ok("CreateArtifact"); err != nil {
		return signedURL{}, err
	}
	return c.signed(m.text("signeduploadurl"))
}

// finalize makes the uploaded zip an artifact.
func (c *Client) finalize(ctx context.Context, name string, p *pack) (Artifact, error) {
	m, err := c.call(ctx, "FinalizeArtifact", request{
		Run: c.ids.run, Job: c.ids.job, Name: name,
		Size: strconv.FormatInt(p.size, 10), Hash: digestPrefix + p.digest.String(),
	})
	if err == nil {
		err = m.ok("FinalizeArtifact")
	}
	if err != nil {
		return Artifact{}, err
	}
	id, err := m.number("artifactid")
	if err != nil {
		return Artifact{}, fmt.Errorf("FinalizeArtifact: %w", err)
	}
	return Artifact{ID: id, Name: name, Size: p.size, Digest: p.digest, ids: c.ids}, nil
}

func (m message) ok(method string) error {
	if string(m["ok"]) != "true" {
		return fmt.Errorf("%s: got an answer that is not ok", method)
	}
	return nil
}

// signedDownload returns where a's zip is. It is valid for some minutes.
func (c *Client) signedDownload(ctx context.Context, a Artifact) (signedURL, error) {
	m, err := c.call(ctx, "GetSignedArtifactURL", request{Run: a.ids.run, Job: a.ids.job, Name: a.Name})
	if err != nil {
		return signedURL{}, err
	}
	return c.signed(m.text("signedurl"))
}

// List returns the run's finished artifacts by name, of all its jobs. Attempts
// of one run may each have an artifact of one name: the newest is returned.
func (c *Client) List(ctx context.Context) ([]Artifact, error) {
	all, err := c.list(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("listing artifacts: %w", err)
	}
	return all, nil
}

func (c *Client) list(ctx context.Context, name string) ([]Artifact, error) {
	m, err := c.call(ctx, "ListArtifacts", request{Run: c.ids.run, Job: c.ids.job, NameFilter: name})
	if err != nil {
		return nil, err
	}
	var items []message
	if raw, ok := m["artifacts"]; ok && json.Unmarshal(raw, &items) != nil {
		return nil, errors.New("ListArtifacts: artifacts: got something else, want a list of objects")
	}
	newest := map[string]Artifact{}
	for i, item := range items {
		a, err := item.artifact()
		if err != nil {
			return nil, fmt.Errorf("ListArtifacts: artifacts[%d]: %w", i, err)
		}
		if other, ok := newest[a.Name]; !ok || a.ID > other.ID {
			newest[a.Name] = a
		}
	}
	all := make([]Artifact, 0, len(newest))
	for _, a := range newest {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b Artifact) int { return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return all, nil
}

// find returns the newest artifact of that name, or ErrNotFound.
func (c *Client) find(ctx context.Context, name string) (Artifact, error) {
	all, err := c.list(ctx, name)
	if err != nil {
		return Artifact{}, err
	}
	for _, a := range all {
		if a.Name == name { // whatever the server makes of the filter
			return a, nil
		}
	}
	return Artifact{}, ErrNotFound
}
