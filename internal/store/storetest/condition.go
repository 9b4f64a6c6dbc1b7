package storetest

import (
	"testing"

	"github.com/org/checkout-deploy/internal/store"
)

// create: an object is made once.
func create(t *testing.T, s *subject) {
	v := s.put("r/1/checkout.js", "first")
	if got := s.has("r/1/checkout.js", "first"); got != v {
		t.Errorf("written as %q, read as %q", v, got)
	}
	for _, text := range []string{"second", "first", ""} {
		_, err := s.Write(t.Context(), "r/1/checkout.js", store.Bytes([]byte(text)), plain, store.Anew)
		s.code("creating it again with "+text, err, store.Exists)
		s.has("r/1/checkout.js", "first")
	}
}

func replace(t *testing.T, s *subject) {
	one := s.put("channel.json", "one")
	two, err := s.swap("channel.json", "two", one)
	if err != nil {
		t.Fatal(err)
	}
	if two == one || two == "" {
		t.Errorf("got version %q after %q", two, one)
	}
	if got := s.has("channel.json", "two"); got != two {
		t.Errorf("written as %q, read as %q", two, got)
	}
	_, err = s.swap("channel.json", "three", one)
	s.code("replacing a version that is gone", err, store.Changed)
	_, err = s.swap("other.json", "x", two)
	s.code("replacing what is not there", err, store.Changed)
	s.has("channel.json", "two")
	s.lacks("other.json")
}

// replaceRefused: a store that can't compare must not replace at all.
func replaceRefused(t *testing.T, s *subject) {
	if s.Capabilities().Swap {
		t.Skip("it can compare and swap")
	}
	v := s.put("channel.json", "one")
	_, err := s.swap("channel.json", "two", v)
	s.code("replacing", err, store.Invalid)
	s.has("channel.json", "one")
}

// bytesComeBack: one, two, one again. Whether that is the first version again is the
// store's to decide, but it says one thing to readers and writers.
func bytesComeBack(t *testing.T, s *subject) {
	first := s.put("channel.json", "one")
	two, err := s.swap("channel.json", "two", first)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.swap("channel.json", "one", two)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.has("channel.json", "one"); got != again {
		t.Errorf("written as %q, read as %q", again, got)
	}
	_, err = s.swap("channel.json", "three", two)
	s.code("replacing what was in between", err, store.Changed)
	_, err = s.swap("channel.json", "three", first)
	switch {
	case again != first:
		s.code("replacing the first version, which is another now", err, store.Changed)
	case err != nil:
		t.Errorf("replacing the version that is there: %v", err)
	}
}

func deletes(t *testing.T, s *subject) {
	v := s.put("r/1/a.js", "a")
	s.put("r/1/b.js", "b")
	if err := s.Delete(t.Context(), "r/1/a.js", v); err != nil {
		t.Fatal(err)
	}
	s.lacks("r/1/a.js")
	s.has("r/1/b.js", "b")
	s.code("deleting it again", s.Delete(t.Context(), "r/1/a.js", v), store.NotFound)
	s.has("r/1/a.js", s.again("r/1/a.js", "anew"))
}

// again creates what was deleted.
func (s *subject) again(name, text string) string {
	s.put(name, text)
	return text
}

func deleteCompares(t *testing.T, s *subject) {
	one := s.put("channel.json", "one")
	two, err := s.swap("channel.json", "two", one)
	if err != nil {
		t.Fatal(err)
	}
	s.code("deleting a version that is gone", s.Delete(t.Context(), "channel.json", one), store.Changed)
	s.has("channel.json", "two")
	if err := s.Delete(t.Context(), "channel.json", two); err != nil {
		t.Fatal(err)
	}
	s.lacks("channel.json")
	_, err = s.swap("channel.json", "three", two)
	s.code("replacing what was deleted", err, store.Changed)
	s.lacks("channel.json")
}

// versionsOfNothing: what no object has matches none, though a server may have a
// meaning for it, as `If-Match: *` is any.
func versionsOfNothing(t *testing.T, s *subject) {
	v := s.put("channel.json", "one")
	for _, version := range []store.Version{
		"", "*", `"*"`, v + "x", "x" + v, `"x", ` + v, v + `, "x"`, "W/" + v, "-1", "0", "a\r\nX-Evil: 1", "ü",
	} {
		if version != "" { // which is Anew's
			_, err := s.swap("channel.json", "two", version)
			s.code("replacing version "+string(version), err, store.Changed, store.Invalid)
		}
		s.code("deleting version "+string(version), s.Delete(t.Context(), "channel.json", version), store.Changed, store.Invalid)
		s.has("channel.json", "one")
	}
}
