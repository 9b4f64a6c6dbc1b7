//go:build goexperiment.jsonv2

// Scan-image looks for secrets in a folder. See scan-image --help.
package main

import (
	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/scanimage"
	"github.com/org/checkout-deploy/internal/scan"
)

var version = "devel" // set by the linker in releases

func main() { action.Main(version, scanimage.Action(scan.Secrets)) }
