package main

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/house"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/inventory"
)

type file struct {
	path    string
	content []byte
}

// programs is where the image has them.
const programs = "/opt/checkout-deploy/"

// files makes all of them. Documents are read from root, as only parts of them
// are made.
func files(root fs.FS) ([]file, error) {
	main := house.Root()
	all := []file{metadata("action.yml", &main.Spec, "Dockerfile"), {"docs/checkout-deploy.schema.json", config.Schema()}}
	inventorySchema, err := inventory.Schema()
	all = append(all, file{"docs/checkout-scripts.schema.json", inventorySchema})
	errs := []error{main.Check(), onlyActions(root), err}
	parts := partsOf(&main.Spec)
	parts["commands"] = "```\n" + action.CommandsHelp(main, house.Commands()) + "```\n"
	parts["actions"] = list(house.Actions())
	parts["configuration"] = config.Reference()
	parts["profiles"] = config.ProfileReference()
	documents := map[string]map[string]string{"README.md": parts, "docs/checkout-deploy.md": parts, "docs/configuration.md": parts, "docs/build-bundle.md": parts}
	for _, a := range house.Actions() {
		errs = append(errs, a.Check())
		folder := path.Join("actions", a.Name)
		all = append(all, metadata(path.Join(folder, "action.yml"), &a.Spec, "../../Dockerfile"))
		documents[path.Join(folder, "README.md")] = partsOf(&a.Spec)
	}
	for name, parts := range documents {
		text, err := fs.ReadFile(root, name)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: write it, with the lines <!-- made: tables --> and <!-- end --> where the tables are to be: %w", name, err))
			continue
		}
		filled, err := fill(string(text), parts)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
		all = append(all, file{name, []byte(filled)})
	}
	slices.SortFunc(all, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return all, errors.Join(errs...)
}

// onlyActions refuses a folder under actions that no action has.
func onlyActions(root fs.FS) error {
	entries, err := fs.ReadDir(root, "actions")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var errs []error
	for _, e := range entries {
		if !slices.ContainsFunc(house.Actions(), func(a action.Action) bool { return a.Name == e.Name() }) {
			errs = append(errs, fmt.Errorf("actions/%s: no action has this name; remove it, or add the action to internal/app/house", e.Name()))
		}
	}
	return errors.Join(append(errs, err)...)
}

func metadata(name string, s *action.Spec, image string) file {
	return file{name, []byte(s.Metadata(image, programs+s.Name))}
}

func partsOf(s *action.Spec) map[string]string {
	return map[string]string{"tables": s.Tables(), "help": "```\n" + s.Help() + "```\n"}
}

// list is a table of actions.
func list(actions []action.Action) string {
	var b strings.Builder
	b.WriteString("| action | what it does |\n| --- | --- |\n")
	for _, a := range actions {
		fmt.Fprintf(&b, "| [`%s`](actions/%[1]s/README.md) | %s |\n", a.Name, a.Summary)
	}
	return b.String()
}

const (
	begin = "<!-- made: "
	end   = "<!-- end -->"
)

// fill replaces what is between each "<!-- made: NAME -->" and "<!-- end -->".
func fill(text string, parts map[string]string) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, begin)
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, rest, closed := strings.Cut(rest, " -->\n")
		_, rest, ended := strings.Cut(rest, end)
		part, known := parts[name]
		if !closed || !ended || !known {
			return "", fmt.Errorf("got the part %q, want one of %s, and a line %s after it", name, strings.Join(slices.Sorted(maps.Keys(parts)), ", "), end)
		}
		b.WriteString(begin + name + " -->\n" + part + end)
		text = rest
	}
}

func lines(text []byte) iter.Seq[string] { return strings.Lines(string(text)) }
