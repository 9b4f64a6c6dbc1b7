package sign

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

var globStart = regexp.MustCompile(`^https://[^/*@]+/[^/*@]+/`)

// identityPattern is an anchored regular expression for a name with stars. A
// branch's name is anybody's who may push one, so that a * in the middle crosses
// neither "/" nor "@": else a branch could write the rest of the pattern.
func identityPattern(name string) (string, error) {
	switch {
	case name == "":
		return "", fmt.Errorf("got no identity; it is a certificate's name, such as https://github.com/org/shop/.github/workflows/*")
	case strings.Contains(name, "*") && !globStart.MatchString(name):
		return "", fmt.Errorf("got the identity %q; before the first * it has to hold the scheme, the host and a first folder, such as https://github.com/org/", name)
	}
	body, rest := strings.CutSuffix(name, "*")
	if strings.HasSuffix(body, "*") {
		return "", fmt.Errorf("got the identity %q; ** means nothing: a * at the end stands for all that follows", name)
	}
	parts := strings.Split(body, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	pattern := strings.Join(parts, `[^/@]+`)
	if rest {
		pattern += `[^\r\n]+`
	}
	return `\A` + pattern + `\z`, nil
}

func (o *IdentityOptions) policy() (verify.PolicyOption, error) {
	pattern, err := identityPattern(o.Identity)
	if err != nil {
		return nil, err
	}
	san, err := verify.NewSANMatcher("", pattern)
	if err != nil {
		return nil, err
	}
	issuer, err := verify.NewIssuerMatcher(o.Issuer, "")
	if err != nil {
		return nil, err
	}
	id, err := verify.NewCertificateIdentity(san, issuer, certificate.Extensions{})
	return verify.WithCertificateIdentity(id), err
}
