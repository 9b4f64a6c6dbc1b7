package image

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/org/checkout-deploy/internal/sign"
)

// Policy says what has to be there.
type Policy struct {
	// By is whose signatures count, of the image and of what is attested.
	By sign.Verifier
	// Predicates are the types of attestations that have to be there, besides a
	// signature.
	Predicates []string
}

// Verified is what a policy's signer says of an image.
type Verified struct {
	// Signatures has one at least.
	Signatures []Signature
	// Attestations are those of the types that the policy names, of each type one at
	// least, in the order in which they were found: which of several is the newest
	// their predicates may say. The same one in both layouts counts once.
	Attestations []Attestation
	// Types are those of all attestations by this signer, sorted.
	Types []string
}

// Signature is one that counts.
type Signature struct {
	By     sign.Identity
	Layout Layout
}

// Attestation is one that counts. What its predicate says is the caller's to judge.
type Attestation struct {
	PredicateType string
	Predicate     []byte // JSON
	By            sign.Identity
	Layout        Layout
}

// Verify reads both layouts; whatever verifies in one of them counts. It fails with
// sign.ErrRefused where the registry does not have what the policy wants, which is
// ErrMissing too where there is no such thing by anybody; and with
// sign.ErrUnavailable where something wanted is not there and something else could
// not be read.
func (r *Registry) Verify(ctx context.Context, digest name.Digest, p Policy) (Verified, error) {
	if p.By == nil {
		return Verified{}, errors.New("got nobody whose signatures count")
	}
	s, err := r.exists(ctx, digest)
	if err != nil {
		return Verified{}, err
	}
	v := &survey{image: s, policy: p, rejected: map[string][]error{}}
	for _, read := range r.readers() {
		more, err := read(ctx, digest, func(f *found) { v.take(ctx, f) })
		if ctx.Err() != nil {
			return Verified{}, fmt.Errorf("verifying %s: %w", digest, ctx.Err())
		}
		v.unread(err, more)
	}
	slices.Sort(v.verified.Types)
	return v.verdict()
}

// reader hands on one thing at a time: each may be large.
type reader func(context.Context, name.Digest, func(*found)) (more int, err error)

func (r *Registry) readers() []reader {
	return []reader{r.bundles, r.tagReader(true), r.tagReader(false)}
}

func (r *Registry) tagReader(signatures bool) reader {
	return func(ctx context.Context, d name.Digest, use func(*found)) (int, error) {
		return r.olds(ctx, d, signatures, use)
	}
}

// judge believes what is signed by somebody who counts, about this image.
func judge(ctx context.Context, by sign.Verifier, f *found, h v1.Hash) (sign.Identity, error) {
	if f.broken != nil {
		return sign.Identity{}, f.broken
	}
	if f.layout == Tag {
		by = sign.AcceptOld(by)
	}
	verify := by.VerifyStatement
	if f.layout == Tag && f.claim.isSignature() {
		verify = by.Verify
	}
	id, err := verify(ctx, f.payload, f.bundle)
	if err != nil {
		return sign.Identity{}, err
	}
	return id, f.isAbout(h)
}

// known looks for a claim that is there already, by somebody who counts.
func (r *Registry) known(ctx context.Context, s subject, c claim, layout Layout, by sign.Verifier) (Written, bool, error) {
	if by == nil {
		return Written{}, false, nil
	}
	var read reader = r.bundles
	if layout == Tag {
		read = r.tagReader(c.isSignature())
	}
	written := Written{Layout: layout, Subject: s.digest}
	_, err := read(ctx, s.digest, func(f *found) {
		if written.Existing || !f.claim.same(c) {
			return
		}
		if _, err := judge(ctx, by, f, s.desc.Digest); err == nil {
			written.Place, written.Existing = f.place, true
		}
	})
	return written, written.Existing, err
}

// survey is what was found beside an image.
type survey struct {
	image    subject
	policy   Policy
	verified Verified
	rejected map[string][]error // by predicate type; "" of what can't be read
	more     int
	lost     error // a part of the registry that could not be read
}

func (v *survey) unread(err error, more int) {
	v.more += more
	if err == nil {
		return
	}
	v.rejected[""] = append(v.rejected[""], err)
	if errors.Is(err, sign.ErrUnavailable) {
		v.lost = err
	}
}

func (v *survey) take(ctx context.Context, f *found) {
	id, err := judge(ctx, v.policy.By, f, v.image.desc.Digest)
	switch {
	case err != nil:
		if errors.Is(err, sign.ErrUnavailable) {
			v.lost = err
		}
		v.rejected[f.claim.predicateType] = append(v.rejected[f.claim.predicateType], fmt.Errorf("%s: %w", f.at, err))
	case f.claim.isSignature():
		v.verified.Signatures = append(v.verified.Signatures, Signature{id, f.layout})
	default:
		v.attested(f, id)
	}
}

func (v *survey) attested(f *found, id sign.Identity) {
	if !slices.Contains(v.verified.Types, f.claim.predicateType) {
		v.verified.Types = append(v.verified.Types, f.claim.predicateType)
	}
	if !slices.Contains(v.policy.Predicates, f.claim.predicateType) {
		return
	}
	for _, a := range v.verified.Attestations {
		if f.claim.same(claim{a.PredicateType, a.Predicate}) {
			return
		}
	}
	v.verified.Attestations = append(v.verified.Attestations, Attestation{f.claim.predicateType, f.claim.predicate, id, f.layout})
}

// verdict tells all that is wanted and not there, at once.
func (v *survey) verdict() (Verified, error) {
	var problems []string
	absent := true // nothing of it is there by anybody
	want := func(c claim) {
		list := slices.Concat(v.rejected[c.predicateType], v.rejected[""])
		absent = absent && len(list) == 0 && v.more == 0
		problems = append(problems, v.problem(c, list))
	}
	if len(v.verified.Signatures) == 0 {
		want(claim{predicateType: SignatureType})
	}
	for _, wanted := range v.policy.Predicates {
		if !slices.Contains(v.verified.Types, wanted) {
			want(claim{predicateType: wanted})
		}
	}
	if len(problems) == 0 {
		return v.verified, nil
	}
	text := v.image.digest.String() + ": " + strings.Join(problems, "; ")
	switch {
	case v.lost != nil:
		return Verified{}, unavailable("%s", text)
	case absent:
		return Verified{}, missing("%s", text)
	default:
		return Verified{}, refuse("%s", text)
	}
}

// What an error tells of one claim: of how many things beside the image, and how
// many letters of each.
const (
	maxReasons = 5
	maxReason  = 1000
)

func (v *survey) problem(c claim, reasons []error) string {
	var b strings.Builder
	fmt.Fprintf(&b, "got no %s that counts, want one by %v", c.what(), v.policy.By)
	for i, reason := range reasons {
		if i == maxReasons {
			fmt.Fprintf(&b, ", and %d more", len(reasons)-i)
			break
		}
		fmt.Fprintf(&b, "\n\t%.*s", maxReason, reason)
	}
	if len(reasons) == 0 {
		b.WriteString(", and there is none by anybody")
	}
	if v.more > 0 {
		fmt.Fprintf(&b, "\n\t%d more beside the image were not read; %d of each layout are", v.more, maxRead)
	}
	if types := v.types(); len(types) > 0 && !c.isSignature() {
		fmt.Fprintf(&b, "\n\tthe attestations there are of these types (%d): %s", len(types), strings.Join(types[:min(len(types), maxReasons)], ", "))
	}
	return b.String()
}

// types are those of attestations that are there, believed or not.
func (v *survey) types() []string {
	all := slices.Clone(v.verified.Types)
	for t := range v.rejected {
		if t != "" && t != SignatureType {
			all = append(all, quote(t))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
