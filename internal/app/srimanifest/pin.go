package srimanifest

import (
	"context"
	"errors"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/integrity/adopt"
	"github.com/org/checkout-deploy/internal/integrity/coverage"
	"github.com/org/checkout-deploy/internal/integrity/header"
	"github.com/org/checkout-deploy/internal/inventory"
	"github.com/org/checkout-deploy/internal/release"
)

// pinned is what the mode release made and saw.
type pinned struct {
	*dist
	wired     wired
	report    *coverage.Report
	headers   *header.Set
	inventory *inventory.Inventory // nil for none
	listed    listed               // what was seen, held against it
	previous  []byte               // the pack before, nil for none
}

// pin is the mode release.
func (in *inputs) pin(ctx context.Context, r *action.Run) (err error) {
	j, err := in.begin(r)
	if err != nil {
		return err
	}
	signer, err := j.signer(ctx)
	if err != nil {
		return err
	}
	// What people wrote is read before anything is made.
	p := &pinned{}
	if p.inventory, err = j.readInventory(); err != nil {
		return err
	}
	if p.previous, err = j.previous(ctx); err != nil {
		return err
	}
	if p.dist, err = j.take(ctx); err != nil {
		return err
	}
	p.wired, err = j.wire(ctx, p.dist)
	if err != nil {
		return err
	}
	if p.wired.stage != nil {
		defer func() {
			if failed := p.wired.stage.Discard(); err == nil { // a disk that takes nothing is told once
				err = failed
			}
		}()
	}
	if err := j.judge(p); err != nil {
		return err
	}
	if err := j.record(ctx, p, signer); err != nil {
		return err
	}
	// Also one that an earlier run made: who knows whether it was sent.
	made := p.release.Tool.Name == adopt.ToolName
	return j.end(ctx, p.id, j.summary(p), made)
}

// judge compares what is there with what should be.
func (j *job) judge(p *pinned) (err error) {
	if p.listed, err = j.compareInventory(p.inventory, observed(p)); err != nil {
		return err
	}
	if len(p.wired.pages) == 0 && p.others {
		j.found(finding.Finding{
			Rule: "integrity/no-page", Severity: finding.High, Location: finding.Location{Path: j.relative(j.dist)},
			Message: "got no page in this folder: nothing in it says how its scripts and styles are loaded, so nothing is pinned",
			Hint:    "put the page beside them, or name it by integrity.pages",
		})
	}
	j.unreadPages(p)
	if p.report, err = j.cover(p); err != nil {
		return err
	}
	if p.headers, err = j.header(p); err != nil {
		return err
	}
	finding.Sort(j.findings)
	return nil
}

// unreadPages tells of pages in the folder at which nobody looked: what they load counts
// nowhere.
func (j *job) unreadPages(p *pinned) {
	for _, f := range p.release.Files {
		at := finding.Location{Path: j.inDist(f.Path)}
		switch {
		case isXHTML(f.Path):
			j.found(finding.Finding{
				Rule: "integrity/unread-page", Severity: finding.Medium, Location: at,
				Message: "this page is XHTML, which is not read: what it loads is not pinned, and is in no figure", Hint: "serve it as HTML, in a file .html, or take it out of the folder",
			})
		case f.Role == release.HTML && !j.names(f.Path):
			j.found(finding.Finding{
				Rule: "integrity/unread-page", Severity: finding.Info, Location: at,
				Message: "integrity.pages does not name this page: what it loads is not pinned, and is in no figure", Hint: "name it there if shoppers can get it",
			})
		}
	}
}

// record writes what was made and seen: the release with its statement, signatures,
// the files of out. All of it is put together before the release is in its place.
func (j *job) record(ctx context.Context, p *pinned, signer signer) error {
	files, err := j.files(p)
	if err != nil {
		return err
	}
	predicate, err := p.report.Encode()
	if err != nil {
		return err
	}
	statement := release.Statement{Release: p.id, PredicateType: coverage.PredicateType, Predicate: predicate}
	bundles, err := j.signRelease(ctx, signer, p, coverage.StatementName, statement)
	if err != nil {
		return err
	}
	if err := j.signPack(ctx, signer, files); err != nil {
		return err
	}
	staged, err := j.stageOut(files)
	if err != nil {
		return err
	}
	defer staged.discard()
	if err := j.commit(p, coverage.StatementName, statement, bundles); err != nil {
		return err
	}
	j.r.Wrote(p.folder)
	return j.commitOut(files, staged)
}

// files are those of out.
func (j *job) files(p *pinned) (outFiles, error) {
	pack, err := j.packRelease(p)
	if err != nil {
		return nil, err
	}
	files := outFiles{}
	if p.listed.diff != "" {
		files["inventory.diff"] = []byte(p.listed.diff)
	}
	return files, errors.Join(addPack(files, pack), addHeaders(files, p.headers), j.addFindings(files))
}
