package deploy

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/release"
)

// testResult is the predicate of a verdict, whoever gave it: PASSED, WARNED or FAILED.
// Its configuration names what was judged by: a gate's is no scan's.
// https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md.
const testResult = "https://in-toto.io/attestation/test-result/v0.1"

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
	said, by, err := resultOf(s.Predicate)
	switch {
	case s.Release != j.id:
		return fmt.Errorf("require.%s: the statement is about release %s, want this one, %s", name, s.Release, j.id)
	case s.PredicateType != testResult:
		return fmt.Errorf("require.%s: got a statement of the type %q, want %s", name, s.PredicateType, testResult)
	case err != nil:
		return fmt.Errorf("require.%s: the statement holds no result", name)
	case !slices.Contains(by, name):
		return fmt.Errorf("require.%s: the statement's configuration names %q, want one with the name %q", name, by, name)
	case said == "PASSED" || said == "WARNED" && worst == config.VerdictWarn:
		return nil
	}
	return fmt.Errorf("require.%s: got the result %q, want %s", name, cmp.Or(said, "none"), accepted[worst])
}

// resultOf reads the result, and the names of what it was made by, as the members are
// spelled: encoding/json takes "Result" for one too, and of two the last.
func resultOf(predicate json.RawMessage) (result string, by []string, err error) {
	v, err := release.ParseJSON(string(predicate))
	result = memberOf(v, "result").Text
	for _, c := range memberOf(v, "configuration").Members {
		by = append(by, memberOf(c.JSON, "name").Text)
	}
	return result, by, err
}

func memberOf(v release.JSON, name string) release.JSON {
	for _, m := range v.Members {
		if m.Name == name {
			return m.JSON
		}
	}
	return release.JSON{}
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
