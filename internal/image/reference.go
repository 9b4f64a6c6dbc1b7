package image

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Transport is where an image is; the names are those of containers-transports(5).
type Transport string

// The transports.
const (
	Docker        Transport = "docker" // a registry
	OCI           Transport = "oci"
	OCIArchive    Transport = "oci-archive"
	DockerArchive Transport = "docker-archive"
	DockerDaemon  Transport = "docker-daemon"
)

const allowed = "allowed are ghcr.io/org/shop:tag, ghcr.io/org/shop@sha256:…, docker://…, oci:folder[:tag], " +
	"oci-archive:file[:tag], docker-archive:file[:name:tag], docker-daemon:name:tag"

// foreign are other tools' transports: an image would hardly be named so.
var foreign = []string{"containers-storage", "dir", "docker-image", "file", "http", "https", "ostree", "registry", "sif", "tarball"}

// Reference is an image as a user writes it.
type Reference struct {
	Transport Transport
	// Name is what was written, without the transport.
	Name string
	// Path is the layout's folder or the archive's file; "" for others.
	Path string
	// Within is which image of a layout or an archive it is; "" for the only one.
	Within string

	named name.Reference // of Docker; of DockerDaemon unless it is an id
}

// Parse reads a reference. What has no transport is in a registry.
func Parse(s string) (Reference, error) {
	switch {
	case s == "":
		return Reference{}, errors.New("got no image; " + allowed)
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return Reference{}, fmt.Errorf("got the image %q, which has spaces or control characters; %s", s, allowed)
	}
	before, after, found := strings.Cut(s, ":")
	switch t := Transport(before); {
	case found && t == Docker && strings.HasPrefix(after, "//"):
		return parseRegistry(after[len("//"):])
	case found && (t == OCI || t == OCIArchive || t == DockerArchive):
		return parsePath(t, after)
	case found && t == DockerDaemon:
		return parseDaemon(after)
	case found && slices.Contains(foreign, before):
		return Reference{}, fmt.Errorf("got the image %q with the transport %q; %s", s, before, allowed)
	}
	return parseRegistry(s)
}

func parseRegistry(s string) (Reference, error) {
	if strings.HasPrefix(s, "/") || strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".tar") {
		return Reference{}, fmt.Errorf("got the image %q, which looks like a file; write oci:%[1]s for a layout's folder, oci-archive:%[1]s or docker-archive:%[1]s for an archive", s)
	}
	named, err := name.ParseReference(s)
	if err != nil {
		return Reference{}, fmt.Errorf("got the image %q: %s; %s", s, reason(s, err), allowed)
	}
	return Reference{Transport: Docker, Name: s, named: named}, nil
}

// reason is shorter than ggcr's, and says what to try where that is known.
func reason(s string, err error) string {
	if lower := strings.ToLower(s); lower != s {
		if _, err := name.ParseReference(lower); err == nil {
			return fmt.Sprintf("repositories have small letters only, as %s", lower)
		}
	}
	if _, digest, ok := strings.Cut(s, "@"); ok && !digestGrammar.MatchString(digest) {
		return fmt.Sprintf("%q is no digest, which is sha256: and 64 hexadecimal digits", digest)
	}
	if _, why := name.NewTag(s); why != nil { // ParseReference says no more than that it could not
		return why.Error()
	}
	return err.Error()
}

var digestGrammar = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

func parsePath(t Transport, s string) (Reference, error) {
	path, within, found := strings.Cut(s, ":")
	if at, digest, ok := strings.Cut(path, "@"); ok && t != DockerArchive && found && digest == "sha256" {
		path, within = at, digest+":"+within
	}
	switch {
	case path == "":
		return Reference{}, fmt.Errorf("got the image %q without a path; write %s:path or %[2]s:path:tag", string(t)+":"+s, t)
	case found && within == "":
		return Reference{}, fmt.Errorf("got the image %q with nothing after the last colon; write %s:%s or %[2]s:%[3]s:tag", string(t)+":"+s, t, path)
	}
	if t == DockerArchive && within != "" {
		if _, err := name.NewTag(within); err != nil {
			return Reference{}, fmt.Errorf("got the image %q: %q is no name and tag; write docker-archive:%s:name:tag", string(t)+":"+s, within, path)
		}
	}
	return Reference{Transport: t, Name: s, Path: path, Within: within}, nil
}

func parseDaemon(s string) (Reference, error) {
	r := Reference{Transport: DockerDaemon, Name: s}
	if digestGrammar.MatchString(s) {
		return r, nil
	}
	named, err := name.ParseReference(s)
	if err != nil {
		return Reference{}, fmt.Errorf("got the image %q: %s; write docker-daemon:name:tag or docker-daemon:sha256:…", "docker-daemon:"+s, reason(s, err))
	}
	r.named = named
	return r, nil
}

// String is the reference with its transport, which registries' leave out.
func (r Reference) String() string {
	if r.Transport == Docker {
		return r.Name
	}
	return string(r.Transport) + ":" + r.Name
}

// Host is the registry's, "" where the image is in none: "ghcr.io",
// "localhost:5000", and "index.docker.io" for Docker Hub.
func (r Reference) Host() string {
	if r.Transport != Docker {
		return ""
	}
	return r.named.Context().RegistryStr()
}

// Repository is the image's name without tag and digest, with its host; "" where it
// is in no registry.
func (r Reference) Repository() string {
	if r.Transport != Docker {
		return ""
	}
	return r.named.Context().Name()
}

// Tag is the tag that was written, also beside a digest; "latest" where neither was.
func (r Reference) Tag() string {
	if r.Transport != Docker {
		return ""
	}
	if t, ok := r.named.(name.Tag); ok {
		return t.TagStr()
	}
	base, _, _ := strings.Cut(r.Name, "@")
	if last := base[strings.LastIndex(base, "/")+1:]; strings.Contains(last, ":") {
		return last[strings.Index(last, ":")+1:]
	}
	return ""
}

// Digest is the one that was written; "" for none.
func (r Reference) Digest() string {
	if d, ok := r.named.(name.Digest); ok && r.Transport == Docker {
		return d.DigestStr()
	}
	return ""
}

// At is the same repository's image of a digest.
func (r Reference) At(digest string) (Reference, error) {
	if r.Transport != Docker {
		return Reference{}, fmt.Errorf("got the image %q, which is in no registry", r)
	}
	return parseRegistry(r.Repository() + "@" + digest)
}
