package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/sign/predicate"
)

// maxStatement bounds a statement that is read, and its signature, in bytes.
const maxStatement = 16 << 20

// judged wants the verdicts on the release that the environment requires.
func (j *job) judged(ctx context.Context) error {
	return errors.Join(j.verdictOf(ctx, "gate", j.Env.Require.Gate), j.verdictOf(ctx, "scan", j.Env.Require.Scan))
}

func (j *job) verdictOf(ctx context.Context, name string, worst config.Verdict) error {
	if worst == "" {
		return nil
	}
	s, err := j.statement(ctx, name)
	if err != nil {
		return fmt.Errorf("require.%s: %w", name, err)
	}
	said, by, err := predicate.ReadTestResult(s.Predicate)
	switch {
	case s.Release != j.id:
		return fmt.Errorf("require.%s: the statement is about release %s, want this one, %s", name, s.Release, j.id)
	case s.PredicateType != predicate.TestResult:
		return fmt.Errorf("require.%s: got a statement of the type %q, want %s", name, s.PredicateType, predicate.TestResult)
	case err != nil:
		return fmt.Errorf("require.%s: the statement holds no result", name)
	case !slices.Contains(by, name):
		return fmt.Errorf("require.%s: the statement's configuration names %q, want one with the name %q", name, by, name)
	case said == "PASSED" || said == "WARNED" && worst == config.VerdictWarn:
		return nil
	}
	return fmt.Errorf("require.%s: got the result %q, want %s", name, cmp.Or(said, "none"), accepted[worst])
}

var accepted = map[config.Verdict]string{config.VerdictPass: "PASSED", config.VerdictWarn: "PASSED or WARNED"}

// statement reads one that lies beside the release, signed by whom the environment
// requires.
func (j *job) statement(ctx context.Context, name string) (s release.Statement, err error) {
	file := release.StatementDir + "/" + name + ".json"
	data, err := place.Read(j.dist, j.Workspace(), file, maxStatement)
	if errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("the release has no %s, and what was not looked at has not passed; have the job before hand the statement over", file)
	}
	if err != nil {
		return s, err
	}
	bundle, err := place.Read(j.dist, j.Workspace(), file+release.SignatureExtension, maxStatement)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	if err := j.StatementSigned(ctx, data, bundle); err != nil {
		return s, fmt.Errorf("%s: %w", file, err)
	}
	return release.ReadStatement(data)
}
