package imagetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// authorized answers 401 with a challenge unless the request may be served.
func (r *Registry) authorized(w http.ResponseWriter, req *http.Request) bool {
	switch {
	case r.opts.Username == "":
		return true
	case r.opts.Bearer:
		return r.bearer(w, req)
	case r.known(req):
		return true
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
	refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	return false
}

func (r *Registry) known(req *http.Request) bool {
	user, password, ok := req.BasicAuth()
	return ok && user == r.opts.Username && password == r.opts.Password
}

func (r *Registry) bearer(w http.ResponseWriter, req *http.Request) bool {
	scope := scopeOf(req)
	token, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	r.mu.Lock()
	granted, known := r.tokens[token]
	r.mu.Unlock()
	if ok && known && (scope == "" || slices.Contains(granted, scope)) {
		return true
	}
	challenge := fmt.Sprintf(`Bearer realm="http://%s/token",service="%s"`, r.Host, r.Host)
	if scope != "" {
		challenge += fmt.Sprintf(`,scope="%s"`, scope)
	}
	if known {
		challenge += `,error="insufficient_scope"`
	}
	w.Header().Set("WWW-Authenticate", challenge)
	refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	return false
}

// scopeOf is what a token has to grant: "repository:org/shop:push", "" for the ping.
func scopeOf(req *http.Request) string {
	rest, ok := strings.CutPrefix(req.URL.Path, "/v2/")
	if !ok || rest == "" {
		return ""
	}
	for _, part := range []string{"/manifests/", "/blobs/", "/tags/", "/referrers/"} {
		if repo, _, found := strings.Cut(rest, part); found {
			if writes(req) {
				return "repository:" + repo + ":push"
			}
			return "repository:" + repo + ":pull"
		}
	}
	return ""
}

// token is the token endpoint: it grants what is asked for to whoever knows the
// password, and nothing to others.
func (r *Registry) token(w http.ResponseWriter, req *http.Request) {
	if !r.known(req) {
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "incorrect username or password")
		return
	}
	var granted []string
	for _, scopes := range req.URL.Query()["scope"] {
		for scope := range strings.FieldsSeq(scopes) {
			parts := strings.Split(scope, ":")
			for action := range strings.SplitSeq(parts[len(parts)-1], ",") {
				granted = append(granted, strings.Join(append(parts[:len(parts)-1:len(parts)-1], action), ":"))
			}
		}
	}
	r.mu.Lock()
	token := fmt.Sprintf("token-%d", len(r.tokens))
	r.tokens[token] = granted
	r.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"token": token, "expires_in": 300})
}

// Forget makes every token invalid, as time does.
func (r *Registry) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.tokens)
}
