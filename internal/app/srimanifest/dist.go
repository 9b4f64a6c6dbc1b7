package srimanifest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/handover"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/adopt"
	"github.com/org/checkout-deploy/internal/integrity/manifest"
	"github.com/org/checkout-deploy/internal/integrity/page"
	"github.com/org/checkout-deploy/internal/release"
)

// dist is a release and its folder.
type dist struct {
	folder  string
	release *release.Release
	id      release.Digest
	// foreign says that another tool built it: there is no record yet.
	foreign bool
	// others says that another bundler's run time loads the lazy files, also where
	// there is a record by now.
	others    bool
	manifests []foundManifest // of a foreign folder
	// added are pages that were put into the folder after the build: the new release
	// has them too.
	added []string
}

// foundManifest is a file in which a bundler keeps what a page loads.
type foundManifest struct {
	path, base string
	format     manifest.Format
	data       []byte
	read       *manifest.Manifest
}

// take reads the folder: a release, every byte of it compared with its record, or
// another tool's output.
func (j *job) take(ctx context.Context) (*dist, error) {
	id, err := handover.ParseID(j.in.release)
	if err != nil {
		return nil, action.Misuse(err)
	}
	if err := handover.Fill(ctx, j.r, id, j.dist); err != nil {
		return nil, err
	}
	_, err = os.Lstat(filepath.Join(j.dist, release.RecordName))
	switch {
	case err == nil:
		return j.takeRelease(ctx, id)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("looking for the release's record: %w", err)
	case !id.IsZero():
		return nil, action.Misuse(fmt.Errorf("release: got %s, but %s has no %s; want the folder of that release, or no id for another bundler's output", id, j.r.Shown(j.dist), release.RecordName))
	}
	return j.adopt(ctx)
}

// takeRelease reads a release. Pages that are not in its record are no mistake: a
// build makes scripts, and the page is put beside them.
func (j *job) takeRelease(ctx context.Context, id release.Digest) (*dist, error) {
	rel, err := handover.Check(ctx, j.dist, id)
	d := &dist{folder: j.dist, release: rel}
	var different *handover.DifferentError
	if errors.As(err, &different) {
		for _, m := range different.Mismatches {
			if m.Fault != release.Extra || !isPage(m.Path) || !j.names(m.Path) {
				return nil, j.r.In(j.dist, err)
			}
			d.added = append(d.added, m.Path)
		}
		j.r.Logf("taken into a new release, as it came into %s after the build: %s", j.r.Shown(j.dist), strings.Join(d.added, ", "))
		d.release, err = release.Open(os.DirFS(j.dist))
	}
	if err != nil {
		return nil, j.r.In(j.dist, err)
	}
	d.others = adopted(os.DirFS(j.dist), d.release)
	d.id, err = d.release.ID()
	return d, err
}

// maxOrigins bounds how far back a release's origin is looked for.
const maxOrigins = 100

// adopted says whether a release, or what it is derived from, was made of another
// bundler's folder. Each origin's record is beside the release.
func adopted(files fs.FS, r *release.Release) bool {
	for range maxOrigins {
		if r.Tool.Name != adopt.ToolName || r.DerivedFrom.IsZero() {
			return r.Tool.Name == adopt.ToolName
		}
		origin, err := fs.Sub(files, release.StatementDir+"/"+r.DerivedFrom.String())
		if err != nil {
			return false
		}
		if r, err = release.Open(origin); err != nil {
			return false
		}
	}
	return false
}

// adopt makes the record of a folder that another tool built.
func (j *job) adopt(ctx context.Context) (_ *dist, err error) {
	root, err := os.OpenRoot(j.dist)
	if err != nil {
		return nil, fmt.Errorf("opening the folder: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	if _, err := root.Lstat(release.StatementDir); err == nil {
		return nil, action.Misuse(fmt.Errorf("dist: got a folder %s without a %s; what is in it is a release's, and would be lost: take it away", release.StatementDir, release.RecordName))
	}
	files := integrity.Root(root)
	d := &dist{folder: j.dist, foreign: true, others: true}
	options := adopt.Options{Name: filepath.Base(j.dir), Version: j.r.Version}
	if d.manifests, err = j.findManifests(files); err != nil {
		return nil, err
	}
	for i, m := range d.manifests {
		options.ManifestPaths = append(options.ManifestPaths, m.path)
		if options.Manifest == nil && len(m.read.Entries) > 0 {
			options.Manifest = d.manifests[i].read
		}
	}
	if options.Pages, err = j.adoptPages(files); err != nil {
		return nil, err
	}
	rel, problems, err := adopt.Release(ctx, files, options)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, j.notAdopted(problems)
	}
	d.release = rel
	d.id, err = rel.ID()
	j.r.Logf("%s has no %s: it is another bundler's output, and becomes a release with the files as they are", j.r.Shown(j.dist), release.RecordName)
	return d, err
}

// notAdopted is the error of a folder that can't be a release.
func (j *job) notAdopted(problems []adopt.Problem) error {
	all := make([]finding.Finding, len(problems))
	for i, p := range problems {
		all[i] = finding.Finding{
			Rule: "integrity/folder", Severity: finding.High, Message: fmt.Sprintf("got %s, want %s", p.Got, p.Want),
			Location: finding.Location{Path: p.Path},
		}
	}
	return j.r.In(j.dist, &folderError{all})
}

// folderError is everything that keeps a folder from being a release.
type folderError struct{ all []finding.Finding }

func (e *folderError) Error() string {
	return fmt.Sprintf("the folder can't be a release: %s", e.all[0].Message)
}

func (e *folderError) Findings() []finding.Finding { return e.all }

// manifestNames are where bundlers write theirs.
var manifestNames = []string{"manifest.json", ".vite/manifest.json", "assets-manifest.json", "asset-manifest.json", "webpack-assets.json"}

// findManifests reads the manifests of a folder. What has such a name and is none,
// such as a web app's manifest.json, is left alone.
func (j *job) findManifests(files fs.FS) (all []foundManifest, _ error) {
	for _, name := range manifestNames {
		info, err := fs.Stat(files, name)
		if err != nil || !info.Mode().IsRegular() || info.Size() > manifest.MaxSize {
			continue
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("reading a manifest: %w", err)
		}
		format, err := manifest.Detect(data)
		if err != nil {
			continue
		}
		m := foundManifest{path: name, format: format, data: data}
		if m.base, m.read, err = j.readManifest(files, format, data); err != nil {
			return nil, action.Misuse(fmt.Errorf("%s: %w", name, err))
		}
		all = append(all, m)
	}
	return all, nil
}

// readManifest finds out what names have before a file's path: with the right base
// the most of them are files.
func (j *job) readManifest(files fs.FS, format manifest.Format, data []byte) (base string, best *manifest.Manifest, err error) {
	most := -1
	for _, try := range []string{"", j.cfg.Integrity.PublicURL, j.cfg.Build.PublicPath, "/", "./"} {
		m, problem := manifest.Read(format, try, data)
		if problem != nil {
			err = problem
			continue
		}
		there := 0
		for _, pin := range m.Pins {
			if info, err := fs.Stat(files, pin.File); err == nil && info.Mode().IsRegular() {
				there++
			}
		}
		if there > most {
			base, best, most = try, m, there
		}
	}
	if best != nil {
		err = nil
	}
	return base, best, err
}

// adoptPages says what each page of a folder loads.
func (j *job) adoptPages(files fs.FS) ([]adopt.Page, error) {
	var all []adopt.Page
	names, err := htmlFiles(files)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("reading a page: %w", err)
		}
		known := func(file string) integrity.Metadata {
			if info, err := fs.Stat(files, file); err != nil || !info.Mode().IsRegular() {
				return nil
			}
			return integrity.Metadata{integrity.Sum(integrity.Default, nil)} // says only that it is there
		}
		out, err := page.Rewrite(data, page.Options{Path: name, PublicURL: j.cfg.Integrity.PublicURL, Integrity: known})
		if err != nil {
			continue // told when it is to be rewritten
		}
		p := adopt.Page{Path: name}
		for _, pin := range out.Pinned {
			switch pin.Kind {
			case page.Script, page.Module:
				p.JS = append(p.JS, pin.Path)
				p.Module = p.Module || pin.Kind == page.Module
			case page.Style:
				p.CSS = append(p.CSS, pin.Path)
			default: // hints and maps load nothing by themselves
			}
		}
		all = append(all, p)
	}
	return all, nil
}

func isPage(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".html" || ext == ".htm"
}

// isXHTML says that a browser takes a file for a page by other rules than HTML's.
func isXHTML(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".xhtml" || ext == ".xht"
}

func htmlFiles(files fs.FS) (names []string, _ error) {
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && isPage(name) {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for pages: %w", err)
	}
	return names, nil
}
