package ghtest

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

func (f *Fake) repoURL(q *request) string { return q.base + "/repos/" + f.options.Repository }

func (f *Fake) issueURL(q *request, i *Issue) string {
	return fmt.Sprintf("%s/issues/%d", f.repoURL(q), i.Number)
}

// webURL is an issue's page for people, on a host of its own.
func (f *Fake) webURL(i *Issue) string {
	kind := "issues"
	if i.PullRequest {
		kind = "pull"
	}
	return fmt.Sprintf("https://github.com/%s/%s/%d", f.options.Repository, kind, i.Number)
}

func (f *Fake) issueJSON(q *request, i *Issue) map[string]any {
	u := f.issueURL(q, i)
	v := map[string]any{
		"id": 1000000 + i.Number, "node_id": fmt.Sprintf("I_%d", i.Number), "number": i.Number,
		"url": u, "repository_url": f.repoURL(q), "labels_url": u + "/labels{/name}",
		"comments_url": u + "/comments", "events_url": u + "/events", "html_url": f.webURL(i),
		"title": i.Title, "body": nil, "user": userJSON(q, i.Author), "labels": f.labelsJSON(q, i),
		"state": i.State, "state_reason": nil, "locked": false, "active_lock_reason": nil,
		"assignee": nil, "assignees": []any{}, "milestone": nil, "comments": len(i.Comments),
		"created_at": i.created.UTC().Format(time.RFC3339), "updated_at": i.updated.UTC().Format(time.RFC3339),
		"closed_at": nil, "author_association": "NONE", "performed_via_github_app": nil,
	}
	if i.Body != "" {
		v["body"] = i.Body
	}
	if i.Reason != "" {
		v["state_reason"] = i.Reason
	}
	if i.State == "closed" {
		v["closed_at"] = i.closed.UTC().Format(time.RFC3339)
	}
	if i.PullRequest {
		page := f.webURL(i)
		v["draft"] = false
		v["pull_request"] = map[string]any{
			"url": strings.Replace(u, "/issues/", "/pulls/", 1), "html_url": page,
			"diff_url": page + ".diff", "patch_url": page + ".patch", "merged_at": nil,
		}
	}
	return v
}

func (f *Fake) labelsJSON(q *request, i *Issue) []any {
	list := []any{}
	for n, name := range i.Labels {
		list = append(list, map[string]any{
			"id": 5000 + n, "node_id": "LA_" + fmt.Sprint(n), "url": f.repoURL(q) + "/labels/" + url.PathEscape(name),
			"name": name, "color": "ededed", "default": false, "description": nil,
		})
	}
	return list
}

func (f *Fake) commentJSON(q *request, i *Issue, c Comment) map[string]any {
	at := c.at.UTC().Format(time.RFC3339)
	return map[string]any{
		"id": c.ID, "node_id": fmt.Sprintf("IC_%d", c.ID), "url": fmt.Sprintf("%s/issues/comments/%d", f.repoURL(q), c.ID),
		"html_url":  fmt.Sprintf("%s#issuecomment-%d", f.webURL(i), c.ID),
		"issue_url": f.issueURL(q, i), "user": userJSON(q, c.Author), "created_at": at, "updated_at": at,
		"body": c.Body, "author_association": "NONE", "performed_via_github_app": nil,
	}
}

func userJSON(q *request, login string) map[string]any {
	kind, page := "User", "https://github.com/"+login
	if name, bot := strings.CutSuffix(login, "[bot]"); bot {
		kind, page = "Bot", "https://github.com/apps/"+name
	}
	u := q.base + "/users/" + url.PathEscape(login)
	return map[string]any{
		"login": login, "id": 41898282, "node_id": "MDM6Qm90NDE4OTgyODI=", "type": kind, "site_admin": false,
		"avatar_url": "https://avatars.githubusercontent.com/in/15368?v=4", "gravatar_id": "",
		"url": u, "html_url": page, "followers_url": u + "/followers", "following_url": u + "/following{/other_user}",
		"gists_url": u + "/gists{/gist_id}", "starred_url": u + "/starred{/owner}{/repo}",
		"subscriptions_url": u + "/subscriptions", "organizations_url": u + "/orgs", "repos_url": u + "/repos",
		"events_url": u + "/events{/privacy}", "received_events_url": u + "/received_events",
	}
}
