//go:build goexperiment.jsonv2

package trial

import (
	"bytes"
	"encoding/json"
	"go/build"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/org/checkout-deploy/internal/image/imagetest"
)

// The report is stock trivy's, but for the time and its own name: of an image in a
// registry by digest and by tag, of one for another platform, of archives and layouts,
// and of a folder.
func TestLikeStock(t *testing.T) {
	s := newShop(t, flawed()(t), imagetest.RegistryOptions{})
	img := imagetest.Debian(t, imagetest.Options{})
	digest := s.push(img)
	img.Push(t, s.registry.Host+"/org/shop:edge")
	img.Archive(t, filepath.Join(s.dir, "image.tar"), "shop.example/checkout:1")
	img.Layout(t, filepath.Join(s.dir, "layout"), "")
	several := imagetest.Debian(t, imagetest.Options{Platforms: []string{"linux/amd64", "linux/arm64"}})
	many := s.push(several)
	s.write("src/Dockerfile", "FROM debian:latest\nRUN apt-get install curl\n")
	s.write("src/pod.yml", "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { containers: [ { name: a, image: a, securityContext: { privileged: true } } ] }\n")
	s.write("src/main.tf", "resource \"aws_s3_bucket\" \"b\" {\n  bucket = \"b\"\n}\n")
	s.write("src/stack.yml", "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  B:\n    Type: AWS::S3::Bucket\n")
	s.write("src/chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n")
	s.write("src/chart/templates/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: { name: {{ .Release.Name }} }\nspec: { hostNetwork: true, containers: [ { name: a, image: a } ] }\n")
	for name, data := range imagetest.Project() {
		s.write("src/"+name, string(data))
	}
	for _, row := range []struct {
		name   string
		inputs []string
		stock  []string
		file   string
		least  int // results
	}{
		{"by digest", []string{"image=" + digest}, []string{"image", digest}, "trivy.json", 3},
		{"by tag", []string{"image=" + s.registry.Host + "/org/shop:edge"}, []string{"image", s.registry.Host + "/org/shop:edge"}, "trivy.json", 3},
		{"one platform", []string{"image=" + many, "platforms=linux/arm64"}, []string{"image", "--platform", "linux/arm64", many}, "trivy.json", 3},
		{"of several", []string{"image=" + many}, []string{"image", "--platform", "linux/arm64", many}, "trivy-linux-arm64.json", 3},
		{"archive", []string{"image=docker-archive:image.tar"}, []string{"image", "--input", "image.tar"}, "trivy.json", 3},
		{"layout", []string{"image=oci:layout"}, []string{"image", "--input", "layout"}, "trivy.json", 3},
		{"licences", []string{"image=" + digest, "scanners=license"}, []string{"image", "--scanners", "license", digest}, "trivy.json", 1},
		{"folder", []string{"path=src", "scanners=vuln,misconfig,license"}, []string{"fs", "--scanners", "vuln,misconfig,license", "--skip-check-update", "src"}, "trivy.json", 6},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := *s
			s.t = t
			r := s.run(append(row.inputs, "fail-severity=none")...)
			r.shows(t, 0)
			args := append(row.stock, "--format", "json", "--quiet", "--disable-telemetry", "--skip-version-check", "--cache-dir", filepath.Join(s.dir, "stock"), "--db-repository", s.from.Vuln, "--java-db-repository", s.from.Java)
			t.Chdir(s.dir)
			want, err := stock(t, "trivy", []string{"GOPATH=" + build.Default.GOPATH}, args...)
			check(t, err)
			ours, theirs := timeless(t, s.read("scan/"+row.file)), timeless(t, want)
			if n := len(theirs["Results"].([]any)); n < row.least {
				t.Fatalf("got %d results of stock trivy's, want at least %d: %s", n, row.least, tail(string(want)))
			}
			if !reflect.DeepEqual(ours, theirs) {
				a, b := filepath.Join(t.TempDir(), "ours.json"), filepath.Join(t.TempDir(), "stock.json")
				indented(t, a, ours)
				indented(t, b, theirs)
				diff, _ := difference(t, a, b)
				t.Errorf("got another report than stock trivy's:\n%s", tail(diff))
			}
		})
	}
}

// timeless is a report without what is another in each run: time, name, version.
func timeless(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var report map[string]any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	check(t, d.Decode(&report))
	for _, key := range []string{"CreatedAt", "ReportID", "Trivy"} {
		delete(report, key)
	}
	return report
}

func indented(t *testing.T, file string, v any) {
	t.Helper()
	data, err := json.MarshalIndent(v, "", " ")
	check(t, err)
	check(t, os.WriteFile(file, data, 0o600))
}
