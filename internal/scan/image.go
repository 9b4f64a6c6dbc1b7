//go:build goexperiment.jsonv2

package scan

import (
	"context"

	"github.com/aquasecurity/trivy/pkg/cache"
	"github.com/aquasecurity/trivy/pkg/fanal/analyzer"
	"github.com/aquasecurity/trivy/pkg/fanal/artifact"
	artimage "github.com/aquasecurity/trivy/pkg/fanal/artifact/image"
	artlocal "github.com/aquasecurity/trivy/pkg/fanal/artifact/local"
	"github.com/aquasecurity/trivy/pkg/fanal/walker"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Image is one platform's image and what it is called.
type Image struct {
	v1.Image
	// Name is how it was asked for; Tags and Digests are "repository:tag" and
	// "repository@sha256:…", as a report has them.
	Name          string
	Tags, Digests []string
}

// Image scans an image. Its layers are read once, in parallel, and verified by whoever
// opened it.
func (e *Engine) Image(ctx context.Context, img Image) (*Scan, error) {
	o := e.artifactOptions(append([]analyzer.Type{analyzer.TypeHistoryDockerfile}, analyzer.TypeLockfiles...)...)
	return e.run(ctx, "", func(c cache.ArtifactCache, o artifact.Option) (artifact.Artifact, error) {
		return artimage.NewArtifact(trivyImage{img}, c, o)
	}, o)
}

// Folder scans a folder: its lock files, and configuration of every kind. The report
// calls it name.
func (e *Engine) Folder(ctx context.Context, dir, name string) (*Scan, error) {
	o := e.artifactOptions(append([]analyzer.Type{analyzer.TypeSBOM, boundedJar}, analyzer.TypeIndividualPkgs...)...)
	return e.run(ctx, name, func(c cache.ArtifactCache, o artifact.Option) (artifact.Artifact, error) {
		return artlocal.NewArtifact(dir, c, walker.NewFS(), o)
	}, o)
}

// trivyImage is an Image as Trivy wants it.
type trivyImage struct{ Image }

func (i trivyImage) Name() string          { return i.Image.Name }
func (i trivyImage) RepoTags() []string    { return i.Tags }
func (i trivyImage) RepoDigests() []string { return i.Digests }

func (i trivyImage) ID() (string, error) {
	id, err := i.ConfigName()
	return id.String(), err
}
