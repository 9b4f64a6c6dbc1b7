package evidence

import (
	"fmt"

	"github.com/org/checkout-deploy/internal/release"
)

// Problem is a break of a chain.
type Problem struct {
	Index   int // of the pack
	Message string
}

// Chain says what is wrong with packs that claim to follow each other, in their
// order; nothing for an unbroken chain. It may begin with a later pack than the
// first. A chain can't show that its newest packs were left out: the number of
// the newest has to be known.
func Chain(packs [][]byte) []Problem {
	var out []Problem
	var before *Pack
	for i, data := range packs {
		add := func(format string, args ...any) { out = append(out, Problem{i, fmt.Sprintf(format, args...)}) }
		p, err := Read(data)
		if err != nil {
			add("%v", err)
			before = nil
			continue
		}
		if before != nil {
			p.follows(before, release.DigestOf(packs[i-1]), add)
		}
		before = p
	}
	return out
}

func (p *Pack) follows(before *Pack, digest release.Digest, add func(string, ...any)) {
	switch {
	case p.Sequence == before.Sequence:
		add("got a second pack with the number %d, want one: the chain forks", p.Sequence)
	case p.Sequence < before.Sequence:
		add("got the number %d after %d, want the packs in order", p.Sequence, before.Sequence)
	case p.Sequence > before.Sequence+1:
		add("got the number %d after %d, want %d: packs are missing", p.Sequence, before.Sequence, before.Sequence+1)
	case p.Previous != digest:
		add("got a pack after %s, want it after %s: the one before it was exchanged", p.Previous, digest)
	}
	if p.Made.Before(before.Made) {
		add("got a pack of %s after one of %s", p.Made, before.Made)
	}
	if p.Subject.Name != before.Subject.Name {
		add("got a pack of %q after one of %q, want one project", p.Subject.Name, before.Subject.Name)
	}
}
