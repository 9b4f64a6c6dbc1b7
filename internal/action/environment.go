package action

import (
	"slices"
	"strings"
)

// environment is the process's variables.
type environment struct{ all []string }

func (e environment) lookup(name string) (string, bool) {
	for _, pair := range slices.Backward(e.all) { // the last one wins, as in exec
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

func (e environment) get(name string) string {
	value, _ := e.lookup(name)
	return value
}

// onRunner says whether a GitHub runner, or act, started this.
func (e environment) onRunner() bool { return e.get("GITHUB_ACTIONS") == "true" }
