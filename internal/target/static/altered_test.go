package static

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/storetest"
	"github.com/org/checkout-deploy/internal/target"
)

// counted is a store that counts what it is asked for.
type counted struct {
	*storetest.Memory
	requests, changes atomic.Int32
}

func (c *counted) Open(ctx context.Context, name string) (io.ReadCloser, store.Info, error) {
	c.requests.Add(1)
	return c.Memory.Open(ctx, name)
}

func (c *counted) Write(ctx context.Context, name string, body store.Body, header store.Header, when store.When) (store.Version, error) {
	c.requests.Add(1)
	c.changes.Add(1)
	return c.Memory.Write(ctx, name, body, header, when)
}

func (c *counted) Delete(ctx context.Context, name string, version store.Version) error {
	c.requests.Add(1)
	c.changes.Add(1)
	return c.Memory.Delete(ctx, name, version)
}

func (c *counted) List(ctx context.Context, folder string) iter.Seq2[store.Info, error] {
	c.requests.Add(1)
	return c.Memory.List(ctx, folder)
}

// shop is a target with its store and some releases, by name.
type shop struct {
	*Target
	t     *testing.T
	store *counted
	ids   map[string]release.Digest
}

// newShop has releases of a number of files in the store, all complete.
func newShop(t *testing.T, files int, names ...string) *shop {
	t.Helper()
	s := &shop{t: t, store: &counted{Memory: new(storetest.Memory)}, ids: map[string]release.Digest{}}
	s.Target = &Target{Store: s.store, Name: "production", Entry: "index.html", Base: "/", Now: time.Now, Random: rand.Reader}
	for _, name := range names {
		all := fstest.MapFS{"index.html": {Data: []byte("<!doctype html><head><title>" + name + "</title></head><script src=0.js></script>")}}
		for i := range files - 1 {
			all[fmt.Sprintf("%d.js", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "file %d of %s", i, name)}
		}
		r := &release.Release{Name: "shop", Profile: release.Production, Tool: release.Tool{Name: "test", Version: "1"}}
		for path, f := range all {
			r.Files = append(r.Files, release.File{Path: path, Size: int64(len(f.Data)), Integrity: release.IntegrityOf(f.Data), Role: release.Asset})
		}
		s.ok(r.Seal())
		s.ok(s.Stage(t.Context(), r, all))
		s.ok(s.Verify(t.Context(), r))
		id, err := r.ID()
		s.ok(err)
		s.ids[name] = id
	}
	return s
}

func (s *shop) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) prepare(name string) (*Publication, error) {
	now, err := s.State(s.t.Context())
	if err != nil {
		return nil, err
	}
	return s.Prepare(s.t.Context(), now, func(c *channel.Channel) { c.Serve(s.ids[name]) })
}

// deploy leads everybody to a release, and says that it is healthy.
func (s *shop) deploy(name string) {
	s.t.Helper()
	p, err := s.prepare(name)
	s.ok(err)
	now, err := s.Publish(s.t.Context(), p)
	s.ok(err)
	s.ok(s.Healthy(s.t.Context(), now.Ref))
}

func (s *shop) read(name string) []byte {
	s.t.Helper()
	data, _, err := store.Read(s.t.Context(), s.store.Memory, name, maxPage)
	s.ok(err)
	return data
}

// alter is what somebody does who can write to the store; nil removes.
func (s *shop) alter(name string, data []byte) {
	s.t.Helper()
	_, info, err := store.Read(s.t.Context(), s.store.Memory, name, maxPage)
	s.ok(err)
	if data == nil {
		s.ok(s.store.Memory.Delete(s.t.Context(), name, info.Version))
		return
	}
	if bytes.Equal(data, s.read(name)) {
		s.t.Fatalf("%s is as it was", name)
	}
	_, err = s.store.Memory.Write(s.t.Context(), name, store.Bytes(data), record, store.Replacing(info.Version))
	s.ok(err)
}

func (s *shop) replace(name, old, now string) {
	s.t.Helper()
	s.alter(name, []byte(strings.Replace(string(s.read(name)), old, now, 1)))
}

// live is the state of what shoppers get now.
func (s *shop) live() *State {
	s.t.Helper()
	now, err := s.State(s.t.Context())
	s.ok(err)
	return now
}

// untouched fails if do changes anything.
func (s *shop) untouched(do func() error) error {
	s.t.Helper()
	before, page := s.store.changes.Load(), s.read("index.html")
	err := do()
	if s.store.changes.Load() != before || !bytes.Equal(s.read("index.html"), page) {
		s.t.Errorf("%d writes were tried", s.store.changes.Load()-before)
	}
	return err
}

// edit changes C's prepared revert as somebody does who knows its format.
func (s *shop) edit(change func(r *revert)) {
	s.t.Helper()
	var r revert
	s.ok(json.Unmarshal(s.read(revertOf(6)), &r))
	change(&r)
	data, err := json.Marshal(r)
	s.ok(err)
	s.alter(revertOf(6), data)
}

// forge gives it another channel, and a page that names it.
func (s *shop) forge(change func(*channel.Channel)) {
	s.t.Helper()
	s.edit(func(r *revert) {
		_, c, err := channel.Open(r.Channel)
		s.ok(err)
		change(c)
		sealed, err := channel.Seal(c)
		s.ok(err)
		r.Channel, err = sealed.Encode()
		s.ok(err)
		own, ref, _, err := at(s.Base).cut(r.Page)
		s.ok(err)
		ref.Channel, ref.Release = sealed.Digest, c.Live()
		r.Page, err = at(s.Base).render(own, ref)
		s.ok(err)
	})
}

// TestRevertAltered: what takes a release back is believed as far as it belongs to
// what is live, to this target, and to a release that is in the store.
func TestRevertAltered(t *testing.T) {
	for _, row := range []struct {
		name  string
		alter func(s *shop) // A, B and C are published as 2, 4 and 6
		says  string        // "" for nothing wrong
	}{
		{"nothing", func(*shop) {}, ""},
		{"a script in the page", func(s *shop) {
			s.edit(func(r *revert) {
				r.Page = bytes.Replace(r.Page, []byte("<title>"), []byte("<script>steal()</script><title>"), 1)
			})
		}, "altered in the store"},
		{"a base element that comes late", func(s *shop) {
			s.edit(func(r *revert) {
				element := []byte(at(s.Base).baseElement(s.ids["B"]))
				r.Page = bytes.Replace(r.Page, element, nil, 1)
				r.Page = bytes.Replace(r.Page, []byte("<!-- "), append(element, "<!-- "...), 1)
			})
		}, "altered in the store"},
		{"a page for another address", func(s *shop) {
			s.edit(func(r *revert) {
				r.Page = bytes.Replace(r.Page, []byte(`<base href="/`), []byte(`<base href="https://evil.example/`), 1)
			})
		}, "altered in the store"},
		{"another sequence in the page", func(s *shop) {
			s.edit(func(r *revert) { r.Page = bytes.Replace(r.Page, []byte("seq=7"), []byte("seq=9"), 1) })
		}, "altered in the store"},
		{"a foreign page", func(s *shop) { s.edit(func(r *revert) { r.Page = []byte("<p>") }) }, "altered in the store"},
		{"no page", func(s *shop) { s.edit(func(r *revert) { r.Page = nil }) }, "altered in the store"},
		{"of another target", func(s *shop) { s.forge(func(c *channel.Channel) { c.Target = "staging" }) }, "altered in the store"},
		{"of another sequence", func(s *shop) { s.forge(func(c *channel.Channel) { c.Seq = 9 }) }, "altered in the store"},
		{"after another channel", func(s *shop) { s.forge(func(c *channel.Channel) { c.Prev = release.Digest{1} }) }, "altered in the store"},
		{"to a release that is not in the store", func(s *shop) { s.forge(func(c *channel.Channel) { c.Serve(release.Digest{1}) }) }, "not all there"},
		{"to another release, with this one's page", func(s *shop) { s.forge(func(c *channel.Channel) { c.Serve(s.ids["A"]) }) }, "not that of release"},
		{"of another channel", func(s *shop) { s.edit(func(r *revert) { r.Of = release.Digest{1} }) }, "is live"},
		{"replayed", func(s *shop) { s.alter(revertOf(6), s.read(revertOf(4))) }, "is live"},
		{"replayed, and said to be of this", func(s *shop) {
			of := s.live().Ref.Channel
			s.alter(revertOf(6), s.read(revertOf(4)))
			s.edit(func(r *revert) { r.Of = of })
		}, "altered in the store"},
		{"no channel", func(s *shop) { s.edit(func(r *revert) { r.Channel, r.Page = nil, nil }) }, "no earlier release"},
		{"a channel that is none", func(s *shop) { s.edit(func(r *revert) { r.Channel = json.RawMessage(`{"v":1}`) }) }, "got no channel"},
		{"a later version", func(s *shop) { s.edit(func(r *revert) { r.V = 2 }) }, "a newer checkout-deploy"},
		{"half of it", func(s *shop) { data := s.read(revertOf(6)); s.alter(revertOf(6), data[:len(data)/2]) }, "reading the prepared revert"},
		{"removed", func(s *shop) { s.alter(revertOf(6), nil) }, "reading the prepared revert"},
		{"the marker is removed", func(s *shop) { s.alter(markerOf(s.ids["B"]), nil) }, "not all there"},
		{"the marker is another's", func(s *shop) { s.alter(markerOf(s.ids["B"]), s.read(markerOf(s.ids["A"]))) }, "no marker of this release"},
		{"the marker is another target's", func(s *shop) { s.replace(markerOf(s.ids["B"]), "production", "staging") }, "no marker of this release"},
		{"the marker is not signed", func(s *shop) {
			s.Marked = func(context.Context, []byte, []byte) error { return errors.New("got no signature") }
		}, "got no signature"},
		{"the record is altered", func(s *shop) { s.replace(fileOf(s.ids["B"], release.RecordName), `"shop"`, `"evil"`) }, "altered in the store"},
		{"the record is removed", func(s *shop) { s.alter(fileOf(s.ids["B"], release.RecordName), nil) }, "reading the record"},
		{"what is live names another channel", func(s *shop) {
			s.replace("index.html", "channel="+s.live().Ref.Channel.String(), "channel="+release.Digest{1}.String())
		}, "is live"},
		{"what is live is foreign", func(s *shop) { s.alter("index.html", []byte("<p>")) }, "not a page that a deploy put there"},
		{"the store is another environment's", func(s *shop) { s.Name = "staging" }, "altered in the store"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t, 2, "A", "B", "C")
			s.deploy("A")
			s.deploy("B")
			s.deploy("C")
			row.alter(s)
			err := s.untouched(func() error { _, err := s.Way(t.Context(), nil); return err })
			if row.says != "" {
				if err == nil || !strings.Contains(err.Error(), row.says) {
					t.Errorf("got %v, want %q", err, row.says)
				}
				if err := s.untouched(func() error { _, err := s.Revert(t.Context(), nil); return err }); err == nil {
					t.Error("it was taken back")
				}
				return
			}
			back, err := s.Revert(t.Context(), nil)
			s.ok(err)
			now := s.live()
			if back.Ref != now.Ref || now.Live() != s.ids["B"] || now.Ref.Seq != 7 || now.Channel.Hold == nil || !now.Healthy {
				t.Errorf("got %+v with %+v", now.Ref, now.Channel)
			}
			// Again is nothing new.
			if err := s.untouched(func() error { _, err := s.Revert(t.Context(), nil); return err }); err != nil {
				t.Errorf("again: %v", err)
			}
		})
	}
}

// TestDeployAltered: what a deploy of C over B rests on is held against what is live,
// and against C's record, before anything is written.
func TestDeployAltered(t *testing.T) {
	logName := func(s *shop) string { ref := s.live().Ref; return logOf(ref.Seq, ref.Nonce) }
	for _, row := range []struct {
		name  string
		alter func(s *shop)
		says  string
	}{
		{"the record", func(s *shop) { s.replace(fileOf(s.ids["C"], release.RecordName), `"shop"`, `"evil"`) }, "altered in the store"},
		{"the page", func(s *shop) {
			s.replace(fileOf(s.ids["C"], "index.html"), "<title>", "<script>steal()</script><title>")
		}, "altered in the store"},
		{"the page is removed", func(s *shop) { s.alter(fileOf(s.ids["C"], "index.html"), nil) }, "reading the page"},
		{"the marker is removed", func(s *shop) { s.alter(markerOf(s.ids["C"]), nil) }, "not all there"},
		{"the marker is another's", func(s *shop) { s.alter(markerOf(s.ids["C"]), s.read(markerOf(s.ids["B"]))) }, "no marker of this release"},
		{"the marker is another statement", func(s *shop) { s.replace(markerOf(s.ids["C"]), "attestations/complete", "attestations/gate") }, "no marker of this release"},
		{"the marker's bytes", func(s *shop) { s.alter(markerOf(s.ids["C"]), []byte("{")) }, "no marker of this release"},
		{"the fallback's record", func(s *shop) { s.replace(fileOf(s.ids["B"], release.RecordName), `"shop"`, `"evil"`) }, "altered in the store"},
		{"the fallback's page", func(s *shop) {
			s.replace(fileOf(s.ids["B"], "index.html"), "<title>", "<script>steal()</script><title>")
		}, "altered in the store"},
		{"the log", func(s *shop) {
			_, c, err := channel.Open(s.read(logName(s)))
			s.ok(err)
			c.Hold = &channel.Hold{Reason: "no"}
			e, err := channel.Seal(c)
			s.ok(err)
			data, err := e.Encode()
			s.ok(err)
			s.alter(logName(s), data)
		}, "one of them was altered"},
		{"the log's bytes", func(s *shop) { s.alter(logName(s), []byte("{")) }, "reading a channel"},
		{"the log is removed", func(s *shop) { s.alter(logName(s), nil) }, "reading the channel"},
		{"the log is an older one", func(s *shop) {
			for info, err := range s.store.Memory.List(s.t.Context(), "deploy/log") {
				s.ok(err)
				s.alter(logName(s), s.read(info.Name)) // the first is of sequence 2
				return
			}
		}, "one of them was altered"},
		{"the sequence that is live", func(s *shop) { s.replace("index.html", "seq=4", "seq=2") }, "reading the channel"},
		{"the release that is live", func(s *shop) {
			data := strings.ReplaceAll(string(s.read("index.html")), s.ids["B"].String(), s.ids["A"].String())
			s.alter("index.html", []byte(data))
		}, "not the channel that the live page says"},
		{"sequence 0 is live", func(s *shop) { s.replace("index.html", "seq=4", "seq=0") }, "reading the last line"},
		{"the record of health", func(s *shop) { s.alter(healthyOf(4), []byte("{}")) }, "no record of health"},
		{"the store is another environment's", func(s *shop) { s.Name = "staging" }, "another environment"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t, 2, "A", "B", "C")
			s.deploy("A")
			s.deploy("B")
			row.alter(s)
			err := s.untouched(func() error { _, err := s.prepare("C"); return err })
			if err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, want %q", err, row.says)
			}
		})
	}
}

// TestNoBase: a page without its base element is altered, and no obstacle.
func TestNoBase(t *testing.T) {
	s := newShop(t, 2, "A", "B")
	s.deploy("A")
	s.replace("index.html", `<base href="/`, `<base href="/x/`)
	if now := s.live(); now.Altered == nil || !strings.Contains(now.Altered.Error(), "another address") || now.Live() != s.ids["A"] {
		t.Errorf("got %+v, %v", now.Ref, now.Altered)
	}
	s.deploy("B")
	if now := s.live(); now.Altered != nil || now.Live() != s.ids["B"] {
		t.Errorf("got %+v, %v", now.Ref, now.Altered)
	}
}

// TestHealthOfAnother: a record of health counts for the channel that it names.
func TestHealthOfAnother(t *testing.T) {
	s := newShop(t, 2, "A", "B")
	s.deploy("A")
	s.deploy("B")
	s.alter(healthyOf(4), s.read(healthyOf(2)))
	if now := s.live(); now.Healthy || now.Healthiest() != s.ids["A"] {
		t.Errorf("got %t, and %s to go back to", now.Healthy, now.Healthiest())
	}
}

// TestRequests: a flip and a rollback are a few requests, whatever the size of the
// release; and what is read before a flip does not grow with it.
func TestRequests(t *testing.T) {
	type counts struct{ look, prepare, flip, way, back int }
	of := func(files int) (n counts) {
		s := newShop(t, files, "A", "B")
		s.deploy("A")
		count := func(into *int, do func() error) {
			t.Helper()
			before := s.store.requests.Load()
			s.ok(do())
			*into = int(s.store.requests.Load() - before)
		}
		var now *State
		var p *Publication
		var w *Way
		count(&n.look, func() (err error) { now, err = s.State(t.Context()); return err })
		count(&n.prepare, func() (err error) {
			p, err = s.Prepare(t.Context(), now, func(c *channel.Channel) { c.Serve(s.ids["B"]) })
			return err
		})
		count(&n.flip, func() error { _, err := s.Publish(t.Context(), p); return err })
		count(&n.way, func() (err error) { w, err = s.Way(t.Context(), nil); return err })
		count(&n.back, func() error { _, err := s.Go(t.Context(), w); return err })
		return n
	}
	small, large := of(2), of(300)
	if small != large {
		t.Errorf("got %+v with two files, and %+v with 300", small, large)
	}
	if want := (counts{look: 5, prepare: 7, flip: 1, way: 4, back: 1}); large != want {
		t.Errorf("got %+v, want %+v", large, want)
	}
}

// TestNoWayBack: before anything was recorded healthy there is nothing to go back to.
func TestNoWayBack(t *testing.T) {
	s := newShop(t, 2, "A")
	s.deploy("A")
	if err := s.untouched(func() error { _, err := s.Revert(t.Context(), nil); return err }); !errors.Is(err, target.ErrNoWayBack) {
		t.Errorf("got %v", err)
	}
}

// TestOnly: a run takes back what it published, and nothing else.
func TestOnly(t *testing.T) {
	s := newShop(t, 2, "A", "B", "C")
	s.deploy("A")
	s.deploy("B")
	ref := s.live().Ref
	s.deploy("C")
	if err := s.untouched(func() error { _, err := s.Revert(t.Context(), &ref); return err }); !errors.Is(err, target.ErrLost) {
		t.Errorf("got %v", err)
	}
	// A way that was looked at before somebody else published is not gone.
	w, err := s.Way(t.Context(), nil)
	s.ok(err)
	s.deploy("A")
	if _, err := s.Go(t.Context(), w); !errors.Is(err, target.ErrLost) || s.live().Live() != s.ids["A"] {
		t.Errorf("got %v, and %s is live", err, s.live().Live())
	}
}

// foreign makes a page that was there before the first deploy.
func (s *shop) foreign(kind, page string) {
	s.t.Helper()
	_, err := s.store.Memory.Write(s.t.Context(), "index.html", store.Bytes([]byte(page)), store.Header{ContentType: kind}, store.Anew)
	s.ok(err)
}

// flip publishes a release, and leaves it to others whether it is healthy.
func (s *shop) flip(name string) {
	s.t.Helper()
	p, err := s.prepare(name)
	s.ok(err)
	_, err = s.Publish(s.t.Context(), p)
	s.ok(err)
}

// TestOriginal: the page that was there before the first deploy is what a rollback leads
// to, until one release has followed on another that was healthy.
func TestOriginal(t *testing.T) {
	const theirs, kind = "<title>theirs</title>", "text/html; charset=iso-8859-1"
	for _, row := range []struct {
		name   string
		before func(s *shop)
		want   string // the release that a rollback leads to; "" for their page
		says   string // or the error
	}{
		{name: "the first release", before: func(s *shop) { s.flip("A") }},
		{name: "the second, after one that nobody found healthy", before: func(s *shop) { s.flip("A"); s.flip("B") }},
		{name: "the first, healthy and published anew", before: func(s *shop) { s.deploy("A"); s.flip("A") }},
		{name: "the first, healthy, after a bad one was taken back", before: func(s *shop) {
			s.deploy("A")
			s.flip("B")
			_, err := s.Revert(s.t.Context(), nil)
			s.ok(err)
			_, err = s.ClearHold(s.t.Context(), "")
			s.ok(err)
		}},
		{name: "the second, after one that was healthy", before: func(s *shop) { s.deploy("A"); s.flip("B") }, want: "A"},
		{name: "one after a rollback to their page", before: func(s *shop) {
			s.flip("A")
			_, err := s.Revert(s.t.Context(), nil)
			s.ok(err)
			_, err = s.ClearHold(s.t.Context(), "")
			s.ok(err)
			s.flip("B")
		}},
		{name: "their page is longer than what is read back", before: func(s *shop) {
			s.alter("index.html", bytes.Repeat([]byte("<p>theirs"), maxOwn/9+1))
			s.flip("A")
		}, says: "no earlier release"},
		{name: "their page is altered in the revert", before: func(s *shop) {
			s.flip("A")
			var r revert
			s.ok(json.Unmarshal(s.read(revertOf(2)), &r))
			r.Page = bytes.Replace(r.Page, []byte("theirs"), []byte("thieves"), 1)
			data, err := json.Marshal(r)
			s.ok(err)
			s.alter(revertOf(2), data)
		}, says: "it was altered in the store"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t, 2, "A", "B")
			s.foreign(kind, theirs)
			row.before(s)
			back, err := s.Revert(t.Context(), nil)
			if row.says != "" {
				if err == nil || !strings.Contains(err.Error(), row.says) {
					t.Errorf("got %v, want %q", err, row.says)
				}
				return
			}
			s.ok(err)
			now := s.live()
			if now.Ref != back.Ref || now.Live() != s.ids[row.want] || now.Channel.Hold == nil || now.Altered != nil || now.Foreign {
				t.Errorf("got %+v with %+v, %v", now.Ref, now.Channel, now.Altered)
			}
			if row.want != "" {
				return
			}
			if page := string(s.read("index.html")); page != theirs+now.Ref.String() || now.header.ContentType != kind {
				t.Errorf("got %q of type %q", page, now.header.ContentType)
			}
			s.alter("index.html", append([]byte("<script>steal()</script>"), s.read("index.html")...))
			if now := s.live(); now.Altered == nil {
				t.Error("an altered page is not seen")
			}
		})
	}
}
