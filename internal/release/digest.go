package release

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// Digest is a SHA-256, the identity of a release. The zero Digest means
// "none": no input is known to hash to it.
type Digest [sha256.Size]byte

// DigestOf returns the SHA-256 of data.
func DigestOf(data []byte) Digest { return sha256.Sum256(data) }

// ParseDigest reads 64 lower-case hexadecimal digits. Upper case is refused, so
// that equal ids are equal strings wherever they are compared as text.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	if len(s) != 2*len(d) || strings.Trim(s, "0123456789abcdef") != "" {
		return d, fmt.Errorf("got %s, want %s", quote(s), wantDigest)
	}
	_, _ = hex.Decode(d[:], []byte(s)) // cannot fail: the alphabet and length were checked
	return d, nil
}

const wantDigest = "64 lower-case hexadecimal digits (SHA-256)"

// IsZero reports whether d names nothing.
func (d Digest) IsZero() bool { return d == Digest{} }

// String returns 64 lower-case hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText implements encoding.TextMarshaler.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler with ParseDigest's rules.
func (d *Digest) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDigest(string(text))
	return err
}

// Integrity is a SHA-384, written as a Subresource Integrity string. There is
// one algorithm only: a browser that sees several takes the strongest and
// ignores the rest, and one it can't parse it ignores altogether (W3C SRI
// Level 2, section 3.3), so a second form would only add ways to be wrong.
// The zero Integrity means "none".
type Integrity [sha512.Size384]byte

// IntegrityOf returns the integrity of data.
func IntegrityOf(data []byte) Integrity { return sha512.Sum384(data) }

// IntegrityFrom reads r to its end and returns its integrity and its size in bytes.
func IntegrityFrom(r io.Reader) (Integrity, int64, error) {
	h := sha512.New384()
	n, err := io.Copy(h, r)
	if err != nil {
		return Integrity{}, n, err
	}
	return Integrity(h.Sum(nil)), n, nil
}

const (
	integrityPrefix = "sha384-"
	wantIntegrity   = `"sha384-" and 64 characters of standard base64`
)

// ParseIntegrity reads exactly one sha384 in standard base64. 48 bytes fill
// their 64 characters, so a well-formed value never ends in "=".
func ParseIntegrity(s string) (Integrity, error) {
	var i Integrity
	text, ok := strings.CutPrefix(s, integrityPrefix)
	if !ok || len(text) != base64.StdEncoding.EncodedLen(len(i)) || strings.ContainsAny(text, "\r\n") {
		return i, fmt.Errorf("got %s, want %s", quote(s), wantIntegrity)
	}
	if n, err := base64.StdEncoding.Strict().Decode(i[:], []byte(text)); err != nil || n != len(i) {
		return Integrity{}, fmt.Errorf("got %s, want %s", quote(s), wantIntegrity)
	}
	return i, nil
}

// IsZero reports whether i is of nothing.
func (i Integrity) IsZero() bool { return i == Integrity{} }

// String returns the value of an integrity attribute.
func (i Integrity) String() string {
	return integrityPrefix + base64.StdEncoding.EncodeToString(i[:])
}

// MarshalText implements encoding.TextMarshaler.
func (i Integrity) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler with ParseIntegrity's rules.
func (i *Integrity) UnmarshalText(text []byte) (err error) {
	*i, err = ParseIntegrity(string(text))
	return err
}
