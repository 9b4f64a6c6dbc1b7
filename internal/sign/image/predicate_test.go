package image_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/sign"
	"github.com/org/checkout-deploy/internal/sign/predicate"
)

var (
	noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	scan = predicate.Scan{
		Invocation: "https://github.com/org/shop/actions/runs/7/attempts/1", Event: "push",
		Builder: "https://github.com/org/shop/.github/workflows/release.yml@refs/heads/main",
		Scanner: "pkg:github/aquasecurity/trivy", ScannerVersion: "0.74.0",
		Database: "ghcr.io/aquasecurity/trivy-db", DatabaseVersion: "2026-11-26T06:00:00Z",
		Report: []byte(`{"SchemaVersion":2,"Results":[]}`), Started: noon, Finished: noon.Add(time.Minute),
	}
	built = predicate.Provenance{
		Builder:    "https://github.com/org/shop/.github/workflows/release.yml@refs/heads/main",
		Repository: "https://github.com/org/shop", Ref: "refs/heads/main", Commit: "0123456789abcdef0123456789abcdef01234567",
		Workflow: ".github/workflows/release.yml", Event: "push", RepositoryID: "1", OwnerID: "2", Runner: "github-hosted",
		Run: "https://github.com/org/shop/actions/runs/7/attempts/1", Started: noon, Finished: noon.Add(time.Minute),
		Bases: []predicate.Base{{Name: "docker.io/library/nginx", Digest: "sha256:9fa3b0f1f7a6d6ce1f8e7e4ed54b7f7c1f0a2a7d1b8ad7b0f9a54a0f3ee8b6f5"}},
	}
)

// The members are named as the specifications have them.
const (
	builtJSON = `{"buildDefinition":{"buildType":"https://actions.github.io/buildtypes/workflow/v1",` +
		`"externalParameters":{"workflow":{"ref":"refs/heads/main","repository":"https://github.com/org/shop","path":".github/workflows/release.yml"}},` +
		`"internalParameters":{"github":{"event_name":"push","repository_id":"1","repository_owner_id":"2","runner_environment":"github-hosted"}},` +
		`"resolvedDependencies":[{"uri":"git+https://github.com/org/shop@refs/heads/main","digest":{"gitCommit":"0123456789abcdef0123456789abcdef01234567"}},` +
		`{"uri":"oci://docker.io/library/nginx","digest":{"sha256":"9fa3b0f1f7a6d6ce1f8e7e4ed54b7f7c1f0a2a7d1b8ad7b0f9a54a0f3ee8b6f5"}}]},` +
		`"runDetails":{"builder":{"id":"https://github.com/org/shop/.github/workflows/release.yml@refs/heads/main"},` +
		`"metadata":{"invocationId":"https://github.com/org/shop/actions/runs/7/attempts/1","startedOn":"2026-11-26T12:00:00Z","finishedOn":"2026-11-26T12:01:00Z"}}}`
	scanJSON = `{"invocation":{"parameters":null,"uri":"https://github.com/org/shop/actions/runs/7/attempts/1","event_id":"push",` +
		`"builder.id":"https://github.com/org/shop/.github/workflows/release.yml@refs/heads/main"},` +
		`"scanner":{"uri":"pkg:github/aquasecurity/trivy","version":"0.74.0","db":{"uri":"ghcr.io/aquasecurity/trivy-db","version":"2026-11-26T06:00:00Z"},` +
		`"result":{"SchemaVersion":2,"Results":[]}},` +
		`"metadata":{"scanStartedOn":"2026-11-26T12:00:00Z","scanFinishedOn":"2026-11-26T12:01:00Z"}}`
)

func TestPredicates(t *testing.T) {
	p, err := built.Predicate()
	check(t, err)
	if string(p) != builtJSON {
		t.Errorf("got %s\nwant %s", p, builtJSON)
	}
	if got, err := predicate.ReadProvenance(p); err != nil || !reflect.DeepEqual(got, built) {
		t.Errorf("got %+v, %v", got, err)
	}
	s, err := scan.Predicate()
	check(t, err)
	if string(s) != scanJSON {
		t.Errorf("got %s\nwant %s", s, scanJSON)
	}
	if got, err := predicate.ReadScan(s); err != nil || !reflect.DeepEqual(got, scan) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestProvenanceRefused(t *testing.T) {
	for _, test := range []struct{ name, from, to, want string }{
		{"no JSON", `{"buildDefinition"`, `{`, "can't be read"},
		{"another build type", "buildtypes/workflow/v1", "buildtypes/workflow/v2", "of the build type"},
		{"a parameter nobody knows", `"externalParameters":{`, `"externalParameters":{"deploy":true,`, `unknown field \"deploy\"`},
		{"a member of the workflow nobody knows", `"workflow":{`, `"workflow":{"inputs":{},`, `unknown field \"inputs\"`},
		{"no parameters", `"externalParameters"`, `"other"`, "external parameters"},
		{"no builder", `"builder":{"id"`, `"builder":{"name"`, `the builder ""`},
		{"a builder that is no address", `"id":"https://github.com/`, `"id":"github.com/`, "the builder"},
		{"another source than the workflow's", "git+https://github.com/org/shop@", "git+https://github.com/org/other@", "the source"},
		{"no commit", `"gitCommit"`, `"sha1"`, `the commit ""`},
		{"a commit that is a branch", "0123456789abcdef0123456789abcdef01234567", "main", `the commit "main"`},
		{"a repository with a ref", `"repository":"https://github.com/org/shop"`, `"repository":"https://github.com/org/shop@v1"`, "without a ref"},
		{"a base without a digest", `"sha256":"9fa3`, `"sha512":"9fa3`, "the base image"},
		{"no run", `"invocationId"`, `"id"`, `the run ""`},
	} {
		t.Run(test.name, func(t *testing.T) {
			changed := strings.Replace(builtJSON, test.from, test.to, 1)
			if changed == builtJSON {
				t.Fatal("nothing was changed")
			}
			_, err := predicate.ReadProvenance([]byte(changed))
			refusedFor(t, err, test.want, sign.ErrRefused)
		})
	}
	for _, test := range []struct {
		name, want string
		change     func(*predicate.Provenance)
	}{
		{"a builder with a query", "the builder", func(p *predicate.Provenance) { p.Builder += "?a=b" }},
		{"no ref", "no ref", func(p *predicate.Provenance) { p.Ref = "" }},
		{"no workflow", "no workflow", func(p *predicate.Provenance) { p.Workflow = "" }},
		{"all at once", "no ref, want such as refs/heads/main; no workflow", func(p *predicate.Provenance) { p.Ref, p.Workflow = "", "" }},
		{"a base by a tag", "the base image", func(p *predicate.Provenance) { p.Bases = []predicate.Base{{Name: "nginx", Digest: "latest"}} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := built
			test.change(&p)
			_, err := p.Predicate()
			refusedFor(t, err, test.want)
		})
	}
}

func TestScanRefused(t *testing.T) {
	for _, test := range []struct {
		name, want string
		change     func(*predicate.Scan)
	}{
		{"no scanner", "without its scanner", func(s *predicate.Scan) { s.Scanner = "" }},
		{"a report that is none", "whose report is no JSON", func(s *predicate.Scan) { s.Report = nil }},
		{"no start", "without its start", func(s *predicate.Scan) { s.Started = time.Time{} }},
		{"an end before the start", "finished before it", func(s *predicate.Scan) { s.Finished = noon.Add(-1) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := scan
			test.change(&s)
			_, err := s.Predicate()
			refusedFor(t, err, test.want)
		})
	}
	for name, data := range map[string]string{"no JSON": `{`, "no scan": `{}`, "no result": strings.Replace(scanJSON, `"result"`, `"results"`, 1)} {
		t.Run(name, func(t *testing.T) {
			_, err := predicate.ReadScan([]byte(data))
			refusedFor(t, err, "got a scan", sign.ErrRefused)
		})
	}
}
