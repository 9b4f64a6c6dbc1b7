package bundle

import (
	"errors"
	"path"

	"github.com/evanw/esbuild/pkg/api"
)

// CommonJS turns one file of any dialect of JavaScript into a CommonJS script
// that ends with its source map, without looking at any other file. line is that
// of the error.
func CommonJS(name string, data []byte, define map[string]string) (code string, line int, err error) {
	loader := api.LoaderJSX
	if ext := path.Ext(name); ext == ".ts" || ext == ".mts" || ext == ".cts" {
		loader = api.LoaderTS
	}
	out := api.Transform(string(data), api.TransformOptions{
		Loader: loader, Format: api.FormatCommonJS, Target: api.ES2022, Sourcemap: api.SourceMapInline, SourcesContent: api.SourcesContentExclude,
		Sourcefile: name, LegalComments: api.LegalCommentsNone, LogLevel: api.LogLevelSilent,
		Supported: map[string]bool{"dynamic-import": false},
		Define:    define,
	})
	if len(out.Errors) == 0 {
		return string(out.Code), 0, nil
	}
	if l := out.Errors[0].Location; l != nil {
		line = l.Line
	}
	return "", line, errors.New(out.Errors[0].Text)
}
