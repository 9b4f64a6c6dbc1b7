package sign

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/options"
)

const (
	maxPEM   = 64 << 10
	envStart = "env://"
)

// readPEM reads what a path or env://NAME stands for.
func (o *KeyOptions) readPEM() ([]byte, error) {
	var data []byte
	switch name, fromEnv := strings.CutPrefix(o.Reference, envStart); {
	case o.Reference == "":
		return nil, errors.New("got no key; give the path of a PEM file, env://NAME, or a key of a KMS")
	case fromEnv:
		if o.Getenv != nil {
			data = []byte(o.Getenv(name))
		}
		if len(data) == 0 {
			return nil, fmt.Errorf("the variable %q is empty or may not be read; it has to hold the key, as PEM", name)
		}
	case o.ReadFile == nil:
		return nil, fmt.Errorf("got the key's path %q where none is allowed; give env://NAME or a key of a KMS", o.Reference)
	default:
		var err error
		if data, err = o.ReadFile(o.Reference); err != nil {
			return nil, fmt.Errorf("reading the key %q: %w", o.Reference, err)
		}
	}
	if len(data) > maxPEM {
		return nil, fmt.Errorf("the key %q has %d bytes; a key has %d at most", o.Reference, len(data), maxPEM)
	}
	return data, nil
}

// private opens the private key. Nothing of the key or the password is in an
// error.
func (o *KeyOptions) private() (crypto.Signer, error) {
	data, err := o.readPEM()
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("the key %q is no PEM; it begins with -----BEGIN", o.Reference)
	}
	der := block.Bytes
	switch block.Type {
	case "ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY":
		if der, err = encrypted.Decrypt(der, o.Password); err != nil {
			return nil, fmt.Errorf("the key %q does not open with the password that was given; cosign takes it from COSIGN_PASSWORD", o.Reference)
		}
	case "PRIVATE KEY":
	default:
		return nil, fmt.Errorf("the key %q is PEM of the kind %.60q; a key to sign with is PRIVATE KEY (PKCS #8) or ENCRYPTED SIGSTORE PRIVATE KEY", o.Reference, block.Type)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("the key %q is no PKCS #8", o.Reference)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("the key %q is %T, which can't sign", o.Reference, key)
	}
	return signer, nil
}

// hashOf is the one hash that goes with a public key. cosign takes the same.
func hashOf(key crypto.PublicKey) (crypto.Hash, error) {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return crypto.SHA256, nil
		case elliptic.P384():
			return crypto.SHA384, nil
		}
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n == 2048 || n == 3072 || n == 4096 {
			return crypto.SHA256, nil
		}
		return 0, fmt.Errorf("got an RSA key of %d bits; it has 2048, 3072 or 4096", k.N.BitLen())
	}
	return 0, fmt.Errorf("got a key of the kind %s; it is ECDSA on P-256 or P-384, or RSA", kindOf(key))
}

func kindOf(key crypto.PublicKey) string {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return "ECDSA on " + k.Curve.Params().Name
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA of %d bits", k.N.BitLen())
	}
	return fmt.Sprintf("%T", key)
}

// keypair signs for sigstore-go, with a local key or a KMS's.
type keypair struct {
	signature.Signer
	public  crypto.PublicKey
	details signature.AlgorithmDetails
	der     []byte
}

func newKeypair(s signature.Signer, public crypto.PublicKey) (*keypair, error) {
	if _, err := hashOf(public); err != nil {
		return nil, err
	}
	details, err := signature.GetDefaultAlgorithmDetails(public)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	return &keypair{Signer: s, public: public, details: details, der: der}, nil
}

func (k *keypair) GetHashAlgorithm() protocommon.HashAlgorithm { return k.details.GetProtoHashType() }

func (k *keypair) GetSigningAlgorithm() protocommon.PublicKeyDetails {
	return k.details.GetSignatureAlgorithm()
}

// GetHint is what cosign writes: the SHA-256 of the public key, in base64.
func (k *keypair) GetHint() []byte {
	sum := sha256.Sum256(k.der)
	return []byte(base64.StdEncoding.EncodeToString(sum[:]))
}

func (k *keypair) GetKeyAlgorithm() string {
	if _, ok := k.public.(*rsa.PublicKey); ok {
		return "RSA"
	}
	return "ECDSA"
}

func (k *keypair) GetPublicKey() crypto.PublicKey { return k.public }

func (k *keypair) GetPublicKeyPem() (string, error) {
	data, err := cryptoutils.MarshalPublicKeyToPEM(k.public)
	return string(data), err
}

func (k *keypair) SignData(ctx context.Context, data []byte) (sig, digest []byte, err error) {
	h := k.details.GetHashType().New()
	h.Write(data)
	sig, err = k.SignMessage(bytes.NewReader(data), options.WithContext(ctx))
	return sig, h.Sum(nil), err
}

// open finds the key to sign with.
func (o *KeyOptions) open(ctx context.Context) (*keypair, error) {
	remote, err := isKMS(o.Reference)
	if err != nil {
		return nil, err
	}
	if remote {
		return o.openKMS(ctx)
	}
	key, err := o.private()
	if err != nil {
		return nil, err
	}
	hash, err := hashOf(key.Public())
	if err != nil {
		return nil, fmt.Errorf("the key %q: %w", o.Reference, err)
	}
	signer, err := signature.LoadSigner(key, hash)
	if err != nil {
		return nil, fmt.Errorf("the key %q: %w", o.Reference, err)
	}
	return newKeypair(signer, key.Public())
}

// publicKey finds the key to verify by.
func (o *KeyOptions) publicKey(ctx context.Context) (crypto.PublicKey, error) {
	remote, err := isKMS(o.Reference)
	if err != nil {
		return nil, err
	}
	if remote {
		key, err := o.openKMS(ctx)
		if err != nil {
			return nil, err
		}
		return key.public, nil
	}
	data, err := o.readPEM()
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, fmt.Errorf("the key %q is no PEM of the kind PUBLIC KEY; cosign public-key writes one", o.Reference)
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the key %q is no public key: %w", o.Reference, err)
	}
	return public, nil
}

func fingerprint(key crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:]), err
}
