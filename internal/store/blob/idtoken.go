package blob

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/org/checkout-deploy/internal/store"
)

// idToken asks GitHub for a token that says which workflow's run this is. It is a
// secret for the minutes that it is good for.
type idToken struct {
	client *http.Client
	url    string
	bearer string
}

const noIDToken = "the workflow may ask for no token of its own, which role needs: give the job permissions: {id-token: write}"

func newIDToken(o Options, audience string) (*idToken, error) {
	address, bearer := o.variable("ACTIONS_ID_TOKEN_REQUEST_URL"), o.variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	u, err := url.Parse(address)
	if address == "" || bearer == "" || err != nil || endpoint(u.Scheme+"://"+u.Host) != "" {
		return nil, &noCredentials{store.Denied, noIDToken}
	}
	query := u.Query()
	query.Set("audience", audience)
	u.RawQuery = query.Encode()
	return &idToken{&http.Client{Transport: o.transport(), Timeout: time.Minute, CheckRedirect: stay}, u.String(), bearer}, nil
}

// stay follows nobody to another address with a token.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// GetIdentityToken implements stscreds.IdentityTokenRetriever.
func (t *idToken) GetIdentityToken() ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url, http.NoBody)
	if err != nil {
		return nil, &noCredentials{store.Denied, noIDToken}
	}
	request.Header.Set("Authorization", "Bearer "+t.bearer)
	response, err := t.client.Do(request)
	if err != nil {
		return nil, &noCredentials{store.Busy, "GitHub's tokens: " + unsaid(err)}
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if response.StatusCode != http.StatusOK || err != nil {
		code := store.Denied
		if err != nil || response.StatusCode >= http.StatusInternalServerError || response.StatusCode == http.StatusTooManyRequests {
			code = store.Busy
		}
		return nil, &noCredentials{code, "GitHub's tokens: " + answer{status: response.StatusCode}.Error()}
	}
	var got struct{ Value string }
	if err := json.Unmarshal(data, &got); err != nil || got.Value == "" {
		return nil, &noCredentials{store.Denied, "GitHub's tokens: the answer has none"}
	}
	return []byte(got.Value), nil
}

func asNoCredentials(err error, no **noCredentials) bool { return errors.As(err, no) }
