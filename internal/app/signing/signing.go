// Package signing gives actions their signers and verifiers: by what inputs and
// the configuration name, and by what the job has.
package signing

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/sign"
)

// By is how records, statements and markers are signed.
type By string

// The ways to sign.
const (
	Nobody  By = "none"
	Key     By = "key"
	Keyless By = "keyless"
)

// Ways lists every By.
var Ways = []By{Nobody, Key, Keyless}

// maxKey bounds a key's file, and that of a trusted root.
const maxKey = 1 << 20

// Signing is what signers and verifiers of one run are made with.
type Signing struct {
	*action.Run
	Dir      string // the project, absolute
	Sigstore config.Sigstore
}

// Signer opens the key before anything is done, or finds out that the job may not
// sign. It is nil for Nobody.
func (s Signing) Signer(ctx context.Context, by By, key, password string) (signer sign.Signer, err error) {
	if by == Nobody {
		return nil, nil //nolint:nilnil // nobody signs
	}
	services, trust, err := s.deployment()
	if err != nil {
		return nil, action.Misuse(err)
	}
	if by == Key {
		options := s.options(key, services, trust)
		options.Password = []byte(password)
		signer, err = sign.NewKeySigner(ctx, options)
		return signer, Blame(fmt.Errorf("key: %w", err), err)
	}
	url, _ := s.Lookup("ACTIONS_ID_TOKEN_REQUEST_URL")
	token, _ := s.Lookup("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if url == "" || token == "" {
		return nil, &action.Error{
			Kind: action.Refused, Err: errors.New("sign: got keyless, but this job has no identity token"),
			Hint: "give the job `permissions: { id-token: write }`; a pull request from a fork never has it, nor has a laptop: use sign: none there",
		}
	}
	s.Mask(token)
	signer, err = sign.NewKeylessSigner(ctx, sign.KeylessOptions{RequestURL: url, RequestToken: token, Services: services, Trust: trust})
	return signer, Blame(fmt.Errorf("sign: %w", err), err)
}

// Verifier judges signatures of whom the configuration names at label; it is nil
// for nobody.
func (s Signing) Verifier(ctx context.Context, by config.SignedBy, label string) (v sign.Verifier, err error) {
	if by.Empty() {
		return nil, nil //nolint:nilnil // nobody is named
	}
	_, trust, err := s.deployment()
	if err != nil {
		return nil, action.Misuse(err)
	}
	if by.Key != "" {
		v, err = sign.NewKeyVerifier(ctx, s.options(by.Key, sign.Services{}, trust))
	} else {
		v, err = sign.NewIdentityVerifier(sign.IdentityOptions{Identity: by.Identity, Issuer: by.Issuer, Trust: trust})
	}
	return v, Blame(fmt.Errorf("%s: %w", label, err), err)
}

// Blame says who has to do something about an error; nil where cause is nil.
func Blame(err, cause error) error {
	switch {
	case cause == nil:
		return nil
	case errors.Is(cause, sign.ErrUnavailable):
		return &action.Error{Kind: action.Unavailable, Err: err}
	case errors.Is(cause, sign.ErrRefused):
		return &action.Error{Kind: action.Refused, Err: err}
	}
	return action.Misuse(err)
}

func (s Signing) options(reference string, services sign.Services, trust sign.Trust) sign.KeyOptions {
	return sign.KeyOptions{
		Reference: reference, Services: services, Trust: trust,
		ReadFile: s.file,
		Getenv:   func(name string) string { value, _ := s.Lookup(name); s.Mask(value); return value },
	}
}

func (s Signing) file(name string) ([]byte, error) {
	data, err := place.Read(s.Dir, s.Workspace(), name, maxKey)
	if errors.Is(err, fs.ErrNotExist) { // package sign says which
		err = fs.ErrNotExist
	}
	return data, err
}

// Trust is what the deployment's signatures are verified by.
func (s Signing) Trust() (sign.Trust, error) {
	_, trust, err := s.deployment()
	return trust, err
}

// deployment is the one of Sigstore that the configuration names.
func (s Signing) deployment() (sign.Services, sign.Trust, error) {
	c := s.Sigstore
	services := sign.Services{Fulcio: c.Fulcio, Rekor: c.Rekor, TSA: c.TSA}
	if c.TrustedRoot == "" {
		return services, sign.Trust{}, nil
	}
	root, err := place.Read(s.Dir, s.Workspace(), c.TrustedRoot, maxKey)
	if err != nil {
		return services, sign.Trust{}, fmt.Errorf("integrity.sigstore.trusted-root: %w", err)
	}
	trust := sign.Trust{Root: root}
	if c.Rekor == "" && c.TSA != "" {
		trust.Entries, trust.SCTs = -1, -1
	}
	return services, trust, nil
}
