package srimanifest

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/coverage"
	"github.com/org/checkout-deploy/internal/integrity/header"
	"github.com/org/checkout-deploy/internal/release"
)

// cover says what of the release nothing pins, before it is in its place.
func (j *job) cover(p *pinned) (_ *coverage.Report, err error) {
	var files fs.FS
	if p.wired.stage != nil {
		files = p.wired.stage.FS()
	} else {
		root, err := os.OpenRoot(p.folder)
		if err != nil {
			return nil, fmt.Errorf("opening the release: %w", err)
		}
		defer func() { _ = root.Close() }() // was only read
		files = root.FS()
	}
	report, err := coverage.Read(coverage.Input{
		Release: p.release, Files: files, Pages: p.wired.pages, Algorithm: integrity.Algorithm(j.cfg.Integrity.Algorithm),
		PublicURL: j.cfg.Integrity.PublicURL, Origins: originsOf(j.cfg.Integrity.Live.Pages), Prefix: j.inDist(""),
		Excepted: p.listed.excepted,
	})
	if err != nil {
		return nil, fmt.Errorf("judging the coverage: %w", err)
	}
	j.found(report.Findings...)
	j.rules = append(j.rules, coverage.Rules()...)
	return report, nil
}

// originsOf are the origins of pages, each once.
func originsOf(pages []string) (all []string) {
	seen := map[string]bool{}
	for _, page := range pages {
		if u, err := url.Parse(page); err == nil && !seen[u.Scheme+"://"+u.Host] {
			seen[u.Scheme+"://"+u.Host] = true
			all = append(all, u.Scheme+"://"+u.Host)
		}
	}
	return all
}

// header makes the security headers.
func (j *job) header(p *pinned) (*header.Set, error) {
	h := j.cfg.Integrity.Headers
	set, err := header.Make(header.Input{
		Release: p.release, Pages: p.wired.pages, Hashes: p.report.Hashes, PublicURL: j.cfg.Integrity.PublicURL, Origins: originsOf(j.cfg.Integrity.Live.Pages),
		CSP: header.Mode(h.CSP), Scripts: header.Style(h.Scripts), IntegrityPolicy: header.Mode(h.IntegrityPolicy),
		TrustedTypes: header.Mode(h.TrustedTypes), ReportTo: h.ReportTo,
		ThirdParty: p.listed.resources(),
		Connect:    h.Connect, Images: h.Images, Fonts: h.Fonts, Styles: h.Styles, Frames: h.Frames,
		Workers: h.Workers, Forms: h.Forms, FrameAncestors: h.FrameAncestors, Payment: h.Payment, Routes: h.Routes,
		Deployed: len(j.cfg.Environments) > 0,
	})
	var refusal *header.Refusal
	if errors.As(err, &refusal) {
		return nil, action.Misuse(j.r.In(j.dir, err))
	}
	if err != nil {
		return nil, action.Misuse(fmt.Errorf("%s: integrity.headers: %w", orDefault(j.cfg.File), err))
	}
	for _, f := range set.Findings {
		if f.Location.Path != "" {
			f.Location.Path = j.inDist(f.Location.Path)
		}
		if !j.knows(f) {
			j.found(f)
		}
	}
	j.rules = append(j.rules, header.Rules()...)
	return set, nil
}

// knows reports whether a finding at the same place is as bad: a tag without a hash
// is blocked, and not pinned, for one cause.
func (j *job) knows(f finding.Finding) bool {
	return f.Location.Line > 0 && slices.ContainsFunc(j.findings, func(known finding.Finding) bool {
		return known.Location == f.Location && known.Severity.Rank() >= f.Severity.Rank()
	})
}

func orDefault(file string) string {
	if file == "" {
		return config.Names[0]
	}
	return file
}

// addHeaders writes the headers for three kinds of servers.
func addHeaders(files outFiles, set *header.Set) error {
	nginx, err := set.Nginx("/")
	if err != nil {
		return fmt.Errorf("writing the headers for nginx: %w", err)
	}
	netlify, err := set.Netlify("/")
	if err != nil {
		return fmt.Errorf("writing the headers as _headers: %w", err)
	}
	files["headers.json"], files["headers.nginx.conf"], files["_headers"] = set.JSON(), nginx, netlify
	return nil
}

// roleName is a role as packs and inventories have it.
func roleName(r release.Role) string { return string(r) }
