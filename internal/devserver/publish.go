package devserver

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
)

// Begin says that a build is under way: pages wait for its end.
func (s *Server) Begin() {
	s.change(func(st *state) { st.idle = false })
}

// Publish ends a build that is good: its record, sealed, and the bytes of its
// files by their paths. They must not be changed afterwards. Open pages reload,
// or get new style sheets where nothing else has changed.
func (s *Server) Publish(rel *release.Release, content map[string][]byte) error {
	record, err := rel.Encode()
	if err != nil {
		return fmt.Errorf("publishing a build: %w", err)
	}
	b := &build{release: rel, id: release.DigestOf(record).String(), files: map[string]file{}, aliases: aliasesOf(rel)}
	for _, f := range rel.Files {
		data, ok := content[f.Path]
		if !ok {
			return fmt.Errorf("publishing a build: got no content of %q", f.Path)
		}
		b.files[f.Path] = file{data, f.Type}
	}
	b.files[release.RecordName] = file{record, release.TypeOf(release.RecordName)}
	s.change(func(st *state) { st.publish(b) })
	return nil
}

func (st *state) publish(b *build) {
	st.idle, st.errors = true, nil
	if st.build != nil && st.build.id == b.id {
		return // another try that made the same
	}
	st.count++
	shelf := map[string]shelved{}
	for path, f := range st.shelf {
		if f.last > st.count-keptBuilds && hashed(path) {
			shelf[path] = f
		}
	}
	for path, f := range b.files {
		// One copy of what did not change.
		if old, ok := st.shelf[path]; ok && bytes.Equal(old.content, f.content) {
			f = old.file
			b.files[path] = f
		}
		shelf[path] = shelved{f, st.count}
	}
	if st.build != nil {
		b.from, b.restyled = st.build.id, compare(st.build, b)
	}
	st.build, st.shelf = b, shelf
}

// Fail ends a build that is not good: open pages show what was found, and the
// files of the last good build stay.
func (s *Server) Fail(found []finding.Finding) {
	f := s.failureOf(found)
	s.change(func(st *state) { st.idle, st.errors = true, f })
}

// inName is the hash in a file's name that changes with its content.
var inName = regexp.MustCompile(`-[0-9a-f]{10}\.[\w.]+$`)

// hashed reports a name that stands for one content only.
func hashed(path string) bool { return inName.MatchString(path) }

// aliasesOf gives each entry that is one script, or one style sheet, a name
// that is the same for every build: for pages that can't be changed each time.
func aliasesOf(rel *release.Release) map[string]string {
	aliases := map[string]string{}
	for _, p := range rel.Passes {
		if p.Format == release.ESM {
			continue // its imports are in the page's import map
		}
		for _, e := range p.Entries {
			for ext, paths := range map[string][]string{".js": e.JS, ".css": e.CSS} {
				if _, taken := aliases[e.Name+ext]; len(paths) == 1 && !taken {
					aliases[e.Name+ext] = paths[0]
				}
			}
		}
	}
	for _, f := range rel.Files {
		maps.DeleteFunc(aliases, func(name, _ string) bool { return name == f.Path })
	}
	return aliases
}
