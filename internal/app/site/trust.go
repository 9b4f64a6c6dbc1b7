package site

import (
	"context"
	"errors"
	"fmt"

	"github.com/org/checkout-deploy/internal/app/signing"
	"github.com/org/checkout-deploy/internal/sign"
)

// Signing is what signers and verifiers of this run are made with.
func (s *Site) Signing() signing.Signing {
	return signing.Signing{Run: s.Run, Dir: s.Dir, Sigstore: s.Config.Integrity.Sigstore}
}

// Trust has the target believe only markers that are signed by whom the
// environment requires; by nobody in particular if it requires nobody.
func (s *Site) Trust(ctx context.Context) error {
	v, err := s.Signing().Verifier(ctx, s.Env.Require.SignedBy, s.signers())
	if err != nil || v == nil {
		return err
	}
	s.Target.Marked = func(ctx context.Context, statement, bundle []byte) error {
		return s.verify(ctx, v, statement, bundle)
	}
	return nil
}

// verify wants a statement signed; nil stands for no bundle.
func (s *Site) verify(ctx context.Context, v sign.Verifier, statement, bundle []byte) error {
	if bundle == nil {
		return fmt.Errorf("it is not signed, and %s names who has to sign it", s.signers())
	}
	_, err := v.VerifyStatement(ctx, statement, bundle)
	return err
}

// Signed wants the signature of whom the environment requires on a record.
func (s *Site) Signed(ctx context.Context, record, bundle []byte) error {
	v, err := s.Signing().Verifier(ctx, s.Env.Require.SignedBy, s.signers())
	if err != nil || v == nil {
		return err
	}
	if bundle == nil {
		return errors.New("the release's record is not signed; have sri-manifest sign it (sign: keyless), and hand the folder over with its attestations")
	}
	who, err := v.Verify(ctx, record, bundle)
	if err != nil {
		return signing.Blame(fmt.Errorf("the signature of the release's record: %w", err), err)
	}
	s.Logf("the release's record is signed by %s", who)
	return nil
}

// StatementSigned wants the same on a statement.
func (s *Site) StatementSigned(ctx context.Context, statement, bundle []byte) error {
	v, err := s.Signing().Verifier(ctx, s.Env.Require.SignedBy, s.signers())
	if err != nil || v == nil {
		return err
	}
	if err := s.verify(ctx, v, statement, bundle); err != nil && bundle != nil {
		return signing.Blame(fmt.Errorf("its signature: %w", err), err)
	} else if err != nil {
		return err
	}
	return nil
}

// signers is the key that names who has to sign.
func (s *Site) signers() string { return "environments." + s.Env.Name + ".require.signed-by" }
