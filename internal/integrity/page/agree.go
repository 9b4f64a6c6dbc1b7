package page

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// sighting is a script, style or link, by its tag and content.
type sighting struct{ tag, url, text string }

// agree compares what was seen with what the tree of a whole parser has. The two
// differ in markup that is broken on purpose, such as style sheets across the
// borders of SVG: who can't say what a browser loads must not guess.
func (s *scanner) agree() error {
	tree, err := html.Parse(bytes.NewReader(s.html[withoutMark(s.html):]))
	if err != nil {
		return fmt.Errorf("%w: browsers nest no deeper either", err)
	}
	var want []sighting
	for n := range tree.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch {
		case n.Namespace == "" && n.Data == "link":
			want = append(want, sighting{"link", strings.Trim(value(n, "href"), whitespace), ""})
		case n.Namespace == "" && n.Data == "script":
			want = append(want, sighting{"script", strings.Trim(value(n, "src"), whitespace), content(n)})
		case n.Namespace == "" && n.Data == "style":
			want = append(want, sighting{"style", "", content(n)})
		case n.Namespace != "" && n.Data == "script":
			want = append(want, sighting{"svg script", strings.Trim(value(n, "href"), whitespace), content(n)})
		case n.Namespace != "" && n.Data == "style":
			want = append(want, sighting{"svg style", "", content(n)})
		}
	}
	compare := func(a, b sighting) int {
		return strings.Compare(a.tag+"\x00"+a.url+"\x00"+a.text, b.tag+"\x00"+b.url+"\x00"+b.text)
	}
	got := slices.SortedFunc(slices.Values(s.seen), compare)
	slices.SortFunc(want, compare)
	if !slices.Equal(got, want) {
		return errors.New("scripts or styles stand where their tags can be read in two ways, as across the border of an svg or math element: close elements in the order in which they were opened")
	}
	return nil
}

func value(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func content(n *html.Node) string {
	var all strings.Builder
	for child := range n.ChildNodes() {
		if child.Type == html.TextNode {
			all.WriteString(child.Data)
		}
	}
	return all.String()
}
