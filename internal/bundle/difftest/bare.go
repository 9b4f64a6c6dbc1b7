package difftest

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
	"testing/fstest"

	"github.com/evanw/esbuild/pkg/api"
)

// Bare is esbuild with splitting and nothing else. It is known to differ: it runs ES modules before the CommonJS
// siblings that stand above them, a shared chunk as a whole (esbuild issue #399), and loads no style sheet for a lazy
// module (#1590). A harness that finds nothing there finds nothing anywhere.
type Bare struct{}

// Build implements Builder for ESM.
func (Bare) Build(_ context.Context, dir string, format Format) (*Output, error) {
	if format != ESM {
		return nil, fmt.Errorf("bare esbuild, %q: %w", format, ErrUnsupported)
	}
	entry, err := filepath.Glob(filepath.Join(dir, "main.*js"))
	if err != nil {
		return nil, fmt.Errorf("looking for the entry in %q: %w", dir, err)
	}
	if len(entry) != 1 {
		return nil, fmt.Errorf("looking for the entry in %q: got %q, want one main.mjs or main.js", dir, entry)
	}
	result := api.Build(api.BuildOptions{
		EntryPoints:       entry,
		AbsWorkingDir:     dir,
		Bundle:            true,
		Splitting:         true,
		Format:            api.FormatESModule,
		Outdir:            "dist",
		MinifySyntax:      true,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		LogLevel:          api.LogLevelSilent,
	})
	if len(result.Errors) > 0 {
		messages := api.FormatMessages(result.Errors, api.FormatMessagesOptions{})
		return nil, fmt.Errorf("bundling %q: %s", dir, strings.Join(messages, ""))
	}
	files := fstest.MapFS{}
	out := &Output{Files: files, Scripts: []Resource{{Path: "main.js"}}, Exports: "main.js"}
	for _, f := range result.OutputFiles {
		name, err := filepath.Rel(filepath.Join(dir, "dist"), f.Path)
		if err != nil {
			return nil, fmt.Errorf("placing %q: %w", f.Path, err)
		}
		files[filepath.ToSlash(name)] = &fstest.MapFile{Data: f.Contents}
		if name == "main.css" {
			out.Styles = []Resource{{Path: name}}
		}
	}
	for i := range out.Scripts {
		out.Scripts[i].Integrity = integrity(files[out.Scripts[i].Path].Data)
	}
	return out, nil
}

func integrity(b []byte) string {
	sum := sha512.Sum384(b)
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}
