package main

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkStart is what a step pays before its work begins, beside the least
// that any process costs.
func BenchmarkStart(b *testing.B) {
	program := filepath.Join(b.TempDir(), "build-bundle")
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for name, command := range map[string]string{"build-bundle": program, "true": "true"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := exec.Command(command, "--version").Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
