package devserver

import (
	"bytes"

	"github.com/org/checkout-deploy/internal/release"
)

// restyled is a style sheet that takes another's place in a page.
type restyled struct {
	From      []string `json:"from"` // the names that pages may have it by
	To        string   `json:"to"`
	Integrity string   `json:"integrity"`
}

// compare lists the style sheets that changed between two builds, or nil where
// anything else did. Scripts that name style sheets hold their hashes, so those
// are equal when they differ in hashes alone.
func compare(old, b *build) []restyled {
	pairs, ok := pairsOf(old.release, b.release)
	if !ok {
		return nil
	}
	var out []restyled
	for _, p := range pairs {
		was, is := old.files[p[0]].content, b.files[p[1]].content
		f, _ := b.release.File(p[1])
		switch {
		case bytes.Equal(was, is):
		case f.Role == release.Style:
			r := restyled{From: []string{p[0]}, To: p[1], Integrity: f.Integrity.String()}
			for alias, path := range old.aliases {
				if path == p[0] {
					r.From = append(r.From, alias)
				}
			}
			out = append(out, r)
		case f.Role != release.Script || !sameButHashes(was, is):
			return nil
		}
	}
	return out
}

// pairsOf lists the files of two builds that have the same place: scripts and
// styles in their entries and chunks, all others by name. It reports false when
// there is a file in one of them only.
func pairsOf(old, rel *release.Release) (pairs [][2]string, ok bool) {
	a, b := places(old), places(rel)
	if len(a) != len(b) {
		return nil, false
	}
	seen := map[[2]string]bool{}
	for i := range a {
		if a[i].of != b[i].of {
			return nil, false
		}
		if pair := [2]string{a[i].path, b[i].path}; !seen[pair] {
			seen[pair] = true
			pairs = append(pairs, pair)
		}
	}
	return pairs, true
}

type place struct{ of, path string }

func places(rel *release.Release) (all []place) {
	add := func(of string, lists ...[]string) {
		for _, list := range lists {
			for _, path := range list {
				all = append(all, place{of, path})
			}
			of += ":"
		}
	}
	for _, p := range rel.Passes {
		for _, e := range p.Entries {
			add("entry "+p.Name+"/"+e.Name, e.JS, e.CSS)
		}
		for _, c := range p.Chunks {
			add("chunk "+p.Name+"/"+c.Name, c.JS, c.CSS)
		}
	}
	for _, f := range rel.Files {
		if f.Role == release.Asset || f.Role == release.HTML || f.Role == release.Other {
			all = append(all, place{f.Path, f.Path})
		}
	}
	return all
}

// sameButHashes reports whether two scripts differ in nothing but hashes: those
// in files' names, those of integrity, and the one of a run time's table.
func sameButHashes(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if a[i] == b[i] {
			continue
		}
		end := hashAt(a, i)
		if end < 0 || end != hashAt(b, i) {
			return false
		}
		i = end - 1
	}
	return true
}

const (
	nameHash      = 10 // digits
	integrityHash = 64 // of SHA-384 in base64
)

// hashAt returns the end of the hash that the byte at i is in, or -1.
func hashAt(text []byte, i int) int {
	if at := bytes.LastIndex(text[max(0, i-integrityHash-6):i], []byte("sha384-")); at >= 0 {
		if end := max(0, i-integrityHash-6) + at + 7 + integrityHash; end > i && end <= len(text) {
			return end
		}
	}
	start, end := i, i
	for start > 0 && isHex(text[start-1]) {
		start--
	}
	for end < len(text) && isHex(text[end]) {
		end++
	}
	if end == i || end-start != nameHash || end == len(text) {
		return -1
	}
	before := text[:start]
	if text[end] == '.' && bytes.HasSuffix(before, []byte("-")) || bytes.HasSuffix(before, []byte(`h":"`)) || bytes.HasSuffix(before, []byte(`h:"`)) {
		return end
	}
	return -1
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' }
