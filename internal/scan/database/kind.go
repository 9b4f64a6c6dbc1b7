package database

import (
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Kind is one of the databases that Trivy looks things up in.
type Kind struct {
	name   string
	folder string // below Trivy's cache folder
	// content is where the layer's files go, below folder; "" for folder itself.
	content      string
	mediaType    types.MediaType
	repositories []string
	tag          string // of a repository that is given without one
	maxAge       time.Duration
	// files are all that the layer may and must have; nil for any.
	files []string
	// schema is the version that metadata.json has to say; 0 where there is no such file.
	schema int
	// check looks whether the content can be used, in a time that does not hang on
	// its size.
	check func(dir string) error
}

// Repositories are those that have it for everybody, in the order in which they are
// asked.
func (k Kind) Repositories() []string { return slices.Clone(k.repositories) }

// MaxAge is how old it may be where nobody says another age.
func (k Kind) MaxAge() time.Duration { return k.maxAge }

// The databases of Trivy v0.74, with the repositories and names that it has for
// them.
//
// Vulnerabilities are built anew every six hours. Three days are a weekend in which
// nobody built and both registries' worst outages, and little against the time that
// a fix takes to be there; somebody who wants the day's asks for 24h.
//
// The Java database only names jars, and a jar that it does not know is newer than
// itself. The checks of configurations are in the program too, and change a few
// times a year.
var (
	Vulnerabilities = Kind{
		name: "vulnerabilities", folder: "db",
		mediaType:    "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip",
		repositories: []string{"mirror.gcr.io/aquasec/trivy-db:2", "ghcr.io/aquasecurity/trivy-db:2"},
		tag:          "2", schema: 2, maxAge: 72 * time.Hour,
		files: []string{"trivy.db", metadataFile},
		check: checkVulnerabilities,
	}
	Java = Kind{
		name: "java", folder: "java-db",
		mediaType:    "application/vnd.aquasec.trivy.javadb.layer.v1.tar+gzip",
		repositories: []string{"mirror.gcr.io/aquasec/trivy-java-db:1", "ghcr.io/aquasecurity/trivy-java-db:1"},
		tag:          "1", schema: 1, maxAge: 14 * 24 * time.Hour,
		files: []string{"trivy-java.db", metadataFile},
		check: checkJava,
	}
	Checks = Kind{
		name: "checks", folder: "policy", content: "content",
		mediaType:    "application/vnd.cncf.openpolicyagent.layer.v1.tar+gzip",
		repositories: []string{"mirror.gcr.io/aquasec/trivy-checks:2", "ghcr.io/aquasecurity/trivy-checks:2"},
		tag:          "2", maxAge: 180 * 24 * time.Hour,
		check: checkChecks,
	}
)
