//go:build goexperiment.jsonv2

// Scan-image scans an image or a folder. See scan-image --help.
package main

import (
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/scanimage"
	"github.com/org/checkout-deploy/internal/app/scanimage/engine"
)

var version = "devel" // set by the linker in releases

func main() {
	action.Main(version, scanimage.Action(&engine.Tools{Version: version, Now: time.Now, Sleep: action.Sleep}))
}
