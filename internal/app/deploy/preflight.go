package deploy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/health"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/target/static"
)

// preflight tells all at once what stands in the way, before anything is written that
// lasts: what the release has not proved, what the store does not allow, and what the
// public address would hide.
func (j *job) preflight(ctx context.Context) error {
	state, err := j.Target.State(ctx)
	if errors.Is(err, static.ErrChannel) {
		return action.Explain(fmt.Errorf("nothing was written: %w", err), "run rollback, with the id of a release as release if it can't without; where no release is in the store, the page was copied there: remove "+j.Env.Entry+", and deploy again")
	}
	if err != nil {
		return err
	}
	entry := health.SiteFile{URL: j.URL(), Entry: true, Base: true, MayLack: state.Version == ""}
	blocking, advice := health.Preflight(ctx, health.Site{Files: []health.SiteFile{entry}, EntryTTL: j.Env.TTL}, j.checks.Options())
	for _, p := range append(advice, j.filesOf(ctx, state.Live())...) {
		j.Report(finding.Finding{Rule: "deploy/headers", Severity: finding.Low, Message: p.String()})
	}
	errs := []error{j.require(ctx), j.page(), j.Target.Claimed(ctx), j.permitted(ctx)}
	for _, p := range blocking {
		errs = append(errs, errors.New(p.String()))
	}
	if err := errors.Join(errs...); err != nil {
		return action.Explain(fmt.Errorf("nothing was written: %w", err), "mend all of it, and deploy again")
	}
	return nil
}

// permitted tries what the store lets this run do. A dry run writes nothing.
func (j *job) permitted(ctx context.Context) error {
	if j.in.dryRun {
		j.Logf("not tried, as a dry run writes nothing: whether the store lets this run write")
		return nil
	}
	return j.Target.Probe(ctx)
}

// filesOf looks at a file of the release that is live. What is wrong with it stands in
// nobody's way: the deploy may be what mends it.
func (j *job) filesOf(ctx context.Context, live release.Digest) []health.Problem {
	if live.IsZero() {
		return nil
	}
	r, err := j.Target.Record(ctx, live)
	if err != nil {
		return []health.Problem{{What: "the release that is live", Got: err.Error(), Want: "its record"}}
	}
	i := slices.IndexFunc(r.Files, func(f release.File) bool { return path.Ext(f.Path) == ".js" })
	if i < 0 {
		return nil
	}
	file := health.SiteFile{URL: j.Env.URL + "r/" + live.String() + "/" + r.Files[i].Path}
	blocking, advice := health.Preflight(ctx, health.Site{Files: []health.SiteFile{file}}, j.checks.Options())
	return append(blocking, advice...)
}

// page wants the release to have the entry, and that to be a page that can be served.
func (j *job) page() error {
	if _, ok := j.release.File(j.Env.Entry); !ok {
		return fmt.Errorf("the release has no file %q, the environment's entry: the page that shoppers ask for; write it into the folder after the build, and run sri-manifest: it takes the page into the release", j.Env.Entry)
	}
	page, err := os.ReadFile(filepath.Join(j.dist, filepath.FromSlash(j.Env.Entry)))
	if err != nil {
		return fmt.Errorf("reading the page: %w", err)
	}
	for _, element := range static.Moved(page) {
		j.Report(finding.Finding{
			Rule: "deploy/base", Severity: finding.Low,
			Message: fmt.Sprintf("%s: got %s, which the base element that a deploy inserts leads into the release's folder", j.Env.Entry, element),
			Hint:    "write the address with its path, such as /checkout/#step2, or set it by a script from location",
		})
	}
	return j.Target.Fits(j.release, page)
}
