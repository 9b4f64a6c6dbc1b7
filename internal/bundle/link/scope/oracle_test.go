package scope

import (
	"fmt"
	"sort"
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

var minify = api.TransformOptions{MinifySyntax: true, MinifyWhitespace: true, LegalComments: api.LegalCommentsNone}

// printed returns src as the linker gets modules.
func printed(src string) (string, error) {
	return transform(src, minify)
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
// occurs apart from references that esbuild renames, and in all names that it
// renames.
type charUse struct{ left, uses [256]int }

func countChars(src string) (c charUse, err error) {
	f, err := Parse([]byte(src))
	if err != nil {
		return c, err
	}
	for _, b := range []byte(src) {
		c.left[b]++
	}
	for _, s := range f.Symbols {
		n := 0
		for _, r := range s.Refs {
			if r.Flags&RefDecl == 0 {
				n++
			}
		}
		for _, b := range []byte(s.Name) {
			c.uses[b] += len(s.Refs)
			c.left[b] -= n
		}
	}
	return c, nil
}

// evenOut returns two first lines ("#!…", which esbuild keeps and counts) that
// give each letter the same frequency in both programs. Letters are kept so
// far apart that it does not matter if esbuild's count of references differs
// from ours (it subtracts those of some variables more than once): by slack
// and by the given part of the references, in eighths.
func evenOut(a, b *charUse, slack, eighths int) (lineA, lineB string) {
	chars := []byte(nameChars)
	left := func(c byte) int { return max(a.left[c], b.left[c]) }
	sort.SliceStable(chars, func(i, j int) bool { return left(chars[i]) < left(chars[j]) })
	x, y := []byte("#!"), []byte("#!")
	target, lastError := 0, 0
	for _, c := range chars {
		e := slack + max(a.uses[c], b.uses[c])*eighths/8
		target = max(left(c), target+lastError+e)
		lastError = e
		x = append(x, strings.Repeat(string(c), target-a.left[c])...)
		y = append(y, strings.Repeat(string(c), target-b.left[c])...)
	}
	return string(x) + "\n", string(y) + "\n"
}

// shortened lets esbuild rename src, and returns the result without the line
// put before it.
func shortened(line, src string) (string, error) {
	out, err := transform(line+src, api.TransformOptions{MinifyIdentifiers: true, MinifyWhitespace: true, LegalComments: api.LegalCommentsNone})
	if err != nil {
		return "", err
	}
	return out[strings.IndexByte(out, '\n')+1:], nil
}

// alphaEquivalent reports whether two programs differ in names only; if not,
// it shows where.
func alphaEquivalent(a, b string) error {
	useA, err := countChars(a)
	if err != nil {
		return fmt.Errorf("original: %w", err)
	}
	useB, err := countChars(b)
	if err != nil {
		return fmt.Errorf("renamed: %w", err)
	}
	for _, eighths := range []int{0, 1, 8, 32} {
		lineA, lineB := evenOut(&useA, &useB, 4, eighths)
		x, errX := shortened(lineA, a)
		if errX != nil {
			return fmt.Errorf("original: %w", errX)
		}
		y, errY := shortened(lineB, b)
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
