// Package srimanifest is the use case "is every byte of this page accounted for?".
// In the mode release it pins a built folder and says what is not covered; in the
// mode live it looks at what shoppers get; baseline records what that should be,
// and drill proves that a change is noticed.
package srimanifest

import (
	"context"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/signing"
	"github.com/org/checkout-deploy/internal/finding"
)

// defaultDist stands for the folder of the configuration.
const defaultDist = "dist"

// mode is what is done.
type mode string

const (
	ofRelease  mode = "release"
	ofLive     mode = "live"
	ofBaseline mode = "baseline"
	ofDrill    mode = "drill"
)

var modes = []mode{ofRelease, ofLive, ofBaseline, ofDrill}

// threshold is the mildest severity that fails the action, or none.
type threshold string

const noThreshold threshold = "none"

var thresholds = []threshold{threshold(finding.Critical), threshold(finding.High), threshold(finding.Medium), threshold(finding.Low), noThreshold}

type inputs struct {
	dir, config, dist, release string
	mode                       mode
	out, previous, records     string
	sign                       signing.By
	key, password              string
	fail                       threshold
	artifact, issue            bool
	token, browser             string
}

// Action is sri-manifest.
func Action() action.Action {
	in := &inputs{}
	return action.Action{
		Spec: action.Spec{
			Name:        "sri-manifest",
			Summary:     "pins a page's scripts and styles, and says what is not covered",
			Description: "Pin every script and style of a checkout page by Subresource Integrity, with headers, an inventory and evidence.",
			Icon:        "lock",
			Colour:      "green",
			Inputs:      in.spec(),
			Outputs: []action.Output{
				{Name: "coverage", Doc: "The share of the release's scripts and styles that are pinned, such as `100%`; `unknown` in the other modes, which look at pages."},
				{Name: "release", Doc: "The release's id: another one than was given where pages were rewritten."},
				{Name: "dist", Doc: "The folder of the release, relative to the workspace."},
				{Name: "evidence", Doc: "The pack of evidence, `evidence.json` in the folder `out`."},
				{Name: "sarif", Doc: "The findings as SARIF, for code scanning."},
				{Name: "findings", Doc: "How many findings there are of `fail-severity` or worse."},
			},
			Permissions: []string{"contents: read", "id-token: write", "issues: write"},
		},
		Run: in.run,
	}
}

func (in *inputs) spec() []action.Input {
	return []action.Input{
		action.WorkingDirectory(&in.dir),
		action.Config(&in.config),
		{Name: "mode", Default: string(ofRelease), Value: action.OneOf(&in.mode, modes), Doc: "What to do: pin and judge a `release`; compare the `live` pages with their baseline; write that `baseline` from what is live now; or `drill`, which changes a copy of the page and fails unless every change is noticed."},
		{Name: "dist", Default: defaultDist, Value: action.Text(&in.dist), Doc: "The folder to pin, relative to the workspace, also another bundler's. `dist` stands for the configuration's `outdir` in the project. With pages to rewrite it is replaced whole, at the end, also where findings then fail the action, and not after any other error. The live check reads its `release.json`, if there is one, for the files that are right."},
		action.Release(&in.release),
		{Name: "records", Value: action.Text(&in.records), Doc: "A folder, relative to the project, of records of releases that may be live, such as downloaded artifacts `checkout-<release>-integrity`, each in a folder of its own: to the modes that look at pages the files of each are right. Those whose signer `integrity.signed-by` does not name are not believed."},
		{Name: "out", Default: "integrity", Value: action.Text(&in.out), Doc: "The folder that gets headers, evidence and findings, relative to the project and outside `dist`. What an earlier run wrote there is replaced; a file of one of its names that is somebody's own is an error. The modes `live` and `drill` write into a folder of their name in it."},
		{Name: "previous", Value: action.Text(&in.previous), Doc: "The last pack of evidence, a file relative to the project: the new one names it by its hash and says what changed. It is written anew by each run where it is `evidence.json` in `out`."},
		{Name: "sign", Default: string(signing.Nobody), Value: action.OneOf(&in.sign, signing.Ways), Doc: "Who signs the record, statements and evidence: a `key`, or `keyless` the workflow itself, by its OIDC token (`id-token: write`)."},
		{Name: "key", Value: action.Text(&in.key), Doc: "The private key for `sign: key`: a file relative to the project, `env://NAME`, or a key service's address."},
		{Name: "key-password", Value: action.Text(&in.password), Secret: true, Doc: "The password of an encrypted key."},
		{Name: "fail-severity", Default: string(finding.High), Value: action.OneOf(&in.fail, thresholds), Doc: "The mildest severity that fails the action. With `none` it only reports."},
		{Name: "artifact", Default: "true", Value: action.Bool(&in.artifact), Doc: "Whether a workflow keeps the record, statements and evidence as its artifact `checkout-<release>-integrity`, and a release that it made as `checkout-<release>-files`."},
		{Name: "browser", Value: action.Text(&in.browser), Doc: "The browser for the live check: a DevTools address, such as that of a service container, `http://chrome:9222`, or a program. Without it the Chromium that is installed."},
		{Name: "issue", Default: "true", Value: action.Bool(&in.issue), Doc: "Whether the live check opens an issue about what it finds, keeps it up to date, and closes it."},
		action.Token(&in.token),
	}
}

func (in *inputs) run(ctx context.Context, r *action.Run) error {
	switch in.mode {
	case ofRelease:
		return in.pin(ctx, r)
	default:
		return in.look(ctx, r)
	}
}
