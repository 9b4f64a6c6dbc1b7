//go:build goexperiment.jsonv2

package trial

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/org/checkout-deploy/internal/image/imagetest"
	"github.com/org/checkout-deploy/internal/sign/signtest"
)

// A workflow scans, signs by its identity, and moves the tag; the registry's log shows
// that no tag was written before the last reading of what was signed. Stock cosign
// believes it, and so does the mode verify.
func TestShipKeyless(t *testing.T) {
	for _, row := range []struct {
		name      string
		options   imagetest.RegistryOptions
		platforms []string
		layouts   string
	}{
		{"bundles, by referrers", imagetest.RegistryOptions{}, []string{"linux/amd64", "linux/arm64"}, "bundle"},
		{"both layouts, no referrers, credentials", imagetest.RegistryOptions{NoReferrers: true, Bearer: true, Username: "ada", Password: "of-the-registry"}, nil, "bundle,tag"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t, harmless()(t), row.options)
			img := imagetest.Debian(t, imagetest.Options{Platforms: row.platforms, Clean: true})
			var credentials []string
			if row.options.Username != "" {
				credentials = []string{"registry-username=ada", "registry-password=of-the-registry"}
			}
			reference := s.pushAs(img, row.options)
			s.keyless()
			s.registry.Forget()
			inputs := append(credentials, "image="+reference, "sign=keyless", "signature-layouts="+row.layouts, "attest=cyclonedx,spdx,scan,provenance", "promote-tag=v1.0.0,latest")
			s.run(inputs...).shows(t, 0, "is signed by "+signtest.Workflow)
			digest := img.Digest(t).String()
			for _, tag := range []string{"v1.0.0", "latest"} {
				if got := s.registry.Tag("org/shop", tag); got != digest {
					t.Errorf("the tag %s leads to %q, want %s", tag, got, digest)
				}
			}
			s.registry.TagsLast(t)
			s.run(append(credentials, "mode=verify", "image="+reference)...).shows(t, 0, "linux/amd64 has its SBOM", "built from https://github.com/org/shop")
			if row.options.Username == "" {
				s.cosign(t, reference)
			}
			again := len(s.registry.TagWrites())
			s.run(inputs...).shows(t, 0)
			if n := len(s.writesOf("v1.0.0")); n != 1 || len(s.registry.TagWrites()) < again {
				t.Errorf("got the tag written %d times by two runs, want once", n)
			}
		})
	}
}

// pushAs pushes by digest alone, with the credentials that the registry wants.
func (s *shop) pushAs(img *imagetest.Image, o imagetest.RegistryOptions) string {
	s.t.Helper()
	repository := s.registry.Host + "/org/shop"
	digest := img.Digest(s.t).String()
	img.Push(s.t, repository+"@"+digest, options(o)...)
	return repository + "@" + digest
}

func (s *shop) writesOf(tag string) (all []imagetest.TagWrite) {
	for _, w := range s.registry.TagWrites() {
		if w.Tag == tag {
			all = append(all, w)
		}
	}
	return all
}

// cosign has the stock program verify what a stranger would.
func (s *shop) cosign(t *testing.T, reference string) {
	t.Helper()
	root := filepath.Join(s.dir, "trusted_root.json")
	by := []string{"--new-bundle-format", "--trusted-root", root, "--certificate-identity", signtest.Workflow, "--certificate-oidc-issuer", "https://token.actions.githubusercontent.com", "--allow-http-registry"}
	if _, err := stock(t, "cosign", nil, append(append([]string{"verify"}, by...), reference)...); err != nil {
		t.Error(err)
	}
	for _, kind := range []string{"slsaprovenance1", "https://in-toto.io/attestation/test-result/v0.1"} {
		out, err := stock(t, "cosign", nil, append(append([]string{"verify-attestation", "--type", kind}, by...), reference)...)
		if err != nil {
			t.Errorf("%s: %v\n%s", kind, err, tail(string(out)))
		}
	}
}

// With a planted vulnerability, or anything else that fails, the tag stays and nothing
// is signed.
func TestTheTagStays(t *testing.T) {
	for _, row := range []struct {
		name  string
		db    func(t *testing.T) string
		img   imagetest.Options
		fault func(s *shop)
		code  int
		says  string
	}{
		{"a vulnerability", func(t *testing.T) string { return flawed()(t) }, imagetest.Options{Clean: true}, nil, 1, "of severity high or worse, want none"},
		{"a secret", func(t *testing.T) string { return harmless()(t) }, imagetest.Options{}, nil, 1, "got 1 secret of severity high or worse"},
		{"no updates any more", func(t *testing.T) string { return harmless()(t) }, imagetest.Options{Clean: true, Release: "9"}, nil, 1, "debian 9.11 gets no security updates any more"},
		{"no Fulcio", func(t *testing.T) string { return harmless()(t) }, imagetest.Options{Clean: true}, func(s *shop) {
			s.sigstore.Fails["/api/v2/signingCert"] = slices.Repeat([]int{503}, 100)
		}, 3, "the tags stay where they were"},
		{"no Rekor", func(t *testing.T) string { return harmless()(t) }, imagetest.Options{Clean: true}, func(s *shop) {
			s.sigstore.Fails["/api/v1/log/entries"] = slices.Repeat([]int{503}, 100)
		}, 3, "the tags stay where they were"},
		{"another workflow signs than is believed", func(t *testing.T) string { return harmless()(t) }, imagetest.Options{Clean: true}, func(s *shop) {
			s.sigstore.Subject = "https://github.com/other/shop/.github/workflows/release.yml@refs/heads/main"
		}, 4, "as a stranger would"},
		{"no database", func(t *testing.T) string { return harmless()(t) }, imagetest.Options{Clean: true}, func(s *shop) { s.from.Vuln = s.registry.Host + "/nothing:2" }, 1, "nothing was scanned, as there is no database"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t, row.db(t), imagetest.RegistryOptions{})
			reference := s.push(imagetest.Debian(t, row.img))
			s.keyless()
			if row.fault != nil {
				row.fault(s)
			}
			s.run("image="+reference, "sign=keyless", "promote-tag=latest").shows(t, row.code, row.says)
			if got := s.registry.Tag("org/shop", "latest"); got != "" {
				t.Errorf("the tag leads to %s", got)
			}
			for _, e := range s.registry.Log() {
				if row.code == 1 && e.Method == "PUT" && !strings.Contains(e.Path, strings.TrimPrefix(reference, s.registry.Host+"/org/shop@")) && strings.Contains(e.Path, "/manifests/") && row.img.Platforms == nil {
					t.Errorf("got %s %s of what did not pass", e.Method, e.Path)
				}
			}
		})
	}
}

// What an index lists beside its platforms is told, and keeps it from being signed.
func TestArtifactAmongPlatforms(t *testing.T) {
	img := imagetest.Debian(t, imagetest.Options{Clean: true, Platforms: []string{"linux/amd64", "linux/arm64"}})
	chart := mutate.ConfigMediaType(imagetest.Base(), "application/vnd.cncf.helm.config.v1+json")
	img.Index = mutate.AppendManifests(img.Index, mutate.IndexAddendum{Add: chart, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm"}}})
	for _, severity := range []string{"high", "critical"} {
		s := newShop(t, harmless()(t), imagetest.RegistryOptions{})
		reference := s.push(img)
		s.keyless()
		pushed := len(s.registry.Log())
		s.run("image="+reference, "fail-severity="+severity, "sign=keyless", "promote-tag=latest").shows(t, 1, "linux/arm (sha256:", "was not scanned: it is no image, but an artifact with a configuration of the type")
		for _, e := range s.registry.Log()[pushed:] {
			if e.Method == "PUT" {
				t.Errorf("%s: got %s %s of what was not scanned", severity, e.Method, e.Path)
			}
		}
		if strings.Contains(string(s.read("scan/result.json")), "attestation") {
			t.Errorf("%s: BuildKit's attestations are told", severity)
		}
	}
}

// What comes of a key: stock cosign verifies by the public one, in either layout, and
// the SBOM has every package.
func TestShipByKey(t *testing.T) {
	for _, row := range []struct {
		layout   string
		commands [][]string
	}{
		{"bundle", [][]string{{"verify", "--new-bundle-format"}, {"verify-attestation", "--new-bundle-format", "--type", "cyclonedx"}}},
		{"tag", [][]string{{"verify"}, {"verify-attestation", "--type", "vuln"}, {"verify-attestation", "--type", "cyclonedx"}}},
	} {
		t.Run(row.layout, func(t *testing.T) {
			s := newShop(t, harmless()(t), imagetest.RegistryOptions{})
			reference := s.push(imagetest.Debian(t, imagetest.Options{Clean: true}))
			private, public := keyPair(t)
			s.write("key.pem", private)
			s.write("key.pub", public)
			r := s.run("image="+reference, "sign=key", "key=key.pem", "signature-layouts="+row.layout, "promote-tag=edge")
			r.shows(t, 0, "no provenance is attested", "promoted=edge")
			s.write("trusted_root.json", string(signtest.New(t).Trust(t).Root)) // cosign wants one for bundles, though a key needs none
			for _, args := range row.commands {
				args = append(args, "--key", filepath.Join(s.dir, "key.pub"), "--insecure-ignore-tlog", "--allow-http-registry", reference)
				if row.layout == "bundle" {
					args = append(args, "--trusted-root", filepath.Join(s.dir, "trusted_root.json"))
				}
				if _, err := stock(t, "cosign", nil, args...); err != nil {
					t.Errorf("%q: %v", args, err)
				}
			}
			var sbom struct{ Components []any }
			check(t, json.Unmarshal(s.read("scan/sbom.cyclonedx.json"), &sbom))
			if len(sbom.Components) < 300 {
				t.Errorf("got an SBOM of %d components", len(sbom.Components))
			}
		})
	}
}
