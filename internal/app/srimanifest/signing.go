package srimanifest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/sign"
)

// signed ends the name of a bundle, after that of the file it is of.
const signed = release.SignatureExtension

// maxKey bounds a key's file, and that of a trusted root.
const maxKey = 1 << 20

// signer makes signatures; its Signer is nil where none are asked for.
type signer struct{ sign.Signer }

// signer opens the key before anything is done, or finds out that the job may not
// sign.
func (j *job) signer(ctx context.Context) (s signer, err error) {
	if j.in.sign == unsigned {
		return s, nil
	}
	services, trust, err := j.sigstore()
	if err != nil {
		return s, action.Misuse(err)
	}
	if j.in.sign == byKey {
		options := j.keyOptions(j.in.key, services, trust)
		options.Password = []byte(j.in.password)
		s.Signer, err = sign.NewKeySigner(ctx, options)
		return s, signError(fmt.Errorf("key: %w", err), err)
	}
	url, _ := j.r.Lookup("ACTIONS_ID_TOKEN_REQUEST_URL")
	token, _ := j.r.Lookup("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if url == "" || token == "" {
		return s, &action.Error{
			Kind: action.Refused, Err: errors.New("sign: got keyless, but this job has no identity token"),
			Hint: "give the job `permissions: { id-token: write }`; a pull request from a fork never has it, nor has a laptop: use sign: none there",
		}
	}
	j.r.Mask(token)
	s.Signer, err = sign.NewKeylessSigner(ctx, sign.KeylessOptions{RequestURL: url, RequestToken: token, Services: services, Trust: trust})
	return s, signError(fmt.Errorf("sign: %w", err), err)
}

// signError says who has to do something about it; nil where cause is nil.
func signError(err, cause error) error {
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

func (j *job) keyOptions(reference string, services sign.Services, trust sign.Trust) sign.KeyOptions {
	return sign.KeyOptions{
		Reference: reference, Services: services, Trust: trust,
		ReadFile: func(name string) ([]byte, error) {
			data, err := j.file(name, maxKey)
			if errors.Is(err, fs.ErrNotExist) { // package sign says which
				err = fs.ErrNotExist
			}
			return data, err
		},
		Getenv: func(name string) string { value, _ := j.r.Lookup(name); j.r.Mask(value); return value },
	}
}

// sigstore is the deployment that the configuration names.
func (j *job) sigstore() (sign.Services, sign.Trust, error) {
	c := j.cfg.Integrity.Sigstore
	services := sign.Services{Fulcio: c.Fulcio, Rekor: c.Rekor, TSA: c.TSA}
	if c.TrustedRoot == "" {
		return services, sign.Trust{}, nil
	}
	root, err := j.file(c.TrustedRoot, maxKey)
	if err != nil {
		return services, sign.Trust{}, fmt.Errorf("integrity.sigstore.trusted-root: %w", err)
	}
	trust := sign.Trust{Root: root}
	if c.Rekor == "" && c.TSA != "" {
		trust.Entries, trust.SCTs = -1, -1
	}
	return services, trust, nil
}

// verifier judges signatures of whom the configuration names; nil for nobody.
func (j *job) verifier(ctx context.Context) (sign.Verifier, error) {
	by := j.cfg.Integrity.SignedBy
	if by.Empty() {
		return nil, nil //nolint:nilnil // nobody is named
	}
	_, trust, err := j.sigstore()
	if err != nil {
		return nil, action.Misuse(err)
	}
	var v sign.Verifier
	if by.Key != "" {
		v, err = sign.NewKeyVerifier(ctx, j.keyOptions(by.Key, sign.Services{}, trust))
	} else {
		v, err = sign.NewIdentityVerifier(sign.IdentityOptions{Identity: by.Identity, Issuer: by.Issuer, Trust: trust})
	}
	return v, signError(fmt.Errorf("integrity.signed-by: %w", err), err)
}

// signRelease signs the record and the statement that this run makes, before
// anything is in its place: a service that fails leaves all as it was. What others
// laid beside the record is theirs to sign.
func (j *job) signRelease(ctx context.Context, s signer, p *pinned, name string, statement release.Statement) (map[string][]byte, error) {
	if s.Signer == nil {
		return nil, nil
	}
	record, err := p.release.Encode()
	if err != nil {
		return nil, err
	}
	bundle, err := s.Sign(ctx, record)
	if err != nil {
		return nil, signError(fmt.Errorf("signing the record: %w", err), err)
	}
	bundles := map[string][]byte{release.StatementDir + "/" + release.RecordName + signed: bundle}
	data, err := statement.Encode()
	if err != nil {
		return nil, err
	}
	path := release.StatementDir + "/" + name + ".json" + signed
	if bundles[path], err = s.SignStatement(ctx, data); err != nil {
		return nil, signError(fmt.Errorf("signing the statement %s: %w", name, err), err)
	}
	j.r.Logf("signed: the record and its statement %s", name)
	return bundles, nil
}

// signPack signs the pack of evidence.
func (j *job) signPack(ctx context.Context, s signer, files outFiles) error {
	if s.Signer == nil {
		return nil
	}
	bundle, err := s.Sign(ctx, files[evidenceFile])
	if err != nil {
		return signError(fmt.Errorf("signing the evidence: %w", err), err)
	}
	files[evidenceFile+signed] = bundle
	return nil
}
