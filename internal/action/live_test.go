package action

import (
	"context"
	"strings"
	"testing"
)

func TestLive(t *testing.T) {
	const line = "\r\x1b[2Kone\r\x1b[2Ktwo\r\x1b[2K"
	for _, test := range []struct {
		name   string
		colour bool
		env    []string
		want   string
	}{
		{"on a terminal", true, nil, line},
		{"into a file, or without colours", false, nil, ""},
		{"in another's CI", true, []string{"CI=true"}, ""},
		{"on a runner", true, []string{"GITHUB_ACTIONS=true"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr := laptop(t)
			tr.command.Colour, tr.command.Env = test.colour, test.env
			tr.run(Action{Spec: Spec{Name: "live", Summary: "shows lines", Description: "Shows lines.", Icon: "box", Colour: "green"}, Run: func(_ context.Context, r *Run) error {
				for _, text := range []string{"one", "two", ""} {
					r.Live(text)
				}
				return nil
			}})
			if got := tr.err.String(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestLiveIsOneLine(t *testing.T) {
	tr := laptop(t)
	tr.command.Colour = true
	tr.run(Action{Spec: Spec{Name: "live", Summary: "shows lines", Description: "Shows lines.", Icon: "box", Colour: "green"}, Run: func(_ context.Context, r *Run) error {
		r.Live(strings.Repeat("é", 100) + "\x1b[31m")
		return nil
	}})
	if got, want := tr.err.String(), "\r\x1b[2K"+strings.Repeat("é", 79); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
