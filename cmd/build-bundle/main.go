// Build-bundle builds a checkout page's release from its sources. See
// build-bundle --help.
package main

import (
	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/buildbundle"
)

var version = "devel" // set by the linker in releases

func main() { action.Main(version, buildbundle.Action()) }
