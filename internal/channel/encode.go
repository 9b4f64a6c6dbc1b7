package channel

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// document is a channel as JSON has it.
type document struct {
	Target      string           `json:"target"`
	KeysVersion int64            `json:"keysVersion"`
	Seq         int64            `json:"seq"`
	Nonce       Nonce            `json:"nonce"`
	Prev        *release.Digest  `json:"prev"`
	Issued      string           `json:"issued"`
	Expires     *string          `json:"expires"`
	Weights     []weight         `json:"weights"`
	Original    *release.Digest  `json:"original,omitempty"`
	Fallback    *release.Digest  `json:"fallback"`
	Salt        string           `json:"salt"`
	Bases       []string         `json:"bases"`
	Hold        *Hold            `json:"hold"`
	Retired     []release.Digest `json:"retired"`
	// Since and Removing have a time for each of Retired. The loader reads neither.
	Since    []time.Time  `json:"since,omitempty"`
	Removing []*time.Time `json:"removing,omitempty"`
	Commit   string       `json:"commit,omitempty"`
	Run      string       `json:"run,omitempty"`
}

// weight is [id, basis points].
type weight Weight

func (w weight) MarshalJSON() ([]byte, error) { return json.Marshal([2]any{w.Release, w.BasisPoints}) }

func (w *weight) UnmarshalJSON(data []byte) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(data, &pair); err != nil || len(pair) != 2 {
		return fmt.Errorf("got the weight %.80q, want [id, basis points]", data)
	}
	if err := json.Unmarshal(pair[0], &w.Release); err != nil {
		return err
	}
	return json.Unmarshal(pair[1], &w.BasisPoints)
}

// Encode returns the channel as canonical JSON, after Check.
func (c *Channel) Encode() ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	d := document{
		Target: c.Target, KeysVersion: c.KeysVersion, Seq: c.Seq, Nonce: c.Nonce,
		Prev: some(c.Prev), Issued: c.Issued.UTC().Format(time.RFC3339), Weights: []weight{}, Original: some(c.Original), Fallback: some(c.Fallback),
		Salt: c.Salt, Bases: filled(c.Bases), Hold: c.Hold, Retired: []release.Digest{}, Commit: c.Commit, Run: c.Run,
	}
	for _, r := range c.Retired {
		d.Retired, d.Since = append(d.Retired, r.Release), append(d.Since, whole(r.Since))
		var removing *time.Time
		if !r.Removing.IsZero() {
			at := whole(r.Removing)
			removing = &at
		}
		d.Removing = append(d.Removing, removing)
	}
	for _, w := range c.Weights {
		d.Weights = append(d.Weights, weight(w))
	}
	if !c.Expires.IsZero() {
		at := c.Expires.UTC().Format(time.RFC3339)
		d.Expires = &at
	}
	data, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("encoding channel %d: %w", c.Seq, err)
	}
	return release.Canonical(data)
}

// Parse reads what Encode wrote, or a later tool with fields of its own, which
// are left out. It checks the text's strictness (see release.Canonical) and the
// channel itself.
func Parse(data []byte) (*Channel, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("reading a channel: got %d bytes, want at most %d", len(data), MaxSize)
	}
	var d document
	if err := unmarshal(data, &d); err != nil {
		return nil, fmt.Errorf("reading a channel: %w", err)
	}
	c := &Channel{
		Target: d.Target, KeysVersion: d.KeysVersion, Seq: d.Seq, Nonce: d.Nonce, Prev: or(d.Prev), Original: or(d.Original), Fallback: or(d.Fallback),
		Salt: d.Salt, Bases: d.Bases, Hold: d.Hold, Commit: d.Commit, Run: d.Run,
	}
	if len(d.Since) != len(d.Retired) || len(d.Removing) != len(d.Retired) {
		return nil, fmt.Errorf("reading a channel: got %d retired releases, and %d and %d times for them", len(d.Retired), len(d.Since), len(d.Removing))
	}
	for i, id := range d.Retired {
		r := Retirement{Release: id, Since: d.Since[i]}
		if d.Removing[i] != nil {
			r.Removing = *d.Removing[i]
		}
		c.Retired = append(c.Retired, r)
	}
	for _, w := range d.Weights {
		c.Weights = append(c.Weights, Weight(w))
	}
	var err error
	if c.Issued, err = time.Parse(time.RFC3339, d.Issued); err != nil {
		return nil, fmt.Errorf("reading a channel: issued: got %.40q, want a time such as 2026-01-31T12:00:00Z", d.Issued)
	}
	if d.Expires != nil {
		if c.Expires, err = time.Parse(time.RFC3339, *d.Expires); err != nil {
			return nil, fmt.Errorf("reading a channel: expires: got %.40q, want a time such as 2026-01-31T12:00:00Z", *d.Expires)
		}
	}
	return c, c.Check()
}

// unmarshal is encoding/json's, on a text that everybody reads alike: no name is there
// twice, and none is ours but for its capitals, which encoding/json does not mind.
func unmarshal(data []byte, into any) error {
	if _, err := release.Canonical(data); err != nil {
		return err
	}
	v, err := release.ParseJSON(string(data))
	if err != nil {
		return err
	}
	if err := spelled(v); err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

var ours = []string{
	"v", "channel", "payloadType", "payload", "signatures", "keyid", "sig",
	"target", "keysVersion", "seq", "nonce", "prev", "issued", "expires", "weights", "original", "fallback",
	"salt", "bases", "hold", "reason", "retired", "since", "removing", "commit", "run",
}

func spelled(v release.JSON) error {
	for _, m := range v.Members {
		for _, name := range ours {
			if m.Name != name && strings.EqualFold(m.Name, name) {
				return fmt.Errorf("got the member %.40q, want %q", m.Name, name)
			}
		}
		if err := spelled(m.JSON); err != nil {
			return err
		}
	}
	return nil
}

func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

func some(d release.Digest) *release.Digest {
	if d.IsZero() {
		return nil
	}
	return &d
}

func or(d *release.Digest) release.Digest {
	if d == nil {
		return release.Digest{}
	}
	return *d
}

// filled makes an empty list [] and not null.
func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
