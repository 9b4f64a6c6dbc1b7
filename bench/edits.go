//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// edit is a change that somebody at work on checkout-js makes and takes back.
// In its texts {mark} stands for what is looked for in the output.
type edit struct {
	kind    string
	file    string      // relative to the checkout
	changes [][2]string // a text that is there once, and what takes its place
	added   string      // content of a new file beside it, whose name has the mark; may be ""
	loads   string      // which file of the page has it: a name that stays, or a chunk's
}

const (
	firstLoad = "packages/core/src/app/checkout/CheckoutPage.tsx"
	render    = "    render(): ReactNode {\n"
	marked    = render + "        console.debug('{mark}');\n"
	utility   = "from '../common/utility';\n"
)

// edits are what is measured, each followed by its undoing.
var edits = []edit{
	{
		kind: "code of the first load", file: firstLoad, loads: "checkout.js",
		changes: [][2]string{{render, marked}},
	},
	{
		kind: "code that loads later", file: "packages/core/src/app/payment/Payment.tsx", loads: "payment",
		changes: [][2]string{{render, marked}},
	},
	{
		kind: "a name more imported", file: firstLoad, loads: "checkout.js",
		changes: [][2]string{
			{"import { retry } " + utility, "import { isExperimentEnabled, retry } " + utility},
			{render, render + "        console.debug('{mark}', isExperimentEnabled);\n"},
		},
	},
	{
		kind: "a new file imported", file: firstLoad, loads: "checkout.js",
		added: "export const note = '{mark}';\n",
		changes: [][2]string{
			{"import { retry } " + utility, "import { retry } " + utility + "import { note } from './{mark}';\n"},
			{render, render + "        console.debug(note);\n"},
		},
	},
	{
		kind: "a Sass partial", file: "packages/core/src/scss/components/checkout/checkoutSteps/_checkoutSteps.scss", loads: "checkout.css",
		changes: [][2]string{{"\n.checkout-step {", "\n.{mark} {\n    color: red;\n}\n\n.checkout-step {"}},
	},
}

// kinds names the edits and their undoings, in the order of the results.
func kinds() (list []string) {
	for _, e := range edits {
		list = append(list, e.kind, "– undone")
	}
	return list
}

// apply makes the change in a copy of the checkout, and returns what takes it
// back. A new file is there before it is imported, and goes after that.
func (e edit) apply(root, mark string) (undo func() error, err error) {
	path := filepath.Join(root, e.file)
	before, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	after := string(before)
	for _, c := range e.changes {
		if n := strings.Count(after, c[0]); n != 1 {
			return nil, fmt.Errorf("%s: got %q %d times, want it once: is it another version of checkout-js?", e.file, c[0], n)
		}
		after = strings.Replace(after, c[0], strings.ReplaceAll(c[1], "{mark}", mark), 1)
	}
	undo = func() error { return save(path, before) }
	if e.added != "" {
		added := filepath.Join(filepath.Dir(path), mark+".ts")
		if err := save(added, []byte(strings.ReplaceAll(e.added, "{mark}", mark))); err != nil {
			return nil, err
		}
		undo = func() error { return errors.Join(save(path, before), os.Remove(added)) }
	}
	return undo, save(path, []byte(after))
}

// save replaces a file as editors do: a new one is given its name.
func save(path string, content []byte) error {
	next := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".swp")
	if err := os.WriteFile(next, content, 0o644); err != nil {
		return err
	}
	return os.Rename(next, path)
}
