package static

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/org/checkout-deploy/internal/store"
)

// claim is the document at deploy/target.json: whose the store is. It is written by
// the first deploy.
type claim struct {
	V      int    `json:"v"`
	Target string `json:"target"`
	Entry  string `json:"entry"`
	Base   string `json:"base"`
}

const claimName = "deploy/target.json"

// Claim takes the store for the target, or finds that it has it. Two targets in one
// store would collect each other's releases.
func (t *Target) Claim(ctx context.Context) error {
	own := claim{1, t.Name, t.Entry, t.Base}
	data, err := json.Marshal(own)
	if err != nil {
		return err
	}
	_, err = t.Store.Write(ctx, claimName, store.Bytes(data), record, store.Anew)
	if store.CodeOf(err) != store.Exists {
		return err
	}
	return t.Claimed(ctx)
}

// Claimed says whether the store is the target's, or nobody's: ErrOther if not.
func (t *Target) Claimed(ctx context.Context) error {
	data, _, err := store.Read(ctx, t.Store, claimName, maxDocument)
	if store.CodeOf(err) == store.NotFound {
		return nil
	}
	var c claim
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	own := claim{1, t.Name, t.Entry, t.Base}
	switch {
	case err != nil:
		return fmt.Errorf("reading whose the store is: %w", err)
	case c != own:
		return fmt.Errorf("%w: %s says target %q, entry %q, base %q, and this is target %q, entry %q, base %q; give each its own store, such as a prefix of its own in the bucket", ErrOther, claimName, c.Target, c.Entry, c.Base, own.Target, own.Entry, own.Base)
	}
	return nil
}
