//go:build goexperiment.jsonv2

package scan

import (
	"path"
	"sync"

	"github.com/aquasecurity/trivy/pkg/fanal/secret"
)

// stock is Trivy's scanner with its built-in rules. No configuration file is read.
// It is made once, as making it writes to the rules that all scanners share.
var stock = sync.OnceValue(func() *secret.Scanner {
	s := secret.NewScanner(nil)
	return &s
})

// whole is stock without what it exempts by a path. What it exempts by content,
// the keys of documentations, stays.
var whole = sync.OnceValue(func() *secret.Scanner {
	s := *stock()
	all := secret.Global{Rules: s.Rules}
	for _, allow := range s.AllowRules {
		if allow.Regex != nil {
			allow.Path = nil
			all.AllowRules = append(all.AllowRules, allow)
		}
	}
	s.Global = &all
	return &s
})

// exempts says whether Trivy scans no file of this path.
func exempts(s *secret.Scanner, file string) bool { return s.IsSkipped(file) || s.AllowPath(file) }

// exemptsFolder says whether Trivy scans no file below folder, whatever its name.
func exemptsFolder(s *secret.Scanner, folder string) bool {
	return s.IsSkipped(path.Join(folder, "any", "\x00"))
}
