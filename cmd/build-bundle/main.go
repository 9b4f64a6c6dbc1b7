// Build-bundle builds a checkout page's release from its sources. See
// build-bundle --help.
package main

import (
	"os"
	"runtime/debug"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/buildbundle"
)

var version = "devel" // set by the linker in releases

func main() {
	// esbuild keeps its syntax trees between two links, so the heap is mostly
	// alive: collecting a little earlier keeps the peak in the bound that
	// docs/benchmarks.md gives.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(80)
	}
	action.Main(version, buildbundle.Action())
}
