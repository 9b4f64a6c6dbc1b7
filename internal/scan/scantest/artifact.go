package scantest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/metadata"
	"github.com/aquasecurity/trivy-java-db/pkg/db"
	javatypes "github.com/aquasecurity/trivy-java-db/pkg/types"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	_ "modernc.org/sqlite" // trivy-java-db opens its file with it
)

// What Trivy takes as the layer of its artifacts.
const (
	VulnMediaType   = "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"
	JavaMediaType   = "application/vnd.aquasec.trivy.javadb.layer.v1.tar+gzip"
	ChecksMediaType = "application/vnd.cncf.openpolicyagent.layer.v1.tar+gzip"
)

// Repositories are the references of what PushDB has pushed.
type Repositories struct{ Vuln, Java, Checks string }

// PushDB pushes the vulnerability database in dir to a registry, and a Java database
// and a bundle of checks of the same age, as the artifacts that Trivy expects.
func PushDB(t testing.TB, host, dir string) Repositories {
	t.Helper()
	m, err := metadata.NewClient(dir).Get()
	if err != nil {
		t.Fatal(err)
	}
	all := Repositories{host + "/trivy-db:2", host + "/trivy-java-db:1", host + "/trivy-checks:2"}
	Push(t, all.Vuln, VulnArtifact(t, dir))
	Push(t, all.Java, JavaArtifact(t, m.UpdatedAt))
	Push(t, all.Checks, ChecksArtifact(t, m.UpdatedAt))
	return all
}

// Push pushes an artifact to a registry that asks for no credentials.
func Push(t testing.TB, to string, img v1.Image) {
	t.Helper()
	ref, err := name.ParseReference(to, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img, remote.WithContext(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// VulnArtifact is the vulnerability database in dir.
func VulnArtifact(t testing.TB, dir string) v1.Image {
	t.Helper()
	return Artifact(t, VulnMediaType, "db.tar.gz", Pack(t, dir))
}

// JavaArtifact is a Java database that knows one jar.
func JavaArtifact(t testing.TB, updated time.Time) v1.Image {
	t.Helper()
	dir := t.TempDir()
	java, err := db.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := java.Init(); err != nil {
		t.Fatal(err)
	}
	jar := javatypes.Index{GroupID: "org.example", ArtifactID: "payments", Version: "1.0.0", SHA1: bytes.Repeat([]byte{7}, 20), ArchiveType: javatypes.JarType}
	if err := java.InsertIndexes([]javatypes.Index{jar}); err != nil {
		t.Fatal(err)
	}
	if err := java.Close(); err != nil {
		t.Fatal(err)
	}
	Metadata(t, dir, metadata.Metadata{Version: db.SchemaVersion, UpdatedAt: updated.UTC(), NextUpdate: updated.UTC().AddDate(0, 0, 3)})
	return Artifact(t, JavaMediaType, "javadb.tar.gz", Pack(t, dir))
}

// check refuses Dockerfiles that say who maintains them, which Trivy's own don't.
const check = `# METADATA
# title: MAINTAINER is deprecated
# schemas:
# - input: schema["dockerfile"]
# custom:
#   id: TEST-0001
#   avd_id: TEST-0001
#   severity: LOW
#   short_code: no-maintainer
#   recommended_action: Use a label
#   input:
#     selector:
#     - type: dockerfile
package builtin.dockerfile.TEST0001

import rego.v1

deny contains res if {
	some stage in input.Stages
	some instruction in stage.Commands
	instruction.Cmd == "maintainer"
	res := result.new("MAINTAINER is deprecated", instruction)
}
`

// ChecksArtifact is a bundle of one check. Trivy brings its own in the program, and
// needs none where a scan does without the newest.
func ChecksArtifact(t testing.TB, created time.Time) v1.Image {
	t.Helper()
	dir := t.TempDir()
	for file, text := range map[string]string{
		".manifest":                           `{"revision":"test","roots":[""]}`,
		"policies/docker/no_maintainer.rego":  check,
		"policies/docker/lib/placeholder.txt": "the folder of libraries\n",
	} {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	img, ok := mutate.Annotations(Artifact(t, ChecksMediaType, "bundle.tar.gz", Pack(t, dir)), map[string]string{
		"org.opencontainers.image.version": "2.0.0",
		"org.opencontainers.image.created": created.UTC().Format(time.RFC3339),
	}).(v1.Image)
	if !ok {
		t.Fatal("annotating made no image")
	}
	return img
}

// Artifact is one layer, as oras pushes a file of that name.
func Artifact(t testing.TB, mediaType types.MediaType, title string, layer []byte) v1.Image {
	t.Helper()
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), "application/vnd.aquasec.trivy.config.v1+json")
	img, err := mutate.Append(img, mutate.Addendum{
		Layer:       static.NewLayer(layer, mediaType),
		Annotations: map[string]string{"org.opencontainers.image.title": title},
	})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// Pack makes a tar.gz of the files below a folder, the same for the same files.
func Pack(t testing.TB, dir string) []byte {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	w := tar.NewWriter(zip)
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: path, Mode: 0o644, Size: int64(len(data))}); err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
	for _, err := range []error{err, w.Close(), zip.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}
