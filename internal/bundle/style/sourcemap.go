package style

import (
	"net/url"
	"path/filepath"
)

// sourceMap is a source map, version 3.
type sourceMap struct {
	Version        int       `json:"version"`
	File           string    `json:"file,omitempty"`
	SourceRoot     string    `json:"sourceRoot,omitempty"`
	Sources        []string  `json:"sources"`
	SourcesContent []*string `json:"sourcesContent,omitempty"`
	Names          []string  `json:"names"`
	Mappings       string    `json:"mappings"`
}

// pathToURL is a relative path as the sources of a map are written.
func pathToURL(path string) string {
	return (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
}
