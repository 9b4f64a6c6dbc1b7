package storetest

import (
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/org/checkout-deploy/internal/store"
)

const (
	racers = 16
	rounds = 5
)

// race does something racers times at once and returns what each got.
func race(do func(i int) error) (got [racers]error) {
	start := make(chan struct{})
	var wait sync.WaitGroup
	for i := range racers {
		wait.Go(func() {
			<-start
			got[i] = settled(func() error { return do(i) })
		})
	}
	close(start)
	wait.Wait()
	return got
}

// one is who won; all others must have been told why not.
func (s *subject) one(got [racers]error, lost ...store.Code) (winner int) {
	s.t.Helper()
	winner = -1
	for i, err := range got {
		switch {
		case err != nil:
			s.code("racer "+strconv.Itoa(i), err, lost...)
		case winner >= 0:
			s.t.Fatalf("%d and %d both won", winner, i)
		default:
			winner = i
		}
	}
	if winner < 0 {
		s.t.Fatal("nobody won")
	}
	return winner
}

func raceToCreate(t *testing.T, s *subject) {
	for round := range rounds {
		name := "deploy/log/" + strconv.Itoa(round)
		got := race(func(i int) error {
			_, err := s.Write(t.Context(), name, store.Bytes([]byte(strconv.Itoa(i))), plain, store.Anew)
			return err
		})
		s.has(name, strconv.Itoa(s.one(got, store.Exists)))
	}
}

func raceToReplace(_ *testing.T, s *subject) {
	v := s.put("channel.json", "none")
	for range rounds {
		got := race(func(i int) error {
			_, err := s.swap("channel.json", strconv.Itoa(i)+" after "+string(v), v)
			return err
		})
		v = s.has("channel.json", strconv.Itoa(s.one(got, store.Changed))+" after "+string(v))
	}
}

func raceToDelete(t *testing.T, s *subject) {
	for round := range rounds {
		name := "r/" + strconv.Itoa(round)
		v := s.put(name, "x")
		s.one(race(func(int) error { return s.Delete(t.Context(), name, v) }), store.NotFound, store.Changed)
		s.lacks(name)
	}
}

// replaceAgainstDelete: half of the racers delete what the others replace.
func replaceAgainstDelete(t *testing.T, s *subject) {
	for round := range rounds {
		name := "r/" + strconv.Itoa(round)
		v := s.put(name, "x")
		got := race(func(i int) error {
			if i%2 == 0 {
				return s.Delete(t.Context(), name, v)
			}
			_, err := s.swap(name, strconv.Itoa(i), v)
			return err
		})
		winner := s.one(got, store.NotFound, store.Changed)
		if winner%2 == 0 {
			s.lacks(name)
		} else {
			s.has(name, strconv.Itoa(winner))
		}
	}
}

// counting: each adds one to what was read, until it is taken. None is lost.
func counting(t *testing.T, s *subject) {
	const times = 5
	s.put("count", "0")
	for _, err := range race(func(int) error {
		for range times {
			for {
				data, info, err := store.Read(t.Context(), s, "count", 100)
				if err != nil {
					return err
				}
				n, err := strconv.Atoi(string(data))
				if err != nil {
					return err
				}
				_, err = s.swap("count", strconv.Itoa(n+1), info.Version)
				if err == nil {
					break
				}
				if code := store.CodeOf(err); code != store.Changed && code != store.Busy {
					return err
				}
			}
		}
		return nil
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	s.has("count", strconv.Itoa(racers*times))
}

// wholeObjects: readers see one object or the next while one is replaced, created
// and deleted, and never a part of either.
func wholeObjects(t *testing.T, s *subject) {
	v := s.put("whole", strings.Repeat("a", mebibyte))
	var done atomic.Bool
	var wait sync.WaitGroup
	var reads atomic.Int64
	for range 4 {
		wait.Go(func() {
			for !done.Load() && !t.Failed() {
				if s.readWhole("whole") {
					reads.Add(1)
				}
			}
		})
	}
	for i := range 30 {
		text := strings.Repeat(string(rune('a'+i%26)), mebibyte+i*1000)
		var err error
		if i%10 == 9 {
			if err = s.Delete(t.Context(), "whole", v); err == nil {
				v, err = s.Write(t.Context(), "whole", store.Bytes([]byte(text)), plain, store.Anew)
			}
		} else {
			v, err = s.swap("whole", text, v)
		}
		if err != nil {
			t.Error(err)
			break
		}
	}
	done.Store(true)
	wait.Wait()
	if reads.Load() == 0 {
		t.Error("nobody read anything")
	}
}

func (s *subject) readWhole(name string) bool {
	r, info, err := s.Open(s.t.Context(), name)
	if store.CodeOf(err) == store.NotFound {
		return false // it is being deleted and created
	}
	if err != nil {
		s.t.Error(err)
		return false
	}
	data, err := io.ReadAll(r)
	_ = r.Close()
	switch {
	case err != nil:
		s.t.Errorf("reading to the end: %v", err)
	case int64(len(data)) != info.Size:
		s.t.Errorf("got %d bytes, want %d", len(data), info.Size)
	case strings.Count(string(data), string(data[:1])) != len(data):
		s.t.Error("got parts of two objects")
	}
	return true
}
