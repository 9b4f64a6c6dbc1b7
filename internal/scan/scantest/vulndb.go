// Package scantest makes what a scan looks things up in: databases as Trivy expects
// them, built from a few plain values and served from a registry.
package scantest

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/db"
	"github.com/aquasecurity/trivy-db/pkg/metadata"
	"github.com/aquasecurity/trivy-db/pkg/types"
	bolt "go.etcd.io/bbolt"
)

// The buckets of the database that the fixtures fill.
const (
	Debian12 = "debian 12"
	NPM      = "npm::GitHub Security Advisory npm"
	Go       = "go::GitHub Security Advisory Go"
)

// sources are where advisories say that they come from.
var sources = map[string]types.DataSource{
	Debian12: {ID: "debian", Name: "Debian Security Tracker", URL: "https://salsa.debian.org/security-tracker-team/security-tracker"},
	NPM:      {ID: "ghsa", Name: "GitHub Security Advisory npm", URL: "https://github.com/advisories?query=type%3Areviewed+ecosystem%3Anpm"},
	Go:       {ID: "ghsa", Name: "GitHub Security Advisory Go", URL: "https://github.com/advisories?query=type%3Areviewed+ecosystem%3Ago"},
}

// Advisory is one vulnerability of one package.
type Advisory struct {
	Bucket  string // Debian12, NPM, Go, or another's exact name
	Package string // of Debian the source package's name
	ID      string // "CVE-2026-10001"
	// Fixed is the version that has the fix, of a distribution's package; "" for none.
	Fixed string
	// Vulnerable and Patched are ranges of a library's versions, "<4.17.21".
	Vulnerable, Patched []string
	Status              types.Status
	Severity            types.Severity
}

// Installed is a package that advisories are made for.
type Installed struct{ Name, Version string }

// id keeps the advisories of two versions of a package apart.
func (p Installed) id() string { return p.Name + "@" + p.Version }

// Advise makes advisories that hit every one of the packages, one or two each, the
// same for the same packages. Their severities are all that there are, and a third
// has no fix, in every state that means.
func Advise(bucket string, packages ...Installed) []Advisory {
	var all []Advisory
	for _, p := range packages {
		for n := range 1 + pick(p.id(), "count", 3)/2 {
			all = append(all, advise(bucket, p, n))
		}
	}
	return all
}

func advise(bucket string, p Installed, n int) Advisory {
	salt := fmt.Sprint(bucket, n)
	a := Advisory{
		Bucket: bucket, Package: p.Name,
		ID:       fmt.Sprintf("CVE-%d-%d", 2023+n, 10_000+pick(p.id(), salt, 989_999)),
		Severity: types.Severity(pick(p.id(), salt+"severity", 5)),
	}
	fixed := pick(p.id(), salt+"fixed", 3) > 0
	switch {
	case bucket == Debian12 && fixed:
		a.Fixed = p.Version + "+deb12u9"
	case bucket == Debian12:
		a.Status = []types.Status{types.StatusAffected, types.StatusWillNotFix, types.StatusFixDeferred, types.StatusEndOfLife}[pick(p.id(), salt+"status", 4)]
	case fixed:
		next := following(p.Version)
		a.Vulnerable, a.Patched = []string{"<" + next}, []string{next}
	default:
		a.Vulnerable = []string{"<=" + strings.TrimPrefix(p.Version, "v")}
	}
	return a
}

// following is the next release of a semantic version: 1.2.4 after 1.2.3.
func following(version string) string {
	var major, minor, patch int
	_, _ = fmt.Sscanf(strings.TrimPrefix(version, "v"), "%d.%d.%d", &major, &minor, &patch) // what is no number is 0
	return fmt.Sprintf("%d.%d.%d", major, minor, patch+1)
}

// pick is a number below n that hangs on the words alone.
func pick(id, salt string, n uint32) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id + "\x00" + salt)) // a hash takes everything
	return int(h.Sum32() % n)
}

// detail is what is known of a vulnerability, whatever package it is in.
func detail(a Advisory) types.Vulnerability {
	published := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, pick(a.ID, "day", 300))
	modified := published.AddDate(0, 0, 14)
	source := sources[a.Bucket].ID
	v := types.Vulnerability{
		Title:       fmt.Sprintf("%s: out-of-bounds read in %s", a.Package, []string{"parser", "decoder", "resolver", "handshake"}[pick(a.ID, "place", 4)]),
		Description: fmt.Sprintf("A flaw was found in %s. Input that an attacker chooses makes it read past the end of a buffer, which ends the process or tells parts of its memory.", a.Package),
		CweIDs:      []string{"CWE-125"},
		References: []string{
			"https://nvd.nist.gov/vuln/detail/" + a.ID,
			"https://security.example.com/" + strings.ToLower(a.ID),
		},
		PublishedDate:    &published,
		LastModifiedDate: &modified,
	}
	if a.Severity == types.SeverityUnknown {
		return v
	}
	score := map[types.Severity]float64{types.SeverityLow: 3.1, types.SeverityMedium: 5.9, types.SeverityHigh: 7.5, types.SeverityCritical: 9.8}[a.Severity]
	v.VendorSeverity = types.VendorSeverity{"nvd": a.Severity, source: a.Severity}
	v.CVSS = types.VendorCVSS{"nvd": {V3Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", V3Score: score}}
	return v
}

// stored is an advisory as trivy-db keeps it.
func stored(a Advisory) *types.Advisory {
	return &types.Advisory{FixedVersion: a.Fixed, VulnerableVersions: a.Vulnerable, PatchedVersions: a.Patched, Status: a.Status}
}

// VulnDB builds Trivy's vulnerability database and returns its folder, which holds
// trivy.db and metadata.json. It was built at that time, and the next one is due a
// day later.
func VulnDB(t testing.TB, updated time.Time, advisories ...Advisory) string {
	t.Helper()
	dir := t.TempDir()
	file, err := bolt.Open(filepath.Join(dir, "trivy.db"), 0o644, &bolt.Options{NoSync: true, NoFreelistSync: true})
	if err != nil {
		t.Fatal(err)
	}
	err = file.Update(func(tx *bolt.Tx) error { return put(tx, advisories) })
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	Metadata(t, dir, metadata.Metadata{Version: db.SchemaVersion, UpdatedAt: updated.UTC(), NextUpdate: updated.UTC().AddDate(0, 0, 1)})
	return dir
}

// put has the buckets filled by trivy-db's own code: the values have its form.
func put(tx *bolt.Tx, advisories []Advisory) error {
	var dbc db.Config
	if _, err := tx.CreateBucketIfNotExists([]byte("data-source")); err != nil {
		return err
	}
	for _, a := range advisories {
		source, ok := sources[a.Bucket]
		if !ok {
			source = types.DataSource{ID: types.SourceID(strings.Fields(a.Bucket)[0]), Name: a.Bucket}
		}
		if err := dbc.PutDataSource(tx, a.Bucket, source); err != nil {
			return err
		}
		if err := dbc.PutAdvisory(tx, []string{a.Bucket, a.Package}, a.ID, stored(a)); err != nil {
			return err
		}
		if err := dbc.PutVulnerability(tx, a.ID, detail(a)); err != nil {
			return err
		}
	}
	return nil
}

// Metadata writes metadata.json of a database, over the one that is there.
func Metadata(t testing.TB, dir string, m metadata.Metadata) {
	t.Helper()
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "metadata.json"), data, 0o644); err != nil {
		t.Fatal(err)
	}
}
