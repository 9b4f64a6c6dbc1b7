package gh

import (
	"context"
	"fmt"
	"net/http"
)

// Relation is how one commit stands to another.
type Relation string

const (
	Same       Relation = "identical"
	Ancestor   Relation = "ahead"    // the other one is ahead
	Descendant Relation = "behind"   // the other one is behind
	Diverged   Relation = "diverged" // both have what the other has not
)

// Relate says what a is to b: Ancestor if b has all that a has, and more. It needs
// the permission contents: read, and no clone: a checkout of depth 1 has no history.
// It is ErrNotFound if GitHub does not have one of them any more.
func (c *Client) Relate(ctx context.Context, a, b string) (Relation, error) {
	for _, commit := range []string{a, b} {
		if !commitForm.MatchString(commit) {
			return "", fmt.Errorf("comparing commits: got %.80q; a commit is 40 hex digits", commit)
		}
	}
	var answer struct{ Status Relation }
	path := c.path("compare/" + a + "..." + b + "?per_page=1")
	if _, err := c.get(c.call(ctx, "contents: read"), path, &answer); err != nil {
		return "", fmt.Errorf("comparing the commits %s and %s: %w", a, b, err)
	}
	switch answer.Status {
	case Same, Ancestor, Descendant, Diverged:
		return answer.Status, nil
	}
	return "", fmt.Errorf("comparing the commits %s and %s: %w", a, b, &Error{
		Method: http.MethodGet, Path: path, Status: http.StatusOK, kind: ErrUnavailable, err: fmt.Errorf("got the status %.80q; want ahead, behind, diverged or identical", answer.Status),
	})
}
