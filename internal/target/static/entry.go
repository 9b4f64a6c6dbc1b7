package static

import (
	"errors"
	"fmt"
	"html"
	"strings"

	scan "golang.org/x/net/html"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
)

// entry makes the page that shoppers get of a release's own: a base element as
// the first of the head, and ref in the last line. Nothing else is touched, so
// that hashes of scripts, and of a policy, stay true.
func entry(page []byte, base string, ref channel.Ref) ([]byte, error) {
	at, err := headOf(string(page))
	if err != nil {
		return nil, err
	}
	return []byte(string(page[:at]) + baseElement(base, ref.Release) + string(page[at:]) + ref.String()), nil
}

func baseElement(base string, id release.Digest) string {
	return `<base href="` + html.EscapeString(base+folderOf(id)) + `/">`
}

// cut is entry's reverse: the release's own page, and ref. A page that is not
// ours has no ref, which is no error.
func cut(data []byte, base string) (page []byte, ref channel.Ref, ours bool, err error) {
	rest, ref, ours, err := channel.CutRef(string(data))
	if err != nil || !ours {
		return nil, channel.Ref{}, false, err
	}
	element := baseElement(base, ref.Release)
	before, after, found := strings.Cut(rest, element)
	if !found {
		return nil, channel.Ref{}, false, fmt.Errorf("reading the entry: got no %s; was it written for another address?", element)
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
	tail := folderOf(ref.Release) + `/">`
	end := strings.Index(rest, tail)
	if end < 0 {
		return page
	}
	start := strings.LastIndex(rest[:end], `<base href="`)
	if start < 0 || strings.ContainsAny(rest[start+len(`<base href="`):end], `"<>`) {
		return page
	}
	return []byte(rest[:start] + rest[end+len(tail):])
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
