package action

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/spell"
)

// MainOf runs one of several actions, which the first argument names, and ends
// the process. Without arguments it is root on a runner, and help on a laptop,
// where root is the command "run".
func MainOf(version string, root Action, commands ...Action) {
	c := process(version)
	os.Exit(c.withSignals(func(ctx context.Context, c *Command) int { return c.RunOf(ctx, root, commands...) }))
}

// RunOf is MainOf within this process; it returns the exit code.
func (c *Command) RunOf(ctx context.Context, root Action, commands ...Action) int {
	name, rest := "", c.Args
	if len(c.Args) > 0 && !strings.HasPrefix(c.Args[0], "-") {
		name, rest = c.Args[0], c.Args[1:]
	}
	onRunner := environment{c.Env}.onRunner()
	switch {
	case name == "run" || name == "" && onRunner:
		c.Args = rest
		return c.Run(ctx, root)
	case slices.Equal(c.Args, []string{"--version"}):
		silent{c.Stdout}.print(root.Name + " " + c.Version + "\n")
		return 0
	case len(c.Args) == 0 || name == "help" || slices.Contains([]string{"--help", "-h", "-help"}, c.Args[0]):
		silent{c.Stdout}.print(CommandsHelp(root, commands))
		return 0
	}
	names := []string{"run", "help"}
	for _, a := range commands {
		if a.Name == name {
			c.Args = rest
			a.program = root.Name
			return c.Run(ctx, a)
		}
		names = append(names, a.Name)
	}
	if name == "" {
		name = c.Args[0] // a flag
	}
	instead := "want one of " + strings.Join(names, ", ")
	if meant := spell.Nearest(name, names); meant != "" {
		instead = fmt.Sprintf("did you mean %s?", meant)
	}
	silent{c.Stderr}.print(fmt.Sprintf("error: %s: got the unknown command %s, %s\n", root.Name, quote(name), instead))
	return kinds[Misused].code
}

// CommandsHelp is what the program prints that has root and commands.
func CommandsHelp(root Action, commands []Action) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s.\n\nUsage: %s <command> [flags]\n", root.Name, root.Summary, root.Name)
	for _, a := range commands {
		item(&b, a.Name, a.Summary)
	}
	item(&b, "run", "does stages in a row: what the action checkout-deploy does in a workflow")
	fmt.Fprintf(&b, "\n%s <command> --help tells the flags of each.\n", root.Name)
	return b.String()
}
