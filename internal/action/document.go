package action

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Help is what --help prints, in lines of at most 80 characters.
func (s *Spec) Help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s.\n\nUsage: %s [flags]\n", s.command(), s.Summary, s.command())
	for _, in := range s.Inputs {
		name := "--" + in.Name
		if in.Flag != "" {
			name = "-" + in.Flag + ", " + name
		}
		item(&b, name, in.Doc+in.remark(asPlain))
	}
	item(&b, "--version", "Print the version.")
	item(&b, "--help", "Print this.")
	if len(s.Outputs) > 0 {
		b.WriteString("\nPrints, as name=value on standard output:\n")
	}
	for _, o := range s.Outputs {
		item(&b, o.Name, o.Doc)
	}
	return b.String()
}

// command is what is typed to run it.
func (s *Spec) command() string { return strings.TrimPrefix(s.program+" "+s.Name, " ") }

// item is a name and, below it, what it means.
func item(b *strings.Builder, name, doc string) {
	const width = 74
	fmt.Fprintf(b, "\n  %s\n", name)
	line := ""
	for _, word := range strings.Fields(asPlain(doc)) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			fmt.Fprintf(b, "      %s\n", line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	fmt.Fprintf(b, "      %s\n", line)
}

// remark tells what is allowed, the default, and whether it must be there.
func (in Input) remark(style func(string) string) string {
	var parts []string
	if allowed := in.Value.Allowed(); allowed != "" {
		parts = append(parts, allowed)
	}
	if in.Default != "" {
		parts = append(parts, "default `"+in.Default+"`")
	}
	if in.Expression != "" {
		parts = append(parts, "in a workflow default `"+in.Expression+"`")
	}
	if in.Required {
		parts = append(parts, "required")
	}
	if in.Secret {
		parts = append(parts, "a secret")
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + style(strings.Join(parts, "; ")) + ")"
}

func asPlain(markdown string) string { return strings.ReplaceAll(markdown, "`", "") }

func asMarkdown(text string) string { return text }

// Metadata is the content of action.yml. image and entrypoint are those of
// https://docs.github.com/actions/creating-actions/metadata-syntax-for-github-actions.
func (s *Spec) Metadata(image, entrypoint string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Made from the action's Spec by make generate.\nname: %s\ndescription: %s\nbranding: { icon: %s, color: %s }\n",
		yamlText(s.title()), yamlText(s.Description), s.Icon, s.Colour)
	inputs := s.ofRunner()
	if len(inputs) > 0 {
		b.WriteString("inputs:\n")
	}
	for _, in := range inputs {
		fmt.Fprintf(&b, "  %s:\n    description: %s\n    required: %t\n", in.Name, yamlText(in.described()), in.Required)
		if in.Default != "" {
			fmt.Fprintf(&b, "    default: %s\n", yamlText(in.Default))
		} else if in.Expression != "" {
			fmt.Fprintf(&b, "    default: %s\n", in.Expression)
		}
	}
	if len(s.Outputs) > 0 {
		b.WriteString("outputs:\n")
	}
	for _, o := range s.Outputs {
		fmt.Fprintf(&b, "  %s:\n    description: %s\n", o.Name, yamlText(o.Doc))
	}
	fmt.Fprintf(&b, "runs:\n  using: docker\n  image: %s\n  entrypoint: %s\n", yamlText(image), yamlText(entrypoint))
	return b.String()
}

// described is an input's description in action.yml, where the runner takes no
// expression.
func (in Input) described() string {
	in.Expression = ""
	return in.Doc + in.remark(asMarkdown)
}

// title is the name in the marketplace, where it must be nobody else's.
func (s *Spec) title() string {
	if s.Name == "checkout-deploy" {
		return s.Name
	}
	return "checkout-deploy " + s.Name
}

// yamlText quotes text for YAML: single quotes know no escapes but themselves.
func yamlText(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// Tables are the Markdown of an action's page: inputs, outputs, permissions.
func (s *Spec) Tables() string {
	var b strings.Builder
	b.WriteString("| input | meaning |\n| --- | --- |\n")
	for _, in := range s.ofRunner() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", in.Name, cell(in.Doc+in.remark(asMarkdown)))
	}
	if len(s.Outputs) > 0 {
		b.WriteString("\n| output | meaning |\n| --- | --- |\n")
	}
	for _, o := range s.Outputs {
		fmt.Fprintf(&b, "| `%s` | %s |\n", o.Name, cell(o.Doc))
	}
	if len(s.Permissions) > 0 {
		fmt.Fprintf(&b, "\nPermissions of the job's token: `%s`.\n", strings.Join(s.Permissions, "`, `"))
	}
	return b.String()
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
