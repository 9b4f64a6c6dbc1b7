package spell

import (
	"testing"
	"testing/fstest"
)

func TestNearestPath(t *testing.T) {
	root := fstest.MapFS{"src/checkout.ts": {}, "src/Pay.ts": {}, "src/forms/address.ts": {}, "tsconfig.build.json": {}}
	for got, want := range map[string]string{
		"src/chekout.ts":       "src/checkout.ts",
		"src/pay.ts":           "src/Pay.ts",
		"scr/checkout.ts":      "src/checkout.ts",
		"src/from/address.ts":  "src/forms/address.ts",
		"tsconfig.biuld.json":  "tsconfig.build.json",
		"src/forms/adress.tsx": "src/forms/address.ts",
		"scr/chekout.ts":       "", // two slips
		"main.ts":              "",
		"src":                  "src",
		"..":                   "",
	} {
		if found := NearestPath(root, got); found != want {
			t.Errorf("%q: got %q, want %q", got, found, want)
		}
	}
}
