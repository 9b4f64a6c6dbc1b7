package image

import (
	"errors"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// asked is a cloud's helper that remembers for whom.
type asked struct{ hosts []string }

func (a *asked) Resolve(r authn.Resource) (authn.Authenticator, error) {
	a.hosts = append(a.hosts, r.RegistryStr())
	return nil, errors.New("asked")
}

// A cloud is asked for its own registries, and no one else sees its token.
func TestCloudsAreAskedForTheirOwn(t *testing.T) {
	for host, want := range map[string]int{
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com":      0,
		"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com": 0,
		"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn":  0,
		"public.ecr.aws":              0,
		"gcr.io":                      1,
		"eu.gcr.io":                   1,
		"europe-west1-docker.pkg.dev": 1,
		"shop.azurecr.io":             2,
		"shop.azurecr.io.example.com": -1,
		"shop.azurecr.io.evil":        -1,
		"gcr.io.example.com":          -1,
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com.example.com": -1,
		"evil-docker.pkg.dev.example.com":                          -1,
		"ghcr.io":                                                  -1,
		"index.docker.io":                                          -1,
	} {
		helper := new(asked)
		creds := &Credentials{Clouds: true}
		for i, c := range allClouds {
			c.keychain = authn.NewMultiKeychain()
			if i == want {
				c.keychain = helper
			}
			creds.clouds = append(creds.clouds, c)
		}
		if want < 0 {
			for i := range creds.clouds {
				creds.clouds[i].keychain = helper
			}
		}
		reg, err := name.NewRegistry(host)
		if err != nil {
			t.Fatal(err)
		}
		_, err = creds.Resolve(reg)
		if got := len(helper.hosts); (got == 1) != (want >= 0) || (err != nil) != (want >= 0) {
			t.Errorf("%s: asked %v, %v", host, helper.hosts, err)
		}
		creds.Clouds, helper.hosts = false, nil
		if auth, err := creds.Resolve(reg); auth != authn.Anonymous || err != nil || len(helper.hosts) > 0 {
			t.Errorf("%s: got %v, %v without clouds", host, auth, err)
		}
	}
}
