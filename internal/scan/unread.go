//go:build goexperiment.jsonv2

package scan

import (
	"cmp"
	"fmt"
	"log/slog"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	node "github.com/aquasecurity/trivy/pkg/fanal/analyzer/language/nodejs/pkg"
)

// givenUp are Trivy's words for a file that it knows the kind of and could not read.
// It goes on to the next one, and says so only here.
var givenUp = []string{
	"Analysis error", "Walk error", "Permission error", "Parse error", // at the level debug, but for the last
	"Error parsing file", "Failed to parse file", "Encountered HCL parse error", "Skipping chart",
	"Failed to load module. Maybe try 'terraform init'?", "Failed to load submodule",
	"Failed to parse uv lockfile", "scan was broken with InvalidContentError",
}

// ofAnalysis finds the file's name in an error of an analyzer, which has it nowhere
// else.
var ofAnalysis = regexp.MustCompile(`failed to parse ([^:]+): `)

// unreadFile says whether a record tells of a file that was not read.
func unreadFile(r slog.Record) (name, why string, is bool) {
	if !slices.Contains(givenUp, r.Message) {
		return "", "", false
	}
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "file_path", "loc":
			name = a.Value.String()
		case "err":
			why = a.Value.String()
		}
		return true
	})
	if m := ofAnalysis.FindStringSubmatch(why); m != nil && name == "" {
		name = m[1]
	}
	// A package.json counts that is an installed package's: beside them lie those that
	// tests of parsers need broken. Of a folder they are read for licences only.
	if path.Base(name) == "package.json" && (r.Message != "Analysis error" || !strings.Contains(name, "node_modules/") || !node.IsPackageRoot(name)) {
		return "", "", false
	}
	return cmp.Or(name, "a file"), cmp.Or(why, "the engine may not open it"), true
}

// maxUnread is how many files are told; the others are counted.
const maxUnread = 100

// unread are files that were not read, in the order in which they were met.
type unread struct {
	names map[string]string // and why, as the first said who met it
	more  int
}

func (u *unread) add(name, why string) {
	name = harmless(name, 300)
	switch _, known := u.names[name]; {
	case known:
	case len(u.names) == maxUnread:
		u.more++
	default:
		if u.names == nil {
			u.names = map[string]string{}
		}
		u.names[name] = harmless(why, 200)
	}
}

// sentences are for Report.Unscanned, in the order of the files' names.
func (u *unread) sentences() (all []string) {
	for name, why := range u.names {
		all = append(all, fmt.Sprintf("%s could not be read: %s", name, why))
	}
	slices.Sort(all)
	if u.more > 0 {
		all = append(all, fmt.Sprintf("and more files could not be read: the engine said so %d times more", u.more))
	}
	return all
}

// harmless is text of unknown origin in one line, of so many letters.
func harmless(text string, most int) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return text
}
