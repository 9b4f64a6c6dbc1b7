//go:build !goexperiment.jsonv2

// Scan-image was built without Trivy, and says how to build it.
package main

import (
	"fmt"
	"os"
)

const how = `error: scan-image: this program was built without its scanner, which needs Go's experiment jsonv2.
  Build it with: GOEXPERIMENT=jsonv2 go build ./cmd/scan-image
  or, in the repository, with: make build
`

func main() {
	fmt.Fprint(os.Stderr, how)
	os.Exit(2)
}
