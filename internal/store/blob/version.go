package blob

import (
	"context"
	"regexp"
	"sync"

	"github.com/org/checkout-deploy/internal/store"
)

// written is what the answer to a write said of the version. gocloud.dev does not
// pass it on, and to ask afterwards could get another writer's.
type written struct {
	mu  sync.Mutex
	tag store.Version
	// ask is for who knows when all is written.
	ask func() store.Version
}

type writtenKey struct{}

func record(ctx context.Context) (context.Context, *written) {
	w := new(written)
	return context.WithValue(ctx, writtenKey{}, w), w
}

// note keeps the version for who wrote with this context.
func note(ctx context.Context, v store.Version) {
	if w, ok := ctx.Value(writtenKey{}).(*written); ok && v != "" {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.tag = v
	}
}

func (w *written) version() store.Version {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ask != nil {
		return w.ask()
	}
	return w.tag
}

// entityTag is one strong tag (RFC 9110, section 8.8.3): not *, which is any, nor a
// list of them.
var entityTag = regexp.MustCompile(`\A"[!#-)+\-.-~]{1,128}"\z`)
