// Checkout-deploy is the root action, stages in a row, and the commands around
// it. See checkout-deploy help.
package main

import (
	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/house"
)

var version = "devel" // set by the linker in releases

func main() { action.MainOf(version, house.Root(), house.Commands()...) }
