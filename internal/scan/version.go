//go:build goexperiment.jsonv2

package scan

import (
	"strings"

	npm "github.com/aquasecurity/go-npm-version/pkg"
	pep440 "github.com/aquasecurity/go-pep440-version"
	generic "github.com/aquasecurity/go-version/pkg/version"
	apk "github.com/knqyf263/go-apk-version"
	deb "github.com/knqyf263/go-deb-version"
	rpm "github.com/knqyf263/go-rpm-version"
	mvn "github.com/masahiro331/go-mvn-version"
)

// Compare orders two versions as their ecosystem does: negative where a is the lower
// one. What is no version of it is ordered as text.
func Compare(ecosystem, a, b string) int {
	order := orders[ecosystem]
	if order == nil {
		order = compareGeneric
	}
	if n, ok := order(a, b); ok {
		return n
	}
	return strings.Compare(a, b)
}

type ordering func(a, b string) (n int, ok bool)

// ofKind parses two versions and compares them.
func ofKind[V any](parse func(string) (V, error), compare func(a, b V) int) ordering {
	return func(a, b string) (int, bool) {
		x, err := parse(a)
		if err != nil {
			return 0, false
		}
		y, err := parse(b)
		if err != nil {
			return 0, false
		}
		return compare(x, y), true
	}
}

func ofRPM(a, b string) (int, bool) { return rpm.NewVersion(a).Compare(rpm.NewVersion(b)), true }

var compareGeneric = ofKind(generic.Parse, generic.Version.Compare)

// orders are by Trivy's names of package types and distributions.
var orders = named(map[string]ordering{
	"debian ubuntu echo":              ofKind(deb.NewVersion, func(a, b deb.Version) int { return a.Compare(b) }),
	"alpine wolfi chainguard minimos": ofKind(apk.NewVersion, apk.Version.Compare),
	"npm yarn pnpm bun node-pkg":      ofKind(npm.NewVersion, npm.Version.Compare),
	"pip pipenv poetry uv python-pkg": ofKind(pep440.Parse, pep440.Version.Compare),
	"jar pom gradle sbt":              ofKind(mvn.NewVersion, mvn.Version.Compare),
	"redhat centos rocky alma oracle amazon fedora photon cbl-mariner azurelinux opensuse opensuse.leap opensuse.tumbleweed slem": ofRPM,
})

// named gives each of several names its ordering.
func named(several map[string]ordering) map[string]ordering {
	all := map[string]ordering{}
	for names, order := range several {
		for name := range strings.FieldsSeq(names) {
			all[name] = order
		}
	}
	return all
}
