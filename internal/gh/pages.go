package gh

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
)

// maxPages bounds a list: 1,000 entries where a page has 100.
const maxPages = 10

// pages yields a list's entries, page after page, by the address that each page
// gives of the next: GitHub has lists that it refuses to count pages of. An
// error is the last thing yielded. first is relative to the API's URL.
func pages[T any](ctx context.Context, c *Client, first string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		to := first
		for range maxPages {
			var page []T
			link, err := c.get(ctx, to, &page)
			if err != nil {
				yield(none, err)
				return
			}
			for _, entry := range page {
				if !yield(entry, nil) {
					return
				}
			}
			if to = nextPage(link); to == "" {
				return
			}
		}
		yield(none, fmt.Errorf("listing %s: got more than %d pages", first, maxPages))
	}
}

// get reads one answer and returns its Link header.
func (c *Client) get(ctx context.Context, to string, into any) (link string, err error) {
	req, err := c.api.NewRequest(http.MethodGet, to, nil)
	if err != nil {
		return "", fmt.Errorf("the address %.200q: %w", to, err)
	}
	resp, err := c.api.Do(ctx, req, into)
	if err != nil {
		return "", clean(err)
	}
	return resp.Header.Get("Link"), nil
}

// clean takes net/http's words off an error of the transport's.
func clean(err error) error {
	var ours *Error
	if errors.As(err, &ours) {
		return ours
	}
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}

// nextPage is the target of the link with the relation "next" in a Link header,
// RFC 8288 section 3; "" if there is none, or none that can be read.
func nextPage(header string) string {
	for header != "" {
		_, rest, found := strings.Cut(header, "<")
		if !found {
			return ""
		}
		target, rest, found := strings.Cut(rest, ">")
		if !found {
			return ""
		}
		params, after := untilComma(rest)
		if isNext(params) {
			return target
		}
		header = after
	}
	return ""
}

// untilComma cuts at the first comma that is in no quotes.
func untilComma(s string) (before, after string) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func isNext(params string) bool {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(strings.TrimSpace(name), "rel") {
			for relation := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(value), `"`)) {
				if strings.EqualFold(relation, "next") {
					return true
				}
			}
			return false
		}
	}
	return false
}
