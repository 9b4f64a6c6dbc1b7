package sign

import (
	"context"
	"errors"
)

var errSoon = errors.New("soon")

// NewKeySigner opens a key. A KMS is asked for its public key at once.
func NewKeySigner(context.Context, KeyOptions) (Signer, error) { return nil, errSoon }

// NewKeylessSigner signs by an identity: each signature has a key of its own,
// that is forgotten, and a certificate for it.
func NewKeylessSigner(context.Context, KeylessOptions) (Signer, error) { return nil, errSoon }

// NewKeyVerifier believes what one key signed.
func NewKeyVerifier(context.Context, KeyOptions) (Verifier, error) { return nil, errSoon }

// NewIdentityVerifier believes what an identity signed.
func NewIdentityVerifier(IdentityOptions) (Verifier, error) { return nil, errSoon }
