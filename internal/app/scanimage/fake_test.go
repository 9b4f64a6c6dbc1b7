package scanimage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/scan/result"
	"github.com/org/checkout-deploy/internal/scan/secrets"
	"github.com/org/checkout-deploy/internal/sign"
)

// tools are Tools that know one registry, and keep what is asked of them in order.
type tools struct {
	t       *testing.T
	secrets func(opts secrets.Options) (*secrets.Result, error)
	// images are by reference, and what is found in them.
	images map[string]*fakeImage
	folder result.Report
	asked  []string
	opened EngineOptions
	err    error // of the engine
}

func (f *tools) ask(format string, args ...any) {
	f.asked = append(f.asked, fmt.Sprintf(format, args...))
}

func (f *tools) Secrets(_ context.Context, root *os.Root, opts secrets.Options) (*secrets.Result, error) {
	if _, err := root.Stat("app.js"); err != nil {
		f.t.Errorf("got another folder: %v", err)
	}
	if f.secrets == nil {
		return &secrets.Result{Files: 1, Bytes: 2}, nil
	}
	found, err := f.secrets(opts)
	if found != nil {
		found.Sort()
	}
	return found, err
}

func (f *tools) Open(_ context.Context, reference string, o ImageOptions) (Image, error) {
	img, ok := f.images[reference]
	if !ok {
		return nil, fmt.Errorf("reading %s: the registry answered 404", reference)
	}
	img.tools, img.name, img.options = f, reference, o
	f.ask("open %s", reference)
	return img, nil
}

func (f *tools) Engine(_ context.Context, o EngineOptions) (Engine, error) {
	f.opened = o
	if f.err != nil {
		return nil, f.err
	}
	f.ask("engine %v", o.Kinds)
	return fakeEngine{f}, nil
}

func (f *tools) Read(data []byte) (result.Report, error) {
	if !bytes.HasPrefix(data, []byte(`{"SchemaVersion":2`)) {
		return result.Report{}, errors.New("reading a report: got something else")
	}
	return result.Report{Findings: []result.Finding{flaw("CVE-1", "high")}}, nil
}

type fakeEngine struct{ *tools }

func (e fakeEngine) scan(r result.Report) Scan {
	r.Findings = slices.Clone(r.Findings)
	r.JSON = []byte(`{"SchemaVersion":2,"Results":[{"Class":"secret","Secrets":[{"Match":"hunter2"}]},{"Class":"os-pkgs","Vulnerabilities":[]}]}`)
	return Scan{Report: r, Write: func(_ context.Context, w io.Writer, format string) error {
		_, err := fmt.Fprintf(w, `{"format":%q}`, format)
		return err
	}}
}

func (e fakeEngine) Image(_ context.Context, img Image) (all []Scan, err error) {
	of := img.(*fakeImage)
	e.ask("scan %s", of.digest)
	for _, p := range of.Platforms() {
		r := of.report
		r.Platform, r.Digest = p.Name, p.Digest
		all = append(all, e.scan(r))
	}
	all[0].Report.Unscanned = append(all[0].Report.Unscanned, of.left...)
	return all, of.err
}

func (e fakeEngine) Folder(context.Context, string, string) (Scan, error) {
	e.ask("scan folder")
	return e.scan(e.folder), nil
}

func (e fakeEngine) Databases() []result.Database {
	return []result.Database{{Name: "vulnerabilities", Source: "registry.example/db:2", Digest: "sha256:" + strings.Repeat("d", 64), Updated: time.Date(2026, 11, 26, 6, 0, 0, 0, time.UTC)}}
}

func (e fakeEngine) Compare(_, a, b string) int { return strings.Compare(a, b) }
func (e fakeEngine) Close() error               { e.ask("close engine"); return nil }

// fakeImage is an image in a registry.
type fakeImage struct {
	tools     *tools
	options   ImageOptions
	name      string
	digest    string
	platforms []Platform
	left      []string
	report    result.Report
	err       error
	onDisk    bool

	tags     map[string]string
	signed   []string
	attested map[string][]Attestation // by digest
	refuse   string                   // what fails: "sign", "attest", "verify", "tag NAME"
}

func (i *fakeImage) Name() string       { return i.name }
func (i *fakeImage) Repository() string { return "ghcr.io/org/shop" }
func (i *fakeImage) Digest() string     { return i.digest }
func (i *fakeImage) Left() []string     { return i.left }
func (i *fakeImage) Close() error       { i.tools.ask("close image"); return nil }

func (i *fakeImage) Platforms() []Platform {
	if i.platforms == nil {
		return []Platform{{"linux/amd64", i.digest}}
	}
	return i.platforms
}

func (i *fakeImage) Signatures() Signatures {
	if i.onDisk {
		return nil
	}
	return i
}

func (i *fakeImage) fails(what string) error {
	if i.refuse == what {
		return fmt.Errorf("the registry refuses to %s: %w", what, sign.ErrUnavailable)
	}
	return nil
}

func (i *fakeImage) Sign(_ context.Context, o SignOptions) error {
	i.tools.ask("sign %s %v", i.digest, o.Layouts)
	if err := i.fails("sign"); err != nil {
		return err
	}
	if o.Signer == nil || o.Known == nil {
		return errors.New("got no signer, or nobody who is known")
	}
	i.signed = append(i.signed, i.digest)
	for _, p := range i.Platforms() {
		i.signed = append(i.signed, p.Digest)
	}
	return nil
}

func (i *fakeImage) Attest(_ context.Context, digest, predicateType string, predicate []byte, _ SignOptions) error {
	i.tools.ask("attest %s %s", digest, predicateType)
	if err := i.fails("attest"); err != nil {
		return err
	}
	if i.attested == nil {
		i.attested = map[string][]Attestation{}
	}
	i.attested[digest] = append(i.attested[digest], Attestation{predicateType, predicate})
	return nil
}

func (i *fakeImage) Verify(_ context.Context, digest string, by sign.Verifier, types []string) (v Verified, err error) {
	i.tools.ask("verify %s %v", digest, types)
	if err := i.fails("verify"); err != nil {
		return v, err
	}
	if by == nil || !slices.Contains(i.signed, digest) {
		return v, fmt.Errorf("%s has no signature that counts: %w", digest, sign.ErrRefused)
	}
	for _, kind := range types {
		n := len(v.Attestations)
		for _, a := range i.attested[digest] {
			if a.Type == kind {
				v.Attestations = append(v.Attestations, a)
			}
		}
		if len(v.Attestations) == n {
			return v, fmt.Errorf("%s has no attestation of the type %s: %w", digest, kind, sign.ErrRefused)
		}
	}
	v.By = []sign.Identity{{Key: "k"}}
	return v, nil
}

func (i *fakeImage) TagDigest(_ context.Context, tag string) (string, error) { return i.tags[tag], nil }

func (i *fakeImage) Tag(_ context.Context, digest, tag string) error {
	i.tools.ask("tag %s %s", tag, digest)
	if err := i.fails("tag " + tag); err != nil {
		return err
	}
	if i.tags == nil {
		i.tags = map[string]string{}
	}
	i.tags[tag] = digest
	return nil
}

// ran is what a run left.
type ran struct {
	code     int
	out, log string
}

func (f *tools) run(dir string, env []string, args ...string) ran {
	f.t.Helper()
	a := Action(f)
	if err := a.Check(); err != nil {
		f.t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	c := &action.Command{Args: args, Dir: dir, Stdout: &stdout, Stderr: &stderr, Env: env, Now: func() time.Time { return time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC) }}
	code := c.Run(f.t.Context(), a)
	return ran{code, stdout.String(), stderr.String()}
}
