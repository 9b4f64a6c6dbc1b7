package scanimage

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/scan/result"
)

const (
	documentSchema = 1
	maxDocument    = 64 << 20 // bytes
)

// document is a scan as programs read it, and as a later one is compared with it:
// result.json. Of a secret it has the rule and the place.
type document struct {
	Schema    int            `json:"schema"`
	Artifact  string         `json:"artifact"`
	Digest    string         `json:"digest,omitempty"`
	Tool      string         `json:"tool"` // "checkout-deploy/scan-image 1.2.3"
	Trivy     string         `json:"trivy"`
	Scanned   time.Time      `json:"scanned"`
	Verdict   policy.Verdict `json:"verdict"`
	Why       []string       `json:"why,omitempty"`
	Counts    map[string]int `json:"counts"` // of findings, by severity
	Policy    policyDocument `json:"policy"`
	Databases []database     `json:"databases"`
	Reports   []platform     `json:"reports"`
	Findings  []entry        `json:"findings"`
	Aside     []asideEntry   `json:"aside"`
}

type database struct {
	Name    string    `json:"name"`
	Source  string    `json:"source"`
	Digest  string    `json:"digest,omitempty"`
	Updated time.Time `json:"updated"`
	Stale   string    `json:"stale,omitempty"`
}

type platform struct {
	Platform  string    `json:"platform,omitempty"`
	Digest    string    `json:"digest,omitempty"`
	OS        system    `json:"os"`
	Base      baseImage `json:"base"`
	Packages  int       `json:"packages"`
	Unscanned []string  `json:"unscanned"`
}

type system struct {
	Family    string `json:"family,omitempty"`
	Version   string `json:"version,omitempty"`
	EndOfLife bool   `json:"endOfLife,omitempty"`
}

type baseImage struct {
	Name    string    `json:"name,omitempty"`
	Digest  string    `json:"digest,omitempty"`
	Created time.Time `json:"created,omitzero"`
	Layers  int       `json:"layers,omitempty"`
}

// entry is a finding. Its key is made of kind, id, ecosystem, package and path.
type entry struct {
	Key        string      `json:"key"`
	Kind       result.Kind `json:"kind"`
	ID         string      `json:"id"`
	Severity   string      `json:"severity"` // "unrated" where nobody has rated it
	Fails      bool        `json:"fails"`
	Platforms  []string    `json:"platforms,omitempty"`
	Title      string      `json:"title,omitempty"`
	URL        string      `json:"url,omitempty"`
	Score      float64     `json:"score,omitempty"`
	Ecosystem  string      `json:"ecosystem,omitempty"`
	Package    string      `json:"package,omitempty"`
	Source     string      `json:"source,omitempty"`
	Version    string      `json:"version,omitempty"`
	Fixed      string      `json:"fixed,omitempty"`
	Status     string      `json:"status,omitempty"`
	PURL       string      `json:"purl,omitempty"`
	Direct     bool        `json:"direct,omitempty"`
	Category   string      `json:"category,omitempty"`
	Path       string      `json:"path,omitempty"`
	Line       int         `json:"line,omitempty"`
	EndLine    int         `json:"endLine,omitempty"`
	Layer      string      `json:"layer,omitempty"`
	FromBase   bool        `json:"fromBase,omitempty"`
	Message    string      `json:"message,omitempty"`
	Resolution string      `json:"resolution,omitempty"`
}

type asideEntry struct {
	entry
	Why    policy.Why `json:"why"`
	Owner  string     `json:"owner,omitempty"`
	Reason string     `json:"reason,omitempty"`
	Until  time.Time  `json:"until,omitzero"`
}

// documentOf encodes a scan as result.json. version is scan-image's, trivy the engine's.
func documentOf(j *policy.Judgement, r *result.Result, p policy.Policy, version, trivy string) ([]byte, error) {
	d := document{
		Schema: documentSchema, Artifact: r.Artifact, Digest: r.Digest, Tool: toolName + " " + version, Trivy: trivy,
		Scanned: p.Now.UTC(), Verdict: j.Verdict, Why: j.Why, Counts: countsOf(j), Policy: policyOf(p),
		Databases: []database{}, Reports: []platform{}, Findings: []entry{}, Aside: []asideEntry{},
	}
	for _, db := range r.Databases {
		d.Databases = append(d.Databases, database{db.Name, db.Source, db.Digest, db.Updated.UTC(), db.Stale})
	}
	for _, one := range r.Reports {
		d.Reports = append(d.Reports, platform{
			one.Platform, one.Digest, system(one.OS),
			baseImage{one.Base.Name, one.Base.Digest, one.Base.Created.UTC(), one.Base.Layers},
			one.Packages, append([]string{}, one.Unscanned...),
		})
	}
	for _, f := range j.Found {
		d.Findings = append(d.Findings, entryOf(f))
	}
	for _, a := range j.Aside {
		d.Aside = append(d.Aside, asideEntry{entryOf(a.One), a.Why, a.Owner, a.Reason, a.Until})
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(d); err != nil {
		return nil, fmt.Errorf("writing the result: %w", err)
	}
	if out.Len() > maxDocument {
		return nil, fmt.Errorf("writing the result: got %d bytes of %s, want at most %d", out.Len(), count(len(j.Found)+len(j.Aside), "finding"), maxDocument)
	}
	return out.Bytes(), nil
}

func countsOf(j *policy.Judgement) map[string]int {
	out := map[string]int{}
	for _, severity := range finding.Severities {
		out[word(severity)] = j.Count(severity)
	}
	return out
}

func entryOf(f policy.One) entry {
	e := entry{
		Kind: f.Kind, ID: f.ID, Severity: word(f.Severity), Fails: f.Fails, Title: f.Title, URL: f.URL, Score: f.Score,
		Ecosystem: f.Ecosystem, Package: f.Package, Source: f.Source, Version: f.Version, Fixed: f.Fixed, Status: f.Status,
		PURL: f.PURL, Direct: f.Direct, Category: f.Category, Path: f.Path, Line: f.Line, EndLine: f.EndLine,
		Layer: f.Layer, FromBase: f.FromBase, Message: f.Message, Resolution: f.Resolution,
	}
	// JSON has no other text, and the key is that of what is written.
	for _, text := range []*string{&e.ID, &e.Ecosystem, &e.Package, &e.Path} {
		*text = strings.ToValidUTF8(*text, "\ufffd")
	}
	e.Key = keyOf(e.finding())
	e.Platforms = slices.DeleteFunc(slices.Clone(f.Platforms), func(p string) bool { return p == "" })
	return e
}

// keyOf is a finding's Key as a word: its name in result.json and in SARIF.
func keyOf(f result.Finding) string {
	sum := sha256.Sum256([]byte(f.Key()))
	return hex.EncodeToString(sum[:16])
}

// finding is as much of one as its key is made of.
func (e entry) finding() result.Finding {
	return result.Finding{Kind: e.Kind, ID: e.ID, Ecosystem: e.Ecosystem, Package: e.Package, Path: e.Path, Line: e.Line}
}

// errNoDocument is of a file that is something else than a result.json.
var errNoDocument = errors.New("no result.json of scan-image")

// readDocument gives the findings that a result.json makes known, by Key, as
// Policy.Known has them.
func readDocument(data []byte) (map[string]bool, error) {
	if err := checkHead(data); err != nil {
		return nil, fmt.Errorf("reading a result: %w", err)
	}
	d := &document{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(d); err != nil {
		return nil, fmt.Errorf("reading a result: %w", err)
	}
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("reading a result: %w", err)
	}
	return d.known(), nil
}

// checkHead says whether it is one at all, and of this version.
func checkHead(data []byte) error {
	var head struct {
		Schema        *int             `json:"schema"`
		SchemaVersion *json.RawMessage `json:"SchemaVersion"`
		Runs          *json.RawMessage `json:"runs"`
	}
	switch err := json.Unmarshal(data, &head); {
	case len(bytes.TrimSpace(data)) == 0:
		return fmt.Errorf("got an empty file: %w", errNoDocument)
	case err != nil:
		return fmt.Errorf("%w: %w", errNoDocument, err)
	case head.SchemaVersion != nil:
		return fmt.Errorf("got a report of Trivy's: %w", errNoDocument)
	case head.Runs != nil:
		return fmt.Errorf("got SARIF: %w", errNoDocument)
	case head.Schema == nil:
		return fmt.Errorf("got JSON without schema: %w", errNoDocument)
	case *head.Schema != documentSchema:
		return fmt.Errorf("got schema %d, want %d: scan what it is about again with this version", *head.Schema, documentSchema)
	case len(data) > maxDocument:
		return fmt.Errorf("got %d bytes, want at most %d", len(data), maxDocument)
	}
	return nil
}

// check refuses findings that were not written so: one that is not known again would
// make an old finding a new one, and the other way round.
func (d *document) check() error {
	var errs []error
	wrong := func(in string, i int, e entry) {
		const most = 10
		switch {
		case len(errs) > most:
		case len(errs) == most:
			errs = append(errs, errors.New("and more"))
		case !slices.Contains(result.Kinds, e.Kind):
			errs = append(errs, fmt.Errorf("%s[%d]: got the kind %q, want one of %q", in, i, e.Kind, result.Kinds))
		case e.Key != keyOf(e.finding()):
			errs = append(errs, fmt.Errorf("%s[%d]: got the key %q, want %s, as its kind, id, ecosystem, package and path make it", in, i, e.Key, keyOf(e.finding())))
		}
	}
	for i, e := range d.Findings {
		wrong("findings", i, e)
	}
	for i, e := range d.Aside {
		wrong("aside", i, e.entry)
		if !slices.Contains(policy.Whys, e.Why) && len(errs) == 0 {
			errs = append(errs, fmt.Errorf("aside[%d]: got the reason %q, want one of %q", i, e.Why, policy.Whys))
		}
	}
	return errors.Join(errs...)
}

// known are the keys of what is not new for a later scan, as Policy.Known has them.
// What somebody answered for, or nobody had fixed, is new when that is over.
func (d *document) known() map[string]bool {
	known := map[string]bool{}
	for _, e := range d.Findings {
		known[e.finding().KnownKey()] = true
	}
	for _, e := range d.Aside {
		if e.Why == policy.Known {
			known[e.finding().KnownKey()] = true
		}
	}
	return known
}
