package ghtest

import (
	"net/http"
	"slices"
	"strings"
)

// compareCommits is GET /compare/{basehead}: how head stands to base.
func (f *Fake) compareCommits(q *request) answer {
	const docs = "commits/commits#compare-two-commits"
	base, head, ok := strings.Cut(q.vars["basehead"], "...")
	if !ok || f.options.Parents[base] == nil || f.options.Parents[head] == nil {
		return failed(http.StatusNotFound, "Not Found", docs)
	}
	ofBase, ofHead := f.history(base), f.history(head)
	ahead, behind, merge := 0, 0, ""
	commits := []any{}
	for _, c := range ofHead {
		switch {
		case !slices.Contains(ofBase, c):
			ahead++
			commits = append(commits, f.commitJSON(q, c))
		case merge == "":
			merge = c
		}
	}
	for _, c := range ofBase {
		if !slices.Contains(ofHead, c) {
			behind++
		}
	}
	if merge == "" {
		return failed(http.StatusNotFound, "No common ancestor between "+base+" and "+head+".", docs)
	}
	status := map[[2]bool]string{{false, false}: "identical", {true, false}: "ahead", {false, true}: "behind", {true, true}: "diverged"}[[2]bool{ahead > 0, behind > 0}]
	u := f.repoURL(q) + "/compare/" + base + "..." + head
	page := "https://github.com/" + f.options.Repository + "/compare/" + base + "..." + head
	return answer{status: http.StatusOK, body: map[string]any{
		"url": u, "html_url": page, "permalink_url": page, "diff_url": page + ".diff", "patch_url": page + ".patch",
		"base_commit": f.commitJSON(q, base), "merge_base_commit": f.commitJSON(q, merge),
		"status": status, "ahead_by": ahead, "behind_by": behind, "total_commits": ahead,
		"commits": commits[:min(len(commits), 1)], "files": []any{},
	}}
}

// history is a commit and all that it comes from, the nearest first.
func (f *Fake) history(commit string) []string {
	all := []string{commit}
	for i := 0; i < len(all); i++ {
		for _, p := range f.options.Parents[all[i]] {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	return all
}

func (f *Fake) commitJSON(q *request, sha string) map[string]any {
	u := f.repoURL(q) + "/commits/" + sha
	page := "https://github.com/" + f.options.Repository + "/commit/" + sha
	who := map[string]any{"name": "Ada", "email": "ada@shop.example", "date": "2026-03-01T06:00:00Z"}
	parents := []any{}
	for _, p := range f.options.Parents[sha] {
		parents = append(parents, map[string]any{"sha": p, "url": f.repoURL(q) + "/commits/" + p, "html_url": page})
	}
	return map[string]any{
		"url": u, "sha": sha, "node_id": "C_" + sha, "html_url": page, "comments_url": u + "/comments",
		"commit": map[string]any{
			"url": f.repoURL(q) + "/git/commits/" + sha, "author": who, "committer": who, "message": "m", "comment_count": 0,
			"tree":         map[string]any{"sha": sha, "url": f.repoURL(q) + "/git/trees/" + sha},
			"verification": map[string]any{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil},
		},
		"author": nil, "committer": nil, "parents": parents,
	}
}
