// Package integrity is about Subresource Integrity: that a browser runs the bytes
// that were built, and no others. Its folders: page reads and rewrites HTML,
// manifest the files that loaders read, adopt makes a release of any folder,
// coverage says what of a release nothing pins, and header writes the headers of a
// page.
//
// The specification is W3C's Subresource Integrity, Level 2
// (https://www.w3.org/TR/sri-2/).
package integrity

import (
	"crypto/sha256"
	"crypto/sha512"
	"hash"
)

// Algorithm is a hash function that browsers know in integrity metadata.
type Algorithm string

const (
	SHA256 Algorithm = "sha256"
	SHA384 Algorithm = "sha384"
	SHA512 Algorithm = "sha512"
)

// Algorithms lists every Algorithm, the weakest first: where an attribute has
// several, a browser takes the strongest and ignores the others (section 3.3.3).
var Algorithms = []Algorithm{SHA256, SHA384, SHA512}

// Default is what is written where nobody asks for another.
const Default = SHA384

// New returns a hash of the algorithm, or nil for one that is not in Algorithms.
func (a Algorithm) New() hash.Hash {
	switch a {
	case SHA256:
		return sha256.New()
	case SHA384:
		return sha512.New384()
	case SHA512:
		return sha512.New()
	}
	return nil
}

// Size is the length of a digest in bytes.
func (a Algorithm) Size() int {
	switch a {
	case SHA256:
		return sha256.Size
	case SHA384:
		return sha512.Size384
	case SHA512:
		return sha512.Size
	}
	return 0
}
