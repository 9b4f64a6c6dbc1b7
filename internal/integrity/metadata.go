package integrity

import (
	"encoding/base64"
	"strings"
)

// Hash is one hash of integrity metadata: the algorithm and the digest in padded
// standard base64, as browsers want it.
type Hash struct {
	Algorithm Algorithm
	Base64    string
}

// HashOf makes a Hash of a digest.
func HashOf(a Algorithm, digest []byte) Hash {
	return Hash{a, base64.StdEncoding.EncodeToString(digest)}
}

// Sum returns the hash of data.
func Sum(a Algorithm, data []byte) Hash {
	h := a.New()
	h.Write(data)
	return HashOf(a, h.Sum(nil))
}

func (h Hash) String() string { return string(h.Algorithm) + "-" + h.Base64 }

// Metadata is the value of an integrity attribute: one hash, or several of one
// algorithm, of which any one may match (a rotation set).
type Metadata []Hash

// String is the attribute's value.
func (m Metadata) String() string {
	all := make([]string, len(m))
	for i, h := range m {
		all[i] = h.String()
	}
	return strings.Join(all, " ")
}
