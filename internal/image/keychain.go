package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"

	ecr "github.com/awslabs/amazon-ecr-credential-helper/ecr-login"
	acr "github.com/chrismellard/docker-credential-acr-env/pkg/credhelper"
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/google"
)

// Credentials finds who to be for a registry: first the username and password, then a
// docker config, then the clouds.
type Credentials struct {
	// Host is the only registry that Username and Password are for; Reference.Host
	// gives it.
	Host               string
	Username, Password string
	// Config is a docker config.json; nil for none.
	Config []byte
	// Clouds asks the cloud that a registry belongs to, by what the environment
	// says: ECR, Google, ACR. Nobody is asked for another's registry.
	Clouds bool

	clouds []cloud // in tests; nil is all
}

// cloud gives credentials for its own registries.
type cloud struct {
	hosts    *regexp.Regexp
	keychain authn.Keychain
}

// The helpers' own patterns are not all bound at the end: x.azurecr.io.example.com
// would get a token of Azure's.
var allClouds = []cloud{
	{
		regexp.MustCompile(`^(\d{12}\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)|public\.ecr\.aws)$`),
		authn.NewKeychainFromHelper(ecr.NewECRHelper(ecr.WithLogger(io.Discard))),
	},
	{regexp.MustCompile(`^(([a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev)$`), google.Keychain},
	{regexp.MustCompile(`^[a-z0-9-]+\.azurecr\.(io|cn|de|us)$`), authn.NewKeychainFromHelper(acr.NewACRCredentialsHelper())},
}

// Resolve is authn.Keychain's.
func (c *Credentials) Resolve(target authn.Resource) (authn.Authenticator, error) {
	return c.ResolveContext(context.Background(), target)
}

// ResolveContext is authn.ContextKeychain's.
func (c *Credentials) ResolveContext(ctx context.Context, target authn.Resource) (authn.Authenticator, error) {
	host := target.RegistryStr()
	if c.Username != "" && host == c.Host {
		return authn.FromConfig(authn.AuthConfig{Username: c.Username, Password: c.Password}), nil
	}
	if c.Config != nil {
		if auth, err := configured(c.Config, target); err != nil || auth != authn.Anonymous {
			return auth, err
		}
	}
	if !c.Clouds {
		return authn.Anonymous, nil
	}
	clouds := c.clouds
	if clouds == nil {
		clouds = allClouds
	}
	for _, cloud := range clouds {
		if cloud.hosts.MatchString(host) {
			return authn.Resolve(ctx, cloud.keychain, target)
		}
	}
	return authn.Anonymous, nil
}

// configured are the credentials of a docker config. A helper program that is not
// installed has none, as one that knows nothing.
func configured(data []byte, target authn.Resource) (authn.Authenticator, error) {
	file, err := config.LoadFromReader(bytes.NewReader(data))
	if err != nil {
		// The parser's message may have a piece of the file in it.
		return nil, errors.New(`reading the docker config: it is not JSON of the form {"auths": {"ghcr.io": {"auth": "…"}}}`)
	}
	dropHelpers(file)
	for _, key := range []string{target.String(), target.RegistryStr()} {
		if key == name.DefaultRegistry {
			key = authn.DefaultAuthKey
		}
		found, err := file.GetAuthConfig(key)
		if err != nil {
			return nil, fmt.Errorf("reading the docker config: its credential helper for %q failed; run docker-credential-%s get to see why", key, helperOf(file, key))
		}
		found.ServerAddress = ""
		auth := authn.AuthConfig{
			Username: found.Username, Password: found.Password, Auth: found.Auth,
			IdentityToken: found.IdentityToken, RegistryToken: found.RegistryToken,
		}
		if auth != (authn.AuthConfig{}) {
			return authn.FromConfig(auth), nil
		}
	}
	return authn.Anonymous, nil
}

func helperOf(file *configfile.ConfigFile, key string) string {
	if h := file.CredentialHelpers[key]; h != "" {
		return h
	}
	return file.CredentialsStore
}

func dropHelpers(file *configfile.ConfigFile) {
	missing := func(helper string) bool {
		_, err := exec.LookPath("docker-credential-" + helper)
		return err != nil || strings.ContainsAny(helper, "/\\")
	}
	if missing(file.CredentialsStore) {
		file.CredentialsStore = ""
	}
	for host, helper := range file.CredentialHelpers {
		if missing(helper) {
			delete(file.CredentialHelpers, host)
		}
	}
}
