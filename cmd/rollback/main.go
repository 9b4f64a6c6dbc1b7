// Rollback takes a release back by one write. See rollback --help.
package main

import (
	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/rollback"
)

var version = "devel" // set by the linker in releases

func main() { action.Main(version, rollback.Action()) }
