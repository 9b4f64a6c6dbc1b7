package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"sync"
	"time"

	"github.com/bep/godartsass/v2"
	"github.com/evanw/esbuild/pkg/api"
)

// steadyName is the entry's files' when watching: without hashes the loader,
// which names them, stays what it is.
var steadyName = regexp.MustCompile(`^checkout\.(js|css)$`)

// rebuild builds with esbuild's incremental API until standard input ends. It
// prints a line when a build is written.
func rebuild(app, outdir, sass string) (err error) {
	compiler, err := startSass(sass)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, compiler.Close()) }()
	first, ctxErr := api.Context(developing(application(app, outdir, styles(compiler, true))))
	if ctxErr != nil {
		return ctxErr
	}
	defer first.Dispose()
	res := first.Rebuild()
	if err := failure("app", res); err != nil {
		return err
	}
	inlined, err := manifest(steadyName, outdir, res)
	if err != nil {
		return err
	}
	second, ctxErr := api.Context(developing(loader(app, outdir, inlined)))
	if ctxErr != nil {
		return ctxErr
	}
	defer second.Dispose()
	for lines := bufio.NewScanner(os.Stdin); ; {
		if err := failure("loader", second.Rebuild()); err != nil {
			return err
		}
		fmt.Println("built")
		if !lines.Scan() {
			return lines.Err()
		}
		if err := failure("app", first.Rebuild()); err != nil {
			return err
		}
	}
}

func developing(o api.BuildOptions) api.BuildOptions {
	o.MinifyIdentifiers, o.MinifySyntax, o.MinifyWhitespace = false, false, false
	o.Sourcemap = api.SourceMapLinked
	o.Define["process.env.NODE_ENV"] = `"development"`
	return o
}

// memory keeps what style sheets were compiled to while their files stay.
type memory struct {
	mu     sync.Mutex
	sheets map[string]sheet
}

type sheet struct {
	css   string
	files map[string]time.Time // each file it came from, and when that was changed
}

func (m *memory) compile(path string, compile func(source string) (godartsass.Result, error)) (string, error) {
	m.mu.Lock()
	known, ok := m.sheets[path]
	m.mu.Unlock()
	if ok && known.fresh() {
		return known.css, nil
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	res, err := compile(string(source))
	if err != nil {
		return "", err
	}
	s := sheet{res.CSS, map[string]time.Time{}}
	for _, file := range append(sources(res.SourceMap), path) {
		s.files[file] = changedAt(file)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sheets == nil {
		m.sheets = map[string]sheet{}
	}
	m.sheets[path] = s
	return s.css, nil
}

func (s sheet) fresh() bool {
	for file, at := range s.files {
		if !changedAt(file).Equal(at) {
			return false
		}
	}
	return true
}

// sources are the files that a source map names: those with rules, which is
// enough for the bench.
func sources(sourceMap string) (paths []string) {
	var m struct{ Sources []string }
	_ = json.Unmarshal([]byte(sourceMap), &m) // Sass wrote it
	for _, source := range m.Sources {
		if u, err := url.Parse(source); err == nil && u.Scheme == "file" {
			paths = append(paths, u.Path)
		}
	}
	return paths
}

func changedAt(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
