package sign

import (
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// PublicRootDate is when sigstore/root-signing still had the embedded root as
// its newest.
const PublicRootDate = "2026-08-21"

//go:embed trusted_root.json
var publicRoot []byte

const maxRoot = 4 << 20

func (t *Trust) read() (*root.TrustedRoot, error) {
	data := t.Root
	if data == nil {
		data = publicRoot
	}
	if len(data) > maxRoot {
		return nil, fmt.Errorf("the trusted root has %d bytes; it has %d at most", len(data), maxRoot)
	}
	parsed, err := root.NewTrustedRootFromJSON(data)
	if err != nil {
		return nil, fmt.Errorf("the trusted root can't be read: %w", err)
	}
	return parsed, nil
}

// Chain returns the certificates above one of Fulcio's, the root's last, as the
// trusted root has them. A bundle holds the first certificate alone.
func (t Trust) Chain(leaf *x509.Certificate) ([]*x509.Certificate, error) {
	trusted, err := t.read()
	if err != nil {
		return nil, err
	}
	chains, err := verify.VerifyLeafCertificate(leaf.NotBefore, leaf, trusted)
	if err != nil {
		return nil, refuse("got a certificate by nobody that the trusted root knows: %w", err)
	}
	return chains[0][1:], nil
}

// options are the verifier's. usual is what 0 stands for.
func (t *Trust) options(usual int) ([]verify.VerifierOption, error) {
	var list []verify.VerifierOption
	for _, of := range []struct {
		what  string
		count int
		make  func(int) verify.VerifierOption
	}{
		{"entries of a log", t.Entries, verify.WithTransparencyLog},
		{"SCTs", t.SCTs, verify.WithSignedCertificateTimestamps},
		{"timestamps", t.Timestamps, verify.WithObserverTimestamps},
	} {
		switch {
		case of.count < -1 || of.count > 32:
			return nil, fmt.Errorf("got %d %s to ask for; it is 1 to 32, or -1 for none with a trusted root of your own", of.count, of.what)
		case of.count == -1 && t.Root == nil:
			return nil, fmt.Errorf("got no %s to ask for; the public good instance always gives them: this is for a trusted root of your own", of.what)
		case of.count == -1 || of.count == 0 && usual == 0:
		default:
			list = append(list, of.make(max(of.count, usual)))
		}
	}
	return list, nil
}

// forIdentities wants a witness to the time: certificates live for minutes.
func (t *Trust) forIdentities() (*verify.Verifier, error) {
	if t.Timestamps == -1 {
		return nil, errors.New("got no timestamps to ask for; a certificate lives ten minutes, and without a witness nobody knows whether it was valid")
	}
	list, err := t.options(1)
	if err != nil {
		return nil, err
	}
	trusted, err := t.read()
	if err != nil {
		return nil, err
	}
	return verify.NewVerifier(trusted, list...)
}
