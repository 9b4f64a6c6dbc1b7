// Package trial tries rollouts to the end: many at once, over a store that loses
// answers, comes late, hangs and lies, with processes that die at any moment.
// It holds tests only.
package trial
