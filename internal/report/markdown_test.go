package report

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	htmlof "github.com/yuin/goldmark/renderer/html"
)

// github renders as GitHub does before it cleans the HTML, so that no tag of a
// hostile text is hidden from the tests.
var github = goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote), goldmark.WithRendererOptions(htmlof.WithUnsafe()))

func rendered(t *testing.T, markdown string) string {
	t.Helper()
	var out bytes.Buffer
	if err := github.Convert([]byte(markdown), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// seen is what a reader sees of rendered text.
func seen(s string) string {
	return strings.ReplaceAll(html.UnescapeString(s), "\u200b", "")
}

// What GitHub does to the text of a page after Markdown.
var afterwards = regexp.MustCompile(`@[0-9A-Za-z_]|#[0-9]|(?i:\bGH-[0-9])|://|(?i:www\.)|:[a-zA-Z0-9_+-]+:|\b[0-9a-f]{7,40}\b`)

// Whatever the text, it is text: in a cell, a paragraph, a list, a heading and
// as code it shows as it is, adds no cell, and becomes no link or element.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{
		hostile, "a|b", `a\|b`, "`a`|``", "\\", "- x", "1. x", "1) x", "+", "=", "===", "---", "# h", "> q", "~~~", "```", "    code", "\tcode",
		"[^1]", "[x]", "- [ ] x", "![a](b)", "[a]: b", "<a@b.c>", "<https://x.y>", "http://x.y", "www.x.y", "WWW.x.y", "mailto:a@b.c", "a@b.c", "xmpp:a@b.c",
		"@user", "user@4f1d2c9", "org/repo#12", "gh-12", ":a:b:", "::a:", "&lt;b&gt;", "&#64;user", "$x$", "**b**", "__b__", "~~s~~", "a\u2028b", "\u202e", "deadbeef1",
		"<details>", "</details>", "<!-- x", "\x00", "\xff|", " `", "` ", "''", "(", "[", "](x", "ftp://a.b", "a:", "\u200b", "|", "||", "\ufeff",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := line(s)
		if want == "" || len(s) > 4000 {
			return
		}
		text := escape(s)
		for name, in := range map[string]struct{ markdown, before, after string }{
			"paragraph": {start(text), "<p>", "</p>\n"},
			"list":      {"- " + start(text), "<ul>\n<li>", "</li>\n</ul>\n"},
			"heading":   {"## " + text, "", "</h2>\n"},
			"cell":      {"| a | b |\n| - | - |\n| " + text + " | x |", "<tbody>\n<tr>\n<td>", "</td>\n<td>x</td>\n</tr>\n</tbody>\n</table>\n"},
			"code":      {"a " + span(s), "<p>a <code>", "</code></p>\n"},
			"code cell": {"| a | b |\n| - | - |\n| " + span(s) + " | x |", "<tbody>\n<tr>\n<td><code>", "</code></td>\n<td>x</td>\n</tr>\n</tbody>\n</table>\n"},
			"summary":   {"<details><summary>" + element(s) + "</summary>\n\nx\n\n</details>", "<details><summary>", "</summary>\n<p>x</p>\n</details>"},
		} {
			out := rendered(t, in.markdown)
			if name == "heading" {
				in.before = "<h2>"
			}
			_, inner, found := strings.Cut(out, in.before)
			inner, rest := strings.CutSuffix(inner, in.after)
			if !found || !rest || strings.Contains(inner, "<") {
				t.Fatalf("%s: %q became %q", name, in.markdown, out)
			}
			if got := seen(inner); got != strings.ReplaceAll(want, "\u200b", "") {
				t.Fatalf("%s: got %q, want %q, of %q", name, got, want, in.markdown)
			}
			if !strings.HasPrefix(name, "code") { // GitHub leaves code alone
				if m := afterwards.FindString(html.UnescapeString(inner)); m != "" {
					t.Fatalf("%s: %q is left for GitHub to change, of %q", name, m, in.markdown)
				}
			}
		}
	})
}

// Hostile text changes no structure of a whole summary either.
func TestMarkdownOfHostileText(t *testing.T) {
	tags := regexp.MustCompile(`<(/?[a-z0-9]+)`)
	count := func(s string) map[string]int {
		n := map[string]int{}
		for _, m := range tags.FindAllStringSubmatch(rendered(t, everywhere(s).Markdown(SummaryLimit)), -1) {
			n[m[1]]++
		}
		return n
	}
	plain, got := count("word"), count(hostile)
	for tag, n := range got {
		if tag == "a" || tag == "/a" || tag == "code" || tag == "/code" {
			continue // a word has fewer signs that need the element
		}
		if n != plain[tag] {
			t.Errorf("got %d <%s>, want %d", n, tag, plain[tag])
		}
	}
	if got["a"] > plain["a"] || got["img"] > 0 || got["script"] > 0 {
		t.Errorf("got %v", got)
	}
}

// Half a mention in two values is none.
func TestParagraphAcrossValues(t *testing.T) {
	text := Paragraph{Text("("), Text("@"), Text(":x"), Code("c"), Text(":")}.markdown("")
	if got, want := seen(rendered(t, text)), "<p>(@:x <code>c</code>:</p>\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMarkdownLimit(t *testing.T) {
	whole := sample().Markdown(SummaryLimit)
	for limit := 0; limit < len(whole)+500; limit += 37 {
		got := sample().Markdown(limit)
		if len(got) > limit {
			t.Fatalf("got %d bytes, want at most %d", len(got), limit)
		}
		body, note, cut := strings.Cut(got, "*Left out for want of room")
		switch {
		case limit >= len(whole)+noteRoom && got != whole:
			t.Fatalf("%d bytes have room for all", limit)
		case cut && (!strings.HasPrefix(whole, strings.TrimRight(body, "\n")) || !strings.HasSuffix(note, " The report has everything.*\n")):
			t.Fatalf("limit %d: got %q", limit, got)
		case strings.Count(got, "<details>") != strings.Count(got, "</details>"):
			t.Fatalf("limit %d cuts a block", limit)
		}
	}
	got := sample().Markdown(2200)
	if want := "*Left out for want of room: 3 findings, 1 table, 1 closed part, 2 charts, 1 note, 1 list, 1 paragraph. The report has everything.*\n"; !strings.HasSuffix(got, want) {
		t.Errorf("got the end %q, want %q", got[max(0, len(got)-200):], want)
	}
}

func TestMarkdownOfManyRows(t *testing.T) {
	table := Table{Caption: "c", Columns: []string{"n"}}
	for i := range 1050 {
		table.Rows = append(table.Rows, []Value{Count(i)})
	}
	got := table.markdown("")
	if strings.Count(got, "\n| ") != 52 || !strings.HasSuffix(got, "*And 1,000 more rows.*") {
		t.Errorf("got %s", got)
	}
}

func TestFence(t *testing.T) {
	for _, text := range []string{"a", "```\nx", "````", "~~~"} {
		if got, want := rendered(t, fence("<x>", text)), "<pre><code>"+html.EscapeString(text)+"\n</code></pre>\n"; got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
