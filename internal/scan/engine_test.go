//go:build goexperiment.jsonv2

package scan

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	xos "github.com/aquasecurity/trivy/pkg/x/os"

	"github.com/org/checkout-deploy/internal/scan/result"
)

// What Trivy writes aside goes with the engine, and a later one can write again.
func TestTemporaryFilesGo(t *testing.T) {
	for range 2 {
		e, err := Open(Options{Scanners: []result.Kind{result.Misconfiguration}})
		if err != nil {
			t.Fatal(err)
		}
		f, err := xos.CreateTemp("", "aside-") // as Trivy's parsers do
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Close(), e.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(xos.TempDir()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v of Trivy's folder after the end, want it gone", err)
		}
	}
	if _, err := Open(Options{Scanners: []result.Kind{result.Vulnerability}, Databases: t.TempDir()}); err == nil {
		t.Error("got an engine without a database")
	}
	if _, err := os.Stat(xos.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v of Trivy's folder after an engine that did not start, want it gone", err)
	}
}
