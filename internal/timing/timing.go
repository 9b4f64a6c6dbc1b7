// Package timing records what a build spends its time on: spans of work, each in
// one of four stages. Passes are built side by side, so spans overlap, and those
// of two stages do too.
package timing

import "time"

// Stage is a part of a build.
type Stage int

// The stages.
const (
	Preparation  Stage = iota // configuration, browsers, tsconfig, the start of Sass
	Compilation               // sources to chunks: esbuild and what is done for each file
	Optimisation              // imports led past barrels, order of evaluation, chunks to files
	Output                    // hashes, manifests, compressed sizes, writing
)

// Stages lists every Stage, in order.
var Stages = []Stage{Preparation, Compilation, Optimisation, Output}

func (s Stage) String() string {
	return [...]string{"preparation", "compilation", "optimisation", "output"}[s]
}

// Work says what a span is of.
type Work struct {
	Stage Stage
	Pass  string // "" for what is for all passes
	Step  string // what does it: "esbuild", "Sass", "link"
	File  string // the source it is for, relative to the project; "" for all of them
}

// Span is a piece of work and when it was done.
type Span struct {
	Work
	Start, Length time.Duration // Start is counted from the recorder's own
}

// End is when it was done.
func (s Span) End() time.Duration { return s.Start + s.Length }

// Total is all work on files of a pass in one step, also that which is too short
// to have a span.
type Total struct {
	Work   // without a File
	Files  int
	Length time.Duration // of all, also where they ran side by side
}

// Progress says how far a stage of a pass is. Observers get it at the start of
// each step, and from time to time within.
type Progress struct {
	Work
	Done, Total int // files; a Total of 0 is not known yet
}

// Timings is what a recorder has seen.
type Timings struct {
	Length time.Duration // from the recorder's start on
	Spans  []Span        // by start
	Totals []Total       // of steps that work on files, the longest first
}
