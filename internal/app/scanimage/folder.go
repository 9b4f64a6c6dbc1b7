package scanimage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/handover"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/scan/result"
	"github.com/org/checkout-deploy/internal/scan/secrets"
)

// scanFolder looks for secrets by itself, as that says what it did not look at, and
// leaves all else to the engine.
func (j *job) scanFolder(ctx context.Context, engine Engine) (s Scan, err error) {
	kinds := j.kinds(true)
	if j.isRelease() {
		if err := j.identify(ctx); err != nil {
			return s, err
		}
	}
	if slices.ContainsFunc(kinds, func(k result.Kind) bool { return k != result.Secret }) {
		if s, err = engine.Folder(ctx, j.folder, j.r.Shown(j.folder)); err != nil {
			return s, err
		}
		only(&s.Report, slices.DeleteFunc(slices.Clone(kinds), func(k result.Kind) bool { return k == result.Secret }))
	}
	if slices.Contains(kinds, result.Secret) {
		err = j.secrets(ctx, &s.Report)
	}
	return s, err
}

// identify reads the release's id, and compares every file with the record: a verdict
// is about what the record lists, and about nothing that lies beside it.
func (j *job) identify(ctx context.Context) error {
	data, err := os.ReadFile(filepath.Join(j.folder, release.RecordName))
	if err != nil {
		return err
	}
	if _, err := release.Read(bytes.NewReader(data)); err != nil {
		return action.Misuse(fmt.Errorf("%s: %w", release.RecordName, err))
	}
	id := release.DigestOf(data)
	if _, err := handover.Check(ctx, j.folder, id); err != nil {
		return j.r.In(j.folder, err)
	}
	j.release = id
	return nil
}

// secrets adds what is found of them.
func (j *job) secrets(ctx context.Context, report *result.Report) (err error) {
	root, err := os.OpenRoot(j.folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	opts := secrets.Options{Everything: j.isRelease(), SkipDirs: listOf(j.in.skipDirs)}
	found, err := j.in.tools.Secrets(ctx, root, opts)
	if err != nil {
		return fmt.Errorf("looking for secrets: %w", err)
	}
	if found.Files == 0 && len(found.Findings) == 0 {
		return errors.New("no file was scanned for secrets, so it is not known to be clean")
	}
	for _, f := range found.Findings {
		report.Findings = append(report.Findings, result.Finding{
			Kind: result.Secret, ID: strings.TrimPrefix(f.Rule, "secret/"), Severity: f.Severity, Title: strings.TrimPrefix(f.Message, "got what looks like a secret: "),
			Resolution: f.Hint, Path: f.Location.Path, Line: f.Location.Line, Column: f.Location.Column, EndLine: f.Location.EndLine,
		})
	}
	result.Sort(report.Findings)
	report.Unscanned = append(report.Unscanned, unscanned(found, opts)...)
	j.r.Logf("%s: %s", j.r.Shown(j.folder), tellSecrets(found))
	return nil
}

// maxNamed bounds how many files are named that were not scanned.
const maxNamed = 100

// unscanned says what might hold a secret and was not looked at to the end.
func unscanned(found *secrets.Result, opts secrets.Options) (all []string) {
	left := found.Left(secrets.Unknown...)
	for _, l := range left[:min(len(left), maxNamed)] {
		why := fmt.Sprintf("the file is larger than %d MiB", opts.Limit()>>20)
		if l.Why == secrets.TooMany {
			why = "the file is full of what looks like secrets, and was not scanned to the end"
		}
		all = append(all, fmt.Sprintf("%s was not scanned for secrets: %s", strconv.Quote(l.Path), why))
	}
	if more := len(left) - maxNamed; more > 0 {
		all = append(all, fmt.Sprintf("and %d files more", more))
	}
	return all
}

// tellSecrets is the scan in a sentence. Nothing is called clean that was not scanned.
func tellSecrets(found *secrets.Result) string {
	what := "no secrets"
	if n := len(found.Findings); n > 0 {
		what = count(n, "secret")
	}
	text := fmt.Sprintf("%s in the %s (%d bytes) that were scanned", what, count(found.Files, "file"), found.Bytes)
	var left []string
	for _, why := range secrets.Whys {
		if n := len(found.Left(why)); n > 0 {
			left = append(left, fmt.Sprintf("%d %s", n, why))
		}
	}
	if len(left) > 0 {
		text += "; not scanned: " + strings.Join(left, ", ")
	}
	return text
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
