package blob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/store"
)

// answer is what a server said.
type answer struct {
	status int
	code   string // the cloud's own, such as PreconditionFailed; may be empty
	header http.Header
}

// failed gives an error its code, by what the server's answer was and never by an
// SDK's words: those may hold an address with a signature.
func (b *Bucket) failed(ctx context.Context, op, name string, err error) *store.Error {
	e := &store.Error{Op: op, Name: name}
	if gone := context.Cause(ctx); gone != nil {
		e.Code, e.Err = store.Unknown, gone
		return e
	}
	if no := (*noCredentials)(nil); errors.As(err, &no) {
		e.Code, e.Err = no.code, errors.New(no.text)
		return e
	}
	said, ok := b.cloud.said(err)
	if !ok {
		e.Code, e.Err = store.Unknown, errors.New(unsaid(err))
		return e
	}
	e.Code = said.kind()
	if e.Code == store.Busy {
		e.RetryAfter = said.wish()
	}
	e.Err = said
	return e
}

func (a answer) Error() string {
	text := fmt.Sprintf("the server said %d", a.status)
	if a.code != "" {
		text += " " + bounded(a.code)
	}
	switch a.kind() { //nolint:exhaustive // the others speak for themselves
	case store.Denied:
		text += "; have these credentials the right to do that here?"
	case store.Other:
		if a.noBucket() {
			text += "; there is no such bucket"
		}
	}
	return text
}

func (a answer) noBucket() bool {
	return a.code == "NoSuchBucket" || a.code == "ContainerNotFound" || a.code == "ContainerBeingDeleted"
}

// kind is the code of a status. A 5xx other than 503 comes from a server, or from one
// before it, that may have done what was asked.
func (a answer) kind() store.Code {
	switch {
	case a.noBucket():
		return store.Other
	case a.code == "SlowDown" || a.code == "ServerBusy" || a.code == "ConditionalRequestConflict" || a.code == "OperationAborted" || a.code == "Throttling":
		return store.Busy
	case a.code == "BlobAlreadyExists" || a.code == "ConditionNotMet" || a.code == "PreconditionFailed":
		return store.Changed
	}
	switch a.status {
	case http.StatusNotFound:
		return store.NotFound
	case http.StatusPreconditionFailed, http.StatusNotModified:
		return store.Changed
	case http.StatusUnauthorized, http.StatusForbidden:
		return store.Denied
	case http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return store.Busy
	case http.StatusRequestTimeout:
		return store.Unknown
	}
	if a.status >= http.StatusInternalServerError || a.status < http.StatusMultipleChoices {
		return store.Unknown
	}
	return store.Other
}

// wish is Retry-After, in seconds.
func (a answer) wish() time.Duration {
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, 3600)) * time.Second
}

// unsaid is why no answer came, without the address that was asked, as that may be
// signed.
func unsaid(err error) string {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return bounded("no answer: " + u.Err.Error())
	}
	return "no answer that can be understood"
}

// noCredentials is why there are none to ask with: nothing was asked.
type noCredentials struct {
	code store.Code
	text string
}

func (n *noCredentials) Error() string { return n.text }

// without says why. Who gives credentials may be busy too.
func without(what string, err error, said func(error) (answer, bool)) error {
	no := &noCredentials{store.Denied, "there are no credentials: " + what}
	if a, ok := said(err); ok {
		no.text += "; " + a.Error()
		if a.status >= http.StatusInternalServerError || a.status == http.StatusTooManyRequests {
			no.code = store.Busy
		}
	} else if u := (*url.Error)(nil); errors.As(err, &u) {
		no.code, no.text = store.Busy, no.text+"; "+unsaid(err)
	}
	return no
}

// bounded is one line of at most 200 bytes.
func bounded(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "") + "…"
	}
	return text
}
