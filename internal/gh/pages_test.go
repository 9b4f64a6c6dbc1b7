package gh

import (
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/org/checkout-deploy/internal/gh/ghtest"
)

func TestNextPage(t *testing.T) {
	for _, test := range []struct{ name, header, want string }{
		{"none", "", ""},
		{"GitHub's", `<https://api.github.com/repositories/1/issues?per_page=100&after=Y3Vy&page=2>; rel="next", <https://api.github.com/x?page=5>; rel="last"`, "https://api.github.com/repositories/1/issues?per_page=100&after=Y3Vy&page=2"},
		{"not the first", `<https://a/1>; rel="prev", <https://a/3>; rel="next"`, "https://a/3"},
		{"the last page", `<https://a/1>; rel="prev", <https://a/1>; rel="first"`, ""},
		{"commas in the target", `<https://a/?labels=a,b&page=2>; rel="next"`, "https://a/?labels=a,b&page=2"},
		{"commas and a link in quotes", `<https://a/1>; title="x, <https://evil/>; rel=next"; rel="prev", <https://a/2>; rel=next`, "https://a/2"},
		{"several relations", `<https://a/2>; REL="last Next"`, "https://a/2"},
		{"the first rel counts", `<https://a/2>; rel="prev"; rel="next"`, ""},
		{"no target's end", `<https://a/2; rel="next"`, ""},
		{"no target", `rel="next"`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := nextPage(test.header); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// What is found is a target of the header, and a link that is put in front of
// any header is found.
func FuzzNextPage(f *testing.F) {
	f.Add(`<https://a/1>; rel="prev", <https://a/2>; rel="next"`)
	f.Add(`<>;rel=next,<`)
	f.Add(`<a>; title="\",<b>; rel=next`)
	f.Fuzz(func(t *testing.T, header string) {
		if next := nextPage(header); next != "" && !strings.Contains(header, "<"+next+">") {
			t.Errorf("got %q, which is no target of %q", next, header)
		}
		const first = "https://api.github.com/x?page=2"
		if next := nextPage("<" + first + `>; rel="next", ` + header); next != first {
			t.Errorf("got %q, want the first link", next)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name, value string
		want        time.Duration
	}{
		{"none", "", 0},
		{"seconds", "17", 17 * time.Second},
		{"a date", "Mon, 02 Mar 2026 06:01:00 GMT", time.Minute},
		{"a date in an old form", "Monday, 02-Mar-26 06:01:00 GMT", time.Minute},
		{"a date that is over", "Mon, 02 Mar 2026 05:00:00 GMT", 0},
		{"a far date", "Mon, 02 Mar 2126 06:00:00 GMT", longestWait},
		{"less than nothing", "-5", 0},
		{"more than there is", "9223372036854775807", longestWait},
		{"a fraction", "1.5", 0},
		{"words", "soon", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := retryAfter(test.value, now); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// No header makes a wait that is less than nothing or longer than the longest.
func FuzzWaits(f *testing.F) {
	for _, s := range []string{"17", "-1", "9223372036854775807", "Mon, 02 Mar 2026 06:01:00 GMT", "1772431260"} {
		f.Add(s, int64(1772431200))
	}
	f.Fuzz(func(t *testing.T, value string, now int64) {
		at := time.Unix(now%(1<<40), 0)
		for name, got := range map[string]time.Duration{"Retry-After": retryAfter(value, at), "X-RateLimit-Reset": untilReset(value, at)} {
			if got < 0 || got > longestWait {
				t.Errorf("%s %q gives %v", name, value, got)
			}
		}
	})
}

// A permission that is shown is one, whatever the header holds.
func FuzzAccepted(f *testing.F) {
	f.Add("issues=write")
	f.Add("pull_requests=read,metadata=read; issues=read")
	f.Add("a=b\n`")
	f.Fuzz(func(t *testing.T, header string) {
		if got := accepted(header); strings.Trim(got, "abcdefghijklmnopqrstuvwxyz-:, ") != "" || len(got) > 1000 {
			t.Errorf("got %q of %q", got, header)
		}
	})
}

// A cut text fits, is the beginning of the whole, and says that it is cut.
func FuzzCutBody(f *testing.F) {
	f.Add("```\nx\n```\n", uint16(10))
	f.Add("~~~ x\n```\ny\n", uint16(90))
	f.Add("🔥🔥🔥🔥", uint16(5))
	f.Fuzz(func(t *testing.T, s string, more uint16) {
		s = strings.ToValidUTF8(s, "?")
		limit := 200 + int(more)
		got := cutBody(s, limit)
		if length(got) > limit {
			t.Errorf("got %d characters, want at most %d", length(got), limit)
		}
		kept, cut := strings.CutSuffix(got, cutNote)
		switch {
		case length(s) <= limit && got != s:
			t.Errorf("got %q of a text that fits", got)
		case length(s) > limit && !cut:
			t.Errorf("got %q, which does not say that it is cut", got)
		case cut && length(s) > limit:
			open := ""
			for line := range strings.Lines(kept) {
				open = fenceAfter(open, line)
			}
			if open != "" {
				t.Errorf("got %q, which leaves the block %q open", got, open)
			}
		}
	})
}

func TestOneLine(t *testing.T) {
	for _, test := range []struct{ name, got, want string }{
		{"lines", " a\n\tb\r\n", "a b"},
		{"what does not print", "a\u202eb\x00c", "a b c"},
		{"too long", strings.Repeat("x", 300), strings.Repeat("x", 255) + "…"},
		{"just not", strings.Repeat("x", 256), strings.Repeat("x", 256)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := oneLine(test.got); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestQueriesAreEscaped(t *testing.T) {
	tr := start(t, ghtest.Options{}, nil)
	label := "a&b=c d#e"
	if _, err := tr.issues(t, IssueOptions{Label: label}).Alert(t.Context(), drift); err != nil {
		t.Fatal(err)
	}
	if got := tr.fake.Issues()[0].Labels; len(got) != 1 || got[0] != label {
		t.Errorf("got labels %q", got)
	}
	again, err := tr.issues(t, IssueOptions{Label: label}).Alert(t.Context(), drift)
	if err != nil || again.Change != Unchanged {
		t.Errorf("got %+v and error %v, want it found by its label %q", again, err, url.QueryEscape(label))
	}
}

// What a server says is shown in one short line, without the token.
func FuzzSaid(f *testing.F) {
	const token = "ghs_secret"
	f.Add([]byte(`{"message":"Validation Failed","errors":[{"field":"title","code":"missing_field"},"text",5]}`))
	f.Add([]byte("<html>\n::error::" + token))
	f.Add([]byte(`{"message":"gh\u0073_secret"}`))
	f.Add([]byte("gh\xffs_secret"))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := said(body, token)
		if len(got) > maxShown+len("…") || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("got %q", got)
		}
		if strings.Contains(got, token) {
			t.Errorf("got the token: %q", got)
		}
	})
}
