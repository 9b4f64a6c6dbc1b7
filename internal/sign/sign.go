// Package sign signs files and in-toto statements as Sigstore bundles, v0.3,
// and verifies such bundles: by a key, or by the identity that a certificate of
// Fulcio's was given to. Stock cosign reads what is written here, and the other
// way round.
//
// A record and a pack are signed as they are, as bytes. A statement is signed in
// a DSSE envelope, which says of itself that it is a statement: the one kind is
// never taken for the other.
//
// The package reads no environment and no configuration.
package sign

import (
	"context"
	"errors"
	"time"
)

// What a caller may branch on, with errors.Is. An error of neither kind is about
// what was given: a key that is none, an option that contradicts another.
var (
	// ErrRefused: a signature does not prove what was asked for, or a service
	// said no. Trying again does not help.
	ErrRefused = errors.New("refused")
	// ErrUnavailable: a service failed at every attempt, or answered something
	// else than what it is for. Another run may do.
	ErrUnavailable = errors.New("unavailable")
)

const (
	// MaxPayload bounds what is signed or verified, in bytes.
	MaxPayload = 64 << 20
	// MaxBundle bounds a bundle. One of a statement holds the statement, in
	// base64.
	MaxBundle = MaxPayload/3*4 + 1<<20
	// MediaType is the one kind of bundle that is written and read.
	MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
	// PayloadType is that of a statement's envelope.
	PayloadType = "application/vnd.in-toto+json"
)

// Signer makes bundles. It is safe for concurrent use.
type Signer interface {
	// Sign returns the bundle of a file's bytes.
	Sign(ctx context.Context, payload []byte) (bundle []byte, err error)
	// SignStatement returns the bundle of an in-toto statement, with the
	// statement's bytes in it as they are. Bytes that are none are ErrRefused.
	SignStatement(ctx context.Context, statement []byte) (bundle []byte, err error)
}

// Verifier judges bundles, without the network. Its errors are ErrRefused, and
// say what was got and what was wanted. It is safe for concurrent use.
type Verifier interface {
	// Verify wants a bundle that Sign could have made of these bytes.
	Verify(ctx context.Context, payload, bundle []byte) (Identity, error)
	// VerifyStatement wants a bundle that SignStatement could have made of these
	// bytes. What the statement is about is the caller's to compare: a statement
	// about another release is as well signed.
	VerifyStatement(ctx context.Context, statement, bundle []byte) (Identity, error)
}

// Identity is who signed.
type Identity struct {
	// Key is the SHA-256 of the public key (PKIX, DER) in hex; "" where a
	// certificate was given.
	Key string
	// Name and Issuer are the certificate's: for a workflow its file at a ref,
	// https://github.com/org/shop/.github/workflows/checkout.yml@refs/heads/main,
	// and GitHubIssuer.
	Name, Issuer string
	// SignedAt is when a log or a timestamp authority saw the signature; zero
	// where neither did.
	SignedAt time.Time
}

// String is "key sha256:…", or the name and its issuer.
func (i Identity) String() string {
	if i.Key != "" {
		return "key sha256:" + i.Key
	}
	return i.Name + " (issuer " + i.Issuer + ")"
}
