package store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/storetest"
)

// attempt is what becomes of one call: the store does it or not, and then the caller
// gets an error or not.
type attempt struct {
	done bool
	err  error
	// before is what somebody else does first.
	before func(m *storetest.Memory)
}

// scripted is a store whose calls go as planned, and then well.
type scripted struct {
	*storetest.Memory
	plan  []attempt
	calls int
}

func (s *scripted) next(do func() error) error {
	s.calls++
	a := attempt{done: true}
	if len(s.plan) > 0 {
		a, s.plan = s.plan[0], s.plan[1:]
	}
	if a.before != nil {
		a.before(s.Memory)
	}
	var err error
	if a.done {
		err = do()
	}
	if a.err != nil {
		return a.err
	}
	return err
}

func (s *scripted) Write(ctx context.Context, name string, body store.Body, header store.Header, when store.When) (v store.Version, err error) {
	err = s.next(func() (err error) {
		v, err = s.Memory.Write(ctx, name, body, header, when)
		return err
	})
	if err != nil {
		return "", err
	}
	return v, nil
}

func (s *scripted) Delete(ctx context.Context, name string, v store.Version) error {
	return s.next(func() error { return s.Memory.Delete(ctx, name, v) })
}

// pauses keeps what was waited, and does not wait.
type pauses []time.Duration

func (p *pauses) sleep(ctx context.Context, d time.Duration) error {
	*p = append(*p, d)
	return ctx.Err()
}

func of(code store.Code) error { return &store.Error{Code: code, Op: "writing", Name: "a"} }

func asking(d time.Duration) error {
	return &store.Error{Code: store.Busy, Op: "writing", Name: "a", RetryAfter: d}
}

func retrying(s store.Store, p *pauses) *store.Retrying {
	return &store.Retrying{Store: s, Attempts: 4, First: time.Second, Sleep: p.sleep}
}

func text(s string) store.Body { return store.Bytes([]byte(s)) }

// write puts an object into a store in memory, as somebody else would.
func write(t *testing.T, text string) func(*storetest.Memory) {
	return func(m *storetest.Memory) {
		t.Helper()
		when := store.Anew
		if _, info, err := store.Read(t.Context(), m, "a", 100); err == nil {
			when = store.Replacing(info.Version)
		}
		if _, err := m.Write(t.Context(), "a", store.Bytes([]byte(text)), store.Header{}, when); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCreate(t *testing.T) {
	for _, row := range []struct {
		name  string
		plan  []attempt
		calls int
		want  store.Code // -1 for no error
		holds string     // "" for nothing
	}{
		{"at once", nil, 1, -1, "mine"},
		{"busy, and then not", []attempt{{err: of(store.Busy)}, {err: of(store.Busy)}}, 3, -1, "mine"},
		{"busy without end", slices.Repeat([]attempt{{err: of(store.Busy)}}, 9), 4, store.Busy, ""},
		{"no answer, not done", []attempt{{err: of(store.Unknown)}}, 2, -1, "mine"},
		{"no answer, done", []attempt{{done: true, err: of(store.Unknown)}}, 2, -1, "mine"},
		{"no answers, and done late", []attempt{{err: of(store.Unknown)}, {done: true, err: of(store.Unknown)}}, 3, -1, "mine"},
		{"no answer without end", slices.Repeat([]attempt{{err: of(store.Unknown)}}, 9), 4, store.Unknown, ""},
		{"somebody has the same bytes", []attempt{{done: true, before: write(t, "mine")}}, 1, -1, "mine"},
		{"somebody has other bytes", []attempt{{done: true, before: write(t, "theirs")}}, 1, store.Exists, "theirs"},
		{"other bytes of as many", []attempt{{done: true, before: write(t, "fine")}}, 1, store.Exists, "fine"},
		{"no answer, and then somebody's", []attempt{{err: of(store.Unknown)}, {done: true, before: write(t, "theirs")}}, 2, store.Exists, "theirs"},
		{"denied", []attempt{{err: of(store.Denied)}}, 1, store.Denied, ""},
		{"what no code says", []attempt{{err: errors.New("the disk is full")}}, 1, store.Other, ""},
		{"other bytes than were named", []attempt{{err: of(store.Mismatch)}}, 1, store.Mismatch, ""},
		{"a name that is none", []attempt{{err: of(store.Invalid)}}, 1, store.Invalid, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := &scripted{Memory: new(storetest.Memory), plan: row.plan}
			v, err := retrying(s, new(pauses)).Write(t.Context(), "a", text("mine"), store.Header{}, store.Anew)
			if row.want < 0 && err != nil || row.want >= 0 && (err == nil || store.CodeOf(err) != row.want) {
				t.Errorf("got %v", err)
			}
			data, info, _ := store.Read(t.Context(), s.Memory, "a", 100)
			if string(data) != row.holds || s.calls != row.calls {
				t.Errorf("got %q after %d calls, want %q after %d", data, s.calls, row.holds, row.calls)
			}
			if err == nil && v != info.Version || err != nil && v != "" {
				t.Errorf("got the version %q with error %v, want %q", v, err, info.Version)
			}
		})
	}
}

// TestReplace: a replacement or delete of which nobody knows whether it was done is
// never sent again.
func TestReplaceAndDelete(t *testing.T) {
	for _, row := range []struct {
		name  string
		plan  []attempt
		calls int
		want  store.Code // -1 for no error
	}{
		{"at once", nil, 1, -1},
		{"busy, and then not", []attempt{{err: of(store.Busy)}}, 2, -1},
		{"busy without end", slices.Repeat([]attempt{{err: of(store.Busy)}}, 9), 4, store.Busy},
		{"no answer, not done", []attempt{{err: of(store.Unknown)}}, 1, store.Unknown},
		{"no answer, done", []attempt{{done: true, err: of(store.Unknown)}}, 1, store.Unknown},
		{"busy, and then no answer", []attempt{{err: of(store.Busy)}, {err: of(store.Unknown)}}, 2, store.Unknown},
		{"somebody was first", []attempt{{done: true, before: write(t, "theirs")}}, 1, store.Changed},
		{"busy, and somebody was first", []attempt{{err: of(store.Busy)}, {done: true, before: write(t, "theirs")}}, 2, store.Changed},
		{"said to be there", []attempt{{err: of(store.Exists)}}, 1, store.Exists},
		{"denied", []attempt{{err: of(store.Denied)}}, 1, store.Denied},
	} {
		for what, do := range map[string]func(*store.Retrying, store.Version) error{
			"replace": func(r *store.Retrying, v store.Version) error {
				_, err := r.Write(t.Context(), "a", text("mine"), store.Header{}, store.Replacing(v))
				return err
			},
			"delete": func(r *store.Retrying, v store.Version) error { return r.Delete(t.Context(), "a", v) },
		} {
			t.Run(what+" "+row.name, func(t *testing.T) {
				s := &scripted{Memory: new(storetest.Memory), plan: slices.Clone(row.plan)}
				write(t, "old")(s.Memory)
				_, info, err := store.Read(t.Context(), s.Memory, "a", 100)
				if err != nil {
					t.Fatal(err)
				}
				err = do(retrying(s, new(pauses)), info.Version)
				if row.want < 0 && err != nil || row.want >= 0 && (err == nil || store.CodeOf(err) != row.want) {
					t.Errorf("got %v", err)
				}
				if s.calls != row.calls {
					t.Errorf("got %d calls, want %d", s.calls, row.calls)
				}
			})
		}
	}
}

func TestPauses(t *testing.T) {
	for _, row := range []struct {
		name     string
		plan     []error
		attempts int
		want     []time.Duration
	}{
		{"each is twice the one before", slices.Repeat([]error{of(store.Busy)}, 9), 5, []time.Duration{1, 2, 4, 8}},
		{"and not longer than 30 s", slices.Repeat([]error{of(store.Unknown)}, 20), 8, []time.Duration{1, 2, 4, 8, 16, 30, 30}},
		{"the server's wish is honoured", []error{asking(7 * time.Second), of(store.Busy)}, 4, []time.Duration{7, 2}},
		{"and is no reason to hurry", []error{of(store.Busy), of(store.Busy), asking(time.Second)}, 4, []time.Duration{1, 2, 4}},
		{"nor to wait for a day", []error{asking(24 * time.Hour)}, 4, []time.Duration{60}},
		{"one attempt", []error{of(store.Busy), of(store.Busy)}, 1, nil},
		{"no attempts are one", []error{of(store.Busy), of(store.Busy)}, 0, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := &scripted{Memory: new(storetest.Memory)}
			for _, err := range row.plan {
				s.plan = append(s.plan, attempt{err: err})
			}
			var p pauses
			r := retrying(s, &p)
			r.Attempts = row.attempts
			_, _ = r.Write(t.Context(), "a", text("mine"), store.Header{}, store.Anew)
			for i := range p {
				p[i] /= time.Second
			}
			if !slices.Equal(p, row.want) || s.calls != len(row.want)+1 {
				t.Errorf("got the pauses %d after %d calls, want %d", p, s.calls, row.want)
			}
		})
	}
}

// TestCancelled: who has gone is not waited for, and gets the store's answer.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &scripted{Memory: new(storetest.Memory), plan: []attempt{{err: of(store.Busy), before: func(*storetest.Memory) { cancel() }}}}
	_, err := retrying(s, new(pauses)).Write(ctx, "a", text("mine"), store.Header{}, store.Anew)
	if store.CodeOf(err) != store.Busy || s.calls != 1 {
		t.Errorf("got %v after %d calls", err, s.calls)
	}
}

// reading is a store whose reads go as planned, and then well.
type reading struct {
	*storetest.Memory
	opens []func(io.ReadCloser) (io.ReadCloser, error)
	calls int
}

func (r *reading) Open(ctx context.Context, name string) (io.ReadCloser, store.Info, error) {
	r.calls++
	body, info, err := r.Memory.Open(ctx, name)
	if len(r.opens) == 0 || err != nil {
		return body, info, err
	}
	open := r.opens[0]
	r.opens = r.opens[1:]
	body, err = open(body)
	return body, info, err
}

func failingWith(err error) func(io.ReadCloser) (io.ReadCloser, error) {
	return func(io.ReadCloser) (io.ReadCloser, error) { return nil, err }
}

func breakingOff(io.ReadCloser) (io.ReadCloser, error) {
	return io.NopCloser(io.MultiReader(strings.NewReader("mi"), iotest.ErrReader(io.ErrUnexpectedEOF))), nil
}

func TestOpen(t *testing.T) {
	for _, row := range []struct {
		name  string
		opens []func(io.ReadCloser) (io.ReadCloser, error)
		calls int
		want  store.Code // -1 for no error
	}{
		{"at once", nil, 1, -1},
		{"no answer", []func(io.ReadCloser) (io.ReadCloser, error){failingWith(of(store.Unknown)), failingWith(of(store.Busy))}, 3, -1},
		{"no answer without end", slices.Repeat([]func(io.ReadCloser) (io.ReadCloser, error){failingWith(of(store.Unknown))}, 9), 4, store.Unknown},
		{"not there", []func(io.ReadCloser) (io.ReadCloser, error){failingWith(of(store.NotFound))}, 1, store.NotFound},
		{"it breaks off", []func(io.ReadCloser) (io.ReadCloser, error){breakingOff}, 1, store.Other},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := &reading{Memory: new(storetest.Memory), opens: row.opens}
			write(t, "mine")(s.Memory)
			s.calls = 0
			data, _, err := store.Read(t.Context(), retrying(s, new(pauses)), "a", 100)
			if row.want < 0 && (err != nil || string(data) != "mine") || row.want >= 0 && (err == nil || store.CodeOf(err) != row.want) || s.calls != row.calls {
				t.Errorf("got %q, %v after %d calls", data, err, s.calls)
			}
		})
	}
}

// TestWhatIsThere: what is there already and can't be compared is not said to be
// somebody else's, for who is told so removes it; and a version is that of the bytes
// that were compared.
func TestWhatIsThere(t *testing.T) {
	type opens = []func(io.ReadCloser) (io.ReadCloser, error)
	for _, row := range []struct {
		name  string
		opens opens
		calls int
		want  store.Code // -1 for no error
	}{
		{"it is read", nil, 1, -1},
		{"it breaks off once", opens{breakingOff}, 2, -1},
		{"it breaks off without end", slices.Repeat(opens{breakingOff}, 9), 4, store.Unknown},
		{"no answer without end", slices.Repeat(opens{failingWith(of(store.Unknown))}, 9), 4, store.Unknown},
		{"it may not be read", opens{failingWith(of(store.Denied))}, 1, store.Unknown},
		{"it went meanwhile", opens{failingWith(of(store.NotFound))}, 1, store.Unknown},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := &reading{Memory: new(storetest.Memory)}
			write(t, "mine")(s.Memory)
			s.opens, s.calls = row.opens, 0
			_, err := retrying(s, new(pauses)).Write(t.Context(), "a", text("mine"), store.Header{}, store.Anew)
			if row.want < 0 && err != nil || row.want >= 0 && (err == nil || store.CodeOf(err) != row.want) || s.calls != row.calls {
				t.Errorf("got %v after %d calls, want %d", err, s.calls, row.calls)
			}
		})
	}
	s := &reading{Memory: new(storetest.Memory)}
	write(t, "mine")(s.Memory)
	_, info, err := store.Read(t.Context(), s.Memory, "a", 100)
	if err != nil {
		t.Fatal(err)
	}
	s.opens = opens{func(r io.ReadCloser) (io.ReadCloser, error) {
		write(t, "theirs")(s.Memory) // after it was opened
		return r, nil
	}}
	if v, err := retrying(s, new(pauses)).Write(t.Context(), "a", text("mine"), store.Header{}, store.Anew); err != nil || v != info.Version {
		t.Errorf("got %q, %v, want the version of what was compared, %q", v, err, info.Version)
	}
}

// listing breaks off after some names, again and again.
type listing struct {
	*storetest.Memory
	after []int
	err   error
	calls int
}

func (l *listing) List(ctx context.Context, folder string) iter.Seq2[store.Info, error] {
	return func(yield func(store.Info, error) bool) {
		l.calls++
		left := -1
		if len(l.after) > 0 {
			left, l.after = l.after[0], l.after[1:]
		}
		for info, err := range l.Memory.List(ctx, folder) {
			if left == 0 {
				yield(store.Info{}, l.err)
				return
			}
			if left--; !yield(info, err) {
				return
			}
		}
	}
}

func TestList(t *testing.T) {
	for _, row := range []struct {
		name  string
		after []int
		err   error
		calls int
		want  string // the names, and "!" for an error
		leave int    // after so many; 0 for never
	}{
		{"at once", nil, nil, 1, "a b c d", 0},
		{"it goes on after the last name", []int{2, 3}, of(store.Unknown), 3, "a b c d", 0},
		{"again before anything new", []int{2, 0, 1}, of(store.Busy), 4, "a b c d", 0},
		{"it breaks off without end", []int{1, 1, 1, 1, 1}, of(store.Unknown), 4, "a !", 0},
		{"denied in the middle", []int{2}, of(store.Denied), 1, "a b !", 0},
		{"who has seen enough", []int{3}, of(store.Unknown), 1, "a b", 2},
		{"who has seen enough after a break", []int{1}, of(store.Unknown), 2, "a b", 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := &listing{Memory: new(storetest.Memory), after: row.after, err: row.err}
			for _, name := range []string{"d", "b", "a", "c"} {
				if _, err := l.Write(t.Context(), name, text(name), store.Header{}, store.Anew); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for info, err := range retrying(l, new(pauses)).List(t.Context(), "") {
				if err != nil {
					info.Name = "!"
				}
				if got = append(got, info.Name); len(got) == row.leave {
					break
				}
			}
			if strings.Join(got, " ") != row.want || l.calls != row.calls {
				t.Errorf("got %q after %d calls, want %q after %d", got, l.calls, row.want, row.calls)
			}
		})
	}
}

// closes fails when it is closed.
type closes struct {
	io.Reader
	err error
}

func (c closes) Close() error { return c.err }

func TestReadAndCheck(t *testing.T) {
	broken := errors.New("the disk is broken")
	for _, row := range []struct {
		name   string
		holds  string
		open   func(io.ReadCloser) (io.ReadCloser, error)
		read   store.Code // with a limit of 4; -1 for no error
		check  store.Code // against "mine"
		itself error      // what both say
	}{
		{"the bytes", "mine", nil, -1, -1, nil},
		{"other bytes", "fine", nil, -1, store.Mismatch, nil},
		{"fewer", "min", nil, -1, store.Mismatch, nil},
		{"none", "", nil, -1, store.Mismatch, nil},
		{"more", "mine!", nil, store.Invalid, store.Mismatch, nil},
		{"without end", "mine", func(io.ReadCloser) (io.ReadCloser, error) { return io.NopCloser(zeros{}), nil }, store.Invalid, store.Mismatch, nil},
		{"it breaks off", "mine", breakingOff, store.Other, store.Other, io.ErrUnexpectedEOF},
		{"it can't be closed", "mine", func(r io.ReadCloser) (io.ReadCloser, error) { return closes{r, broken}, nil }, store.Other, store.Other, broken},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := &reading{Memory: new(storetest.Memory)}
			write(t, row.holds)(s.Memory)
			code := func(what string, err error, want store.Code) {
				t.Helper()
				if want < 0 && err != nil || want >= 0 && (err == nil || store.CodeOf(err) != want || row.itself != nil && !errors.Is(err, row.itself)) {
					t.Errorf("%s: got %v", what, err)
				}
			}
			arm := func() {
				if s.opens = nil; row.open != nil {
					s.opens = append(s.opens, row.open)
				}
			}
			arm()
			data, _, err := store.Read(t.Context(), s, "a", 4)
			code("reading", err, row.read)
			if err == nil && !bytes.Equal(data, []byte(row.holds)) {
				t.Errorf("got %q", data)
			}
			arm()
			code("checking", store.Check(t.Context(), s, "a", 4, release.IntegrityOf([]byte("mine"))), row.check)
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
