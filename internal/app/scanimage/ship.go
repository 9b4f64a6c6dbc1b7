package scanimage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/signing"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/sign"
	"github.com/org/checkout-deploy/internal/sign/predicate"
)

// signer makes signatures; its Signer is nil where none are asked for.
type signer struct{ sign.Signer }

// ship signs and attests the image that passed, verifies from the registry what a
// stranger would, and then moves the tags. The order is the promise: until the last
// step nobody who asks for a tag gets anything new.
func (j *job) ship(ctx context.Context, s *scanned, by signer) error {
	if by.Signer == nil || s.image == nil {
		return nil
	}
	if j.in.platforms != "" {
		return action.Misuse(errors.New("platforms: got some of the image's platforms and a signer, want all of them scanned: the signature is of the whole image"))
	}
	for _, one := range s.result.Reports {
		if len(one.Unscanned) > 0 {
			return j.unmoved(fmt.Errorf("%s was not scanned whole, and is not signed: %s", s.image.Name(), one.Unscanned[0]))
		}
	}
	signatures := s.image.Signatures()
	if signatures == nil {
		return action.Misuse(fmt.Errorf("sign: %s lies in no registry, where its signature would be", s.image.Name()))
	}
	stranger, err := j.stranger(ctx, by)
	if err != nil {
		return err
	}
	o := SignOptions{Signer: by.Signer, Known: stranger, Now: j.r.Now()}
	if o.Trust, err = j.signing().Trust(); err != nil {
		return action.Misuse(err)
	}
	for _, l := range j.in.layouts {
		o.Layouts = append(o.Layouts, string(l))
	}
	types, err := j.attestAll(ctx, s, signatures, o)
	if err != nil {
		return j.unmoved(err)
	}
	if err := signatures.Sign(ctx, o); err != nil {
		return j.unmoved(fmt.Errorf("signing %s: %w", s.image.Digest(), err))
	}
	for _, subject := range slices.Sorted(maps.Keys(types)) {
		verified, err := signatures.Verify(ctx, subject, stranger, types[subject])
		if err != nil {
			return j.unmoved(fmt.Errorf("verifying what was signed, as a stranger would: %w", err))
		}
		if subject == s.image.Digest() && len(verified.By) > 0 {
			j.r.Logf("%s is signed by %s, and has %s", subject, verified.By[0], count(len(verified.Attestations), "attestation"))
		}
	}
	return j.promote(ctx, s, signatures)
}

// unmoved says what did not happen.
func (j *job) unmoved(err error) error {
	err = blame(err)
	if len(j.tags) > 0 {
		return action.Explain(err, j.stay())
	}
	return err
}

// stay says what became of the tags: nothing.
func (j *job) stay() string {
	return "the tags stay where they were: " + strings.Join(j.tags, ", ")
}

// blame says who has to do something about a signature's error; what else went wrong
// is an answer.
func blame(err error) error {
	if errors.Is(err, sign.ErrRefused) || errors.Is(err, sign.ErrUnavailable) {
		return signing.Blame(err, err)
	}
	return err
}

// stranger is who others will believe: whom the configuration names, or this very
// key or workflow.
func (j *job) stranger(ctx context.Context, by signer) (sign.Verifier, error) {
	if who := j.cfg.Scan.Image.SignedBy; !who.Empty() {
		return j.signing().Verifier(ctx, who, "scan.image.signed-by")
	}
	if v, ok, err := sign.VerifierOf(by.Signer); ok || err != nil {
		return v, err
	}
	workflow, _ := j.r.Lookup("GITHUB_WORKFLOW_REF")
	if workflow == "" {
		return nil, action.Misuse(errors.New("sign: got keyless where GITHUB_WORKFLOW_REF is not set, and no scan.image.signed-by in the configuration, want one of them: nobody would know whom to believe"))
	}
	return j.signing().Verifier(ctx, config.SignedBy{Identity: j.server() + "/" + workflow, Issuer: config.GitHubIssuer}, "GITHUB_WORKFLOW_REF")
}

func (j *job) server() string {
	if server, ok := j.r.Lookup("GITHUB_SERVER_URL"); ok && server != "" {
		return server
	}
	return "https://github.com"
}

// attestAll attests what is known, and says of which manifest which types have to be
// there.
func (j *job) attestAll(ctx context.Context, s *scanned, signatures Signatures, o SignOptions) (map[string][]string, error) {
	all, err := j.statements(ctx, s)
	if err != nil {
		return nil, err
	}
	types := map[string][]string{s.image.Digest(): nil}
	for _, one := range all {
		if err := signatures.Attest(ctx, one.digest, one.kind, one.predicate, o); err != nil {
			return nil, fmt.Errorf("attesting %s of %s: %w", one.kind, one.digest, err)
		}
		if !slices.Contains(types[one.digest], one.kind) {
			types[one.digest] = append(types[one.digest], one.kind)
		}
	}
	return types, nil
}

// moved is a tag and where it led before.
type moved struct{ tag, before string }

// promote moves the tags, and back those that were moved where one fails.
func (j *job) promote(ctx context.Context, s *scanned, signatures Signatures) error {
	var tried []moved
	for _, tag := range j.tags {
		before, err := signatures.TagDigest(ctx, tag)
		if err == nil {
			tried = append(tried, moved{tag, before})
			err = signatures.Tag(ctx, s.image.Digest(), tag)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("moving the tag %s: %w", tag, err), j.moveBack(ctx, s.image.Digest(), tried, signatures))
		}
		j.r.Logf("%s:%s leads to %s; before, to %s", s.image.Repository(), tag, s.image.Digest(), orNothing(before))
	}
	if len(tried) > 0 {
		j.r.SetOutput("promoted", strings.Join(j.tags, ","))
	}
	return nil
}

// moveBack is done also where the run is cancelled. A tag that leads somewhere else
// by now is somebody else's.
func (j *job) moveBack(ctx context.Context, digest string, tried []moved, signatures Signatures) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	var errs []error
	for _, m := range slices.Backward(tried) {
		now, err := signatures.TagDigest(ctx, m.tag)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("where the tag %s leads is not known: %w", m.tag, err))
		case now != digest || m.before == digest:
		case m.before == "":
			errs = append(errs, fmt.Errorf("the tag %s is new, and leads to the image: a registry has no way to take a tag back", m.tag))
		default:
			if err := signatures.Tag(ctx, m.before, m.tag); err != nil {
				errs = append(errs, fmt.Errorf("moving the tag %s back: %w", m.tag, err))
			}
		}
	}
	return errors.Join(errs...)
}

func orNothing(digest string) string {
	if digest == "" {
		return "nothing"
	}
	return digest
}

// provenance is how the image was built, as far as this workflow can say it.
// What the image says of its base is the image's word, and left out.
func (j *job) provenance() ([]byte, error) {
	get := func(name string) string { v, _ := j.r.Lookup(name); return v }
	repository, workflow := j.server()+"/"+get("GITHUB_REPOSITORY"), get("GITHUB_WORKFLOW_REF")
	file, ref, _ := strings.Cut(strings.TrimPrefix(workflow, get("GITHUB_REPOSITORY")+"/"), "@")
	p := predicate.Provenance{
		Builder: j.server() + "/" + workflow, Repository: repository, Ref: ref, Commit: get("GITHUB_SHA"), Workflow: file,
		Event: get("GITHUB_EVENT_NAME"), RepositoryID: get("GITHUB_REPOSITORY_ID"), OwnerID: get("GITHUB_REPOSITORY_OWNER_ID"), Runner: get("RUNNER_ENVIRONMENT"),
		Run:      fmt.Sprintf("%s/actions/runs/%s/attempts/%s", repository, get("GITHUB_RUN_ID"), get("GITHUB_RUN_ATTEMPT")),
		Finished: j.r.Now().UTC().Truncate(time.Second),
	}
	return p.Predicate()
}
