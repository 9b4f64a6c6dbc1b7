package scanimage

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/org/checkout-deploy/internal/scan/result"
	"github.com/org/checkout-deploy/internal/scan/secrets"
	"github.com/org/checkout-deploy/internal/sign"
)

// Tools are what links Trivy, cosign and the registries' clients: package engine has
// them. They are given to the action, so that whoever only lists actions does not
// link them.
type Tools interface {
	// Secrets looks for secrets in a folder.
	Secrets(ctx context.Context, root *os.Root, opts secrets.Options) (*secrets.Result, error)
	// Open finds an image, once: what its name leads to later does not matter.
	Open(ctx context.Context, reference string, o ImageOptions) (Image, error)
	// Engine gets the databases that it needs and opens them.
	Engine(ctx context.Context, o EngineOptions) (Engine, error)
	// Read reads a report that Trivy, or an earlier scan, wrote as JSON.
	Read(data []byte) (result.Report, error)
}

// ImageOptions say how to get at an image.
type ImageOptions struct {
	Platforms []string // none is all
	// For is the image whose registry Username and Password are for, and may speak
	// plain HTTP where Insecure says so; no other's.
	For                string
	Username, Password string
	Insecure           bool
	DockerConfig       string // a folder with config.json, "" for none
	MaxSize            int64  // of all layers, unpacked
	DockerHost         string
	Dir                string // that relative paths are in
}

// Image is one that was found.
type Image interface {
	Name() string       // as it was asked for, without the transport
	Repository() string // "ghcr.io/org/shop"; "" where it lies in no registry
	Digest() string     // of the index, where there are several platforms
	Platforms() []Platform
	// Left says, a sentence each, what else the index has that may be an image to
	// somebody. What ImageOptions.Platforms do not name is not among it.
	Left() []string
	// Signatures are nil where it lies in no registry.
	Signatures() Signatures
	Close() error
}

// Platform is one of an image's.
type Platform struct{ Name, Digest string }

// Signatures is what lies beside an image in its registry, and its tags.
type Signatures interface {
	// Sign signs the image and its Platforms, and nothing else that its index lists.
	Sign(ctx context.Context, o SignOptions) error
	// Attest signs a predicate about a manifest of the image.
	Attest(ctx context.Context, digest, predicateType string, predicate []byte, o SignOptions) error
	// Verify wants a signature and the types of attestations, all by one signer.
	Verify(ctx context.Context, digest string, by sign.Verifier, types []string) (Verified, error)
	// TagDigest is what a tag leads to, "" for nothing.
	TagDigest(ctx context.Context, tag string) (string, error)
	// Tag makes a tag lead to a digest, and reads it back.
	Tag(ctx context.Context, digest, tag string) error
}

// SignOptions say how something about an image is signed.
type SignOptions struct {
	Signer  sign.Signer
	Layouts []string // "bundle", "tag"
	// Known says whose signature that is there already will do.
	Known sign.Verifier
	Trust sign.Trust // the signer's
	Now   time.Time
}

// Verified is what a signer says of an image.
type Verified struct {
	By           []sign.Identity
	Attestations []Attestation
}

// Attestation is a predicate that verified.
type Attestation struct {
	Type      string
	Predicate []byte
}

// EngineOptions are those of an Engine.
type EngineOptions struct {
	Kinds        []result.Kind
	VEX          []string // absolute paths
	LicenseFiles bool
	SkipDirs     []string
	Databases    DatabaseOptions
}

// DatabaseOptions say where databases are to be had.
type DatabaseOptions struct {
	Cache              string // Trivy's cache folder
	Repositories, Java []string
	Archive            string
	Offline            bool
	MaxAge             time.Duration
	DockerConfig       string
}

// Engine looks for what is asked.
type Engine interface {
	// Image scans each platform of an image that Open found. What is Left is
	// Unscanned of the first.
	Image(ctx context.Context, img Image) ([]Scan, error)
	// Folder scans a folder, which the report calls name.
	Folder(ctx context.Context, dir, name string) (Scan, error)
	// Databases are those that were used.
	Databases() []result.Database
	// Compare orders two versions of an ecosystem.
	Compare(ecosystem, a, b string) int
	Close() error
}

// Scan is what was found of one platform, or a folder.
type Scan struct {
	Report   result.Report
	Warnings []string
	// Write writes the view "cyclonedx" or "spdx".
	Write func(ctx context.Context, w io.Writer, format string) error
}
