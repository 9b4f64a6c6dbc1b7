package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Options say what Open takes.
type Options struct {
	// Platforms are those that are wanted, "linux/arm64"; none is all.
	Platforms []string
	// MaxLayers of an image; 10,000 if 0.
	MaxLayers int
	// MaxSize is how many bytes one image's layers may have uncompressed; 32 GiB
	// if 0.
	MaxSize int64
	// MaxEntries is how many tar entries they may have; 5 million if 0.
	MaxEntries int64

	Registry *Registry // nil is the zero Registry
	// Dir is the folder that relative paths are in; "" is the working directory.
	Dir string
	// DockerHost is the daemon's address, "unix:///var/run/docker.sock" if "".
	DockerHost string
	// TempDir is where an archive is unpacked, or put by the daemon, that can't be
	// read in place; "" is the system's.
	TempDir string
}

func (o Options) filled() Options {
	if o.MaxLayers == 0 {
		o.MaxLayers = 10_000
	}
	if o.MaxSize == 0 {
		o.MaxSize = 32 << 30
	}
	if o.MaxEntries == 0 {
		o.MaxEntries = 5_000_000
	}
	if o.Registry == nil {
		o.Registry = new(Registry)
	}
	return o
}

// Source is an image that was found: what is read of it later is what its digest says,
// wherever its tag is then.
type Source struct {
	// Name is the image as it was written, without transport.
	Name string
	// Digest is of the index or manifest; of the configuration, which is docker's
	// image id, where there is no manifest: in a docker archive and in the daemon.
	Digest    string
	MediaType string
	// Platforms has the images, in the order of the index.
	Platforms []Platform
	// Left has what else is in the index, and may be an image to somebody. BuildKit's
	// attestations are not among it: no runtime takes one for an image.
	Left []Left
	// RepoTags and RepoDigests are what Trivy says of such an image.
	RepoTags, RepoDigests []string

	closers []io.Closer
	mu      sync.Mutex
	failure error
}

// Platform is one platform's image. Its layers may be read by several goroutines, and
// end with an error rather than with less than the image has.
type Platform struct {
	Platform string // "linux/arm64/v8"
	Digest   string // of the manifest, or as Source's
	Image    v1.Image
}

// Left is a manifest of the index that is not among the platforms.
type Left struct {
	Platform string // as the index says, "" where it says none
	Digest   string
	Why      string // "its platform is unknown"
}

// Unwanted is why one is left that Options.Platforms do not name.
const Unwanted = "its platform is not wanted"

// Open finds an image, once. The context also bounds what is read of it later. The
// caller closes the Source.
func Open(ctx context.Context, ref Reference, opts Options) (*Source, error) {
	s := &Source{Name: ref.Name}
	o := &opener{Options: opts.filled(), ctx: ctx, source: s}
	open := map[Transport]func(Reference) error{
		Docker: o.registry, OCI: o.layout, OCIArchive: o.layoutArchive, DockerArchive: o.dockerArchive, DockerDaemon: o.daemon,
	}[ref.Transport]
	if open == nil {
		return nil, fmt.Errorf("got an image with the transport %q; %s", ref.Transport, allowed)
	}
	err := open(ref)
	if err == nil {
		err = s.restrict(opts.Platforms)
	}
	if err != nil {
		return nil, errors.Join(prefixed("opening "+ref.Name, err), s.Close())
	}
	return s, nil
}

// prefixed leaves errors that say themselves what failed.
func prefixed(what string, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Err is the first error that reading a layer ended with. Who scans looks at it at the
// end: a scanner that has found the end of a tar does not look at what comes after.
func (s *Source) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure
}

func (s *Source) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == nil {
		s.failure = err
	}
}

// Close ends what is open and removes temporary files.
func (s *Source) Close() error {
	var errs []error
	for _, c := range slices.Backward(s.closers) {
		errs = append(errs, c.Close())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// restrict leaves the wanted platforms. Several of an image may satisfy one.
func (s *Source) restrict(wanted []string) error {
	if len(s.Platforms) == 0 {
		return errors.New("there is no image of a known platform in the index")
	}
	var unknown []string
	keep := map[int]bool{}
	for _, w := range wanted {
		found := false
		for i, p := range s.Platforms {
			if satisfies(p.Platform, w) {
				keep[i], found = true, true
			}
		}
		if !found {
			unknown = append(unknown, w)
		}
	}
	if len(unknown) > 0 {
		var there []string
		for _, p := range s.Platforms {
			there = append(there, p.Platform)
		}
		return fmt.Errorf("the image has no platform %s; there are %s", strings.Join(unknown, ", "), strings.Join(there, ", "))
	}
	if len(wanted) == 0 {
		return nil
	}
	var kept []Platform
	for i, p := range s.Platforms {
		if keep[i] {
			kept = append(kept, p)
		} else {
			s.Left = append(s.Left, Left{p.Platform, p.Digest, Unwanted})
		}
	}
	s.Platforms = kept
	return nil
}

// satisfies: "linux/arm64" is satisfied by "linux/arm64/v8".
func satisfies(have, wanted string) bool {
	h, err := v1.ParsePlatform(have)
	if err != nil {
		return false
	}
	w, err := v1.ParsePlatform(wanted)
	return err == nil && w.OS != "" && h.Satisfies(*w)
}

// opener is one Open.
type opener struct {
	Options
	ctx    context.Context
	source *Source
}
