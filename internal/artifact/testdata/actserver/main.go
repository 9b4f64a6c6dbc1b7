// Command actserver is act's artifact server by itself, for the tests of
// internal/artifact: actserver <folder> <port>. It is a module of its own, so
// that act is none of the product's dependencies. It ends when its standard
// input does.
package main

import (
	"context"
	"io"
	"os"

	"github.com/nektos/act/pkg/artifacts"
)

func main() {
	stop := artifacts.Serve(context.Background(), os.Args[1], "127.0.0.1", os.Args[2])
	_, _ = io.Copy(io.Discard, os.Stdin)
	stop()
}
