package srimanifest

import (
	"context"
	"fmt"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/signing"
	"github.com/org/checkout-deploy/internal/finding"
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
	bundle, err := j.bundle(ctx, s, "the evidence", files[evidenceFile])
	if err != nil {
		return err
	}
	files[evidenceFile+signed] = bundle
	return nil
}

// bundle is the signature of what this run writes. What a later check reads it has to
// believe: a signer whom the configuration does not name would be refused there, long
// after anybody remembers what was changed.
func (j *job) bundle(ctx context.Context, s signer, what string, data []byte) ([]byte, error) {
	bundle, err := s.Sign(ctx, data)
	if err != nil {
		return nil, signError(fmt.Errorf("signing %s: %w", what, err), err)
	}
	if !j.isReadLater() {
		return bundle, nil
	}
	v, err := j.verifier(ctx)
	if v == nil || err != nil {
		return bundle, err
	}
	if _, err := v.Verify(ctx, data, bundle); err != nil {
		return nil, action.Explain(action.Misuse(fmt.Errorf("signing %s: integrity.signed-by names somebody else, so that the next check would not believe it: %w", what, err)),
			"sign as whom integrity.signed-by names, by the inputs sign and key, or name there who signs now")
	}
	return bundle, nil
}

// isReadLater says that a later check reads what this mode writes.
func (j *job) isReadLater() bool { return j.in.mode == ofLive || j.in.mode == ofBaseline }

// tellUnsigned tells of a pack or baseline that the next check will not believe.
func (j *job) tellUnsigned() {
	if j.in.sign != signing.Nobody || j.cfg.Integrity.SignedBy.Empty() || !j.isReadLater() {
		return
	}
	what := map[mode]string{ofLive: "pack of evidence", ofBaseline: "baseline"}[j.in.mode]
	j.found(finding.Finding{
		Rule: "live/unsigned", Severity: finding.Medium,
		Message: fmt.Sprintf("Nobody signs this %s (sign: none), and integrity.signed-by says who has to: the next check will not believe it", what),
		Hint:    "Give the input sign: keyless, or sign: key with the key of whom it names.",
	})
}
