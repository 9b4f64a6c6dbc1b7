package static

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/storetest"
)

// lax is a store that some identity may not do all with, or that knows no conditions.
type lax struct {
	*storetest.Memory
	denied   string // "create", "replace", "list", "delete" or "read"
	heedless bool
}

var errDenied = &store.Error{Code: store.Denied, Op: "asking", Err: errors.New("AccessDenied")}

func (l *lax) Write(ctx context.Context, name string, body store.Body, header store.Header, when store.When) (store.Version, error) {
	if l.denied == "create" && when == store.Anew || l.denied == "replace" && when != store.Anew {
		return "", errDenied
	}
	if _, info, err := store.Read(ctx, l.Memory, name, maxDocument); l.heedless && err == nil {
		when = store.Replacing(info.Version)
	}
	return l.Memory.Write(ctx, name, body, header, when)
}

func (l *lax) Delete(ctx context.Context, name string, version store.Version) error {
	if l.denied == "delete" {
		return errDenied
	}
	return l.Memory.Delete(ctx, name, version)
}

func (l *lax) List(ctx context.Context, folder string) iter.Seq2[store.Info, error] {
	if l.denied == "list" {
		return func(yield func(store.Info, error) bool) { yield(store.Info{}, errDenied) }
	}
	return l.Memory.List(ctx, folder)
}

func TestProbe(t *testing.T) {
	for _, row := range []struct {
		name  string
		store lax
		want  []string // each in a line of its own
		left  bool
	}{
		{name: "all is well"},
		{name: "nothing may be created", store: lax{denied: "create"}, want: []string{"creating an object: "}},
		{name: "nothing may be replaced", store: lax{denied: "replace"}, want: []string{"replacing an object: "}},
		{name: "nothing may be listed", store: lax{denied: "list"}, want: []string{"listing objects: "}},
		{name: "nothing may be deleted", store: lax{denied: "delete"}, want: []string{"deleting an object: "}, left: true},
		{name: "conditions are not known", store: lax{heedless: true}, want: []string{"an object was created where one was", "an object was replaced that had changed"}},
		{name: "much at once", store: lax{denied: "list", heedless: true}, want: []string{"listing objects", "created where one was", "replaced that had changed"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t, 1)
			row.store.Memory = s.store.Memory
			s.Store = &row.store
			err := s.Probe(t.Context())
			if (err == nil) != (row.want == nil) {
				t.Fatalf("got %v", err)
			}
			for _, want := range row.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			if left := names(t, s.store.Memory, ""); row.left != (len(left) > 0) {
				t.Errorf("it leaves %q", left)
			}
		})
	}
}

func names(t *testing.T, st store.Store, folder string) (all []string) {
	t.Helper()
	for info, err := range st.List(t.Context(), folder) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, info.Name)
	}
	return all
}

// TestTidy: what dead runs left goes after a while, and so do the reverts of long ago;
// the history stays.
func TestTidy(t *testing.T) {
	s := newShop(t, 2, "A", "B")
	now := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	s.Now = func() time.Time { return now }
	keep := Retention{Healthy: 2, Window: 24 * time.Hour}
	dead, err := s.Begin(t.Context(), s.ids["A"], "dead")
	s.ok(err)
	for range 40 {
		s.deploy("A")
		s.deploy("B")
	}
	now = now.Add(47 * time.Hour)
	_, err = s.Collect(t.Context(), keep)
	s.ok(err)
	s.read(dead.name) // still there
	now = now.Add(2 * time.Hour)
	young, err := s.Begin(t.Context(), s.ids["B"], "alive")
	s.ok(err)
	_, err = s.Collect(t.Context(), keep)
	s.ok(err)
	if got := names(t, s.store.Memory, journal); len(got) != 1 || got[0] != young.name {
		t.Errorf("the journal has %q, want %q alone", got, young.name)
	}
	live := s.live().Ref.Seq
	reverts, logs := names(t, s.store.Memory, "deploy/revert"), names(t, s.store.Memory, "deploy/log")
	if live != 160 || len(reverts) != keptReverts/2+1 || len(logs) != 80 {
		t.Errorf("sequence %d is live, with %d reverts and %d logs", live, len(reverts), len(logs))
	}
	if _, err := s.Revert(t.Context(), nil); err != nil {
		t.Errorf("there is no way back: %v", err)
	}
}

// TestPutBack: an old page that somebody put back whole is seen by the next deploy,
// and what that publishes comes after all that was live.
func TestPutBack(t *testing.T) {
	s := newShop(t, 2, "A", "B", "C")
	s.deploy("A")
	old := s.read("index.html")
	s.deploy("B")
	s.deploy("C")
	s.alter("index.html", old)
	now := s.live()
	if now.Altered == nil || !strings.Contains(now.Altered.Error(), "sequence 2 is live, and 6 was recorded healthy after it") || !now.Situation(s.ids["A"]).Altered {
		t.Errorf("got %v", now.Altered)
	}
	if back := now.Situation(s.ids["B"]).Fallback; back != s.ids["C"] {
		t.Errorf("the way back from B would lead to %s, want C", back)
	}
	p, err := s.prepare("A")
	s.ok(err)
	_, err = s.Publish(t.Context(), p)
	s.ok(err)
	if now = s.live(); now.Ref.Seq != 8 || now.Altered != nil || !now.Healthy {
		t.Errorf("got %+v, %v", now.Ref, now.Altered)
	}
}
