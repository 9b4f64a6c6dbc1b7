// Package adopt makes a release of a folder that another tool built: webpack's,
// Vite's or Rollup's output.
package adopt

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/manifest"
	"github.com/org/checkout-deploy/internal/release"
)

// ToolName is the tool of an adopted release: it made the record, and can't know
// what made the files.
const ToolName = "checkout-deploy/sri-manifest"

// PassName is the name of the one pass of an adopted release.
const PassName = "app"

// Options says what the folder's own files can't.
type Options struct {
	Name    string // the project's, may be empty
	Version string // of this tool
	// Manifest is the bundler's, where it wrote one. ManifestPaths are those of all
	// manifests in the folder, for their role.
	Manifest      *manifest.Manifest
	ManifestPaths []string
	// Pages are the folder's HTML pages, where there is no manifest: an entry each.
	Pages []Page
	// Format is how the scripts are loaded; "" for ESM with Vite's manifest or a page
	// with modules, else Classic.
	Format release.Format
	// Library is the global that entries set; may be empty.
	Library string
}

// Page is what a page loads, by paths in the folder: scripts and styles in order.
type Page struct {
	Path    string // such as "index.html": the entry is named after it
	JS, CSS []string
	Module  bool // its scripts are modules
}

// Problem is what keeps a folder from being a release.
type Problem struct {
	Path      string // of a file, or what a manifest or page names; "" for the folder
	Got, Want string
}

func (p Problem) String() string {
	s := "got " + p.Got + ", want " + p.Want
	if p.Path != "" {
		s = fmt.Sprintf("%q: ", p.Path) + s
	}
	return s
}

// Release makes the record of dir, sealed, with the profile production: one pass of
// what the manifest says, else the pages, and the files as they are on disk. Equal
// folders and options give equal ids. All problems are told at once, and then
// there is no release.
//
// Give the folder as integrity.Root's result, copy the files into a release.Stage,
// and compare the copy (release.Verify): bytes may change after they were hashed.
// The error is ctx's, or that of listing dir.
func Release(ctx context.Context, dir fs.FS, o Options) (*release.Release, []Problem, error) {
	files, refused, err := integrity.HashFolder(ctx, dir, integrity.SHA384)
	if err != nil {
		return nil, nil, fmt.Errorf("adopting the folder: %w", err)
	}
	a := adoption{Options: o, files: make(map[string]release.File, len(files))}
	for _, u := range refused {
		a.add(u.Path, u.Got, u.Want)
	}
	for _, f := range files {
		a.files[f.Path] = release.File{Path: f.Path, Size: f.Size}
	}
	for _, f := range files {
		if err := a.file(f); err != nil {
			return nil, nil, fmt.Errorf("adopting the folder: %w", err)
		}
	}
	pass := a.pass()
	if len(a.problems) > 0 {
		return nil, a.problems, nil
	}
	r := &release.Release{
		Name: o.Name, Profile: release.Production, Tool: release.Tool{Name: ToolName, Version: o.Version},
		Passes: []release.Pass{pass},
	}
	for _, f := range files {
		r.Files = append(r.Files, a.files[f.Path])
	}
	if err := r.Seal(); err != nil {
		return nil, []Problem{{Got: err.Error(), Want: "a folder that a record can describe"}}, nil
	}
	return r, nil, nil
}

type adoption struct {
	Options
	files    map[string]release.File
	problems []Problem
}

func (a *adoption) add(path, got, want string) {
	a.problems = append(a.problems, Problem{path, got, want})
}

// file fills in what a file is: by its type, and by the file that it belongs to.
func (a *adoption) file(hashed integrity.File) error {
	f := a.files[hashed.Path]
	var err error
	if f.Integrity, err = release.ParseIntegrity(hashed.Hashes[0].String()); err != nil {
		return err
	}
	f.Role = a.role(f.Path)
	switch f.Role {
	case release.Map:
		f.Of = a.mapped(f.Path)
	case release.Compressed:
		f.Encoding = encodingOf(f.Path)
		f.Of = strings.TrimSuffix(f.Path, f.Encoding.Extension())
	case release.Script, release.Style, release.Asset, release.Manifest, release.HTML, release.Other:
	}
	if slices.Contains(built, f.Role) {
		f.Passes = []string{PassName}
	}
	a.files[f.Path] = f
	return nil
}

// built are the roles of what a bundler writes.
var built = []release.Role{release.Script, release.Style, release.Asset, release.Map}

func (a *adoption) role(file string) release.Role {
	if slices.Contains(a.ManifestPaths, file) {
		return release.Manifest
	}
	if e := encodingOf(file); e != release.NoEncoding {
		of := strings.TrimSuffix(file, e.Extension())
		if _, ok := a.files[of]; ok && encodingOf(of) == release.NoEncoding {
			return release.Compressed
		}
		return release.Other
	}
	switch ext := strings.ToLower(path.Ext(file)); ext {
	case ".js", ".mjs":
		return release.Script
	case ".css":
		return release.Style
	case ".map":
		return release.Map
	case ".html", ".htm":
		return release.HTML
	case ".txt", ".md", ".pdf", ".xml", ".csv", "":
		return release.Other
	}
	if release.TypeOf(file) == "application/octet-stream" {
		return release.Other
	}
	return release.Asset
}

func encodingOf(file string) release.Encoding {
	for _, e := range release.Encodings {
		if strings.HasSuffix(file, e.Extension()) {
			return e
		}
	}
	return release.NoEncoding
}

// mapped is the script or style that a source map is named after; "" if there is none.
func (a *adoption) mapped(file string) string {
	of := strings.TrimSuffix(file, path.Ext(file))
	if _, ok := a.files[of]; ok && (a.role(of) == release.Script || a.role(of) == release.Style) {
		return of
	}
	return ""
}

func (a *adoption) pass() release.Pass {
	p := release.Pass{Name: PassName, Format: a.format(), Library: a.Library}
	if m := a.Manifest; m != nil {
		p.AppVersion = m.AppVersion
		a.fromManifest(&p, m)
	} else {
		a.fromPages(&p)
	}
	return p
}

func (a *adoption) format() release.Format {
	switch {
	case a.Format != "":
		return a.Format
	case a.Manifest != nil && (a.Manifest.Format == manifest.Vite || a.Manifest.Format == manifest.ImportMap):
		return release.ESM
	case a.Manifest == nil && slices.ContainsFunc(a.Pages, func(p Page) bool { return p.Module }):
		return release.ESM
	}
	return release.Classic
}

func (a *adoption) fromManifest(p *release.Pass, m *manifest.Manifest) {
	chunks := namer{}
	for _, c := range m.Chunks {
		p.Chunks = append(p.Chunks, release.Chunk{
			Name: chunks.name(c.Name), JS: a.loaded(c.JS, release.Script), CSS: a.loaded(c.CSS, release.Style),
			Hint: release.Hint(c.Hint), Sources: source(c.Source),
		})
	}
	entries := namer{}
	for _, e := range m.Entries {
		entry := release.Entry{Name: entries.name(e.Name), JS: a.loaded(e.JS, release.Script), CSS: a.loaded(e.CSS, release.Style), Sources: source(e.Source)}
		for _, c := range e.Chunks {
			entry.Chunks = append(entry.Chunks, chunks.given[c])
		}
		p.Entries = append(p.Entries, entry)
	}
}

func (a *adoption) fromPages(p *release.Pass) {
	entries := namer{}
	for _, page := range a.Pages {
		if len(page.JS)+len(page.CSS) == 0 {
			continue
		}
		p.Entries = append(p.Entries, release.Entry{
			Name: entries.name(strings.TrimSuffix(page.Path, path.Ext(page.Path))),
			JS:   a.loaded(page.JS, release.Script), CSS: a.loaded(page.CSS, release.Style),
		})
	}
}

// loaded tells the files of a list that are not there, or are something else.
func (a *adoption) loaded(files []string, want release.Role) []string {
	var all []string
	seen := map[string]bool{}
	for _, file := range files {
		f, ok := a.files[file]
		switch {
		case !ok:
			a.add(file, "no such file in the folder", "each file that a manifest or page loads")
		case f.Role != want:
			a.add(file, fmt.Sprintf("a file of role %q", f.Role), fmt.Sprintf("one of role %q", want))
		case !seen[file]:
			seen[file] = true
			all = append(all, file)
		}
	}
	return all
}

// source is a module that a manifest names, where a record can have it.
func source(path string) []string {
	if path == "" || release.CheckSource(path) != nil {
		return nil
	}
	return []string{path}
}

// namer makes of any text a name that a record can have, each once whatever its case.
type namer struct {
	given map[string]string // by the text
	taken map[string]bool   // in lower case
}

func (n *namer) name(text string) string {
	if n.given == nil {
		n.given, n.taken = map[string]string{}, map[string]bool{}
	}
	base := strings.Map(func(r rune) rune {
		if strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~@+-", r) {
			return r
		}
		return '-'
	}, text)
	base = strings.Trim(base, ".-~+")
	base = base[:min(len(base), 100)]
	if release.CheckName(base) != nil {
		base = strings.TrimRight("_"+base, ".")
	}
	name := base
	for i := 2; n.taken[strings.ToLower(name)]; i++ {
		name = fmt.Sprintf("%s-%d", base, i)
	}
	n.taken[strings.ToLower(name)] = true
	n.given[text] = name
	return name
}
