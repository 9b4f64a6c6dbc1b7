package scope

import (
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

// charUse is what decides about esbuild's choice of letters: how often each
// occurs, apart from references that esbuild renames.
type charUse struct {
	left [256]int
	uses int // of the letter that occurs most in references
}

func countChars(src string) (charUse, error) {
	var c charUse
	f, err := Parse([]byte(src))
	if err != nil {
		return c, err
	}
	for _, b := range []byte(src) {
		c.left[b]++
	}
	var uses [256]int
	for _, s := range f.Symbols {
		n := 0
		for _, r := range s.Refs {
			if r.Flags&(RefDecl|RefExport) == 0 {
				n++
			}
		}
		for _, b := range []byte(s.Name) {
			uses[b] += n
		}
	}
	for b, n := range uses {
		c.left[b] -= n
		c.uses = max(c.uses, n)
	}
	return c, nil
}

// neutral lets esbuild rename src, with the frequency of each character evened
// out by a first line that esbuild keeps and counts: the n-th character of
// nameChars occurs base+n*gap times. What esbuild takes for references differs
// a little from our count (it subtracts some twice); gap must exceed that.
func neutral(src string, c *charUse, base, gap int) (string, error) {
	line := []byte("#!")
	for i, b := range []byte(nameChars) {
		line = append(line, strings.Repeat(string(b), max(0, base+i*gap-c.left[b]))...)
	}
	out, err := transform(string(line)+"\n"+src, api.TransformOptions{MinifyIdentifiers: true, MinifyWhitespace: true, LegalComments: api.LegalCommentsNone})
	if err != nil {
		return "", err
	}
	return out[strings.IndexByte(out, '\n')+1:], nil
}

// alphaEquivalent reports whether two programs differ in names only; if not,
// it shows where.
func alphaEquivalent(a, b string) error {
	ca, err := countChars(a)
	if err != nil {
		return fmt.Errorf("original: %w", err)
	}
	cb, err := countChars(b)
	if err != nil {
		return fmt.Errorf("renamed: %w", err)
	}
	base := 0
	for _, c := range []byte(nameChars) {
		base = max(base, ca.left[c], cb.left[c])
	}
	for _, gap := range []int{16, 512, 2*max(ca.uses, cb.uses) + 16} {
		x, errX := neutral(a, &ca, base, gap)
		if errX != nil {
			return fmt.Errorf("original: %w", errX)
		}
		y, errY := neutral(b, &cb, base, gap)
		if errY != nil {
			return fmt.Errorf("renamed: %w", errY)
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
