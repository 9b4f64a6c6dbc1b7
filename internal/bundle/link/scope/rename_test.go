package scope

import (
	"testing"
)

// TestGenerated holds random programs against the oracle.
func TestGenerated(t *testing.T) {
	refusals := 0
	for seed := range uint64(400) {
		text, err := printed(generate(seed))
		if err != nil || !readable(text) {
			refusals++
			continue
		}
		short, err := mangled(text)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		if err := alphaEquivalent(text, short); err != nil {
			t.Fatalf("seed %d: %v\n%s\n%s", seed, err, text, short)
		}
	}
	if refusals > 160 { // for assignments to constants, and names declared twice
		t.Errorf("esbuild refuses %d of 400 generated programs, want at most 160: the generator is wrong", refusals)
	}
}

// FuzzParse states that Parse survives any bytes, and that whatever esbuild
// accepts keeps its meaning.
func FuzzParse(f *testing.F) {
	for _, c := range bindingCases {
		f.Add(c.src)
	}
	for seed := range uint64(20) {
		f.Add(generate(seed))
	}
	f.Fuzz(func(t *testing.T, src string) {
		if p, err := Parse([]byte(src)); err == nil {
			Apply(p.Src, p.Renames(p.Mangle(Options{})))
		}
		text, err := printed(src)
		if err != nil || !readable(text) {
			return
		}
		short, err := mangled(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if err := alphaEquivalent(text, short); err != nil {
			t.Fatalf("%v\n%s\n%s", err, text, short)
		}
	})
}

// readable leaves out what esbuild prints but does not accept itself.
func readable(text string) bool {
	_, err := transform(text, minify)
	return err == nil
}
