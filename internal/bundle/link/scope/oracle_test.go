package scope

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// The oracle: two programs that differ in nothing but the names of their
// variables are the same to esbuild once it has chosen its own names, as these
// follow from the structure alone. Only the letters it prefers depend on the
// text; neutral takes that away.

// esbuildError is returned for sources that esbuild does not accept.
type esbuildError string

func (e esbuildError) Error() string { return string(e) }

func transform(src string, o api.TransformOptions) (string, error) {
	o.Loader = api.LoaderJS
	o.Format = api.FormatESModule
	o.LogLevel = api.LogLevelSilent
	res := api.Transform(src, o)
	if len(res.Errors) > 0 {
		return "", esbuildError(res.Errors[0].Text)
	}
	return string(res.Code), nil
}

// printed returns src as the linker gets modules.
func printed(src string) (string, error) {
	return transform(src, api.TransformOptions{MinifySyntax: true, MinifyWhitespace: true, LegalComments: api.LegalCommentsNone})
}

// mangled parses and renames src.
func mangled(src string) (string, error) {
	f, err := Parse([]byte(src))
	if err != nil {
		return "", err
	}
	return string(Apply(f.Src, f.Renames(f.Mangle(Options{})))), nil
}

// neutral lets esbuild rename src, with the frequency of each character
// evened out by a first line that it keeps and counts: the n-th character of
// nameChars gets n*gap more occurrences than the first. It subtracts the
// references it renames, so these are added again; gap covers what the
// estimate misses.
func neutral(src string, base, gap int) (string, error) {
	f, err := Parse([]byte(src))
	if err != nil {
		return "", err
	}
	var count [256]int
	for _, c := range []byte(src) {
		count[c]++
	}
	for _, s := range f.Symbols {
		uses := 0
		for _, r := range s.Refs {
			if r.Flags&(RefDecl|RefExport) == 0 {
				uses++
			}
		}
		for _, c := range []byte(s.Name) {
			count[c] -= uses
		}
	}
	var line bytes.Buffer
	line.WriteString("#!")
	for i, c := range []byte(nameChars) {
		n := base + i*gap - count[c]
		if n < 0 {
			return "", fmt.Errorf("base %d too small: %q occurs %d times", base, c, count[c])
		}
		for ; n > 0; n-- {
			line.WriteByte(c)
		}
	}
	line.WriteByte('\n')
	out, err := transform(line.String()+src, api.TransformOptions{MinifyIdentifiers: true, MinifyWhitespace: true, LegalComments: api.LegalCommentsNone})
	if err != nil {
		return "", err
	}
	return out[strings.IndexByte(out, '\n')+1:], nil
}

// alphaEquivalent reports whether two programs differ in names only; if not,
// it shows where.
func alphaEquivalent(a, b string) error {
	var err error
	for gap := 16; gap <= 16<<8; gap *= 16 {
		base := len(a) + len(b)
		var x, y string
		if x, err = neutral(a, base/4+64*gap, gap); err != nil {
			return fmt.Errorf("original: %w", err)
		}
		if y, err = neutral(b, base/4+64*gap, gap); err != nil {
			return fmt.Errorf("renamed: %w", err)
		}
		if x == y {
			return nil
		}
		err = firstDifference(x, y)
	}
	return err
}

func firstDifference(x, y string) error {
	i := 0
	for i < len(x) && i < len(y) && x[i] == y[i] {
		i++
	}
	from := max(0, i-60)
	return fmt.Errorf("byte %d:\n  original %q\n  renamed  %q", i, x[from:min(len(x), i+60)], y[from:min(len(y), i+60)])
}
