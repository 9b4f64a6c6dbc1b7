package gh

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// actionsLogin is the user of a workflow's own token.
const actionsLogin = "github-actions[bot]"

// Login is the user that the token stands for. REST tells it to people's tokens
// only; GraphQL tells it to a workflow's and an app's too.
func (c *Client) Login(ctx context.Context) (string, error) {
	req, err := c.api.NewRequest(http.MethodPost, c.graphQL(), map[string]string{"query": "{viewer{login}}"})
	if err != nil {
		return "", err
	}
	var answer struct {
		Data struct {
			Viewer struct{ Login string }
		}
	}
	if _, err := c.api.Do(reading(ctx), req, &answer); err != nil {
		return "", clean(err)
	}
	if answer.Data.Viewer.Login == "" {
		return "", &Error{Method: req.Method, Path: req.URL.Path, Status: http.StatusOK, kind: ErrRefused, err: errors.New("got no login of the token's user")}
	}
	return answer.Data.Viewer.Login, nil
}

// graphQL is beside the REST API: /graphql on github.com, /api/graphql on an
// Enterprise Server, whose REST API is below /api/v3.
func (c *Client) graphQL() string {
	u := *c.base
	if path, enterprise := strings.CutSuffix(u.Path, "/v3/"); enterprise {
		u.Path = path + "/graphql"
	} else {
		u.Path += "graphql"
	}
	return u.String()
}
