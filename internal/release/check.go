package release

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Check returns an *Error with everything that keeps r from being a record, or
// nil. What it takes, Encode writes and Read reads back as it was.
func (r *Release) Check() error {
	var rep report
	r.check(&rep)
	return rep.err()
}

func (r *Release) check(rep *report) {
	if r.Name != "" && !validLabel(r.Name) {
		rep.add(root.member("name"), quote(r.Name), wantLabel)
	}
	enumerated(rep, root.member("profile"), r.Profile, Profiles)
	for _, t := range []struct{ member, text string }{{"name", r.Tool.Name}, {"version", r.Tool.Version}} {
		if !validLabel(t.text) {
			rep.add(root.member("tool").member(t.member), quote(t.text), wantLabel)
		}
	}
	if !r.checkCounts(rep) {
		return
	}
	c := checker{report: rep, release: r, files: make(map[string]File, len(r.Files)), uses: r.uses()}
	for _, f := range r.Files {
		c.files[f.Path] = f
	}
	c.passes()
	c.allFiles()
}

// checkCounts reports what there is too much of. The other checks compare much
// with much, and are bounded by these counts.
func (r *Release) checkCounts(rep *report) bool {
	ok := true
	count := func(at *place, n, most int, what string) {
		if n > most {
			ok = false
			rep.add(at, fmt.Sprint(n, " ", what), fmt.Sprint("at most ", most))
		}
	}
	count(root.member("passes"), len(r.Passes), MaxPasses, "passes")
	for i, p := range r.Passes {
		count(root.member("passes").item(i).member("entries"), len(p.Entries), MaxChunks, "entries")
		count(root.member("passes").item(i).member("chunks"), len(p.Chunks), MaxChunks, "chunks")
	}
	count(root.member("files"), len(r.Files), MaxFiles, "files")
	for i, f := range r.Files {
		count(root.member("files").item(i).member("passes"), len(f.Passes), MaxPasses, "passes")
	}
	return ok
}

func enumerated[T ~string](rep *report, at *place, got T, allowed []T) {
	if !slices.Contains(allowed, got) {
		rep.add(at, quote(string(got)), "one of "+oneOf(allowed))
	}
}

type checker struct {
	*report
	release *Release
	files   map[string]File
	uses    map[string]use
}

func (c *checker) passes() {
	names := unique{}
	for i, p := range c.release.Passes {
		at := root.member("passes").item(i)
		c.name(at.member("name"), p.Name, names)
		enumerated(c.report, at.member("format"), p.Format, Formats)
		if p.Library != "" && !validLibrary(p.Library) {
			c.add(at.member("library"), quote(p.Library), wantLibrary)
		}
		if p.AppVersion != "" && !validLabel(p.AppVersion) {
			c.add(at.member("appVersion"), quote(p.AppVersion), wantLabel)
		}
		c.ordered(at.member("target"), p.Target)
		for j, t := range p.Target {
			if !validLabel(t) {
				c.add(at.member("target").item(j), quote(t), wantLabel)
			}
		}
		c.entries(at.member("entries"), p)
		c.chunks(at.member("chunks"), p)
	}
}

func (c *checker) entries(at *place, p Pass) {
	names, chunks := unique{}, make(map[string]bool, len(p.Chunks))
	for _, chunk := range p.Chunks {
		chunks[chunk.Name] = true
	}
	for i, e := range p.Entries {
		at := at.item(i)
		c.name(at.member("name"), e.Name, names)
		if i > 0 && e.Name < p.Entries[i-1].Name {
			c.add(at.member("name"), quote(e.Name)+" after "+quote(p.Entries[i-1].Name), "entries sorted by name")
		}
		c.loads(at, p.Name, e.JS, e.CSS)
		c.ordered(at.member("chunks"), e.Chunks)
		for j, name := range e.Chunks {
			if !chunks[name] {
				c.add(at.member("chunks").item(j), quote(name), "the name of a chunk of the same pass")
			}
		}
		c.sources(at.member("sources"), e.Sources)
	}
}

func (c *checker) chunks(at *place, p Pass) {
	names := unique{}
	if p.Format == IIFE && len(p.Chunks) > 0 {
		c.add(at, strconv.Itoa(len(p.Chunks))+" chunks", "none in a pass of the format iife, which is one file")
	}
	for i, chunk := range p.Chunks {
		at := at.item(i)
		c.name(at.member("name"), chunk.Name, names)
		if i > 0 && chunk.Name < p.Chunks[i-1].Name {
			c.add(at.member("name"), quote(chunk.Name)+" after "+quote(p.Chunks[i-1].Name), "chunks sorted by name")
		}
		if chunk.Hint != NoHint {
			enumerated(c.report, at.member("hint"), chunk.Hint, Hints)
		}
		c.loads(at, p.Name, chunk.JS, chunk.CSS)
		c.ordered(at.member("sources"), chunk.Sources)
		c.sources(at.member("sources"), chunk.Sources)
	}
}

func (c *checker) sources(at *place, sources []string) {
	seen := make(map[string]bool, len(sources))
	for i, source := range sources {
		if got, want := sourceProblem(source); want != "" {
			c.add(at.item(i), got, want)
		}
		if seen[source] {
			c.add(at.item(i), quote(source)+" again", "each source once")
		}
		seen[source] = true
	}
}

// unique remembers names as a case-insensitive file system would.
type unique map[string]string

func (c *checker) name(at *place, name string, taken unique) {
	if !validName(name) {
		c.add(at, quote(name), wantName)
	}
	key := strings.ToLower(name)
	if other, ok := taken[key]; ok {
		c.add(at, quote(name)+" besides "+quote(other), "names that differ in more than case")
	}
	taken[key] = name
}

// loads checks the lists of scripts and styles of an entry or a chunk.
func (c *checker) loads(at *place, pass string, js, css []string) {
	if len(js)+len(css) == 0 {
		c.add(at.member("js"), "no script and no style", "at least one of them")
	}
	c.paths(at.member("js"), pass, js, Script)
	c.paths(at.member("css"), pass, css, Style)
}

func (c *checker) paths(at *place, pass string, paths []string, role Role) {
	seen := make(map[string]bool, len(paths))
	for i, path := range paths {
		f, ok := c.files[path]
		switch {
		case !ok:
			c.add(at.item(i), quote(path), "the path of a file in $.files")
		case f.Role != role:
			c.add(at.item(i), fmt.Sprintf("%s of role %q", quote(path), f.Role), fmt.Sprintf("a file of role %q", role))
		case !slices.Contains(f.Passes, pass):
			c.add(at.item(i), quote(path)+", not of this pass", "a file whose passes include "+quote(pass))
		case seen[path]:
			c.add(at.item(i), quote(path)+" again", "each path once in a list")
		}
		seen[path] = true
	}
}

// ordered reports names that are not sorted or not unique.
func (c *checker) ordered(at *place, items []string) {
	for i := 1; i < len(items); i++ {
		if items[i] <= items[i-1] {
			c.add(at.item(i), quote(items[i])+" after "+quote(items[i-1]), "sorted names, each once")
		}
	}
}

func (c *checker) allFiles() {
	at, files := root.member("files"), c.release.Files
	if len(files) == 0 {
		c.add(at, "no files", "at least one")
	}
	var total int64
	var seen Collisions
	for i, f := range files {
		at := at.item(i)
		if got, want := pathProblem(f.Path); want != "" {
			c.add(at.member("path"), got, want)
		}
		if i > 0 && f.Path < files[i-1].Path {
			c.add(at.member("path"), quote(f.Path)+" after "+quote(files[i-1].Path), "files sorted by path")
		}
		if with, ok := seen.Add(f.Path); ok {
			c.add(at.member("path"), quote(f.Path)+" besides "+with, "paths that no case-insensitive file system takes for one")
		}
		c.file(at, f)
		if f.Size > 0 {
			total += min(f.Size, MaxFileSize)
		}
	}
	if total > MaxTotalSize {
		c.add(at, fmt.Sprintf("%d bytes in all", total), fmt.Sprintf("at most %d", int64(MaxTotalSize)))
	}
}

func (c *checker) file(at *place, f File) {
	if f.Size < 0 || f.Size > MaxFileSize {
		c.add(at.member("size"), strconv.FormatInt(f.Size, 10), fmt.Sprintf("0 to %d bytes", MaxFileSize))
	}
	if f.Integrity.IsZero() {
		c.add(at.member("integrity"), "none", wantIntegrity)
	}
	if !validType(f.Type) {
		c.add(at.member("type"), quote(f.Type), wantType)
	}
	enumerated(c.report, at.member("role"), f.Role, Roles)
	c.of(at, f)
	if len(f.Sources) > 0 && f.Role != Asset {
		c.add(at.member("sources"), fmt.Sprintf("them in a file of role %q", f.Role), fmt.Sprintf("them in files of role %q only", Asset))
	}
	c.ordered(at.member("sources"), f.Sources)
	c.sources(at.member("sources"), f.Sources)
	for i, name := range f.Passes {
		if _, ok := c.release.Pass(name); !ok {
			c.add(at.member("passes").item(i), quote(name), "the name of a pass")
		}
	}
	if !slices.Equal(f.Passes, c.release.inBuildOrder(slices.Clone(f.Passes))) {
		c.add(at.member("passes"), "them out of order or twice", "passes in build order, each once")
	}
	c.derived(at, f)
}

// of checks what a source map and a compressed copy say of another file.
func (c *checker) of(at *place, f File) {
	if f.Encoding != NoEncoding {
		enumerated(c.report, at.member("encoding"), f.Encoding, Encodings)
	}
	if (f.Role == Compressed) != (f.Encoding != NoEncoding) {
		c.add(at.member("encoding"), fmt.Sprintf("%s in a file of role %q", quote(string(f.Encoding)), f.Role), fmt.Sprintf("one in files of role %q, and in no others", Compressed))
	}
	of, ok := c.files[f.Of]
	switch at := at.member("of"); {
	case f.Of == "" && f.Role != Compressed:
	case f.Role != Map && f.Role != Compressed:
		c.add(at, fmt.Sprintf("%s in a file of role %q", quote(f.Of), f.Role), fmt.Sprintf("it in files of role %q or %q only", Map, Compressed))
	case !ok:
		c.add(at, quote(f.Of), "the path of a file in $.files")
	case f.Role == Map && of.Role != Script && of.Role != Style:
		c.add(at, fmt.Sprintf("%s of role %q", quote(f.Of), of.Role), "a script or style")
	case f.Role == Compressed:
		c.copyOf(at, f, of)
	}
}

// copyOf compares a compressed copy with the file that it is of: a server finds
// it by its name, and sends it as what that file is.
func (c *checker) copyOf(at *place, f, of File) {
	switch {
	case of.Role == Compressed:
		c.add(at, fmt.Sprintf("%s of role %q", quote(f.Of), of.Role), "a file that is no copy itself")
	case f.Path != f.Of+f.Encoding.Extension():
		c.add(at, fmt.Sprintf("%s of the copy %s", quote(f.Of), quote(f.Path)), fmt.Sprintf("the copy's path without %s", quote(f.Encoding.Extension())))
	case f.Type != of.Type:
		c.add(at, fmt.Sprintf("%s of type %s", quote(f.Of), quote(of.Type)), "a file of the copy's type, "+quote(f.Type))
	}
}

// derived compares what the file says of its use with what the passes say: a
// reader may believe either.
func (c *checker) derived(at *place, f File) {
	u := c.uses[f.Path]
	if f.Load != u.load() {
		c.add(at.member("load"), quote(string(f.Load)), quote(string(u.load()))+", as the entries and chunks have it")
	}
	if f.Hint != u.hint() {
		c.add(at.member("hint"), quote(string(f.Hint)), quote(string(u.hint()))+", as the chunks have it")
	}
	if !slices.Equal(f.Entries, u.entries) {
		c.add(at.member("entries"), quote(strings.Join(f.Entries, " ")), quote(strings.Join(u.entries, " "))+", as the passes have it")
	}
	if !slices.Equal(f.Chunks, u.chunks) {
		c.add(at.member("chunks"), quote(strings.Join(f.Chunks, " ")), quote(strings.Join(u.chunks, " "))+", as the passes have it")
	}
}
