package static

import (
	"errors"
	"fmt"
	"html"
	"path"
	"strings"

	scan "golang.org/x/net/html"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
)

// render makes the page that shoppers get of a release's own: a base element as
// the first of the head, and ref in the last line. Nothing else is touched, so
// that hashes of scripts, and of a policy, stay true. A page of no release gets the
// line alone.
func (t *Target) render(page []byte, ref channel.Ref) ([]byte, error) {
	if ref.Release.IsZero() {
		return []byte(string(page) + ref.String()), nil
	}
	at, err := headOf(string(page))
	if err != nil {
		return nil, err
	}
	return []byte(string(page[:at]) + t.baseElement(ref.Release) + string(page[at:]) + ref.String()), nil
}

// baseElement leads to the folder that the page has in its release.
func (t *Target) baseElement(id release.Digest) string {
	folder := fileOf(id, strings.TrimSuffix(t.Entry, path.Base(t.Entry)))
	return `<base href="` + html.EscapeString(t.Base+folder) + `">`
}

// cut is render's reverse: the release's own page, and ref. A page that is not
// ours has no ref, which is no error. One that is ours and has no base element is an
// error, and what else it holds.
func (t *Target) cut(data []byte) (page []byte, ref channel.Ref, ours bool, err error) {
	rest, ref, ours, err := channel.CutRef(string(data))
	if err != nil || !ours {
		return nil, channel.Ref{}, false, err
	}
	if ref.Release.IsZero() {
		return []byte(rest), ref, true, nil
	}
	element := t.baseElement(ref.Release)
	before, after, found := strings.Cut(rest, element)
	if !found {
		return []byte(rest), ref, true, fmt.Errorf("got no %s; was it written for another address?", element)
	}
	return []byte(before + after), ref, true, nil
}

// Own gives of a page as shoppers get it the release's own, without what a deploy
// inserted; a page that no deploy put there it gives back.
func Own(page []byte) []byte {
	rest, ref, ours, err := channel.CutRef(string(page))
	if err != nil || !ours {
		return page
	}
	if ref.Release.IsZero() {
		return []byte(rest)
	}
	const head = `<base href="`
	start := strings.Index(rest, head)
	if start < 0 {
		return page
	}
	address, after, closed := strings.Cut(rest[start+len(head):], `">`)
	if !closed || !strings.Contains(address, folderOf(ref.Release)+"/") || strings.ContainsAny(address, `"<>`) {
		return page
	}
	return []byte(rest[:start] + after)
}

// headOf is where a base element comes before every address: after <head>, or
// before the first tag that begins the head or body by itself.
func headOf(page string) (int, error) {
	tokens, at, head := scan.NewTokenizer(strings.NewReader(page)), 0, -1
	for {
		kind := tokens.Next()
		begins := at
		at += len(tokens.Raw())
		if kind == scan.ErrorToken {
			break
		}
		if kind != scan.StartTagToken && kind != scan.SelfClosingTagToken {
			continue
		}
		name, _ := tokens.TagName()
		switch string(name) {
		case "base":
			return 0, fmt.Errorf("got a base element at byte %d: the deploy sets the base itself; use relative addresses without one", begins)
		case "html":
		case "head":
			if head < 0 {
				head = at
			}
		default:
			if head < 0 {
				head = begins
			}
		}
	}
	if head < 0 {
		return 0, errors.New("got no HTML element in it")
	}
	return head, nil
}
