package difftest

import (
	"fmt"
	"slices"
	"strings"
)

// Trace is what a graph's modules and the driver said, in order.
type Trace []string

// sloppyPrefix starts the lines that say what a sloppy CommonJS function sees: ES output is strict, so only classic
// can give what Node gives.
const sloppyPrefix = "sloppy "

// For gives the lines that the format promises to keep.
func (t Trace) For(f Format) Trace {
	if f != ESM {
		return t
	}
	return slices.DeleteFunc(slices.Clone(t), func(line string) bool { return strings.HasPrefix(line, sloppyPrefix) })
}

// Kind sorts differences by what has gone wrong, for a summary over many graphs.
type Kind string

const (
	KindBuild Kind = "build failed"
	KindRun   Kind = "did not run to its end"
	KindCSS   Kind = "only the styles differ"
	KindOrder Kind = "same lines, another order"
	KindLines Kind = "other lines"
)

// Difference is a graph that behaves otherwise bundled than plain.
type Difference struct {
	Format Format
	Kind   Kind
	Detail string // a diff of the traces, or the error
}

// compare gives nil if the traces are equal.
func compare(format Format, want, got Trace) *Difference {
	want, got = want.For(format), got.For(format)
	if slices.Equal(want, got) {
		return nil
	}
	d := &Difference{Format: format, Kind: KindLines, Detail: diff(want, got)}
	switch {
	case slices.Equal(withoutStyles(want), withoutStyles(got)):
		d.Kind = KindCSS
	case slices.Equal(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))):
		d.Kind = KindOrder
	}
	return d
}

func withoutStyles(t Trace) Trace {
	return slices.DeleteFunc(slices.Clone(t), func(line string) bool { return strings.Contains(line, "css") })
}

// diff prints two traces by their longest common subsequence: "-" is the plain run, "+" the bundled one.
func diff(want, got Trace) string {
	length := make([][]int, len(want)+1)
	for i := range length {
		length[i] = make([]int, len(got)+1)
	}
	for i := len(want) - 1; i >= 0; i-- {
		for j := len(got) - 1; j >= 0; j-- {
			if want[i] == got[j] {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	var b strings.Builder
	for i, j := 0, 0; i < len(want) || j < len(got); {
		switch {
		case i < len(want) && j < len(got) && want[i] == got[j]:
			fmt.Fprintf(&b, "  %s\n", want[i])
			i, j = i+1, j+1
		case j == len(got) || i < len(want) && length[i+1][j] >= length[i][j+1]:
			fmt.Fprintf(&b, "- %s\n", want[i])
			i++
		default:
			fmt.Fprintf(&b, "+ %s\n", got[j])
			j++
		}
	}
	return b.String()
}
