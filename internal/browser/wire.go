package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"
)

// wire is the connection to a browser, with room for sessions that chromedp does not
// know: those of workers and of frames in other processes. Their targets wait at
// their start until they are watched, which chromedp's own way to attach can't do.
type wire struct {
	chromedp.Transport

	mu      sync.Mutex
	last    int64
	replies map[int64]chan cdproto.Message
	watches map[target.SessionID]*Watch
}

// ownCommands is above every number that chromedp gives to a command of its own, and
// within the 32 bits that the browser takes.
const ownCommands = int64(1) << 30

func dialed(ctx context.Context, address string) (*wire, error) {
	conn, err := remote.DialContext(ctx, address)
	if err != nil {
		return nil, err
	}
	return &wire{Transport: conn, last: ownCommands, replies: map[int64]chan cdproto.Message{}, watches: map[target.SessionID]*Watch{}}, nil
}

// Read gives chromedp the next message that is its own.
func (w *wire) Read(ctx context.Context, m *cdproto.Message) error {
	for {
		*m = cdproto.Message{}
		if err := w.Transport.Read(ctx, m); err != nil {
			return err
		}
		if !w.take(*m) {
			return nil
		}
	}
}

// take looks at a message, and reports whether it is no concern of chromedp's.
func (w *wire) take(m cdproto.Message) bool {
	w.mu.Lock()
	reply, watch := w.replies[m.ID], w.watches[m.SessionID]
	delete(w.replies, m.ID)
	w.mu.Unlock()
	if m.ID >= ownCommands {
		if reply != nil {
			reply <- m
		}
		return true
	}
	if watch == nil || m.Method == "" {
		return false
	}
	watch.event(m)
	return m.SessionID != watch.page
}

func (w *wire) watch(s target.SessionID, by *Watch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if by == nil {
		delete(w.watches, s)
		return
	}
	w.watches[s] = by
}

// call sends a command to a session and decodes its result, unless result is nil.
func (w *wire) call(ctx context.Context, s target.SessionID, method string, params, result any) error {
	answer, err := w.send(ctx, s, method, params)
	if err != nil {
		return err
	}
	return answer(result)
}

// send sends a command and returns how to wait for its answer. A target at its start
// answers some only once it was told to go on, so they are sent in one go.
func (w *wire) send(ctx context.Context, s target.SessionID, method string, params any) (answer func(result any) error, err error) {
	encoded, err := jsonv2.Marshal(params, chromedp.DefaultMarshalOptions)
	if err != nil {
		return nil, err
	}
	reply := make(chan cdproto.Message, 1)
	w.mu.Lock()
	w.last++
	id := w.last
	w.replies[id] = reply
	w.mu.Unlock()
	forget := func() {
		w.mu.Lock()
		delete(w.replies, id)
		w.mu.Unlock()
	}
	if err := w.Write(ctx, &cdproto.Message{ID: id, SessionID: s, Method: cdproto.MethodType(method), Params: encoded}); err != nil {
		forget()
		return nil, err
	}
	return func(result any) error {
		defer forget()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case m := <-reply:
			if m.Error != nil {
				return fmt.Errorf("%s: %w", method, m.Error)
			}
			if result == nil {
				return nil
			}
			return json.Unmarshal(m.Result, result)
		}
	}, nil
}
