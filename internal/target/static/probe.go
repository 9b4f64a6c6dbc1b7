package static

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/store"
)

const probes = "deploy/probe"

// probe is the document at deploy/probe/<nonce>.json. It lives for a moment.
type probe struct {
	Began time.Time `json:"began"`
	Write int       `json:"write"`
}

// Probe tries on an object that nobody serves whether the store lets this identity do
// what a deploy does, and whether it refuses what it has to: a store that does not
// know conditional requests takes every write, and a deploy's safety would be gone
// unseen. The error tells all that was found; nothing is left behind.
func (t *Target) Probe(ctx context.Context) error {
	nonce, err := channel.NewNonce(t.Random)
	if err != nil {
		return err
	}
	p := &probing{Target: t, name: probes + "/" + nonce.String() + ".json", began: t.Now().UTC().Truncate(time.Second)}
	err = errors.Join(p.listing(ctx), p.writing(ctx))
	if err != nil {
		err = fmt.Errorf("trying the store: %w", err)
	}
	return err
}

type probing struct {
	*Target
	name  string
	began time.Time
	n     int
}

// write is another content each time, so that none is taken for another's.
func (p *probing) write(ctx context.Context, when store.When) (store.Version, error) {
	p.n++
	data, err := json.Marshal(probe{p.began, p.n})
	if err != nil {
		return "", err
	}
	return p.Store.Write(ctx, p.name, store.Bytes(data), record, when)
}

func (p *probing) listing(ctx context.Context) error {
	for _, err := range p.Store.List(ctx, probes) {
		if err != nil {
			return fmt.Errorf("listing objects: %w", err)
		}
		break
	}
	return nil
}

func (p *probing) writing(ctx context.Context) error {
	first, err := p.write(ctx, store.Anew)
	if err != nil {
		return fmt.Errorf("creating an object: %w", err) // without one nothing else can be tried
	}
	wrong := []error{p.refusing(ctx, store.Anew, store.Exists, "an object was created where one was")}
	second, err := p.write(ctx, store.Replacing(first))
	if err != nil {
		wrong = append(wrong, fmt.Errorf("replacing an object: %w", err))
		second = first
	} else {
		wrong = append(wrong, p.refusing(ctx, store.Replacing(first), store.Changed, "an object was replaced that had changed"))
	}
	_, info, err := store.Read(ctx, p.Store, p.name, maxDocument)
	switch {
	case err != nil:
		wrong = append(wrong, fmt.Errorf("reading an object: %w", err))
	case info.Version != second && errors.Join(wrong...) == nil:
		wrong = append(wrong, errors.New("reading an object: got another version than was written"))
	default:
		second = info.Version
	}
	// Also after a cancellation.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	if err := p.Store.Delete(ctx, p.name, second); err != nil && store.CodeOf(err) != store.NotFound {
		wrong = append(wrong, fmt.Errorf("deleting an object: %w", err))
	}
	return errors.Join(wrong...)
}

// refusing wants a write refused.
func (p *probing) refusing(ctx context.Context, when store.When, want store.Code, otherwise string) error {
	switch _, err := p.write(ctx, when); {
	case err == nil:
		return fmt.Errorf("%s: the store does not honour conditional requests (If-Match, If-None-Match), and two deploys would overwrite each other unseen; use a store that does", otherwise)
	case store.CodeOf(err) != want:
		return fmt.Errorf("writing on a condition that does not hold, which should be %q: %w", want, err)
	}
	return nil
}
