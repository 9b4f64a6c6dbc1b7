package scope

import (
	"os"
	"strings"
	"testing"
)

// benchSource returns the file named by CHECKOUT_DEPLOY_BENCH_JS, or a
// generated program of about 1 MB, as esbuild prints it.
func benchSource(b *testing.B) []byte {
	b.Helper()
	if path := os.Getenv("CHECKOUT_DEPLOY_BENCH_JS"); path != "" {
		src, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		return src
	}
	var all strings.Builder
	for seed := uint64(1); all.Len() < 1<<20; seed++ {
		all.WriteString("(function(){" + generate(seed) + "})();\n")
	}
	text, err := printed(all.String())
	if err != nil {
		b.Fatal(err)
	}
	return []byte(text)
}

func BenchmarkParse(b *testing.B) {
	src := benchSource(b)
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if _, err := Parse(src); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRename measures everything from the printed text to the renamed one.
func BenchmarkRename(b *testing.B) {
	src := benchSource(b)
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		f, err := Parse(src)
		if err != nil {
			b.Fatal(err)
		}
		Apply(src, f.Renames(f.Mangle(Options{})))
	}
}
