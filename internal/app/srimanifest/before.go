package srimanifest

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/page"
)

// Rules of what pages and manifests said before they are rewritten.
const (
	ruleOtherBytes = "integrity/other-bytes"
	ruleMended     = "integrity/mended"
)

// before judges integrity as it came. Once it is rewritten nobody could see that a
// file was changed after it was hashed: such a hash is an error, and nothing is
// written. What protects nothing, such as "undefined", is told and mended.
type before struct {
	j     *job
	files fs.FS
	wrong []finding.Finding // what is an error
}

// value judges one value, where it stands.
func (b *before) value(file, value string, at finding.Location) error {
	enforced := integrity.Effective(value)
	if len(enforced) == 0 {
		b.j.found(finding.Finding{
			Rule: ruleMended, Severity: finding.Medium, Location: at,
			Message: fmt.Sprintf("the integrity of %q was %q, which no browser enforces; it is its hash now", file, cut(value)),
			Hint:    "look at what writes it: until now the file was not protected",
		})
		return nil
	}
	data, err := fs.ReadFile(b.files, file)
	if err != nil {
		return fmt.Errorf("comparing %q with its integrity: %w", file, err)
	}
	if !enforced.Match(data) {
		b.wrong = append(b.wrong, finding.Finding{
			Rule: ruleOtherBytes, Severity: finding.Critical, Location: at,
			Message: fmt.Sprintf("%q has other bytes than its integrity says: got %s, want %s", file, integrity.Sum(enforced.Strongest(), data), enforced),
			Hint:    "something changed it after it was hashed; if that is meant, take the integrity away, and it is written anew",
		})
	}
	return nil
}

// page judges the tags of a page that is rewritten.
func (b *before) page(name string, html []byte, out *page.Rewritten) error {
	doc, err := page.Scan(html)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	paths := map[[2]int]string{}
	for _, p := range out.Pinned {
		paths[[2]int{p.Line, p.Column}] = p.Path
	}
	for _, e := range append(doc.Elements, doc.Inert...) {
		file, own := paths[[2]int{e.Line, e.Column}]
		if !own || !e.HasIntegrity {
			continue
		}
		if err := b.value(file, e.Integrity, finding.Location{Path: b.j.inDist(name), Line: e.Line, Column: e.Column}); err != nil {
			return err
		}
	}
	return nil
}

// manifest judges another bundler's manifest.
func (b *before) manifest(m foundManifest) error {
	for _, pin := range m.read.Pins {
		if info, err := fs.Stat(b.files, pin.File); pin.Missing || pin.Value == "" || err != nil || !info.Mode().IsRegular() {
			continue
		}
		if err := b.value(pin.File, pin.Value, finding.Location{Path: b.j.inDist(m.path), Line: pin.Line, Column: pin.Column}); err != nil {
			return err
		}
	}
	return nil
}

// err is what keeps the folder from being pinned.
func (b *before) err() error {
	if len(b.wrong) == 0 {
		return nil
	}
	return b.j.r.In(b.j.dir, &folderError{b.wrong})
}

func cut(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// publicURL is where a page's release is served. A page that names its own files
// from "/" on may be served at any path, as applications with routes are: then the
// addresses in its import map and guard begin there too.
func (j *job) publicURL(html []byte, files fs.FS) string {
	if j.cfg.Integrity.PublicURL != "" {
		return j.cfg.Integrity.PublicURL
	}
	doc, err := page.Scan(html)
	if err != nil {
		return "" // told where it is rewritten
	}
	for _, e := range doc.Elements {
		below, ok := strings.CutPrefix(e.URL, "/")
		if below, _, _ = strings.Cut(below, "?"); !ok || !fs.ValidPath(below) {
			continue
		}
		if info, err := fs.Stat(files, below); err == nil && info.Mode().IsRegular() {
			return "/"
		}
	}
	return ""
}
