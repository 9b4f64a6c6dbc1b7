//go:build linux

package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/bench/checkout-js/smoke"
)

// Result is what was found out about a peer.
type Result struct {
	Name   string  `json:"name"`
	What   string  `json:"what"`
	Failed string  `json:"failed,omitempty"` // the build, in its own words
	Runs   []Cost  `json:"runs"`
	Median Cost    `json:"median"` // of each column on its own
	Sizes  Sizes   `json:"sizes"`
	Boots  []*Boot `json:"boots"`
}

// Boot is a visit to a peer's output in the browser.
type Boot struct {
	*smoke.Result
	InPage   int `json:"inPage"`
	Loaded   int `json:"loaded"`
	Unpinned int `json:"unpinned"`
}

// rounds runs the peers in turn, so that whatever else the machine does hits
// all of them alike. A peer whose build fails is out of the later rounds.
func rounds(ctx context.Context, peers []*peer, progress *log.Logger) ([]Result, error) {
	results := make([]Result, len(peers))
	most := 0
	for i, p := range peers {
		results[i] = Result{Name: p.name, What: p.what}
		most = max(most, p.runs)
	}
	for round := 0; round <= most; round++ {
		for i, p := range peers {
			warming := round == 0
			if results[i].Failed != "" || warming && !p.warm || round > p.runs {
				continue
			}
			c, err := measure(ctx, p)
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if err != nil {
				results[i].Failed = strings.TrimSpace(err.Error())
				progress.Printf("%-9s failed: %s\n", p.name, results[i].Failed)
				continue
			}
			progress.Printf("%-9s %s\n", p.name, describe(c, warming))
			if !warming {
				results[i].Runs = append(results[i].Runs, c)
			}
		}
	}
	for i := range results {
		results[i].Median = median(results[i].Runs)
	}
	return results, nil
}

func describe(c Cost, warming bool) string {
	s := fmt.Sprintf("%6.2f s wall, %6.2f s CPU, %5d MiB", c.Wall.Seconds(), c.CPU.Seconds(), c.Peak>>20)
	if warming {
		s += " (warming up)"
	}
	return s
}

func median(runs []Cost) Cost {
	return Cost{
		Wall: middle(runs, func(c Cost) time.Duration { return c.Wall }),
		CPU:  middle(runs, func(c Cost) time.Duration { return c.CPU }),
		Peak: middle(runs, func(c Cost) int64 { return c.Peak }),
	}
}

// middle is the median of a column: the mean of the two in the middle for an
// even number of runs.
func middle[R any, T ~int64](runs []R, column func(R) T) T {
	if len(runs) == 0 {
		return 0
	}
	values := make([]T, len(runs))
	for i, c := range runs {
		values[i] = column(c)
	}
	slices.SortFunc(values, cmp.Compare[T])
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
