//go:build goexperiment.jsonv2

package scan

import (
	"fmt"
	"slices"
	"strings"

	tdb "github.com/aquasecurity/trivy-db/pkg/db"
	"github.com/aquasecurity/trivy-db/pkg/vulnsrc/bucket"
	"github.com/aquasecurity/trivy/pkg/detector/ospkg/version"
	ftypes "github.com/aquasecurity/trivy/pkg/fanal/types"
	"github.com/aquasecurity/trivy/pkg/types"
	bolt "go.etcd.io/bbolt"
)

// unscanned says of which of the distribution's packages nobody knows whether they
// are vulnerable. known says whether the database has advisories of that name.
func unscanned(raw types.Report, known func(name string) bool) []string {
	os := raw.Metadata.OS
	if os == nil || !os.Family.HasOSPackages() {
		return nil
	}
	if os.Family == "none" { // Trivy's word where there are packages and nothing else
		return []string{"the packages of the image were not looked up: it has a list of them, and nothing that says of which distribution they are, such as /etc/os-release"}
	}
	i := slices.IndexFunc(raw.Results, func(r types.Result) bool { return r.Class == types.ClassOSPkg })
	switch {
	case i < 0 || os.Family == ftypes.CoreOS: // its driver finds nothing, always
		return []string{fmt.Sprintf("the packages of %s %s were not looked up: there are no advisories for this distribution", os.Family, os.Name)}
	case len(raw.Results[i].Packages) == 0:
		return []string{fmt.Sprintf("the image is %s %s without a list of its packages, such as /var/lib/dpkg or /lib/apk/db: what is installed is not known", os.Family, os.Name)}
	}
	if names := advisoriesOf(os.Family, os.Name); names != nil && !slices.ContainsFunc(names, known) {
		return []string{fmt.Sprintf("the packages of %s %s were not looked up: there are no advisories for this release in the database", os.Family, os.Name)}
	}
	return nil
}

// ofAllReleases are distributions whose advisories are not kept by release.
var ofAllReleases = map[ftypes.OSType]bucket.Bucket{
	ftypes.RedHat: bucket.NewRedHat(""), ftypes.CentOS: bucket.NewRedHat(""), ftypes.OpenSUSETumbleweed: bucket.NewOpenSUSETumbleweed(),
	ftypes.Wolfi: bucket.NewWolfi(""), ftypes.Chainguard: bucket.NewChainguard(""), ftypes.MinimOS: bucket.NewMinimOS(""),
	ftypes.Echo: bucket.NewEcho(""), ftypes.Bottlerocket: bucket.NewBottlerocket(),
}

// advisoriesOf are the names under which the database may have a release's
// advisories, as Trivy's drivers make them; nil where that is not certain.
func advisoriesOf(family ftypes.OSType, release string) (names []string) {
	if b, ok := ofAllReleases[family]; ok {
		return []string{b.Name()}
	}
	add := func(b bucket.Bucket) { names = append(names, b.Name()) }
	switch family {
	case ftypes.Alpine:
		add(bucket.NewAlpine(version.Minor(release)))
		if strings.ContainsAny(release, "_") { // before it is out, as 3.23_alpha20250612, it is of this branch
			add(bucket.NewAlpine("edge"))
		}
	case ftypes.Debian:
		add(bucket.NewDebian(version.Major(release)))
	case ftypes.Ubuntu:
		add(bucket.NewUbuntu(release))
		add(bucket.NewUbuntu(strings.TrimSuffix(release, "-ESM")))
	case ftypes.Alma:
		add(bucket.NewAlma(version.Major(release)))
	case ftypes.Rocky:
		add(bucket.NewRocky(version.Major(release)))
	case ftypes.Oracle:
		add(bucket.NewOracle(version.Major(release)))
	case ftypes.Amazon:
		add(bucket.NewAmazon(amazon(release)))
	case ftypes.Azure:
		add(bucket.NewAzureLinux(version.Minor(release)))
	case ftypes.CBLMariner:
		add(bucket.NewMariner(version.Minor(release)))
	case ftypes.Photon:
		add(bucket.NewPhoton(release))
	case ftypes.OpenSUSELeap:
		add(bucket.NewOpenSUSE(release))
	case ftypes.SLES:
		add(bucket.NewSUSELinuxEnterprise(release))
	case ftypes.SLEMicro:
		add(bucket.NewSUSELinuxEnterpriseMicro(release))
	}
	return names
}

// amazon is Trivy's name of a release: all that it does not know are the first.
func amazon(release string) string {
	release, _, _ = strings.Cut(release, " ")
	if major := version.Major(release); slices.Contains([]string{"2", "2022", "2023"}, major) {
		return major
	}
	return "1"
}

// inDatabase says whether the database that is open has advisories of that name.
func inDatabase(name string) (has bool) {
	err := tdb.Config{}.Connection().View(func(tx *bolt.Tx) error {
		has = tx.Bucket([]byte(name)) != nil
		return nil
	})
	return has && err == nil
}
