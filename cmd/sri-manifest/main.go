// Sri-manifest pins a page's scripts and styles and checks them. See
// sri-manifest --help.
package main

import (
	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/srimanifest"
)

var version = "devel" // set by the linker in releases

func main() { action.Main(version, srimanifest.Action()) }
