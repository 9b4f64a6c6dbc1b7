package gh

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"unicode"
)

const (
	maxErrorBody = 64 << 10 // of a failed answer's body, read
	maxShown     = 300      // of what GitHub said, in an error
)

// Error is a request that failed.
type Error struct {
	Method, Path string
	// Status is the answer's, 0 where none came.
	Status int
	// Message is what GitHub said, cut and safe to show.
	Message string
	// Needs is the permission that is missing, as a workflow has it:
	// "issues: write"; "" where it isn't known.
	Needs string
	// Unknown says that a write may have been done although it failed.
	Unknown bool

	kind error // one of the sentinels, or nil
	hint string
	err  error // what came in the place of an answer
}

func (e *Error) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s %s: ", e.Method, e.Path)
	switch {
	case e.err != nil:
		s.WriteString(e.err.Error())
	default:
		fmt.Fprintf(&s, "got status %d", e.Status)
		if e.Message != "" {
			fmt.Fprintf(&s, ", %q", e.Message)
		}
	}
	if e.hint != "" {
		s.WriteString("; " + e.hint)
	}
	if e.Unknown {
		s.WriteString("; it may have been done")
	}
	return s.String()
}

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	var all []error
	for _, err := range []error{e.kind, e.err} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// refusal reads an answer that is not the wanted one. What it says is the
// server's, so it is bounded, and the token is taken out.
func refusal(req *http.Request, resp *http.Response, body []byte, token string) *Error {
	e := &Error{Method: req.Method, Path: req.URL.Path, Status: resp.StatusCode, Message: said(body, token)}
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		e.kind, e.hint = ErrRefused, "the token is not one that GitHub knows: it may be cut off, revoked, or older than its job"
	case http.StatusForbidden:
		e.kind = ErrRefused
		e.Needs = needs(req, resp.Header)
		e.hint = permit(e.Needs, resp.Header)
	case http.StatusNotFound:
		e.kind = ErrNotFound
		e.Needs = needs(req, resp.Header)
		e.hint = "it is not there, or it is private and the token may not see it: " + permit(e.Needs, resp.Header)
	case http.StatusGone:
		e.kind = ErrNotFound
		if strings.Contains(req.URL.Path, "/issues") {
			e.hint = "are issues turned off in the repository's settings?"
		}
	}
	return e
}

func permit(needs string, h http.Header) string {
	if sso := h.Get("X-GitHub-SSO"); strings.HasPrefix(sso, "required") {
		return "the organisation wants single sign-on: authorise the token for it"
	}
	if needs == "" {
		return "look at the job's permissions"
	}
	if scope, ok := strings.CutPrefix(needs, "the scope "); ok {
		return fmt.Sprintf("give the token the scope %q", scope)
	}
	return fmt.Sprintf("give the job `permissions: { %s }`", needs)
}

// said takes the message out of GitHub's answer, or the beginning of another
// server's.
func said(body []byte, token string) string {
	var answer struct {
		Message string            `json:"message"`
		Errors  []json.RawMessage `json:"errors"`
	}
	text := string(body)
	if json.Unmarshal(body, &answer) == nil && answer.Message != "" {
		text = answer.Message + details(answer.Errors)
	}
	text = strings.ReplaceAll(strings.ToValidUTF8(text, ""), token, "***")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if len(text) > maxShown {
		text = strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return text
}

// details are a 422's: objects or plain strings.
func details(errors []json.RawMessage) string {
	var all []string
	for _, raw := range errors {
		var detail struct{ Resource, Field, Code, Message string }
		var text string
		switch {
		case json.Unmarshal(raw, &text) == nil:
		case json.Unmarshal(raw, &detail) == nil:
			text = cmp.Or(detail.Message, strings.TrimSpace(detail.Field+" "+detail.Code))
		}
		if text != "" {
			all = append(all, text)
		}
	}
	if all == nil {
		return ""
	}
	return ": " + strings.Join(all, ", ")
}

// needs names the permission that a request lacks: GitHub's own word for it,
// else what is known of the path. Where the call needs more of the same, it is
// that.
func needs(req *http.Request, h http.Header) string {
	needed := accepted(h.Get("X-Accepted-GitHub-Permissions"))
	if needed == "" {
		needed = known(req)
	}
	if scopes := h.Get("X-Accepted-OAuth-Scopes"); needed == "" && plain.MatchString(scopes) {
		return "the scope " + scopes
	}
	name, _, _ := strings.Cut(needed, ":")
	if call, _ := req.Context().Value(needsKey).(string); strings.HasPrefix(call, name+":") {
		return call
	}
	return needed
}

func known(req *http.Request) string {
	level := "write"
	if !isWrite(req) {
		level = "read"
	}
	for _, p := range permissions {
		if p.path.MatchString(req.URL.Path) {
			return p.name + ": " + level
		}
	}
	return ""
}

var permissions = []struct {
	path *regexp.Regexp
	name string
}{
	{regexp.MustCompile(`/repos/[^/]+/[^/]+/(?:issues|labels)(?:/|$)`), "issues"},
	{regexp.MustCompile(`/repos/[^/]+/[^/]+/code-scanning/`), "security-events"},
	{regexp.MustCompile(`/repos/[^/]+/[^/]+/deployments(?:/|$)`), "deployments"},
	{regexp.MustCompile(`/repos/[^/]+/[^/]+/compare/`), "contents"},
}

var (
	plain = regexp.MustCompile(`^[a-z][a-z:_, -]{0,99}$`)
	sets  = regexp.MustCompile(`^[a-z_]+=[a-z]+(?:, ?[a-z_]+=[a-z]+)*(?:; ?[a-z_]+=[a-z]+(?:, ?[a-z_]+=[a-z]+)*)*$`)
)

// accepted writes "issues=write,contents=read; pull_requests=write", which are
// two sets of permissions of which one is enough, as a workflow has the first.
// metadata is every token's, and no key of a workflow's.
func accepted(header string) string {
	if len(header) > 500 || !sets.MatchString(header) {
		return ""
	}
	first, _, _ := strings.Cut(header, ";")
	var all []string
	for p := range strings.SplitSeq(first, ",") {
		name, level, _ := strings.Cut(strings.TrimSpace(p), "=")
		if name != "metadata" {
			all = append(all, strings.ReplaceAll(name, "_", "-")+": "+level)
		}
	}
	return strings.Join(all, ", ")
}
