package sign

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	vault "github.com/hashicorp/vault/api"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms"
	_ "github.com/sigstore/sigstore/pkg/signature/kms/aws"        // awskms://
	_ "github.com/sigstore/sigstore/pkg/signature/kms/azure"      // azurekms://
	_ "github.com/sigstore/sigstore/pkg/signature/kms/gcp"        // gcpkms://
	_ "github.com/sigstore/sigstore/pkg/signature/kms/hashivault" // hashivault://
	"github.com/sigstore/sigstore/pkg/signature/options"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var (
	scheme  = regexp.MustCompile(`^([a-z0-9]+)://`)
	schemes = []string{"awskms", "azurekms", "gcpkms", "hashivault"}
)

// isKMS says whether a reference is a key of a KMS. Any other scheme is a
// mistake, and no path.
func isKMS(reference string) (bool, error) {
	m := scheme.FindStringSubmatch(reference)
	if m == nil || m[1] == "env" {
		return false, nil
	}
	for _, s := range schemes {
		if m[1] == s {
			return true, nil
		}
	}
	return false, fmt.Errorf("got a key that begins with %q; a key is the path of a PEM file, env://NAME, or one of %s", m[0], strings.Join(schemes, "://, ")+"://")
}

func (o *KeyOptions) openKMS(ctx context.Context) (*keypair, error) {
	key, err := kms.Get(ctx, o.Reference, crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("opening the key %q: %w", o.Reference, err)
	}
	public, err := key.PublicKey(options.WithContext(ctx))
	if err != nil {
		return nil, kmsFailure(ctx, "asking for the public key of "+o.Reference, err)
	}
	if hash, err := hashOf(public); err != nil || hash != crypto.SHA256 {
		return nil, fmt.Errorf("the key %q is %s; a KMS's key is ECDSA on P-256, or RSA of 2048, 3072 or 4096 bits", o.Reference, kindOf(public))
	}
	return newKeypair(&remote{Signer: key, reference: o.Reference}, public)
}

// remote is a KMS that is asked to sign.
type remote struct {
	signature.Signer
	reference string
}

func (r *remote) SignMessage(message io.Reader, opts ...signature.SignOption) ([]byte, error) {
	ctx := context.Background()
	for _, o := range opts {
		o.ApplyContext(&ctx)
	}
	sig, err := r.Signer.SignMessage(message, opts...)
	if err != nil {
		return nil, kmsFailure(ctx, "signing with "+r.reference, err)
	}
	return sig, nil
}

// kmsFailure is ErrUnavailable where another attempt may help, and else
// ErrRefused: most of what the providers' libraries say has no kind.
func kmsFailure(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	kind := ErrRefused
	if transient(err) {
		kind = ErrUnavailable
	}
	return &failure{kind, fmt.Sprintf("%s: %v", what, err)}
}

// transient says whether a KMS was not reached, was busy or broke. Each provider
// has its own way to say so; AWS throttles with the status 400.
func transient(err error) bool {
	var (
		network   net.Error
		aws       interface{ HTTPStatusCode() int }
		awsCode   interface{ ErrorCode() string }
		hashicorp *vault.ResponseError
		azure     *azcore.ResponseError
		google    interface{ GRPCStatus() *status.Status }
	)
	code := 0
	switch {
	case errors.As(err, &awsCode) && awsCode.ErrorCode() == "ThrottlingException":
		return true
	case errors.As(err, &google):
		c := google.GRPCStatus().Code()
		return c == codes.Unavailable || c == codes.ResourceExhausted || c == codes.Internal || c == codes.DeadlineExceeded
	case errors.As(err, &aws):
		code = aws.HTTPStatusCode()
	case errors.As(err, &hashicorp):
		code = hashicorp.StatusCode
	case errors.As(err, &azure):
		code = azure.StatusCode
	}
	return code == http.StatusTooManyRequests || code >= 500 || code == 0 && errors.As(err, &network)
}
