package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Shown is what a public address shows, the worst first.
type Shown int

// What a reading shows.
const (
	// Unreachable: no answer, or one of status 429 or 5xx.
	Unreachable Shown = iota
	// Other: an answer that is nothing the judge knows.
	Other
	// Older: what was there before.
	Older
	// Newest: what was written, or what somebody wrote after it.
	Newest
)

func (s Shown) String() string {
	return [...]string{Unreachable: "unreachable", Other: "something else", Older: "an older one", Newest: "what was written"}[s]
}

// Judge reads an answer of status 200: the sequence number of what it shows, or
// false if it is nothing of ours.
type Judge func(body []byte, header http.Header) (seq int64, ok bool)

// Back is what is to be read back.
type Back struct {
	URL    string // exactly as shoppers ask for it
	Origin string // of the page that loads it, such as "https://shop.example"
	Seq    int64  // at least
	Judge  Judge
	TTL    time.Duration // how long caches may keep what was there
}

// Reading is what one way to ask showed last.
type Reading struct {
	Origin string // "" for the request without
	Shown  Shown
	Seq    int64  // with Older and Newest
	Why    string // with Other and Unreachable
	Reads  int
}

// ReadResult is what both ways showed.
type ReadResult struct {
	// Shown is the worse of the two. Only Newest is a success.
	Shown    Shown
	Readings [2]Reading // with Origin, and without
	Took     time.Duration
}

const (
	readTimeout = 10 * time.Second
	shortPause  = 250 * time.Millisecond
	longPause   = 5 * time.Second
	maxReads    = 1000
)

// Patience is how long a read-back goes on: an answer that was fetched just before
// the write lives for one TTL at the edge and for another below it.
func (b Back) Patience() time.Duration { return 2*max(b.TTL, 0) + 10*time.Second }

// Problems says what is wrong with what is to be read.
func (b Back) Problems() (all []Problem) {
	if _, p := address(b.URL); p != nil {
		all = append(all, *p)
	}
	if u, p := address(b.Origin); p != nil || u.Scheme+"://"+u.Host != b.Origin {
		all = append(all, Problem{"origin", strconv.Quote(shown(b.Origin)), "a scheme and a host, such as https://shop.example", ""})
	}
	if b.Judge == nil {
		all = append(all, Problem{"judge", "none", "one", ""})
	}
	return append(all, times(b.TTL, "TTL", 24*time.Hour)...)
}

// ReadBack asks the exact public address, with Origin and without, as caches keep
// these apart, until both show at least the sequence number or the time is over. It
// asks for no fresh answer: shoppers don't either.
func ReadBack(ctx context.Context, b Back, o Options) (ReadResult, error) {
	if wrong := b.Problems(); wrong != nil {
		return ReadResult{}, fmt.Errorf("reading back: %s", wrong[0])
	}
	o = o.filled()
	began := o.Now()
	end := began.Add(b.Patience())
	r := ReadResult{Readings: [2]Reading{{Origin: b.Origin}, {}}}
	pause := shortPause
	for range maxReads {
		for i := range r.Readings {
			r.Readings[i] = b.read(ctx, r.Readings[i], min(readTimeout, end.Sub(o.Now())), o)
		}
		r.Shown = min(r.Readings[0].Shown, r.Readings[1].Shown)
		r.Took = o.Now().Sub(began)
		if left := end.Sub(o.Now()); r.Shown == Newest || left <= 0 || ctx.Err() != nil {
			break
		} else if o.Sleep(ctx, min(pause, left)) != nil {
			break
		}
		pause = min(2*pause, longPause)
	}
	if r.Shown == Newest {
		return r, nil
	}
	return r, context.Cause(ctx)
}

func (b Back) read(ctx context.Context, was Reading, within time.Duration, o Options) Reading {
	now := Reading{Origin: was.Origin, Reads: was.Reads + 1}
	if within <= 0 {
		return was
	}
	u, p := address(b.URL)
	if p != nil {
		return was
	}
	header := http.Header{}
	if was.Origin != "" {
		header.Set("Origin", was.Origin)
	}
	got, _, err := o.get(ctx, ask{method: http.MethodGet, url: u, header: header, timeout: within})
	switch {
	case err != nil:
		now.Why = clip(err.Error())
		return now
	case got.status >= 500 || got.status == http.StatusTooManyRequests:
		now.Why = "status " + strconv.Itoa(got.status)
		return now
	case got.status != http.StatusOK:
		now.Shown, now.Why = Other, cmp.Or(redirectHint(got), "status "+strconv.Itoa(got.status))
		return now
	case got.cut:
		now.Shown, now.Why = Other, fmt.Sprintf("a body of more than %d bytes", len(got.body))
		return now
	}
	seq, ok := b.Judge(got.body, got.header)
	switch {
	case !ok:
		now.Shown, now.Why = Other, fmt.Sprintf("%d bytes that are none of ours", len(got.body))
	case seq < b.Seq:
		now.Shown, now.Seq = Older, seq
	default:
		now.Shown, now.Seq = Newest, seq
	}
	return now
}

// Err is nil with Newest, and else says what was shown.
func (r ReadResult) Err() error {
	if r.Shown == Newest {
		return nil
	}
	worst := r.Readings[0]
	if r.Readings[1].Shown < worst.Shown {
		worst = r.Readings[1]
	}
	text := fmt.Sprintf("after %v and %d readings the public address shows %s", r.Took.Round(time.Millisecond), worst.Reads, worst.Shown)
	if worst.Shown == Older {
		text += fmt.Sprintf(" (%d)", worst.Seq)
	}
	if worst.Why != "" {
		text += ": " + worst.Why
	}
	if worst.Origin == "" {
		return errors.New(text + ", asked without Origin")
	}
	return errors.New(text + ", asked with the Origin " + worst.Origin)
}
