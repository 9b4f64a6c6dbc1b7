//go:build goexperiment.jsonv2

package trial

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/org/checkout-deploy/internal/image/imagetest"
)

// The database of jars is fetched where there are some, and without it they are not
// scanned, which is no clean answer.
func TestJars(t *testing.T) {
	s := warm(t, imagetest.RegistryOptions{}).row(t)
	s.cache = filepath.Join(s.dir, "cache")
	pom := []byte("groupId=org.example\nartifactId=payments\nversion=1.0.0\n")
	inner := jarOf(t, map[string][]byte{"META-INF/maven/org.example/cards/pom.properties": []byte("groupId=org.example\nartifactId=cards\nversion=2.0.0\n")})
	jar := jarOf(t, map[string][]byte{"META-INF/maven/org.example/payments/pom.properties": pom, "BOOT-INF/lib/cards-2.0.0.jar": inner})
	reference := s.push(on(t, layerOf(t, map[string][]byte{"app/payments-1.0.0.jar": jar})))
	plain := s.push(imagetest.Debian(t, imagetest.Options{Packages: 5, Clean: true}))

	s.run("image="+plain).shows(t, 0)
	if _, err := os.Stat(filepath.Join(s.cache, "java-db")); err == nil {
		t.Error("got the database of jars for an image without any")
	}
	java := s.from.Java
	s.from.Java = s.registry.Host + "/none:1"
	check(t, os.RemoveAll(filepath.Join(s.dir, "scan")))
	s.refuses(1, []string{"nothing was scanned, as there is no database of java"}, "image="+reference)
	s.from.Java = java
	s.run("image="+reference).shows(t, 0)
	for _, want := range []string{"pkg:maven/org.example/payments@1.0.0", "pkg:maven/org.example/cards@2.0.0", "app/payments-1.0.0.jar/BOOT-INF/lib/cards-2.0.0.jar"} {
		if !strings.Contains(string(s.read("scan/sbom.cyclonedx.json")), want) {
			t.Errorf("got no %s in the SBOM", want)
		}
	}
	if !strings.Contains(string(s.read("scan/result.json")), `"java"`) {
		t.Error("got no database of jars in the result")
	}
}

func layerOf(t testing.TB, files map[string][]byte) v1.Layer {
	t.Helper()
	return imagetest.Layer(t, imagetest.Tar(t, files), false)
}

// A jar that fills the disk or the memory ends the scan; one that is damaged is told.
func TestBadJars(t *testing.T) {
	s := warm(t, imagetest.RegistryOptions{})
	s.run("image="+s.push(on(t, layerOf(t, map[string][]byte{"a.jar": jarOf(t, map[string][]byte{"a": nil})})))).shows(t, 0) // the database is there now
	large := func(name string, size uint64) []byte {                                                                         // as it says
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		_, err := w.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, UncompressedSize64: size})
		check(t, err)
		check(t, w.Close())
		return b.Bytes()
	}
	nested := jarOf(t, map[string][]byte{"a": nil})
	for range 12 {
		nested = jarOf(t, map[string][]byte{"a.jar": nested})
	}
	for _, row := range []struct {
		name string
		jar  []byte
		says string
	}{
		{"a bomb", large("bomb.jar", 5<<30), "bytes unpacked: is it a bomb?"},
		{"a bomb in a bomb", jarOf(t, map[string][]byte{"lib/b.war": large("bomb.jar", 5<<30)}), "bytes unpacked: is it a bomb?"},
		{"a text that is one", large("META-INF/maven/a/b/pom.xml", 1<<30), "pom.xml"},
		{"one in the other", nested, "more than 8 deep"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := s.row(t)
			s.refuses(1, []string{row.says, "app/x.jar"}, "image="+s.push(on(t, layerOf(t, map[string][]byte{"app/x.jar": row.jar}))))
		})
	}
	t.Run("a damaged one", func(t *testing.T) {
		s := s.row(t)
		r, _ := measured(t, s.program("image="+s.push(on(t, layerOf(t, map[string][]byte{"app/x.jar": []byte("no archive")})))))
		r.shows(t, 0, "the engine warns: an archive of Java could not be read, and was not scanned file=app/x.jar")
	})
}
