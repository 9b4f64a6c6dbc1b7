package reproduce

import (
	"bytes"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
)

// Build is one of the two: a sealed release, its files' contents, the folders it
// was built in, and the files it read, absolute.
type Build struct {
	Base, Dir string
	Release   *release.Release
	Contents  map[string][]byte
	Files     []string
}

// maxFindings are told; more of them say the same.
const maxFindings = 10

const rule = "build/not-reproduced"

// Explain says why two builds differ; no finding means that they are equal. What
// made others differ is told and not those: an input that changed, a file that
// has another name from elsewhere, a value that is another each time. Else each
// file that differs is. changed are inputs that were not the same, relative to
// the project.
func Explain(first, second *Build, changed []string) ([]finding.Finding, error) {
	one, err := first.Release.Encode()
	if err != nil {
		return nil, err
	}
	two, err := second.Release.Encode()
	if err != nil || bytes.Equal(one, two) {
		return nil, err
	}
	if len(changed) > 0 {
		return bounded(Changes(changed)), nil
	}
	if found := elsewhereToo(first, second); len(found) > 0 {
		return bounded(found), nil
	}
	pairs, alone := match(first.Release, second.Release)
	same := renamed(pairs)
	var known, unknown []finding.Finding
	for _, p := range pairs {
		a, b := same.Replace(string(first.Contents[p.first.Path])), string(second.Contents[p.second.Path])
		if a == b || p.first.Role == release.Manifest {
			continue
		}
		d := &difference{first: first, second: second, pair: p, a: a, b: b, at: common(a, b)}
		f, cause := d.finding()
		if cause {
			known = append(known, f)
		} else {
			unknown = append(unknown, f)
		}
	}
	switch unknown = append(unknown, alone...); {
	case len(known) > 0:
		return bounded(once(known)), nil
	case len(unknown) > 0:
		return bounded(once(unknown)), nil
	}
	a, b := same.Replace(string(one)), string(two)
	d := &difference{first: first, second: second, pair: pair{first: release.File{Path: release.RecordName}}, a: a, b: b, at: common(a, b)}
	f, _ := d.finding()
	return []finding.Finding{f}, nil
}

func bounded(all []finding.Finding) []finding.Finding {
	if more := len(all) - maxFindings; more > 0 {
		all = append(all[:maxFindings:maxFindings], finding.Finding{Rule: rule, Severity: finding.High, Message: fmt.Sprintf("and %d more differences", more)})
	}
	return all
}

// once leaves out what is told of the same source before.
func once(all []finding.Finding) []finding.Finding {
	told := map[finding.Location]bool{}
	return slices.DeleteFunc(all, func(f finding.Finding) bool {
		again := f.Location.Path != "" && told[f.Location]
		told[f.Location] = true
		return again
	})
}

// Changes says that inputs were not the same for both builds.
func Changes(changed []string) []finding.Finding {
	all := make([]finding.Finding, 0, len(changed))
	for _, file := range changed {
		all = append(all, finding.Finding{
			Rule: rule, Severity: finding.High, Location: finding.Location{Path: file},
			Message: fmt.Sprintf("%q was changed while the two builds ran", file),
			Hint:    "let whatever writes it end before the build",
		})
	}
	return all
}

// elsewhereToo tells files that both builds read where they are and not with the
// project: their names, seen from there, are not the same.
func elsewhereToo(first, second *Build) []finding.Finding {
	var all []finding.Finding
	for _, file := range second.Files {
		if inside(file, second.Base) {
			continue
		}
		f := finding.Finding{
			Rule: rule, Severity: finding.High,
			Message: fmt.Sprintf("the build reads %q by a path that does not move with the project, so that the file has another name from each folder", file),
			Hint:    "keep what is built in the repository, and name it by relative paths and links",
		}
		if inside(file, first.Dir) {
			rel, _ := filepath.Rel(first.Dir, file) // inside
			f.Location.Path = filepath.ToSlash(rel)
		}
		all = append(all, f)
	}
	return all
}

// pair is a file of either build, the same but for its content.
type pair struct{ first, second release.File }

// match pairs files by their names without hashes.
func match(first, second *release.Release) (pairs []pair, alone []finding.Finding) {
	rest := map[string][]release.File{}
	for _, f := range second.Files {
		rest[stem(f)] = append(rest[stem(f)], f)
	}
	for _, f := range first.Files {
		others := rest[stem(f)]
		if len(others) == 0 {
			alone = append(alone, only(f, "first"))
			continue
		}
		i := max(slices.IndexFunc(others, func(o release.File) bool { return o.Path == f.Path }), 0)
		pairs = append(pairs, pair{f, others[i]})
		rest[stem(f)] = slices.Delete(others, i, i+1)
	}
	for _, f := range second.Files {
		if slices.ContainsFunc(rest[stem(f)], func(o release.File) bool { return o.Path == f.Path }) {
			alone = append(alone, only(f, "second"))
		}
	}
	return pairs, alone
}

func only(f release.File, which string) finding.Finding {
	return finding.Finding{
		Rule: rule, Severity: finding.High, Message: fmt.Sprintf("%q is a file of the %s build only", f.Path, which),
	}
}

// contentHash is what the names of a release's files have of their content.
var contentHash = regexp.MustCompile(`-([0-9a-f]{8,16})((?:\.\w+)+)$`)

func stem(f release.File) string {
	return string(f.Role) + " " + strings.Join(f.Passes, ",") + " " + contentHash.ReplaceAllString(f.Path, "$2")
}

// renamed turns names and hashes of the first build's files into the second's:
// an entry that only holds another chunk's name is no cause. They are as long as
// before, so places stay.
func renamed(pairs []pair) *strings.Replacer {
	var words []string
	add := func(a, b string) {
		if a != b && a != "" && len(a) == len(b) {
			words = append(words, a, b)
		}
	}
	for _, p := range pairs {
		a, b := contentHash.FindStringSubmatch(path.Base(p.first.Path)), contentHash.FindStringSubmatch(path.Base(p.second.Path))
		if a != nil && b != nil {
			add(a[1], b[1])
		}
		add(strings.TrimPrefix(p.first.Integrity.String(), "sha384-"), strings.TrimPrefix(p.second.Integrity.String(), "sha384-"))
	}
	return strings.NewReplacer(words...)
}

// common is how many bytes two texts begin alike with.
func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
