// Package house lists the actions: the one place that a new one is added to.
package house

import (
	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/buildbundle"
	"github.com/org/checkout-deploy/internal/app/deploy"
	"github.com/org/checkout-deploy/internal/app/pipeline"
	"github.com/org/checkout-deploy/internal/app/rollback"
	"github.com/org/checkout-deploy/internal/app/scanimage"
	"github.com/org/checkout-deploy/internal/app/srimanifest"
	"github.com/org/checkout-deploy/internal/app/starter"
	"github.com/org/checkout-deploy/internal/app/verify"
)

// Actions are those with a folder of their own under actions. scan-image is here
// for its Spec: only cmd/scan-image has the engine that it runs with.
func Actions() []action.Action {
	return []action.Action{buildbundle.Action(), srimanifest.Action(), scanimage.Action(nil), deploy.Action(), rollback.Action()}
}

// stages are what the root action can do, in the order it makes sense in.
func stages() []action.Action {
	return []action.Action{buildbundle.Action(), srimanifest.Action(), verify.Action()}
}

// Root is the action at the repository's root.
func Root() action.Action { return pipeline.Action(stages()...) }

// Commands are those of the program checkout-deploy.
func Commands() []action.Action {
	return append(stages(), deploy.Action(), rollback.Action(), starter.Action())
}
