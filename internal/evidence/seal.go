package evidence

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// Bounds of a pack.
const (
	MaxSize  = 32 << 20 // bytes of its JSON
	maxItems = 50_000   // of any list
)

// Seal puts the pack after the previous one's bytes, nil for the first, and
// fills in what follows from both: number, link, control mapping, changes.
// Scripts, headers and pages are sorted.
func (p *Pack) Seal(previous []byte) error {
	p.Version, p.Sequence, p.Previous, p.Changes = Version, 1, release.Digest{}, nil
	p.Made = p.Made.UTC().Truncate(time.Second)
	p.sort()
	if previous != nil {
		before, err := Read(previous)
		if err != nil {
			return fmt.Errorf("reading the previous pack: %w", err)
		}
		if p.Made.Before(before.Made) {
			return fmt.Errorf("sealing a pack: got the time %s, which is before the previous pack's %s", p.Made.Format(time.RFC3339), before.Made.Format(time.RFC3339))
		}
		p.Sequence, p.Previous = before.Sequence+1, release.DigestOf(previous)
		p.Changes = compare(before, p)
	}
	p.Controls = controls(p)
	return p.check()
}

func (p *Pack) sort() {
	slices.SortStableFunc(p.Scripts, func(a, b Script) int {
		return cmp.Or(strings.Compare(a.Party, b.Party), strings.Compare(a.Name, b.Name), strings.Compare(a.Page, b.Page), strings.Compare(a.Hash, b.Hash))
	})
	slices.SortStableFunc(p.Headers, func(a, b Header) int {
		return cmp.Or(strings.Compare(a.Page, b.Page), strings.Compare(a.Source, b.Source), strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Value, b.Value))
	})
	slices.SortStableFunc(p.Subject.Pages, func(a, b Page) int { return strings.Compare(a.URL, b.URL) })
}

// check says what a pack can't be without.
func (p *Pack) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if p.Version != Version {
		bad("version: got %d, want %d", p.Version, Version)
	}
	if p.Sequence < 1 || (p.Sequence == 1) != p.Previous.IsZero() {
		bad("sequence: got %d with the previous pack %s, want 1 without one or more with one", p.Sequence, p.Previous)
	}
	if p.Made.IsZero() || p.Made.Location() != time.UTC || p.Made.Nanosecond() != 0 {
		bad("made: got %s, want whole seconds of UTC", p.Made)
	}
	if p.Tool.Name == "" || p.Tool.Version == "" {
		bad("tool: got no name or version, want both")
	}
	for name, s := range p.Method.steps() {
		if !slices.Contains([]Outcome{Done, Partial, NotDone}, s.Outcome) {
			bad("method.%s: got %q, want %s, %s or %s: what is not said is not done", name, s.Outcome, Done, Partial, NotDone)
		}
	}
	if c := p.Coverage; c != nil && (c.Covered < 0 || c.Total < c.Covered) {
		bad("coverage: got %d of %d", c.Covered, c.Total)
	}
	for name, n := range map[string]int{"scripts": len(p.Scripts), "headers": len(p.Headers), "findings": len(p.Findings), "changes": len(p.Changes), "pages": len(p.Subject.Pages), "controls": len(p.Controls), "notes": len(p.Notes)} {
		if n > maxItems {
			bad("%s: got %d, want at most %d", name, n, maxItems)
		}
	}
	for i, s := range p.Scripts {
		if s.Name == "" || s.State == "" || s.Kind != "script" && s.Kind != "style" || s.Party != "own" && s.Party != "third" {
			bad("scripts[%d]: got name %q, kind %q, party %q, state %q", i, s.Name, s.Kind, s.Party, s.State)
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

func (m Method) steps() map[string]Step {
	return map[string]Step{"release": m.Release, "inventory": m.Inventory, "fetched": m.Fetched, "executed": m.Executed, "alert": m.Alert}
}

// Encode returns the pack's canonical JSON. Equal packs give equal bytes.
func (p *Pack) Encode() ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("encoding a pack: %w", err)
	}
	data, err := json.Marshal(p)
	if err == nil {
		data, err = release.Canonical(data)
	}
	if err == nil && len(data) > MaxSize {
		err = fmt.Errorf("got %d bytes, want at most %d", len(data), MaxSize)
	}
	if err != nil {
		return nil, fmt.Errorf("encoding a pack: %w", err)
	}
	return data, nil
}

// Read reads a pack strictly: only the bytes that Encode writes, so that a pack
// has one digest.
func Read(data []byte) (*Pack, error) {
	p, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("reading a pack: %w", err)
	}
	return p, nil
}

func read(data []byte) (*Pack, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("got %d bytes, want at most %d", len(data), MaxSize)
	}
	if _, err := release.Canonical(data); err != nil { // bounds, duplicate names
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	p := &Pack{}
	if err := d.Decode(p); err != nil {
		return nil, err
	}
	if p.Version != Version { // then nothing else is expected of it
		return nil, fmt.Errorf("version: got %d, want %d", p.Version, Version)
	}
	again, err := p.Encode()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, data) {
		return nil, errors.New("got other bytes than those of its canonical JSON, want them as they were written")
	}
	return p, nil
}

// compare lists what differs between two packs.
func compare(before, after *Pack) []Change {
	var out []Change
	add := func(what string, a, b map[string]string) {
		names := slices.Sorted(maps.Keys(a))
		for name := range b {
			if _, ok := a[name]; !ok {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			was, had := a[name]
			now, has := b[name]
			c := Change{What: what, Name: name, Before: was, After: now}
			switch {
			case had && has && was == now:
				continue
			case had && has:
				c.Kind = "changed"
			case has:
				c.Kind = "added"
			default:
				c.Kind = "removed"
			}
			out = append(out, c)
		}
	}
	add("release", map[string]string{"release": before.Subject.Release.String()}, map[string]string{"release": after.Subject.Release.String()})
	add("page", pagesOf(before), pagesOf(after))
	add("script", scriptsOf(before, bytesOf), scriptsOf(after, bytesOf))
	add("pin", scriptsOf(before, pinOf), scriptsOf(after, pinOf))
	add("approval", scriptsOf(before, approvalOf), scriptsOf(after, approvalOf))
	add("header", headersOf(before), headersOf(after))
	for i, c := range out {
		out[i].Unapproved = c.What == "pin" && c.Kind == "changed" && !slices.ContainsFunc(out, func(o Change) bool { return o.What == "approval" && o.Name == c.Name })
	}
	return out
}

func pagesOf(p *Pack) map[string]string {
	out := map[string]string{}
	for _, page := range p.Subject.Pages {
		out[page.URL] = page.Purpose
	}
	return out
}

// scriptsOf gives something of each script by its name; where a name was seen
// with several, all of them.
func scriptsOf(p *Pack, of func(Script) string) map[string]string {
	out := map[string]string{}
	for _, s := range p.Scripts {
		v := of(s)
		if was, ok := out[s.Name]; ok && was != v && !slices.Contains(strings.Split(was, " | "), v) {
			v = was + " | " + v
		} else if ok {
			continue
		}
		out[s.Name] = v
	}
	return out
}

func bytesOf(s Script) string { return s.Hash }

func pinOf(s Script) string {
	if s.Exception != nil {
		return "exception: " + s.Exception.Reason
	}
	return strings.Join(s.Pin, " ")
}

func approvalOf(s Script) string {
	a := s.Approval
	if a == (Approval{}) {
		return ""
	}
	return fmt.Sprintf("%s, %s, %s to %s", a.By, a.Reference, a.On, a.Expires)
}

func headersOf(p *Pack) map[string]string {
	out := map[string]string{}
	for _, h := range p.Headers {
		name := h.Page + ": " + strings.ToLower(h.Name) + " (" + h.Source + ")"
		if was, ok := out[name]; ok {
			out[name] = was + " | " + h.Value
			continue
		}
		out[name] = h.Value
	}
	return out
}
