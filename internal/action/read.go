package action

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sethvargo/go-githubactions"

	"github.com/org/checkout-deploy/internal/spell"
)

// given are the inputs' texts by name, trimmed, before they are parsed, and how
// the user knows them.
type given struct {
	text    map[string]string
	runner  map[string]bool // came as INPUT_*, not as a flag
	help    bool
	version bool
	unknown []string // INPUT_* names that no input has
}

// collect takes the runner's inputs, where a runner is, and flags, which win.
func (s *Spec) collect(args []string, env environment, p *problems) given {
	g := given{text: map[string]string{}, runner: map[string]bool{}}
	if env.onRunner() {
		s.fromRunner(&g, env)
	}
	s.fromFlags(&g, args, p)
	return g
}

// fromRunner reads INPUT_<NAME>, upper-cased with hyphens kept. The variables of
// inputs that are not there are named too: the runner itself only warns, in a
// place that nobody looks at.
func (s *Spec) fromRunner(g *given, env environment) {
	toolkit := githubactions.New(githubactions.WithGetenv(env.get))
	for _, in := range s.ofRunner() {
		if text := toolkit.GetInput(in.Name); text != "" {
			g.text[in.Name], g.runner[in.Name] = text, true
		}
	}
	for _, pair := range env.all {
		name, value, _ := strings.Cut(pair, "=")
		name, isInput := strings.CutPrefix(name, "INPUT_")
		name = strings.ToLower(name)
		// entrypoint and args are the runner's own keys beside "with".
		if in := s.input(name); isInput && value != "" && (in == nil || in.Laptop) && name != "entrypoint" && name != "args" {
			g.unknown = append(g.unknown, name)
		}
	}
	slices.Sort(g.unknown)
}

// flagText records a flag's text, so that every problem can be told at once.
type flagText struct {
	g    *given
	name string
	bool bool
}

func (f flagText) String() string   { return "" }
func (f flagText) IsBoolFlag() bool { return f.bool }
func (f flagText) Set(text string) error {
	f.g.text[f.name] = strings.TrimSpace(text)
	delete(f.g.runner, f.name)
	return nil
}

func (s *Spec) fromFlags(g *given, args []string, p *problems) {
	set := flag.NewFlagSet(s.Name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.BoolVar(&g.version, "version", false, "")
	for _, in := range s.Inputs {
		value := flagText{g, in.Name, isBool(in.Value)}
		set.Var(value, in.Name, "")
		if in.Flag != "" {
			set.Var(value, in.Flag, "")
		}
	}
	for len(args) > 0 {
		before := args
		err := set.Parse(args)
		args = set.Args()
		switch {
		case errors.Is(err, flag.ErrHelp):
			g.help = true
		case err != nil:
			args = s.badFlag(before, args, err, p)
		case len(args) > 0:
			p.add("got %s, which is not a flag; see %s --help", quote(args[0]), s.command())
			args = args[1:]
		}
	}
}

// badFlag reports the flag that ended a Parse, and returns the arguments after it.
func (s *Spec) badFlag(before, after []string, err error, p *problems) []string {
	got := before[len(before)-len(after)-1]
	name, _, hasValue := strings.Cut(strings.TrimLeft(got, "-"), "=")
	if strings.HasPrefix(err.Error(), "flag needs an argument") {
		p.add("--%s: got nothing, want a value after it", name)
		return after
	}
	p.add("got the unknown flag %s%s", quote("--"+name), s.instead(name, "--"))
	if !hasValue && len(after) > 0 && !strings.HasPrefix(after[0], "-") {
		return after[1:] // its value
	}
	return after
}

// instead suggests another name.
func (s *Spec) instead(name, prefix string) string {
	if meant := spell.Nearest(name, s.inputNames()); meant != "" {
		return fmt.Sprintf(", did you mean %s%s?", prefix, meant)
	}
	return ", want one of " + prefix + strings.Join(s.inputNames(), ", "+prefix)
}

// set parses the texts into the Spec's values.
func (s *Spec) set(g given, p *problems) {
	for _, in := range s.Inputs {
		text, given := g.text[in.Name]
		label := "--" + in.Name
		if g.runner[in.Name] {
			label = "input " + in.Name
		} else if given && text == "" {
			// A variable that is not set, most likely. The runner's "" is an
			// absent input, and never gets here.
			p.add("%s: got blank text, want a value, or no such flag", label)
			continue
		}
		if text == "" {
			text = in.Default
		}
		if text == "" {
			if in.Required {
				p.add("%s: got nothing, want a value: %s", label, in.Doc)
			}
			continue
		}
		if err := in.Value.Set(text); err != nil {
			got := quote(text)
			if in.Secret {
				got = "a secret"
			}
			p.add("%s: got %s, %v", label, got, err)
		}
	}
}
