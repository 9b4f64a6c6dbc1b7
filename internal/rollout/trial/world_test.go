package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/storetest"
)

// world is one schedule: processes that each wait for their turn before every
// call to the store, and a choice of whose turn it is and what becomes of the
// call. All choices come from one seed. It runs in a bubble of synctest, whose
// clock moves only while everybody sleeps.
type world struct {
	rng    *rand.Rand
	memory storetest.Memory
	faults bool
	// past are lists of the store as they were, for one that is late.
	past []store.Info

	mu      sync.Mutex
	waiting []*call
	stirred chan struct{}
	late    []late // requests that are still on their way
	// latecomers are what such requests wrote.
	latecomers map[string]bool
	log        []string
	talks      bool // what happens is noted in log
	// look is called after each change, with who made it.
	look func(by *process, name string)
}

// process is one run of a program. A dead one does nothing any more.
type process struct {
	name  string
	world *world
	rng   *rand.Rand // of its nonces
	dead  bool
	done  bool
	// life is how many calls it makes before it dies; negative is for ever.
	life int
}

// call is a process's that waits for its turn.
type call struct {
	by   *process
	text string
	turn chan fate
}

// late is a request without an answer that the store has yet to get.
type late struct {
	by   *process
	name string
	do   func()
	at   time.Time
}

// fate is what becomes of a call.
type fate int

const (
	done      fate = iota
	cutBefore      // it did not arrive; no answer
	cutAfter       // it was done; no answer
	delayed        // it arrives later; no answer
	busy           // 429 or 503: not done
	conflict       // 409: not done
	failing        // 500: done or not
	hanging        // no answer for a long time; done or not
	truncated      // the answer ends too early
	stale          // an answer of before
	damaged        // done, with other bytes
	fates
)

func (f fate) String() string {
	return [...]string{"", "(cut before)", "(cut after)", "(delayed)", "(busy)", "(conflict)", "(500)", "(hangs)", "(truncated)", "(stale)", "(damaged)"}[f]
}

const (
	patience = 30 * time.Second // a request's own limit
	lateness = 10 * time.Minute // the latest that a request arrives
)

// begin waits for the process's turn.
func (p *process) begin(ctx context.Context, text string) (fate, error) {
	w := p.world
	c := &call{p, text, make(chan fate)}
	w.mu.Lock()
	if p.dead {
		w.mu.Unlock()
		runtime.Goexit()
	}
	w.waiting = append(w.waiting, c)
	w.mu.Unlock()
	w.stir()
	f := <-c.turn
	if p.dead {
		runtime.Goexit()
	}
	return f, ctx.Err()
}

// hang waits for an answer that does not come.
func (p *process) hang(ctx context.Context, f fate) {
	if f == hanging {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		<-ctx.Done()
	}
}

// over says whether the process does nothing any more.
func (p *process) over() bool {
	p.world.mu.Lock()
	defer p.world.mu.Unlock()
	return p.dead || p.done
}

// run lets processes have their turns until all are done or dead.
func (w *world) run(programs map[*process]func()) {
	for p, program := range programs {
		go func() {
			defer func() {
				w.mu.Lock()
				p.done = true
				w.mu.Unlock()
				w.stir()
			}()
			program()
		}()
	}
	for {
		synctest.Wait()
		w.arrive(time.Now())
		c, running := w.next(programs)
		switch {
		case c != nil:
			c.turn <- w.fate(c)
		case running:
			w.rest()
		default:
			return
		}
		if w.faults && w.rng.IntN(40) == 0 {
			time.Sleep(time.Duration(w.rng.IntN(120)) * time.Second)
		}
	}
}

// stir says that there is something to do.
func (w *world) stir() {
	select {
	case w.stirred <- struct{}{}:
	default:
	}
}

// rest lets time pass until there is something to do, or a late request arrives.
func (w *world) rest() {
	next := time.Now().Add(24 * time.Hour)
	for _, l := range w.late {
		if l.at.Before(next) {
			next = l.at
		}
	}
	select {
	case <-w.stirred:
	case <-time.After(time.Until(next)):
	}
}

// next picks a call, or kills its process instead.
func (w *world) next(programs map[*process]func()) (_ *call, running bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for p := range programs {
		running = running || !p.done
	}
	if len(w.waiting) == 0 {
		return nil, running
	}
	// The order in which goroutines came to wait is not the seed's.
	slices.SortStableFunc(w.waiting, func(a, b *call) int {
		return strings.Compare(a.by.name+" "+a.text, b.by.name+" "+b.text)
	})
	i := w.rng.IntN(len(w.waiting))
	c := w.waiting[i]
	w.waiting = slices.Delete(w.waiting, i, i+1)
	if c.by.life--; c.by.life == 0 {
		c.by.dead = true
	}
	return c, running
}

func (w *world) fate(c *call) fate {
	f := done
	if w.faults && w.rng.IntN(12) == 0 {
		f = fate(w.rng.IntN(int(fates)))
	}
	if c.by.dead {
		w.note("%s dies before: %s", c.by.name, c.text)
	} else {
		w.note("%s: %s %s", c.by.name, c.text, f)
	}
	return f
}

// note keeps what happens, if somebody wants to know.
func (w *world) note(format string, args ...any) {
	if !w.talks {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, time.Now().Format("15:04:05 ")+fmt.Sprintf(format, args...))
}

// arrive does what is late and whose time has come.
func (w *world) arrive(now time.Time) {
	for i := 0; i < len(w.late); i++ {
		if l := w.late[i]; !l.at.After(now) {
			w.late = slices.Delete(w.late, i, i+1)
			w.note("%s, long ago: %s", l.by.name, l.name)
			w.latecomers[strings.TrimPrefix(l.name, "write ")] = true
			l.do()
			i = -1
		}
	}
}

// lossy is the store as a process sees it.
type lossy struct{ *process }

var _ store.Store = lossy{}

func unknown(op, name string) error {
	return &store.Error{Code: store.Unknown, Op: op, Name: name, Err: errors.New("no answer")}
}

// change does what a request asks for, or not, as its fate is.
func (l lossy) change(ctx context.Context, op, name string, do func(fate) error) error {
	f, err := l.begin(ctx, op+" "+name)
	if err != nil {
		return &store.Error{Code: store.Unknown, Op: op, Name: name, Err: err}
	}
	act := func() error {
		err := do(f)
		if err == nil {
			l.world.look(l.process, op+" "+name)
		}
		return err
	}
	switch f {
	case cutBefore:
		return unknown(op, name)
	case cutAfter, truncated:
		_ = act()
		return unknown(op, name)
	case failing, hanging:
		if l.world.rng.IntN(2) == 0 {
			_ = act()
		}
		l.hang(ctx, f)
		return unknown(op, name)
	case delayed:
		at := time.Now().Add(time.Duration(l.world.rng.Int64N(int64(lateness))))
		l.world.late = append(l.world.late, late{l.process, op + " " + name, func() { _ = act() }, at})
		return unknown(op, name)
	case busy:
		return &store.Error{Code: store.Busy, Op: op, Name: name, RetryAfter: 3 * time.Second}
	case conflict:
		return &store.Error{Code: store.Busy, Op: op, Name: name}
	default:
		return act()
	}
}

// damage changes what is written to a release's folder: what a bad disk or a
// proxy does. Elsewhere nobody would find it out but by reading.
func damage(f fate, name string, body store.Body) store.Body {
	if f == damaged && strings.HasPrefix(name, "r/") {
		return store.Bytes([]byte("damage"))
	}
	return body
}

func (l lossy) Write(ctx context.Context, name string, body store.Body, header store.Header, when store.When) (v store.Version, err error) {
	err = l.change(ctx, "write", name, func(f fate) (err error) {
		v, err = l.world.memory.Write(ctx, name, damage(f, name, body), header, when)
		return err
	})
	if err != nil {
		return "", err
	}
	return v, nil
}

func (l lossy) Delete(ctx context.Context, name string, version store.Version) error {
	return l.change(ctx, "delete", name, func(fate) error { return l.world.memory.Delete(ctx, name, version) })
}

func (l lossy) Open(ctx context.Context, name string) (io.ReadCloser, store.Info, error) {
	f, err := l.begin(ctx, "open "+name)
	if err != nil {
		return nil, store.Info{}, &store.Error{Code: store.Unknown, Op: "open", Name: name, Err: err}
	}
	switch f {
	case done, stale, damaged:
		return l.world.memory.Open(ctx, name)
	case truncated:
		r, info, err := l.world.memory.Open(ctx, name)
		if err != nil {
			return nil, info, err
		}
		return short{io.LimitReader(r, info.Size/2)}, info, nil
	case busy, conflict:
		return nil, store.Info{}, &store.Error{Code: store.Busy, Op: "open", Name: name}
	default:
		l.hang(ctx, f)
		return nil, store.Info{}, unknown("open", name)
	}
}

// short is an answer that ends too early, and says so as HTTP does.
type short struct{ io.Reader }

func (s short) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (short) Close() error { return nil }

func (l lossy) List(ctx context.Context, folder string) iter.Seq2[store.Info, error] {
	return func(yield func(store.Info, error) bool) {
		f, err := l.begin(ctx, "list "+folder)
		if err != nil || f != done && f != stale && f != damaged && f != truncated {
			l.hang(ctx, f)
			yield(store.Info{}, unknown("list", folder))
			return
		}
		var all []store.Info
		for info, err := range l.world.memory.List(ctx, folder) {
			if err != nil {
				yield(info, err)
				return
			}
			all = append(all, info)
		}
		if f == stale { // what was written last is missing, and what was removed is there
			kept := slices.DeleteFunc(slices.Clone(l.world.past), func(i store.Info) bool { return !strings.HasPrefix(i.Name, folder+"/") })
			all = append(kept, all[:len(all)/2]...)
			slices.SortFunc(all, func(a, b store.Info) int { return strings.Compare(a.Name, b.Name) })
			all = slices.CompactFunc(all, func(a, b store.Info) bool { return a.Name == b.Name })
		}
		for i, info := range all {
			if f == truncated && i == len(all)/2 {
				yield(store.Info{}, unknown("list", folder))
				return
			}
			if !yield(info, nil) {
				return
			}
		}
	}
}

func (l lossy) Capabilities() store.Capabilities { return l.world.memory.Capabilities() }
