package srimanifest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/compress"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/adopt"
	"github.com/org/checkout-deploy/internal/integrity/manifest"
	"github.com/org/checkout-deploy/internal/integrity/page"
	"github.com/org/checkout-deploy/internal/release"
)

// wired is what becomes of the pages.
type wired struct {
	pages    map[string]*page.Document // as they are then
	contents map[string]*page.Rewritten
	// stage has the new release until it is committed; nil where nothing changes.
	stage *release.Stage
	fresh int // files that differ
	added int // of these, files that the release did not have
}

// wire pins the pages and manifests of a folder. Where bytes change there is a new
// release, and d is that one, staged: nothing is in its place before it is judged.
func (j *job) wire(ctx context.Context, d *dist) (w wired, err error) {
	root, err := os.OpenRoot(d.folder)
	if err != nil {
		return w, fmt.Errorf("opening the release: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	files := integrity.Root(root)
	pins, err := j.pins(ctx, d, files)
	if err != nil {
		return w, err
	}
	fresh := map[string][]byte{}
	came := &before{j: j, files: files}
	if w.contents, err = j.rewrite(d, came, pins, fresh); err != nil {
		return w, err
	}
	for _, m := range d.manifests {
		if err := came.manifest(m); err != nil {
			return w, err
		}
	}
	if err := came.err(); err != nil {
		return w, err
	}
	ofFresh := func(name string) integrity.Metadata { // a page that was rewritten has another hash
		if data, ok := fresh[name]; ok {
			return integrity.Metadata{integrity.Sum(integrity.Algorithm(j.cfg.Integrity.Algorithm), data)}
		}
		return pins(name)
	}
	if err := j.rewriteManifests(d, ofFresh, fresh); err != nil {
		return w, err
	}
	if w.pages, err = scan(w.contents); err != nil {
		return w, err
	}
	w.fresh = len(fresh)
	for name := range fresh {
		if _, ok := d.release.File(name); !ok {
			w.added++
		}
	}
	if !d.foreign && w.fresh == 0 {
		return w, nil
	}
	w.stage, err = j.derive(ctx, d, files, fresh)
	return w, err
}

// pins says for a path what pins it, by the algorithm of the configuration.
func (j *job) pins(ctx context.Context, d *dist, files fs.FS) (func(string) integrity.Metadata, error) {
	all := make(map[string]integrity.Metadata, len(d.release.Files))
	algorithm := integrity.Algorithm(j.cfg.Integrity.Algorithm)
	if algorithm != integrity.SHA384 {
		hashed, problems, err := integrity.HashFolder(ctx, files, algorithm)
		if err != nil {
			return nil, err
		}
		for _, p := range problems {
			j.found(finding.Finding{Rule: "integrity/unhashed", Severity: finding.High, Message: p.String(), Location: finding.Location{Path: j.inDist(p.Path)}})
		}
		for _, f := range hashed {
			h, _ := f.Hash(algorithm)
			all[f.Path] = integrity.Metadata{h}
		}
	} else {
		for _, f := range d.release.Files {
			all[f.Path] = integrity.Metadata{integrity.HashOf(integrity.SHA384, f.Integrity[:])}
		}
	}
	return func(name string) integrity.Metadata { return all[name] }, nil
}

// rewrite rewrites the pages. Those that differ are put into fresh.
func (j *job) rewrite(d *dist, came *before, pins func(string) integrity.Metadata, fresh map[string][]byte) (map[string]*page.Rewritten, error) {
	all := map[string]*page.Rewritten{}
	var errs []error
	for _, name := range append(j.pagesOf(d.release), d.added...) {
		data, err := fs.ReadFile(came.files, name)
		if err != nil {
			return nil, fmt.Errorf("reading a page: %w", err)
		}
		out, err := page.Rewrite(data, page.Options{
			Path: name, PublicURL: j.publicURL(data, came.files), Integrity: pins,
			Modules: modules(d.release), Guard: j.guarded(d),
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", j.inDist(name), err))
			continue
		}
		errs = append(errs, came.page(name, data, out))
		all[name] = out
		if len(out.Edits) > 0 || slices.Contains(d.added, name) {
			fresh[name] = out.HTML
		}
	}
	return all, errors.Join(errs...)
}

// pagesOf are the pages of a release that the configuration names.
func (j *job) pagesOf(r *release.Release) (names []string) {
	for _, f := range r.Files {
		if (f.Role == release.HTML || isPage(f.Path)) && j.names(f.Path) {
			names = append(names, f.Path)
		}
	}
	return names
}

// names says whether the configuration names a page, with its extension in small
// letters too: servers send .HTML as HTML.
func (j *job) names(page string) bool {
	ext := path.Ext(page)
	return matches(j.cfg.Integrity.Pages, page) || matches(j.cfg.Integrity.Pages, strings.TrimSuffix(page, ext)+strings.ToLower(ext))
}

// modules are the scripts that pages import.
func modules(r *release.Release) (paths []string) {
	for _, f := range r.Files {
		esm := func(name string) bool { p, ok := r.Pass(name); return ok && p.Format == release.ESM }
		if f.Role == release.Script && slices.ContainsFunc(f.Passes, esm) {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// guarded are the files that scripts load later.
func (j *job) guarded(d *dist) (paths []string) {
	if guard := j.cfg.Integrity.Guard; guard == config.GuardNone || guard == config.GuardAuto && !d.others {
		return nil
	}
	for _, f := range d.release.Files {
		if (f.Role == release.Script || f.Role == release.Style) && f.Load != release.Initial {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// rewriteManifests puts integrity into another bundler's manifests. One that has no
// place for it gets a file beside it.
func (j *job) rewriteManifests(d *dist, pins func(string) integrity.Metadata, fresh map[string][]byte) error {
	for _, m := range d.manifests {
		if m.format == manifest.Vite {
			values := map[string]integrity.Metadata{}
			for _, pin := range m.read.Pins {
				if value := pins(pin.File); value != nil {
					values[pin.File] = value
				}
			}
			data, err := manifest.WriteMap(m.base, values)
			if err != nil {
				return fmt.Errorf("%s: %w", m.path, err)
			}
			fresh[path.Join(path.Dir(m.path), "integrity.json")] = data
			continue
		}
		data, _, err := manifest.Update(m.format, m.base, m.data, func(file string) (integrity.Metadata, bool) {
			value := pins(file)
			return value, value != nil
		})
		if err != nil {
			return fmt.Errorf("%s: %w", m.path, err)
		}
		if string(data) != string(m.data) {
			fresh[m.path] = data
		}
	}
	return nil
}

func scan(contents map[string]*page.Rewritten) (map[string]*page.Document, error) {
	pages := map[string]*page.Document{}
	for name, out := range contents {
		doc, err := page.Scan(out.HTML)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		pages[name] = doc
	}
	return pages, nil
}

// derive stages the new release, with the record of the one that it is made of
// beside it.
func (j *job) derive(ctx context.Context, d *dist, files fs.FS, fresh map[string][]byte) (_ *release.Stage, err error) {
	if err := recompress(ctx, d.release, fresh); err != nil {
		return nil, err
	}
	stage, err := release.NewStage(d.folder)
	if err != nil {
		return nil, fmt.Errorf("making the new release beside %s: %w", j.r.Shown(d.folder), place.Cause(err))
	}
	next := *d.release
	next.Tool = release.Tool{Name: adopt.ToolName, Version: j.r.Version}
	next.Files, err = stageRelease(stage, d.release, files, fresh)
	if err == nil && len(fresh) > 0 {
		next.DerivedFrom = d.id
		err = stage.KeepOrigin(d.release, files)
	}
	if err == nil {
		err = errors.Join(next.Seal(), ctx.Err())
	}
	if err == nil {
		d.release = &next
		d.id, err = next.ID()
	}
	if err != nil {
		return nil, errors.Join(err, stage.Discard())
	}
	return stage, nil
}

// stageRelease writes what is fresh and copies the rest.
func stageRelease(stage *release.Stage, old *release.Release, files fs.FS, fresh map[string][]byte) (all []release.File, err error) {
	for _, f := range old.Files {
		if data, ok := fresh[f.Path]; ok {
			f.Size, f.Integrity = int64(len(data)), release.IntegrityOf(data)
			err = stage.Write(f.Path, data)
		} else {
			err = copyFile(stage, files, f)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	for _, name := range slices.Sorted(maps.Keys(fresh)) {
		if _, ok := old.File(name); ok {
			continue
		}
		role := release.Manifest
		if isPage(name) {
			role = release.HTML
		}
		all = append(all, release.File{Path: name, Size: int64(len(fresh[name])), Integrity: release.IntegrityOf(fresh[name]), Role: role})
		if err := stage.Write(name, fresh[name]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// commit puts the new release in the folder's place, with the statement and the
// signatures; or lays those beside the one that is there.
func (j *job) commit(p *pinned, name string, statement release.Statement, bundles map[string][]byte) error {
	lay := func(path string, data []byte) error { return release.Lay(p.folder, path, data) }
	if p.wired.stage != nil {
		lay = p.wired.stage.Lay
		if err := p.wired.stage.WriteStatement(name, statement); err != nil {
			return err
		}
	} else if err := layStatement(p.folder, name, statement, bundles); err != nil {
		return err
	}
	for _, path := range sortedKeys(bundles) {
		if err := lay(path, bundles[path]); err != nil {
			return err
		}
	}
	if p.wired.stage == nil {
		return nil
	}
	if _, err := p.wired.stage.Commit(p.release); err != nil {
		return err
	}
	if p.wired.fresh > 0 {
		j.r.Logf("%s: release %s is derived from %s", p.changes(), p.id, p.release.DerivedFrom)
	}
	return nil
}

// changes says how the new release differs.
func (p *pinned) changes() string {
	var all []string
	if n := p.wired.fresh - p.wired.added; n > 0 {
		all = append(all, count(n, "file")+" rewritten")
	}
	if p.wired.added > 0 {
		all = append(all, count(p.wired.added, "file")+" added")
	}
	return strings.Join(all, ", ")
}

// layStatement lays a statement beside a release. A signature of another one goes.
func layStatement(folder, name string, statement release.Statement, bundles map[string][]byte) error {
	path := release.StatementDir + "/" + name + ".json"
	before, _ := os.ReadFile(filepath.Join(folder, path)) // there may be none
	_, data, err := release.LayStatement(folder, name, statement)
	if err != nil || bundles[path+signed] != nil || string(before) == string(data) {
		return err
	}
	return place.Remove(filepath.Join(folder, path+signed))
}

// copyFile copies what the record says, or nothing: bytes may have changed since
// they were compared with it.
func copyFile(stage *release.Stage, files fs.FS, f release.File) error {
	sum, size, err := stage.Copy(files, f.Path)
	if err == nil && (sum != f.Integrity || size != f.Size) {
		err = fmt.Errorf("%s changed while it was read: got %d bytes with %s, want %d with %s; does something else write into the folder?", f.Path, size, sum, f.Size, f.Integrity)
	}
	return err
}

// recompress makes the compressed copies of what is fresh anew.
func recompress(ctx context.Context, r *release.Release, fresh map[string][]byte) error {
	formats := map[release.Encoding]compress.Format{release.Gzip: compress.Gzip, release.Brotli: compress.Brotli}
	for _, f := range r.Files {
		data, ok := fresh[f.Of]
		if f.Role != release.Compressed || !ok {
			continue
		}
		format := formats[f.Encoding]
		copies, err := compress.Copies(ctx, map[string][]byte{f.Of: data}, []compress.Format{format})
		if err != nil {
			return err
		}
		if fresh[f.Path] = copies[f.Of][format]; fresh[f.Path] == nil {
			return fmt.Errorf("compressing %s anew: it does not get smaller any more", f.Of)
		}
	}
	return nil
}

// inDist is a path of the release as findings have it.
func (j *job) inDist(name string) string { return j.relative(j.dist) + "/" + name }

// matches says whether one of the globs matches: * is within a folder, ** stands
// for any number of them.
func matches(globs []string, name string) bool {
	return slices.ContainsFunc(globs, func(glob string) bool {
		return matchParts(strings.Split(glob, "/"), strings.Split(name, "/"))
	})
}

func matchParts(glob, name []string) bool {
	switch {
	case len(glob) == 0:
		return len(name) == 0
	case glob[0] == "**":
		return matchParts(glob[1:], name) || len(name) > 0 && matchParts(glob, name[1:])
	case len(name) == 0:
		return false
	}
	ok, err := path.Match(glob[0], name[0])
	return err == nil && ok && matchParts(glob[1:], name[1:])
}
