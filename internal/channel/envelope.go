package channel

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/org/checkout-deploy/internal/release"
)

// PayloadType is that of a channel in a DSSE envelope.
const PayloadType = "application/vnd.checkout-deploy.channel.v1+json"

// Envelope is the document that lies in the store: {v, channel}, where channel is
// a DSSE envelope. A loader's also has the keys and the releases' statements;
// what is not known here is left out.
type Envelope struct {
	Payload    []byte // the channel's bytes
	Signatures []Signature
	// Digest is that of Payload: what Prev of the next channel holds.
	Digest release.Digest
}

// Signature is one of a DSSE envelope.
type Signature struct {
	KeyID string `json:"keyid"`
	Sig   []byte `json:"sig"` // base64 in JSON
}

const maxSignatures = 3

type envelope struct {
	V       int   `json:"v"`
	Channel *dsse `json:"channel"`
}

type dsse struct {
	PayloadType string      `json:"payloadType"`
	Payload     []byte      `json:"payload"`
	Signatures  []Signature `json:"signatures"`
}

// Seal encodes a channel into an envelope that nobody has signed.
func Seal(c *Channel) (Envelope, error) {
	payload, err := c.Encode()
	if err != nil {
		return Envelope{}, err
	}
	return Envelope{Payload: payload, Digest: release.DigestOf(payload)}, nil
}

// Encode returns the envelope as canonical JSON, at most MaxSize bytes.
func (e Envelope) Encode() ([]byte, error) {
	data, err := json.Marshal(envelope{Version, &dsse{PayloadType, e.Payload, filled(e.Signatures)}})
	if err != nil {
		return nil, fmt.Errorf("encoding a channel's envelope: %w", err)
	}
	if len(data) > MaxSize {
		return nil, fmt.Errorf("encoding a channel's envelope: got %d bytes, want at most %d; collect retired releases", len(data), MaxSize)
	}
	return release.Canonical(data)
}

// Open reads an envelope, and the channel in it. The bytes are not encoded again:
// what signatures are of is Envelope.Payload.
func Open(data []byte) (Envelope, *Channel, error) {
	if len(data) > MaxSize {
		return Envelope{}, nil, fmt.Errorf("reading a channel's envelope: got %d bytes, want at most %d", len(data), MaxSize)
	}
	var e envelope
	err := unmarshal(data, &e)
	switch {
	case err != nil:
		return Envelope{}, nil, fmt.Errorf("reading a channel's envelope: %w", err)
	case e.V != Version:
		return Envelope{}, nil, fmt.Errorf("reading a channel's envelope: got version %d, want %d; a newer checkout-deploy wrote it", e.V, Version)
	case e.Channel == nil || e.Channel.PayloadType != PayloadType:
		return Envelope{}, nil, fmt.Errorf("reading a channel's envelope: got no channel of type %s", PayloadType)
	case len(e.Channel.Signatures) > maxSignatures:
		return Envelope{}, nil, fmt.Errorf("reading a channel's envelope: got %d signatures, want at most %d", len(e.Channel.Signatures), maxSignatures)
	}
	c, err := Parse(e.Channel.Payload)
	return Envelope{e.Channel.Payload, e.Channel.Signatures, release.DigestOf(e.Channel.Payload)}, c, err
}

// Ref is what a page says of the channel that put it there, in its last line.
type Ref struct {
	Seq     int64
	Nonce   Nonce
	Release release.Digest // whose page it is
	Channel release.Digest // of the channel's bytes, Envelope.Digest
}

const refHead, refTail = "<!-- checkout-deploy 1 ", " -->\n"

// String is the line, with its end.
func (r Ref) String() string {
	return fmt.Sprintf("%sseq=%d nonce=%s release=%s channel=%s%s", refHead, r.Seq, r.Nonce, r.Release, r.Channel, refTail)
}

// CutRef takes the Ref off a page's end. A page without one is not ours, which
// is no error; a line that only looks like one is.
func CutRef(page string) (rest string, _ Ref, ours bool, err error) {
	i := strings.LastIndex(page, refHead)
	if i < 0 || !strings.HasSuffix(page, refTail) {
		return page, Ref{}, false, nil
	}
	var r Ref
	var nonce, id, digest string
	line := page[i:]
	if _, err := fmt.Sscanf(line, refHead+"seq=%d nonce=%s release=%s channel=%s", &r.Seq, &nonce, &id, &digest); err != nil {
		return page, Ref{}, false, fmt.Errorf("reading the last line of a page: got %.80q", line)
	}
	for _, err := range []error{r.Nonce.UnmarshalText([]byte(nonce)), r.Release.UnmarshalText([]byte(id)), r.Channel.UnmarshalText([]byte(digest))} {
		if err != nil {
			return page, Ref{}, false, fmt.Errorf("reading the last line of a page: %w", err)
		}
	}
	// Sequence 0 is that of pages that are not ours.
	if r.String() != line || r.Seq < 1 || r.Seq > maxNumber {
		return page, Ref{}, false, fmt.Errorf("reading the last line of a page: got %.300q, want such a line as %q, of a sequence from 1", line, r)
	}
	return page[:i], r, true, nil
}
