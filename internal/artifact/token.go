package artifact

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

// backendIDs name a run and a job at the service. On GitHub they are UUIDs, in
// act numbers; they are not the run's number in its URL.
type backendIDs struct{ run, job string }

const resultsScope = "Actions.Results"

// idsFromToken reads the ids from the scope "Actions.Results:<run>:<job>" of the
// runtime token, a JWT. The signature is the service's to check. No error shows
// any of the token.
func idsFromToken(token string) (backendIDs, error) {
	if token == "" {
		return backendIDs{}, errors.New("ACTIONS_RUNTIME_TOKEN: got nothing, want the token that the runner gives to actions (a step with run: gets none)")
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 || strings.Trim(token, jwtAlphabet) != "" {
		return backendIDs{}, errors.New("ACTIONS_RUNTIME_TOKEN: got no JWT, want three parts of base64url")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Scopes string `json:"scp"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return backendIDs{}, errors.New("ACTIONS_RUNTIME_TOKEN: got a JWT whose claims can't be read, want base64url of a JSON object")
	}
	for scope := range strings.FieldsSeq(claims.Scopes) {
		name, rest, _ := strings.Cut(scope, ":")
		if name != resultsScope {
			continue
		}
		run, job, ok := strings.Cut(rest, ":")
		if !ok || run == "" || job == "" || strings.Contains(job, ":") {
			break
		}
		return backendIDs{run, job}, nil
	}
	return backendIDs{}, errors.New(`ACTIONS_RUNTIME_TOKEN: got a JWT without the ids of a run and a job, want "Actions.Results:<run>:<job>" in scp; is it another token?`)
}

const jwtAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
