package difftest

import (
	"slices"
	"testing"
)

// TestGenerate: the same seed gives the same graph, and plain modules run each graph to its end, twice with one trace.
func TestGenerate(t *testing.T) {
	h := start(t, Bare{})
	n := 30
	if *countFlag > 0 {
		n = *countFlag
	}
	for seed := *seedFlag; seed < *seedFlag+uint64(n); seed++ {
		c := Generate(seed).Case()
		if again := Generate(seed).Case(); string(again.Txtar()) != string(c.Txtar()) {
			t.Fatalf("seed %d gives two graphs:\n%s\nand\n%s", seed, c.Txtar(), again.Txtar())
		}
		first, err := h.Run(t.Context(), c)
		if err != nil {
			t.Errorf("%v\n%s", err, c.Txtar())
			continue
		}
		second, err := h.Run(t.Context(), c)
		if err != nil || !slices.Equal(first.Want, second.Want) {
			t.Errorf("seed %d: two runs differ (%v):\n%s", seed, err, diff(first.Want, second.Want))
		}
	}
}
