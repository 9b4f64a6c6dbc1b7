package difftest

import "embed"

// host holds the JavaScript of this package: the global scope of a graph, the Node program and the pages.
//
//go:embed host
var host embed.FS

func hostFile(name string) string {
	b, err := host.ReadFile("host/" + name)
	if err != nil {
		panic(err) // embedded: can only be a typing error here
	}
	return string(b)
}
