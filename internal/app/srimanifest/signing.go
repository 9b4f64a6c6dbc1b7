package srimanifest

import (
	"context"
	"fmt"

	"github.com/org/checkout-deploy/internal/app/signing"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/sign"
)

// signed ends the name of a bundle, after that of the file it is of.
const signed = release.SignatureExtension

// signer makes signatures; its Signer is nil where none are asked for.
type signer struct{ sign.Signer }

func (j *job) signing() signing.Signing {
	return signing.Signing{Run: j.r, Dir: j.dir, Sigstore: j.cfg.Integrity.Sigstore}
}

// signer opens the key before anything is done, or finds out that the job may not
// sign.
func (j *job) signer(ctx context.Context) (s signer, err error) {
	s.Signer, err = j.signing().Signer(ctx, j.in.sign, j.in.key, j.in.password)
	return s, err
}

// verifier judges signatures of whom the configuration names; nil for nobody.
func (j *job) verifier(ctx context.Context) (sign.Verifier, error) {
	return j.signing().Verifier(ctx, j.cfg.Integrity.SignedBy, "integrity.signed-by")
}

// signError says who has to do something about it; nil where cause is nil.
func signError(err, cause error) error { return signing.Blame(err, cause) }

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
