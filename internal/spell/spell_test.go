package spell

import "testing"

func TestNearest(t *testing.T) {
	allowed := []string{"outdir", "format", "define", "esm"}
	for got, want := range map[string]string{
		"outdri":   "outdir", // a swap of neighbours
		"fromat":   "format",
		"defines":  "define",
		"out-dir":  "outdir",
		"Format":   "format",
		"ems":      "esm",
		"weather":  "",
		"":         "",
		"x":        "",
		"dfn":      "",
		longWord(): "",
	} {
		if meant := Nearest(got, allowed); meant != want {
			t.Errorf("%q: got %q, want %q", got, meant, want)
		}
	}
}

func longWord() string {
	word := make([]byte, 1000)
	for i := range word {
		word[i] = 'e'
	}
	return string(word)
}
