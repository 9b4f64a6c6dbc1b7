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

// goal is how esbuild is to take a source.
type goal = api.Format

const (
	module = api.FormatESModule
	script = api.FormatDefault // sloppy code, with the rules of Annex B
)

func transform(g goal, src string, o api.TransformOptions) (string, error) {
	o.Format = g
	o.Loader = api.LoaderJS
	o.LogLevel = api.LogLevelSilent
	o.LegalComments = api.LegalCommentsNone
	res := api.Transform(src, o)
	if len(res.Errors) > 0 {
		return "", esbuildError(res.Errors[0].Text)
	}
	return string(res.Code), nil
}

var minify = api.TransformOptions{MinifySyntax: true, MinifyWhitespace: true}

// printed returns src as the linker gets modules.
func printed(src string) (string, error) { return transform(module, src, minify) }

// printedLong returns src with white space and without shorter syntax.
func printedLong(src string) (string, error) {
	return transform(module, src, api.TransformOptions{})
}

// printedSloppy returns old code, in a function, as esbuild prints it outside
// of modules.
func printedSloppy(src string) (string, error) {
	return transform(script, "(function(exports,require,module){"+withoutHashbang(src)+"\n})();", minify)
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
	for _, path := range modulePaths(f) {
		for _, b := range []byte(path) {
			c.left[b]--
		}
	}
	return c, nil
}

// modulePaths lists the paths of imports and calls of require, which esbuild
// does not count.
func modulePaths(f *File) (paths []string) {
	for _, s := range f.Stmts {
		if s.From != nil {
			paths = append(paths, s.From.Text)
		}
	}
	for _, c := range f.ImportCalls {
		paths = append(paths, c.Text)
	}
	for _, r := range f.Globals["require"] {
		rest, ok := strings.CutPrefix(string(f.Src[r.End():min(len(f.Src), r.End()+200)]), `("`)
		if path, _, found := strings.Cut(rest, `")`); ok && found {
			paths = append(paths, path)
		}
	}
	return paths
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
func shortened(g goal, line, src string) (string, error) {
	out, err := transform(g, line+src, api.TransformOptions{MinifyIdentifiers: true, MinifyWhitespace: true})
	if err != nil {
		return "", err
	}
	return out[strings.IndexByte(out, '\n')+1:], nil
}

// alphaEquivalent reports whether two programs differ in names only; if not,
// it shows where.
func alphaEquivalent(g goal, a, b string) error {
	a, b = withoutHashbang(a), withoutHashbang(b)
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
		x, errX := shortened(g, lineA, a)
		if errX != nil {
			return fmt.Errorf("original: %w", errX)
		}
		y, errY := shortened(g, lineB, b)
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

// withoutHashbang makes room for the line of evenOut.
func withoutHashbang(s string) string {
	if strings.HasPrefix(s, "#!") {
		_, s, _ = strings.Cut(s, "\n")
	}
	return s
}

func firstDifference(x, y string) error {
	i := 0
	for i < len(x) && i < len(y) && x[i] == y[i] {
		i++
	}
	from := max(0, i-60)
	return fmt.Errorf("byte %d:\n  original %q\n  renamed  %q", i, x[from:min(len(x), i+60)], y[from:min(len(y), i+60)])
}
