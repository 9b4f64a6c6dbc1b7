// Package rules_test keeps the rules of who may import whom. The table of
// packages is in imports_test.go.
package rules_test

import (
	"fmt"
	"slices"
	"strings"
)

// floor is how high a package stands. Imports point to lower floors.
type floor int

const (
	leaf       floor = iota // domain words; the standard library only
	capability              // knows one thing; config and action stand beside them
	shared                  // what several use cases do
	useCase                 // one action or command
	directory               // lists the use cases
	command                 // wiring
	trial                   // tries the product out: nothing of the product imports it
)

// room is the place of a package.
type room struct {
	floor floor
	may   []string // the rooms of its own floor that it may import
	pure  bool     // does no I/O
	edge  bool     // touches the process: signals, flags
}

// These may be used in every test: how a page looks, no package can say, golden
// files are the same everywhere, and what scans and signs images needs some.
var inTests = []string{"internal/browser", "internal/golden", "internal/image/imagetest"}

var (
	inputOutput = []string{
		"io/fs", "io/ioutil", "log", "log/slog", "log/syslog", "net", "net/http", "net/rpc", "net/smtp",
		"os", "os/exec", "os/signal", "os/user", "path/filepath", "syscall",
	}
	ofProcess = []string{"flag", "os/signal"}
	nameless  = []string{"common", "helper", "helpers", "misc", "types", "util", "utils"}
)

// check lists what breaks the rules, in the order of the packages.
func check(pkgs []pkg) (problems []string) {
	for _, p := range pkgs {
		for _, name := range []string{p.path[strings.LastIndex(p.path, "/")+1:], p.name} {
			if slices.Contains(nameless, name) {
				problems = append(problems, fmt.Sprintf("%s: got the name %q; name a package for what it knows", p.path, name))
				break
			}
		}
		at, ok := roomOf(p.path)
		if !ok {
			problems = append(problems, p.path+" has no room: give it a row in internal/rules")
			continue
		}
		for _, path := range p.imports {
			if why := refuse(at, path); why != "" {
				problems = append(problems, fmt.Sprintf("%s imports %s: %s", p.path, within(path), why))
			}
		}
		for _, path := range p.testImports {
			if why := refuseInTest(at, path); why != "" {
				problems = append(problems, fmt.Sprintf("%s (test) imports %s: %s", p.path, within(path), why))
			}
		}
	}
	return problems
}

// roomOf gives the nearest room at or above a package.
func roomOf(path string) (string, bool) {
	for {
		if _, ok := rooms[path]; ok {
			return path, true
		}
		i := strings.LastIndex(path, "/")
		if i < 0 {
			return "", false
		}
		path = path[:i]
	}
}

// within gives a package of the module its path in it, and leaves others.
func within(path string) string { return strings.TrimPrefix(path, module+"/") }

// refuse says why the room at must not import path, or "".
func refuse(at, path string) string {
	here := rooms[at]
	first, _, _ := strings.Cut(path, "/")
	switch {
	case path == "C":
		return "everything is built without cgo"
	case within(path) != path:
		return refuseRoom(at, within(path))
	case !strings.Contains(first, "."):
		return refuseStandard(here, path)
	case here.floor == leaf:
		return "a leaf uses the standard library only"
	case here.pure:
		return "it does no I/O, and a library's can't be seen here; use the standard library"
	case here.floor == trial:
		return ""
	}
	for library, home := range homes {
		if under(library, path) && at != home {
			return home + " alone does, for all"
		}
	}
	return ""
}

func refuseStandard(here room, path string) string {
	switch {
	case here.pure && slices.Contains(inputOutput, path):
		return "it does no I/O; take a value or an io.Reader"
	case !here.edge && slices.Contains(ofProcess, path):
		return "the process belongs to internal/action and cmd"
	}
	return ""
}

// refuseRoom says why the room at must not import the module's package path.
// One that has no room is a problem of its own.
func refuseRoom(at, path string) string {
	to, ok := roomOf(path)
	here, there := rooms[at], rooms[to]
	switch {
	case !ok || to == at || there.floor < here.floor || slices.Contains(here.may, to):
		return ""
	case here.floor == leaf:
		return "a leaf uses the standard library only"
	case there.floor > here.floor:
		return "imports point down, cmd → app → {action, config, capabilities} → leaves"
	case here.floor == capability:
		return "a capability does not import another; declare a small interface and let app pass it in"
	case here.floor == useCase:
		return "a use case does not import another; what both do is a package below them"
	}
	return "neither is a part of the other"
}

// refuseInTest holds tests to the rooms alone: they read files, and use
// libraries that the product does without.
func refuseInTest(at, path string) string {
	if p := within(path); p != path && !slices.ContainsFunc(inTests, func(room string) bool { return under(room, p) }) {
		return refuseRoom(at, p)
	}
	return ""
}

// under reports whether path is root or below it.
func under(root, path string) bool {
	rest, ok := strings.CutPrefix(path, root)
	return ok && (rest == "" || rest[0] == '/')
}
