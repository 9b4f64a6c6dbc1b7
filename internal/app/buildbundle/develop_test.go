package buildbundle

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

func TestRebuildTmp(t *testing.T) {
	app := os.Getenv("APP")
	if app == "" {
		t.Skip()
	}
	d, err := newDeveloper(Request{Dir: app, Config: os.Getenv("CONFIG"), Profile: release.Development, Sass: os.Getenv("DART_SASS"), Version: "devel"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	began := time.Now()
	b, err := d.build(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Log("first", time.Since(began), len(b.rel.Files), len(d.inputs()))
	if out := os.Getenv("OUT"); out != "" {
		os.RemoveAll(out)
		for name, data := range b.contents {
			os.MkdirAll(filepath.Dir(filepath.Join(out, name)), 0o755)
			os.WriteFile(filepath.Join(out, name), data, 0o644)
		}
	}
	path := filepath.Join(app, os.Getenv("EDIT"))
	original, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer os.WriteFile(path, original, 0o644)
	for i := range 6 {
		text := bytes.ReplaceAll(original, []byte("return"), []byte("/*"+string(rune('a'+i))+"*/ return"))
		if i%2 == 0 {
			text = append(bytes.Clone(original), []byte("\nexport const zzz"+string(rune('a'+i))+" = 1;\n")...)
		}
		if i == 4 {
			text = append([]byte("import * as lll from 'lodash'; console.log(lll);\n"), original...)
		}
		os.WriteFile(path, text, 0o644)
		began = time.Now()
		if _, err := d.build(t.Context(), []string{path}); err != nil {
			t.Fatal(err)
		}
		t.Log("again", i, time.Since(began))
	}
}
