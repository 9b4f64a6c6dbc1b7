package artifact

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName is the longest name the service takes: it answers "must be between 1
// and 256 characters".
const MaxName = 256

// CheckName says everything that makes name unusable, or nil. The forbidden
// characters and the length are GitHub's; that a name is no "." or ".." and has
// no control character is asked besides, since a name becomes a file's name.
func CheckName(name string) error {
	var problems []string
	switch name {
	case "":
		problems = append(problems, "it is empty")
	case ".", "..":
		problems = append(problems, "it is a directory's name")
	}
	if n := utf8.RuneCountInString(name); n > MaxName {
		problems = append(problems, fmt.Sprintf("it has %d characters, at most %d are allowed", n, MaxName))
		name = string([]rune(name)[:MaxName]) + "…"
	}
	if !utf8.ValidString(name) {
		problems = append(problems, "it is not UTF-8")
	}
	if bad := forbidden(name); bad != "" {
		problems = append(problems, fmt.Sprintf("it has %q; none of %s and no control characters are allowed", bad, forbiddenInName))
	}
	if problems == nil {
		return nil
	}
	return fmt.Errorf("artifact name %q: %s", name, strings.Join(problems, "; "))
}

const forbiddenInName = `" : < > | * ? \ /`

// forbidden returns each forbidden character of name once.
func forbidden(name string) string {
	var bad strings.Builder
	for _, r := range name {
		if (unicode.IsControl(r) || strings.ContainsRune(`":<>|*?\/`, r)) && !strings.ContainsRune(bad.String(), r) {
			bad.WriteRune(r)
		}
	}
	return bad.String()
}
