//go:build goexperiment.jsonv2

package scan

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	ftypes "github.com/aquasecurity/trivy/pkg/fanal/types"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/image/imagetest"
	"github.com/org/checkout-deploy/internal/scan/result"
	"github.com/org/checkout-deploy/internal/scan/scantest"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// database is a cache folder with advisories for one package that nobody has.
func database(t *testing.T, buckets ...string) string {
	t.Helper()
	var all []scantest.Advisory
	for _, name := range buckets {
		all = append(all, scantest.Advisory{Bucket: name, Package: "nobody-has-it", ID: "CVE-2026-10001", Fixed: "1"})
	}
	cache := t.TempDir()
	check(t, os.Symlink(scantest.VulnDB(t, time.Now(), all...), filepath.Join(cache, "db")))
	return cache
}

// over is an image with a layer more, of these files.
func over(t *testing.T, img v1.Image, files map[string]string) v1.Image {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		check(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name])), Typeflag: tar.TypeReg}))
		_, err := io.WriteString(w, files[name])
		check(t, err)
	}
	check(t, w.Close())
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	check(t, err)
	img, err = mutate.AppendLayers(img, layer)
	check(t, err)
	return img
}

func scanImage(t *testing.T, cache string, img v1.Image) (*Scan, error) {
	t.Helper()
	e, err := Open(Options{Scanners: []result.Kind{result.Vulnerability}, Databases: cache})
	check(t, err)
	defer func() { check(t, e.Close()) }()
	return e.Image(t.Context(), Image{Image: img, Name: "shop"})
}

// Packages that nothing was known of are told, whatever the reason.
func TestUnscannedPackages(t *testing.T) {
	cache := database(t, scantest.Debian12)
	for _, row := range []struct {
		name    string
		release string
		files   map[string]string
		want    string
	}{
		{"as it is", "12", nil, ""},
		{"a release that there are no advisories for", "99", nil, "the packages of debian 99.11 were not looked up: there are no advisories for this release in the database"},
		{"a release to come", "12", map[string]string{"etc/debian_version": "trixie/sid\n"}, "the packages of debian trixie/sid were not looked up: there are no advisories for this release in the database"},
		{"nothing that says which distribution it is", "", map[string]string{"var/lib/dpkg/status": "Package: libssl3\nStatus: install ok installed\nVersion: 3.0.11-1\n\n"}, "the packages of the image were not looked up: it has a list of them, and nothing that says of which distribution"},
		{"neither", "", map[string]string{"app/program": "x"}, ""},
		{"no list of packages", "12", map[string]string{"var/lib/.wh.dpkg": ""}, "the image is debian 12.11 without a list of its packages"},
		{"an installed package whose manifest is broken", "12", map[string]string{"app/node_modules/left-pad/package.json": "{"}, "app/node_modules/left-pad/package.json could not be read: "},
		{"a broken manifest that a package's tests want", "12", map[string]string{"app/node_modules/resolve/test/malformed/package.json": "{"}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			img := empty.Image
			if row.release != "" {
				img = imagetest.Debian(t, imagetest.Options{Release: row.release, Packages: 5, Clean: true}).Images[0]
			}
			if row.files != nil {
				img = over(t, img, row.files)
			}
			s, err := scanImage(t, cache, img)
			check(t, err)
			says(t, s.Report.Unscanned, row.want)
		})
	}
}

// says compares the only sentence, by its beginning; "" is none.
func says(t *testing.T, got []string, want string) {
	t.Helper()
	if want == "" && len(got) > 0 || want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], want)) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A database without Java's is known by the engine's own words.
func TestNeedsJava(t *testing.T) {
	img := over(t, imagetest.Debian(t, imagetest.Options{Packages: 5, Clean: true}).Images[0], map[string]string{"app/x.jar": "PK\x05\x06" + strings.Repeat("\x00", 18)})
	if _, err := scanImage(t, database(t, scantest.Debian12), img); !errors.Is(err, ErrNeedsJava) {
		t.Errorf("got %v, want %v", err, ErrNeedsJava)
	}
}

// Names of advisories, as the database's authors and Trivy's drivers make them.
func TestAdvisoriesOf(t *testing.T) {
	for _, row := range []struct {
		family  ftypes.OSType
		release string
		want    []string
	}{
		{ftypes.Alpine, "3.22.1", []string{"alpine 3.22"}},
		{ftypes.Alpine, "3.23_alpha20250612", []string{"alpine 3.23_alpha20250612", "alpine edge"}},
		{ftypes.Debian, "12.11", []string{"debian 12"}},
		{ftypes.Ubuntu, "24.04", []string{"ubuntu 24.04", "ubuntu 24.04"}},
		{ftypes.Ubuntu, "18.04-ESM", []string{"ubuntu 18.04-ESM", "ubuntu 18.04"}},
		{ftypes.Alma, "9.4", []string{"alma 9"}},
		{ftypes.Rocky, "9.4", []string{"rocky 9"}},
		{ftypes.Oracle, "9.4", []string{"Oracle Linux 9"}},
		{ftypes.RedHat, "9.4", []string{"Red Hat"}},
		{ftypes.CentOS, "7.9", []string{"Red Hat"}},
		{ftypes.Amazon, "2023.7.20250512 (Amazon Linux)", []string{"amazon linux 2023"}},
		{ftypes.Amazon, "2 (Karoo)", []string{"amazon linux 2"}},
		{ftypes.Amazon, "AMI release 2018.03", []string{"amazon linux 1"}},
		{ftypes.Azure, "3.0", []string{"Azure Linux 3.0"}},
		{ftypes.CBLMariner, "2.0.20240101", []string{"CBL-Mariner 2.0"}},
		{ftypes.Photon, "5.0", []string{"Photon OS 5.0"}},
		{ftypes.OpenSUSELeap, "15.6", []string{"openSUSE Leap 15.6"}},
		{ftypes.OpenSUSETumbleweed, "20250101", []string{"openSUSE Tumbleweed"}},
		{ftypes.SLES, "15.6", []string{"SUSE Linux Enterprise 15.6"}},
		{ftypes.SLEMicro, "5.5", []string{"SUSE Linux Enterprise Micro 5.5"}},
		{ftypes.Wolfi, "20230201", []string{"wolfi"}},
		{ftypes.Chainguard, "20230214", []string{"chainguard"}},
		{ftypes.OSType("another"), "1", nil},
	} {
		if got := advisoriesOf(row.family, row.release); !slices.Equal(got, row.want) {
			t.Errorf("%s %s: got %q, want %q", row.family, row.release, got, row.want)
		}
	}
}

// scanFolder looks for misconfigurations and, with a database, for vulnerabilities.
func scanFolder(t *testing.T, files map[string]string) *Scan {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		check(t, os.MkdirAll(filepath.Dir(file), 0o755))
		check(t, os.WriteFile(file, []byte(text), 0o644))
	}
	e, err := Open(Options{Scanners: []result.Kind{result.Vulnerability, result.Misconfiguration}, Databases: database(t, scantest.NPM)})
	check(t, err)
	defer func() { check(t, e.Close()) }()
	s, err := e.Folder(t.Context(), dir, "src")
	check(t, err)
	return s
}

// What is of a known kind and can't be read is told.
func TestUnread(t *testing.T) {
	for _, row := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"package-lock.json", map[string]string{"app/package-lock.json": `{"lockfileVersion": 3, "packages": {`}, "app/package-lock.json could not be read: "},
		{"an empty lock file", map[string]string{"package-lock.json": ""}, "package-lock.json could not be read: "},
		{"yarn.lock", map[string]string{"yarn.lock": "left-pad@^1.0.0:\n  resolved \"x\"\n"}, ""},
		{"pnpm-lock.yaml", map[string]string{"pnpm-lock.yaml": "a: [\n"}, "pnpm-lock.yaml could not be read: "},
		{"go.mod", map[string]string{"go.mod": "module \x00\nrequire ((\n"}, "go.mod could not be read: "},
		{"Gemfile.lock is lenient", map[string]string{"Gemfile.lock": "\x01"}, ""},
		{"Pipfile.lock", map[string]string{"Pipfile.lock": "{"}, "Pipfile.lock could not be read: "},
		{"Cargo.lock", map[string]string{"Cargo.lock": "[[["}, "Cargo.lock could not be read: "},
		{"composer.lock", map[string]string{"composer.lock": "{"}, "composer.lock could not be read: "},
		{"Dockerfile", map[string]string{"Dockerfile": "FROM a\nRUN <<\nNOSUCH x\n"}, "Dockerfile could not be read: "},
		{"Terraform", map[string]string{"main.tf": "resource \"a\" {\n"}, "main.tf could not be read: "},
		{"a chart", map[string]string{"c/Chart.yaml": "name: [\n", "c/templates/a.yaml": "a: 1\n"}, "c could not be read: "},
		{"a package of a folder's node_modules", map[string]string{"node_modules/a/package.json": "{"}, ""},
		{"what is whole", map[string]string{"Dockerfile": "FROM debian:12\nUSER shop\n", "go.mod": "module m\n\ngo 1.22\n"}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := scanFolder(t, row.files)
			says(t, s.Report.Unscanned, row.want)
			for _, w := range s.Warnings {
				if strings.Contains(w, "file_path") && row.want != "" {
					t.Errorf("got it as a warning too: %s", w)
				}
			}
		})
	}
}

// Files that are named to do harm, and too many of them, are told harmlessly.
func TestUnreadIsBounded(t *testing.T) {
	var u unread
	for i := range 2 * maxUnread {
		u.add(fmt.Sprintf("%03d\x1b[31m\n\u202e%s", i, strings.Repeat("a", 5000)), strings.Repeat("\r\n", 5000)+"x")
	}
	all := u.sentences()
	if len(all) != maxUnread+1 || !strings.Contains(all[maxUnread], "100 times more") {
		t.Errorf("got %d sentences, want %d: %s", len(all), maxUnread+1, all[len(all)-1])
	}
	for _, s := range all {
		if strings.ContainsAny(s, "\x1b\r\n\u202e") || len(s) > 600 {
			t.Fatalf("got %q", s)
		}
	}
}

// A module that is not in the folder is told, and nobody is asked for it.
func TestTerraformModules(t *testing.T) {
	asked := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		http.NotFound(w, r)
	}))
	defer server.Close()
	const moduleOfInit = ".terraform/modules/x/main.tf"
	for _, row := range []struct{ name, source, want string }{
		{"got by terraform init", "acme/vpc/aws", ""},
		{"git over http", "git::" + server.URL + "/repo.git", "main.tf:1-3 could not be read: "},
		{"of a registry", "terraform-aws-modules/vpc/aws", "main.tf:1-3 could not be read: "},
		{"of the folder", "./m", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			files := map[string]string{
				"main.tf":   "module \"x\" {\n  source = \"" + row.source + "\"\n}\n",
				"m/main.tf": "resource \"aws_s3_bucket\" \"b\" {\n  bucket = \"b\"\n}\n",
			}
			if row.source == "acme/vpc/aws" {
				files[moduleOfInit] = files["m/main.tf"]
				files[".terraform/modules/modules.json"] = `{"Modules":[{"Key":"x","Source":"acme/vpc/aws","Dir":".terraform/modules/x"}]}`
			}
			s := scanFolder(t, files)
			says(t, s.Report.Unscanned, row.want)
			if !slices.ContainsFunc(s.Report.Findings, func(f result.Finding) bool { return f.Path == "m/main.tf" }) {
				t.Error("got no finding of the folder's own Terraform")
			}
		})
	}
	if len(asked) > 0 {
		t.Errorf("got a request for %s", <-asked)
	}
}

// A comment that leaves out findings is one.
func TestInlineIgnores(t *testing.T) {
	for _, row := range []struct {
		name  string
		file  string
		text  string
		lines []int
	}{
		{"Dockerfile", "Dockerfile", "#trivy:ignore:DS-0002\nFROM debian:12\n# trivy:ignore:AVD-DS-0013:exp:2020-01-01\nRUN ls\n", []int{1, 3}},
		{"Terraform, by its old name", "main.tf", "resource \"aws_s3_bucket\" \"b\" { #tfsec:ignore:*\n}\n", []int{1}},
		{"CloudFormation", "stack.yaml", "Resources:\n  B: # trivy:ignore:*\n    Type: AWS::S3::Bucket\n", []int{2}},
		{"words that are no comment of Trivy's", "Dockerfile", "# eslint-ignore: we ignore: trivy\nFROM debian:12\n", nil},
		{"where nobody heeds it", "compose.yaml", "# trivy:ignore:*\nservices: {}\n", nil},
		{"a chart", "c/templates/pod.yaml", "# trivy:ignore:*\napiVersion: v1\nkind: Pod\n", []int{1}},
	} {
		t.Run(row.name, func(t *testing.T) {
			files := map[string]string{row.file: row.text}
			if strings.HasPrefix(row.file, "c/") {
				files["c/Chart.yaml"] = "apiVersion: v2\nname: c\nversion: 1.0.0\n"
			}
			s := scanFolder(t, files)
			var lines []int
			for _, f := range s.Report.Findings {
				if f.ID == inlineIgnore {
					lines = append(lines, f.Line)
					if f.Kind != result.Misconfiguration || f.Severity != finding.High || f.Path != row.file {
						t.Errorf("got %+v", f)
					}
				}
			}
			if !slices.Equal(lines, row.lines) {
				t.Errorf("got it in the lines %v, want %v", lines, row.lines)
			}
			again, err := Read(s.Report.JSON)
			check(t, err)
			if len(again.Findings) != len(s.Report.Findings) || bytes.Contains(s.Report.JSON, []byte("CustomResources")) {
				t.Errorf("got %d findings of the report as JSON, want %d", len(again.Findings), len(s.Report.Findings))
			}
		})
	}
}
