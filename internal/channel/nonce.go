package channel

import (
	"encoding/hex"
	"fmt"
	"io"
)

// Nonce is 128 random bits, written as 32 lower-case hexadecimal digits.
type Nonce [16]byte

// NewNonce reads a nonce from a source of random bytes.
func NewNonce(random io.Reader) (n Nonce, err error) {
	if _, err = io.ReadFull(random, n[:]); err != nil {
		return Nonce{}, fmt.Errorf("making a nonce: %w", err)
	}
	return n, nil
}

// String returns the digits.
func (n Nonce) String() string { return hex.EncodeToString(n[:]) }

// MarshalText implements encoding.TextMarshaler.
func (n Nonce) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. Upper case is refused.
func (n *Nonce) UnmarshalText(text []byte) error {
	var read Nonce
	if hex.DecodedLen(len(text)) != len(read) {
		return fmt.Errorf("got the nonce %.64q, want 32 hexadecimal digits", text)
	}
	if _, err := hex.Decode(read[:], text); err != nil || read.String() != string(text) {
		return fmt.Errorf("got the nonce %q, want 32 lower-case hexadecimal digits", text)
	}
	*n = read
	return nil
}
