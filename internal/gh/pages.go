package gh

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
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

// post sends one request for which go-github has no method, or not GitHub's.
func (c *Client) post(ctx context.Context, path string, body, into any) error {
	req, err := c.api.NewRequest(http.MethodPost, c.path(path), body)
	if err != nil {
		return err
	}
	_, err = c.api.Do(ctx, req, into)
	return clean(err)
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
		params, after := cutUnquoted(rest, ',')
		if isNext(params) {
			return target
		}
		header = after
	}
	return ""
}

// cutUnquoted cuts around the first sep that is in no quotes.
func cutUnquoted(s string, sep byte) (before, after string) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// isNext reads a link's parameters. Of several named rel the first one counts.
func isNext(params string) bool {
	for params != "" {
		var p string
		p, params = cutUnquoted(params, ';')
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(strings.TrimSpace(name), "rel") {
			relations := strings.Fields(strings.Trim(strings.TrimSpace(value), `"`))
			return slices.ContainsFunc(relations, func(r string) bool { return strings.EqualFold(r, "next") })
		}
	}
	return false
}
