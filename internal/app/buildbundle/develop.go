package buildbundle

import (
	"context"
	"fmt"
	"slices"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/bundle"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/release"
)

// developer builds a project again and again, on a laptop.
type developer struct {
	req      Request
	cfg      *config.Config
	sessions []*bundle.Session
	options  []*bundle.Options
	styles   *builder // holds the style compiler
}

// newDeveloper reads the configuration. banner is script text that runs before
// each entry's own where the files are served, nil where they are not.
func newDeveloper(req Request, banner func(release.Format) string) (*developer, error) {
	if err := req.findProject(); err != nil {
		return nil, action.Misuse(err)
	}
	cfg, err := req.configuration()
	if err != nil {
		return nil, action.Misuse(err)
	}
	d := &developer{req: req, cfg: cfg, styles: &builder{Request: req, cfg: cfg}}
	for i := range cfg.Build.Passes {
		p := &cfg.Build.Passes[i]
		opts, err := d.styles.options(p)
		if err != nil {
			d.close()
			return nil, passError(p, err)
		}
		if opts.Format == bundle.Classic && !opts.Minify {
			opts.Apart = new(bundle.Apart)
		}
		if banner != nil { // it is served: lazy files come from there too
			opts.Banner, opts.PublicPath = banner(p.Format), ""
		}
		d.options = append(d.options, opts)
		d.sessions = append(d.sessions, bundle.NewSession(*opts))
	}
	return d, nil
}

func (d *developer) close() {
	for _, s := range d.sessions {
		s.Close()
	}
	d.styles.close()
}

// build makes the release anew; changed has the absolute paths of the files that
// are not what they were.
func (d *developer) build(ctx context.Context, changed []string) (*builder, error) {
	b := &builder{Request: d.req, cfg: d.cfg, styles: d.styles.styles, unmeasured: true, rel: &release.Release{
		Profile: d.cfg.Build.Profile, Tool: release.Tool{Name: "checkout-deploy/build-bundle", Version: d.req.Version},
	}}
	// Every pass has to hear of the changes, whatever becomes of the others.
	compiled := make([]*bundle.Compiled, len(d.sessions))
	errs := make([]error, len(d.sessions))
	for i := range d.sessions {
		c, err := d.sessions[i].Compile(ctx, changed)
		if compiled[i] = c; err != nil {
			errs[i] = passError(&d.cfg.Build.Passes[i], err)
		}
	}
	if err := bundle.JoinErrors(errs...); err != nil {
		return nil, err
	}
	for i := range d.cfg.Build.Passes {
		p := &d.cfg.Build.Passes[i]
		if err := b.link(ctx, p, d.options[i], compiled[i]); err != nil {
			return nil, passError(p, err)
		}
	}
	if err := b.views(); err != nil {
		return nil, err
	}
	if err := b.rel.Seal(); err != nil {
		return nil, fmt.Errorf("sealing the release: %w", err)
	}
	return b, nil
}

// inputs are the files to watch, absolute.
func (d *developer) inputs() []string {
	var out []string
	for _, s := range d.sessions {
		out = append(out, s.Inputs()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
