package image

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// The kinds of a registry's errors.
var (
	ErrUnauthorized = errors.New("not authorized")
	ErrNotFound     = errors.New("not found")
	ErrUnavailable  = errors.New("not available")
)

// Error is what a registry answered, or that it did not.
type Error struct {
	Kind   error  // ErrUnauthorized, ErrNotFound, ErrUnavailable or nil
	Op     string // "reading", "tagging"
	Name   string // the image
	Host   string // who answered: the registry, its token server, its object store
	Status int    // 0 if nobody did, or what was answered makes no sense
	// Message is the registry's own, bounded and without credentials; may be empty.
	Message string
	Hint    string

	err error // what is under it, never shown
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: ", e.Op, e.Name)
	switch {
	case e.Status != 0:
		fmt.Fprintf(&b, "%s answered %d %s: ", e.Host, e.Status, http.StatusText(e.Status))
	case e.Kind != nil:
		fmt.Fprintf(&b, "%s did not answer: ", e.Host)
	}
	if e.Message != "" {
		b.WriteString(e.Message)
	} else {
		b.WriteString("it gives no reason")
	}
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

func (e *Error) Unwrap() []error {
	var all []error
	// What was sent is in e.err's text, but only the errors of the context are of
	// use to those who ask.
	for _, err := range []error{e.Kind, isContext(e.err)} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

func isContext(err error) error {
	for _, ctx := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, ctx) {
			return ctx
		}
	}
	return nil
}

const (
	loginHint = "give registry-username and registry-password; a `docker login` of an earlier step is in a home folder that a container action does not see"
	busyHint  = "the registry or the network has a problem; run it again later"
)

// failed makes an Error of what ggcr or a transport says.
func failed(op string, ref Reference, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Op: op, Name: ref.Name, Host: ref.Host(), err: err}
	var answer *transport.Error
	if errors.As(err, &answer) {
		e.answered(answer)
		return e
	}
	var insecure *plainError
	var request *url.Error
	switch {
	case errors.As(err, &insecure):
		e.Message = insecure.Error()
	case isContext(err) != nil:
		e.Message = clean(isContext(err).Error())
	case broken(err) || errors.As(err, &request):
		e.Kind, e.Hint = ErrUnavailable, busyHint
		switch {
		case errors.Is(err, errIdle) && !errors.Is(err, errBroken):
			err = errIdle
		case request != nil:
			err = request.Err // without the address: a signed one is a credential
		}
		e.Message = clean(err.Error())
	default:
		e.Message = clean(err.Error())
	}
	return e
}

func (e *Error) answered(answer *transport.Error) {
	e.Status = answer.StatusCode
	if answer.Request != nil {
		e.Host = answer.Request.URL.Host
	}
	var said []string
	for _, d := range answer.Errors {
		said = append(said, strings.TrimSuffix(string(d.Code)+": "+d.Message, ": "))
	}
	e.Message = clean(redacted(strings.Join(said, "; "), answer.Request))
	switch s := answer.StatusCode; {
	case s == http.StatusUnauthorized:
		e.Kind, e.Hint = ErrUnauthorized, loginHint
	case s == http.StatusForbidden:
		e.Kind, e.Hint = ErrUnauthorized, "these credentials may not do that, or the image does not exist"
	case s == http.StatusNotFound:
		e.Kind, e.Hint = ErrNotFound, "look at the name, the tag and the digest"
	case transient(s):
		e.Kind, e.Hint = ErrUnavailable, busyHint
	}
}

// redacted is a message without what the request's Authorization header gave away.
func redacted(s string, req *http.Request) string {
	if req == nil {
		return s
	}
	scheme, credential, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	secrets := []string{credential}
	if strings.EqualFold(scheme, "Basic") {
		if pair, err := base64.StdEncoding.DecodeString(credential); err == nil {
			_, password, _ := strings.Cut(string(pair), ":")
			secrets = append(secrets, string(pair), password)
		}
	}
	for _, secret := range secrets {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, "***")
		}
	}
	return s
}

const maxMessage = 300

// clean is a text of unknown origin on one line, bounded.
func clean(s string) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)), " ")
	if runes := []rune(s); len(runes) > maxMessage {
		return string(runes[:maxMessage]) + "…"
	}
	return s
}
