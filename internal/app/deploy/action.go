// Package deploy is the use case "serve this release": it stages and verifies the
// release, leads shoppers to it by one conditional write, watches it, and goes
// back if it fails.
package deploy

import (
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/signing"
	"github.com/org/checkout-deploy/internal/app/site"
)

// defaultDist stands for the folder of the configuration.
const defaultDist = "dist"

type inputs struct {
	site.Inputs
	release, dist        string
	commit               string
	dryRun, force, clear bool
	wait                 time.Duration
	browser              string
	sign                 signing.By
	key, password        string
}

// Action is deploy.
func Action() action.Action {
	in := &inputs{}
	return action.Action{
		Spec: action.Spec{
			Name:        "deploy",
			Summary:     "leads shoppers to a release by one write, and back if it fails",
			Description: "Deploy a release: staged, verified, published by one conditional write, watched, and taken back if it fails.",
			Icon:        "upload-cloud",
			Colour:      "green",
			Inputs:      in.spec(),
			Outputs: []action.Output{
				{Name: "state", Doc: "What it came to: `live`; `unchanged` if nothing was published; `holding` if a hold stops it; `reverted` if it is not live any more; `unknown`: look before you do anything."},
				{Name: "url", Doc: "The page's address."},
				{Name: "release", Doc: "The release's id."},
				{Name: "live", Doc: "The release that is live in the end, as far as is known."},
				{Name: "sequence", Doc: "The sequence number of what is live in the end."},
			},
			Permissions: []string{"contents: read", "deployments: write", "id-token: write"},
		},
		Run: in.run,
	}
}

func (in *inputs) spec() []action.Input {
	return append(in.Inputs.Spec(),
		action.Release(&in.release),
		action.Input{Name: "dist", Default: defaultDist, Value: action.Text(&in.dist), Doc: "The release's folder, relative to the workspace; `dist` stands for the configuration's `outdir`. Where it is missing or empty, the workflow's artifact of `release` is put there."},
		action.Input{Name: "dry-run", Default: "false", Value: action.Bool(&in.dryRun), Doc: "Whether to print the plan, look at all that it needs, and write nothing."},
		action.Input{Name: "force", Default: "false", Value: action.Bool(&in.force), Doc: "Whether to deploy a release whose commit the live one's comes after."},
		action.Input{Name: "commit", Value: action.Text(&in.commit), Doc: "The commit that the release was built from, where that is not the workflow's own: what `require.newer` compares, and GitHub's deployment names."},
		action.Input{Name: "clear-hold", Default: "false", Value: action.Bool(&in.clear), Doc: "Whether to end the hold that a rollback has set, and then deploy."},
		action.Input{Name: "wait", Default: "10m", Value: action.Duration(&in.wait, 0, 6*time.Hour), Doc: "How long to wait for another deploy to the environment."},
		action.Input{Name: "browser", Value: action.Text(&in.browser), Doc: "The browser for checks that need one: a DevTools address, such as `http://chrome:9222`, or a program. Without it the Chromium that is installed."},
		action.Input{Name: "sign", Default: string(signing.Nobody), Value: action.OneOf(&in.sign, signing.Ways), Doc: "Who signs the marker that says that all files are there: a `key`, or `keyless` the workflow itself."},
		action.Input{Name: "key", Value: action.Text(&in.key), Doc: "The private key for `sign: key`: a file relative to the project, `env://NAME`, or a key service's address."},
		action.Input{Name: "key-password", Value: action.Text(&in.password), Secret: true, Doc: "The password of an encrypted key."},
	)
}
