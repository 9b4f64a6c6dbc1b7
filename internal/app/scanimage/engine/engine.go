//go:build goexperiment.jsonv2

// Package engine has what scan-image works with, and links it all: Trivy, cosign and
// the clients of registries.
package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/scanimage"
	"github.com/org/checkout-deploy/internal/image"
	"github.com/org/checkout-deploy/internal/scan"
	"github.com/org/checkout-deploy/internal/scan/database"
	"github.com/org/checkout-deploy/internal/scan/result"
	"github.com/org/checkout-deploy/internal/scan/secrets"
)

// Tools are scanimage.Tools.
type Tools struct {
	Version string
	Now     func() time.Time
	Sleep   func(context.Context, time.Duration) error
}

// Secrets is scan.Secrets.
func (t *Tools) Secrets(ctx context.Context, root *os.Root, opts secrets.Options) (*secrets.Result, error) {
	return scan.Secrets(ctx, root, opts)
}

// Read is scan.Read.
func (t *Tools) Read(data []byte) (result.Report, error) { return scan.Read(data) }

// registry is the client for an image's registry, or that of databases.
func (t *Tools) registry(host, username, password, dockerConfig string) (*image.Registry, error) {
	credentials := &image.Credentials{Host: host, Username: username, Password: password, Clouds: true}
	if dockerConfig != "" {
		data, err := os.ReadFile(filepath.Join(dockerConfig, "config.json"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading docker's configuration: %w", err)
		}
		credentials.Config = data
	}
	return &image.Registry{
		Keychain: credentials, UserAgent: "checkout-deploy/" + t.Version, Sleep: t.Sleep, Now: t.Now,
	}, nil
}

// Engine gets the databases that it needs, and opens them.
func (t *Tools) Engine(ctx context.Context, o scanimage.EngineOptions) (scanimage.Engine, error) {
	e := &engine{tools: t, options: o}
	if slices.Contains(o.Kinds, result.Vulnerability) {
		if err := os.MkdirAll(o.Databases.Cache, 0o777); err != nil {
			return nil, fmt.Errorf("making the folder of the databases: %w", err)
		}
		if err := e.get(ctx, database.Vulnerabilities, o.Databases.Repositories, o.Databases.Archive); err != nil {
			return nil, err
		}
	}
	return e, e.open()
}

// engine is Trivy and the databases that it has.
type engine struct {
	*scan.Engine
	tools     *Tools
	options   scanimage.EngineOptions
	databases []result.Database
}

func (e *engine) open() (err error) {
	e.Engine, err = scan.Open(scan.Options{
		Scanners: e.options.Kinds, Databases: e.options.Databases.Cache, VEX: e.options.VEX,
		LicenseFiles: e.options.LicenseFiles, SkipDirs: e.options.SkipDirs,
	})
	return err
}

// get fetches a database, and tells who has to do something where it can't be had.
func (e *engine) get(ctx context.Context, kind database.Kind, repositories []string, archive string) error {
	o := e.options.Databases
	registry, err := e.tools.registry("", "", "", o.DockerConfig)
	if err != nil {
		return err
	}
	got, err := database.Get(ctx, database.Options{
		Kind: kind, Cache: o.Cache, Repositories: repositories, Archive: archive, Offline: o.Offline, MaxAge: o.MaxAge,
		Remote: []remote.Option{remote.WithAuthFromKeychain(registry.Keychain), remote.WithUserAgent(registry.UserAgent)},
		Now:    e.tools.Now, Sleep: e.tools.Sleep,
	})
	if err != nil {
		return blameDatabase(err)
	}
	e.databases = append(e.databases, got.Database)
	return nil
}

// blameDatabase says who has to do something. The error stays one: what was tried
// means nothing without what came of it.
func blameDatabase(err error) error {
	told := &action.Error{Kind: action.Failed, Err: errors.New(err.Error())}
	for kind, of := range map[action.Kind]error{action.Refused: database.ErrRefused, action.Unavailable: database.ErrUnavailable, action.Misused: database.ErrMisused} {
		if errors.Is(err, of) {
			told.Kind = max(told.Kind, kind)
		}
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return told
}

// withJava runs a scan, and once more with the database of jars where there are some.
func (e *engine) withJava(ctx context.Context, do func() (*scan.Scan, error)) (*scan.Scan, error) {
	s, err := do()
	if !errors.Is(err, scan.ErrNeedsJava) || slices.ContainsFunc(e.databases, func(d result.Database) bool { return d.Name == "java" }) {
		return s, err
	}
	if err := e.get(ctx, database.Java, e.options.Databases.Java, ""); err != nil {
		return nil, err
	}
	e.Reopen()
	return do()
}

// Image scans each platform.
func (e *engine) Image(ctx context.Context, img scanimage.Image) (all []scanimage.Scan, err error) {
	of, ok := img.(*opened)
	if !ok {
		return nil, fmt.Errorf("got an image of the type %T, want one that these tools opened", img)
	}
	for _, p := range of.source.Platforms {
		s, err := e.withJava(ctx, func() (*scan.Scan, error) {
			return e.Engine.Image(ctx, scan.Image{Image: p.Image, Name: of.source.Name, Tags: of.source.RepoTags, Digests: of.source.RepoDigests})
		})
		if bad := of.source.Err(); bad != nil { // the engine stops at a tar's end, and what comes after it may be wrong
			err = bad
		}
		if err != nil {
			return nil, blame(err)
		}
		s.Report.Platform, s.Report.Digest = p.Platform, p.Digest
		if m, err := p.Image.Manifest(); err == nil && s.Report.Base.Name == "" {
			s.Report.Base.Name, s.Report.Base.Digest = m.Annotations[baseName], m.Annotations[baseDigest]
		}
		all = append(all, view(s))
	}
	if len(all) > 0 {
		all[0].Report.Unscanned = append(all[0].Report.Unscanned, of.Left()...)
	}
	return all, nil
}

// Annotations of a manifest, and labels of a configuration, that name the base image,
// https://specs.opencontainers.org/image-spec/annotations/.
const (
	baseName   = "org.opencontainers.image.base.name"
	baseDigest = "org.opencontainers.image.base.digest"
)

// Folder scans a folder.
func (e *engine) Folder(ctx context.Context, dir, name string) (scanimage.Scan, error) {
	s, err := e.withJava(ctx, func() (*scan.Scan, error) { return e.Engine.Folder(ctx, dir, name) })
	if err != nil {
		return scanimage.Scan{}, err
	}
	return view(s), nil
}

func (e *engine) Databases() []result.Database { return e.databases }

func (e *engine) Compare(ecosystem, a, b string) int { return scan.Compare(ecosystem, a, b) }
