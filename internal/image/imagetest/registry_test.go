package imagetest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/org/checkout-deploy/internal/image/imagetest"
)

var password = strings.Repeat("open ", 3) + "sesame"

func TestRegistryAuth(t *testing.T) {
	small := imagetest.Debian(t, imagetest.Options{Packages: 1, Clean: true})
	for _, test := range []struct {
		name     string
		bearer   bool
		password string
		want     string
	}{
		{"basic", false, password, ""},
		{"basic, wrong", false, "guess", "401"},
		{"bearer", true, password, ""},
		{"bearer, wrong", true, "guess", "UNAUTHORIZED"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := imagetest.NewRegistry(t, imagetest.RegistryOptions{Username: "me", Password: password, Bearer: test.bearer})
			ref, err := name.ParseReference(r.Host + "/org/shop:1")
			if err != nil {
				t.Fatal(err)
			}
			err = remote.Write(ref, small.Images[0], remote.WithAuth(&authn.Basic{Username: "me", Password: test.password}))
			if got := fmt.Sprint(err); (err == nil) != (test.want == "") || !strings.Contains(got, test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			if got := len(r.TagWrites()); (got == 1) != (err == nil) {
				t.Errorf("got %d tags written", got)
			}
		})
	}
}

// What ggcr's registry takes, and real ones refuse.
func TestRegistryRefuses(t *testing.T) {
	r := imagetest.NewRegistry(t, imagetest.RegistryOptions{})
	imagetest.Debian(t, imagetest.Options{Packages: 1}).Push(t, r.Host+"/org/shop:1")
	digest := r.Tag("org/shop", "1")
	missing := fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":%q,"digest":%q,"size":2},"layers":[]}`,
		types.OCIManifestSchema1, types.OCIConfigJSON, digest)
	for _, test := range []struct{ name, target, mediaType, body, want string }{
		{"a blob is missing", "1", string(types.OCIManifestSchema1), missing, "MANIFEST_BLOB_UNKNOWN"},
		{"another digest", digest, string(types.OCIManifestSchema1), `{}`, "DIGEST_INVALID"},
		{"no JSON", "1", string(types.OCIManifestSchema1), `x`, "MANIFEST_INVALID"},
		{"another media type", "1", string(types.OCIImageIndex), missing, "MANIFEST_INVALID"},
		{"no tag", "-1", string(types.OCIManifestSchema1), `{}`, "TAG_INVALID"},
		{"too large", "1", string(types.OCIManifestSchema1), strings.Repeat(" ", 5<<20), "SIZE_INVALID"},
	} {
		t.Run(test.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+r.Host+"/v2/org/shop/manifests/"+test.target, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", test.mediaType)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			var body strings.Builder
			_ = resp.Write(&body)
			if resp.StatusCode < 400 || !strings.Contains(body.String(), test.want) {
				t.Errorf("got %s, want %s", body.String(), test.want)
			}
		})
	}
	if got := r.Tag("org/shop", "1"); got != digest {
		t.Errorf("the tag moved to %s", got)
	}
}

func TestRegistryReferrers(t *testing.T) {
	for _, none := range []bool{false, true} {
		t.Run(fmt.Sprintf("no referrers API: %v", none), func(t *testing.T) {
			r := imagetest.NewRegistry(t, imagetest.RegistryOptions{NoReferrers: none})
			made := imagetest.Debian(t, imagetest.Options{Packages: 1, Clean: true})
			digest := made.Push(t, r.Host+"/org/shop:1")
			repo, err := name.NewRepository(r.Host + "/org/shop")
			if err != nil {
				t.Fatal(err)
			}
			desc, err := remote.Head(repo.Digest(digest.String()))
			if err != nil {
				t.Fatal(err)
			}
			about := mutate.Subject(mutate.ConfigMediaType(imagetest.Base(), "application/vnd.test.note"), *desc).(v1.Image)
			if err := remote.Write(repo.Tag("note"), about); err != nil {
				t.Fatal(err)
			}
			index, err := remote.Referrers(repo.Digest(digest.String()), remote.WithFilter("artifactType", "application/vnd.test.note"))
			if err != nil {
				t.Fatal(err)
			}
			list, err := index.IndexManifest()
			if err != nil || len(list.Manifests) != 1 {
				t.Fatalf("got %+v, %v; want one referrer", list, err)
			}
			fallback := r.Tag("org/shop", strings.Replace(digest.String(), ":", "-", 1))
			if (fallback != "") != none {
				t.Errorf("got fallback tag %q", fallback)
			}
		})
	}
}
