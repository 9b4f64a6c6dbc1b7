// Command hello is the Go program in the images that the tests make: small, and of
// modules that a scanner can look up.
package main

import (
	"fmt"
	"os"

	"golang.org/x/net/idna"
)

func main() {
	for _, host := range os.Args[1:] {
		name, err := idna.ToASCII(host)
		fmt.Println(name, err)
	}
}
