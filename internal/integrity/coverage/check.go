package coverage

import (
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/release"
)

// checkUnit says what is wrong with what a file's text holds: hashes, workers,
// @imports, and what a build left in it.
func (r *reader) checkUnit(u *unit) {
	known := map[*unit]bool{}
	var stale []pinned
	for _, h := range u.hashes {
		if r.checkHash(u, h, known) {
			stale = append(stale, h)
		}
	}
	if u.role == release.Script && len(stale) > 0 {
		r.add(ruleStaleHash, u.at(stale[0].at), "%d hashes are of no file of the release, the first is %s", len(stale), quote(stale[0].value))
	}
	if u.role == release.Manifest && len(known) > 0 {
		r.checkGaps(u, known)
	}
	for _, m := range u.mentions {
		at := u.at(m.at)
		switch m.rule {
		case ruleWorker:
			r.add(m.rule, at, "%s: the integrity of a worker's script is not checked", m.text)
		case ruleUnsubstituted:
			r.add(m.rule, at, "%s stands in the script, and a build was to put a value there", m.text)
		default:
			r.add(m.rule, at, "%s stands where a hash was to be", quote(m.text))
		}
	}
	for _, i := range u.imports {
		r.add(ruleImport, u.at(i.at), "@import of %s: its integrity can't be checked", quote(i.url))
	}
}

// checkHash compares a hash in a text with the file that it is said to be of. It
// reports whether it is of nothing that is known.
func (r *reader) checkHash(u *unit, h pinned, known map[*unit]bool) (stale bool) {
	at := u.at(h.at)
	what := "a hash"
	if h.of != "" {
		what = "the hash of " + quote(h.of)
	}
	if !r.metadata(h.value, what, func(int) location { return at }) {
		return false
	}
	hashes := integrity.Effective(h.value)
	of, exact := r.file(u.path, h.of)
	if of != nil {
		known[of] = true
	}
	switch {
	case of != nil && (!of.there || of.is(hashes)):
	case r.ofSome(hashes):
		if of != nil && exact {
			r.add(ruleWrongHash, at, "%s is %s, which is that of another file; its own is %s", what, quote(h.value), of.sums[integrity.SHA384])
		}
	case of != nil:
		a := hashes.Strongest()
		if of.sums[a].Algorithm == "" {
			return false // an asset: only its sha384 is known
		}
		r.add(ruleWrongHash, at, "%s is %s, and the file's is %s", what, quote(h.value), of.sums[a])
	case h.of != "" && !absolute(h.of):
		r.add(ruleUnknownFile, at, "got %s, which is no file of the release", what)
	default:
		return true
	}
	return false
}

// ofSome reports whether a hash is that of any file.
func (r *reader) ofSome(hashes integrity.Metadata) bool {
	return slices.ContainsFunc(hashes, func(h integrity.Hash) bool { return len(r.byHash[h]) > 0 })
}

// checkGaps finds files that a manifest with hashes names and has none of.
func (r *reader) checkGaps(u *unit, known map[*unit]bool) {
	for _, p := range u.pins {
		for _, of := range p.of {
			known[of] = true
		}
	}
	for _, n := range u.names {
		of, exact := r.file(u.path, n.value)
		if of == nil || !exact || known[of] || of.role != release.Script && of.role != release.Style {
			continue
		}
		known[of] = true
		r.add(ruleManifestGap, u.at(n.at), "the manifest names %s and has no hash of it", quote(of.path))
	}
}

// metadata tells what is wrong with integrity metadata, and whether a browser
// compares anything with it.
func (r *reader) metadata(value, what string, at func(offset int) location) bool {
	_, problems := integrity.Parse(value)
	for _, p := range problems {
		rule := ruleOf[p.Kind]
		switch {
		case strings.Contains(value, webpackMark):
			rule = rulePlaceholder
		case rule == "":
			rule = ruleMalformed
		}
		r.add(rule, at(p.Offset), "%s: got %s, want %s", what, p.Got, p.Want)
	}
	return len(integrity.Effective(value)) > 0
}

var ruleOf = map[integrity.Kind]string{
	integrity.Empty:       ruleEmpty,
	integrity.Placeholder: rulePlaceholder,
	integrity.Unparseable: ruleMalformed,
	integrity.Unknown:     ruleWeak,
	integrity.Weak:        ruleWeak,
	integrity.Unpadded:    ruleMalformed,
	integrity.URLSafe:     ruleMalformed,
	integrity.WrongLength: ruleMalformed,
	integrity.Mixed:       ruleMixed,
	integrity.Duplicate:   ruleUntidy,
	integrity.Options:     ruleUntidy,
}
