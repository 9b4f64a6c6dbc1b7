package style

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unicode/utf16"

	"github.com/bep/godartsass/v2"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/timing"
)

// job is one compilation: the files it has read and what Sass said about them.
type job struct {
	folderNames
	compiler *Compiler
	id       int

	mu       sync.Mutex
	files    []file
	byPath   map[string]int
	warnings []warning
	folders  map[string]string // a folder's real path
}

// file is a source of a compilation. It is reached by the path seen, its
// content lies at the path real; they differ for symbolic links.
type file struct {
	seen, real string
	content    string
	sum        [sha256.Size]byte
	loaded     bool
	used       []string // what @use and @forward name in content
}

type warning struct {
	file, line, column int
	deprecation        bool
	text               string
}

func (c *Compiler) compileSass(path string) (*source, error) {
	sass, err := c.process.start()
	if err != nil {
		return nil, err
	}
	defer c.options.Timings.Begin(timing.Work{Stage: timing.Compilation, Step: "Sass", File: c.display(path)}).End()
	j := &job{compiler: c, byPath: map[string]int{}, folders: map[string]string{}}
	c.process.enter(j)
	defer c.process.leave(j)

	// The source Sass gets only uses the file. Were it the file itself, its
	// relative imports would come to us without a word on where they are from.
	result, err := sass.Execute(godartsass.Args{
		Source:          fmt.Sprintf("@use %q as *;", j.address(j.add(path, path))),
		ImportResolver:  j,
		EnableSourceMap: c.options.SourceMap,
	})
	if err != nil {
		return nil, j.explain(path, err)
	}
	src := &source{css: []byte(result.CSS), inputs: j.inputs()}
	src.warnings, src.omitted = j.report()
	if c.options.SourceMap {
		if src.sourceMap, err = j.sourceMap(path, result.SourceMap); err != nil {
			return nil, fmt.Errorf("source map of %q: %w", c.display(path), err)
		}
	}
	return src, nil
}

// add registers a file and returns its index.
func (j *job) add(seen, real string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	if i, ok := j.byPath[real]; ok {
		return i
	}
	j.files = append(j.files, file{seen: seen, real: real})
	j.byPath[real] = len(j.files) - 1
	return len(j.files) - 1
}

func (j *job) address(i int) string { return address(i, j.id, j.file(i).real) }

func (j *job) file(i int) file {
	j.mu.Lock()
	defer j.mu.Unlock()
	if i >= len(j.files) {
		return file{}
	}
	return j.files[i]
}

func (j *job) warn(w warning) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.warnings = append(j.warnings, w)
}

// CanonicalizeURL answers Sass's question which file an import means.
func (j *job) CanonicalizeURL(url string) (string, error) {
	ref, ok := parseAddress(url)
	if !ok {
		return j.canonicalizeBare(url)
	}
	from := j.file(ref.file)
	if ref.spec == safeName(from.real) && url == j.address(ref.file) {
		return url, nil
	}
	found, err := j.find(ref.spec, from, from.isImport(ref.spec))
	if err != nil || found == "" {
		return "", err
	}
	return j.register(found)
}

// canonicalizeBare answers for an import as written. Sass asks so after the
// importing file's own question had no answer, so neither has this, but for
// "pkg:" URLs, which are never relative.
func (j *job) canonicalizeBare(url string) (string, error) {
	if !strings.HasPrefix(url, "pkg:") {
		return "", nil
	}
	found, err := j.find(url, j.file(0), false)
	if err != nil || found == "" {
		return "", err
	}
	return j.register(found)
}

func (j *job) register(found string) (string, error) {
	real, err := j.realPath(found)
	if err != nil {
		return "", err
	}
	return j.address(j.add(found, real)), nil
}

// realPath is filepath.EvalSymlinks, with the folder's part remembered: a
// stylesheet is hundreds of files in a few folders, and Sass waits meanwhile.
func (j *job) realPath(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	if info.Mode()&os.ModeSymlink != 0 {
		return filepath.EvalSymlinks(path)
	}
	folder := filepath.Dir(path)
	j.mu.Lock()
	defer j.mu.Unlock()
	real, ok := j.folders[folder]
	if !ok {
		if real, err = filepath.EvalSymlinks(folder); err != nil {
			return "", err
		}
		j.folders[folder] = real
	}
	return filepath.Join(real, filepath.Base(path)), nil
}

// Load reads the file of an address.
func (j *job) Load(url string) (godartsass.Import, error) {
	ref, ok := parseAddress(url)
	if !ok {
		return godartsass.Import{}, fmt.Errorf("no file has the address %q", url)
	}
	content, err := j.read(ref.file)
	if err != nil {
		return godartsass.Import{}, err
	}
	syntax := godartsass.SourceSyntaxSCSS
	switch kindOf(j.file(ref.file).real) {
	case scssKind, unknownKind: // an import without an extension is SCSS
	case sassKind:
		syntax = godartsass.SourceSyntaxSASS
	case cssKind:
		syntax = godartsass.SourceSyntaxCSS
	}
	return godartsass.Import{Content: content, SourceSyntax: syntax}, nil
}

func (j *job) inputs() []input {
	j.mu.Lock()
	defer j.mu.Unlock()
	var inputs []input
	for _, f := range j.files {
		if f.loaded {
			inputs = append(inputs, input{f.real, f.sum})
		}
	}
	return inputs
}

// report is the warnings worth telling and the count of those over the limit.
func (j *job) report() ([]Message, int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var messages []Message
	for _, w := range j.warnings {
		real := j.files[w.file].real
		if w.deprecation && isDependency(real) {
			continue
		}
		messages = append(messages, Message{j.compiler.display(real), w.line, w.column, w.text})
	}
	messages = sortMessages(messages)
	if limit := j.compiler.options.MaxWarnings; len(messages) > limit {
		return messages[:limit], len(messages) - limit
	}
	return messages, 0
}

func isDependency(path string) bool {
	return strings.Contains(filepath.ToSlash(path), "/node_modules/")
}

// explain gives an error of Sass its place.
func (j *job) explain(path string, err error) error {
	var sassError godartsass.SassError
	if !errors.As(err, &sassError) {
		return fmt.Errorf("compiling %q: %w", j.compiler.display(path), j.compiler.process.failed(err))
	}
	span := sassError.Span
	ref, ok := parseAddress(span.Url)
	if !ok {
		return &Error{Message: Message{File: j.compiler.display(path), Line: 1, Column: 1, Text: sassError.Message}}
	}
	f := j.file(ref.file)
	line, text := lineAt(f.content, span.Start.Offset)
	from, to := span.Start.Column+1, span.End.Column+1
	if strings.ContainsAny(span.Text, "\r\n\f") { // the mark ends with the first line
		to = len(utf16.Encode([]rune(text))) + 1
	}
	hint := ""
	if spec := sassImport.FindStringSubmatch(span.Text); spec != nil && strings.HasPrefix(sassError.Message, "Can't find stylesheet") {
		hint = j.compiler.advice().Style(spec[1], f.real)
	}
	return &Error{
		Hint:    hint,
		Message: Message{j.compiler.display(f.real), line, from, sassError.Message},
		Excerpt: finding.Excerpt(line, text, from, to),
	}
}

// sourceMap puts files in the place of addresses, relative to the sheet's folder.
func (j *job) sourceMap(path, text string) ([]byte, error) {
	var m sourceMap
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return nil, err
	}
	m.SourcesContent = make([]*string, len(m.Sources))
	for i, url := range m.Sources {
		ref, ok := parseAddress(url)
		if !ok {
			continue
		}
		f := j.file(ref.file)
		rel, err := filepath.Rel(filepath.Dir(path), f.real)
		if err != nil {
			return nil, err
		}
		m.Sources[i] = pathToURL(rel)
		m.SourcesContent[i] = &f.content
	}
	return json.Marshal(m)
}
