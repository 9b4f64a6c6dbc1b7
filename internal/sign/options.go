package sign

import (
	"context"
	"net/http"
	"time"
)

// GitHubIssuer issues the identities of workflows on github.com.
const GitHubIssuer = "https://token.actions.githubusercontent.com"

// Addresses of the public good instance.
const (
	PublicFulcio = "https://fulcio.sigstore.dev"
	PublicRekor  = "https://rekor.sigstore.dev"
)

// KeyOptions say which key signs or verifies.
type KeyOptions struct {
	// Reference is the path of a PEM file; env://NAME, a variable that holds the
	// PEM; or a key of a KMS, such as awskms:///alias/checkout.
	Reference string
	// Password opens a private key that cosign encrypted. It is a secret.
	Password []byte
	// ReadFile reads a PEM file; nil refuses paths.
	ReadFile func(path string) ([]byte, error)
	// Getenv looks env://NAME up; nil refuses it.
	Getenv func(name string) string
	// Services log or timestamp what the key signs; none are needed.
	Services Services
	// Trust is what the services' answers are verified by. When verifying,
	// Entries and Timestamps that it asks for must be there; by default none.
	Trust Trust
}

// KeylessOptions are those of a signature by a workflow's identity.
type KeylessOptions struct {
	// RequestURL and RequestToken are what a job with `id-token: write` has in
	// ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN. The token
	// is a secret.
	RequestURL, RequestToken string
	// Audience is that of the identity token; "" is "sigstore".
	Audience string
	// Services are where to get a certificate and who witnesses it. The zero
	// value is the public good instance, and its log.
	Services Services
	// Trust is what their answers are verified by before a bundle is returned.
	Trust Trust
}

// IdentityOptions say whose signature counts.
type IdentityOptions struct {
	// Identity is the certificate's name, whole. A * stands for any letters but
	// "/" and "@", and as the last letter for all that follows. What is before
	// the first * has to hold the scheme, the host and a first folder.
	Identity string
	// Issuer is who vouched for it, exactly; "" is GitHubIssuer.
	Issuer string
	// Trust is what the signature is verified by.
	Trust Trust
}

// Services are the addresses that a signature is made with. They are https, or
// this machine's own.
type Services struct {
	Fulcio string // certificates, for keyless alone
	Rekor  string // the log, v1
	// TSA is the whole address of a timestamp authority.
	TSA string
	// HTTP carries the requests; nil takes http.DefaultTransport. Its Timeout,
	// Jar and CheckRedirect are not used.
	HTTP *http.Client
	// Sleep waits between attempts; nil takes a timer.
	Sleep func(context.Context, time.Duration) error
}

// Trust says what a signature is verified by.
type Trust struct {
	// Root is a trusted root, the JSON file of that name; nil is that of the
	// public good instance, as of PublicRootDate.
	Root []byte
	// Entries, SCTs and Timestamps are how many there have to be at least: of a
	// transparency log, of certificate logs, and of witnesses to the time, the
	// log or a timestamp authority. 0 is the default: for identities 1 each. -1
	// asks for none, which a Root of one's own alone may.
	Entries, SCTs, Timestamps int
}
