// Deploy leads shoppers to a release, and back if it fails. See deploy --help.
package main

import (
	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/deploy"
)

var version = "devel" // set by the linker in releases

func main() { action.Main(version, deploy.Action()) }
