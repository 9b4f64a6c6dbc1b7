// Package release holds what a build made: a Release is an immutable,
// content-addressed directory of files with one record, release.json.
//
// The record's bytes are its canonical JSON (RFC 8785, JCS) and nothing more,
// and a release's id is the SHA-256 of them: `sha256sum release.json` prints it.
// The record holds no clock, path of a machine, user, run or commit: equal
// inputs and an equal tool give equal ids, on any machine. What is known about
// a release later, or by somebody, is a Statement laid beside it.
package release

// Version is the one version of the record that this package writes and reads.
const Version = 1

// RecordName is the record's name at the root of a release's directory. It and
// everything under StatementDir are not files of the release.
const (
	RecordName   = "release.json"
	StatementDir = "attestations"
)

// Limits of a record. They bound what reading a stranger's record can cost, and
// are far above any real build.
const (
	MaxRecordSize = 64 << 20  // bytes of release.json
	MaxFiles      = 100_000   // files in a release
	MaxPasses     = 64        // passes in a release
	MaxChunks     = 10_000    // chunks of a pass, and likewise entries
	MaxFileSize   = 1 << 30   // bytes of one file
	MaxTotalSize  = 16 << 30  // bytes of all files
	MaxPath       = 1024      // bytes of a path
	MaxSegment    = 255       // bytes of a path's segment
	maxNumber     = 1<<53 - 1 // I-JSON's exact integers
)

// Release is the content of a record. Make one by filling Tool, Profile, Passes
// and Files, then Seal it; the derived fields of File are Seal's.
type Release struct {
	// Name says which project this is, when it says so itself; may be empty.
	Name    string
	Profile Profile
	// Tool made the files. Its version is a part of the record, and so of the
	// id, on purpose: another version may write other bytes from equal inputs,
	// and then two records that differ only by accident would be the exception.
	// Equal inputs and an equal tool give equal ids; that is the whole promise.
	Tool Tool
	// DerivedFrom is the release whose bytes were changed to make this one, or zero.
	DerivedFrom Digest
	// Passes are in the order they were built: a later one may hold an earlier
	// one's manifest.
	Passes []Pass
	// Files are sorted by path, byte by byte.
	Files []File
}

// Tool names the builder.
type Tool struct {
	Name    string // such as "checkout-deploy/build-bundle"
	Version string // such as "1.4.0" or "devel"
}

// Profile shapes a build's bytes. It says nothing of where they go: staging and
// production are the same profile unless asked for otherwise.
type Profile string

const (
	Development Profile = "development"
	Testing     Profile = "testing"
	Staging     Profile = "staging"
	Production  Profile = "production"
)

// Profiles lists every Profile.
var Profiles = []Profile{Development, Testing, Staging, Production}

// Format is how a pass's scripts are to be loaded.
type Format string

const (
	Classic Format = "classic" // split chunks for plain <script> tags
	ESM     Format = "esm"     // split chunks as ES modules
	IIFE    Format = "iife"    // one file for a plain <script> tag
)

// Formats lists every Format.
var Formats = []Format{Classic, ESM, IIFE}

// Pass is one run of the bundler: entries that share chunks and a format.
type Pass struct {
	Name   string
	Format Format
	// Library is the global that classic and iife entries set; may be empty.
	Library string
	// AppVersion is the application's own version, for manifests that carry one;
	// may be empty.
	AppVersion string
	// Target lists the engines the syntax was lowered to, sorted, such as "chrome61".
	Target []string
	// Entries are sorted by name; Chunks are every lazily loaded chunk, sorted by name.
	Entries []Entry
	Chunks  []Chunk
}

// Entry is where a page starts: all of JS, loaded in order, and all of CSS.
type Entry struct {
	Name string
	JS   []string // paths of scripts, in load order
	CSS  []string // paths of styles, in cascade order
	// Chunks names the chunks that are reachable from this entry, sorted.
	Chunks []string
	// Sources are the modules that the entry runs, in order: paths relative to the
	// project, see CheckSource. May be empty: not every source has such a path.
	Sources []string
}

// Chunk is what one or more import() expressions of a pass load.
type Chunk struct {
	Name string
	// JS and CSS are complete and in load order: shared files are listed too,
	// and a loader skips those it has.
	JS  []string
	CSS []string
	// Hint is what the source asked for with webpackPreload or webpackPrefetch.
	Hint Hint
	// Sources are the modules that import() names, sorted; as Entry.Sources.
	Sources []string
}

// Hint says how early a lazy chunk is worth fetching.
type Hint string

const (
	NoHint   Hint = ""
	Preload  Hint = "preload"  // together with the parent
	Prefetch Hint = "prefetch" // when the browser is idle
)

// Hints lists every Hint a record may hold.
var Hints = []Hint{Preload, Prefetch}

// Role is what a file is for.
type Role string

const (
	Script     Role = "script"     // runs in the page
	Style      Role = "style"      // styles the page
	Asset      Role = "asset"      // image, font, data: named by scripts and styles
	Map        Role = "map"        // source map
	Manifest   Role = "manifest"   // a view of the record, for a loader
	HTML       Role = "html"       // a page
	Compressed Role = "compressed" // another file's content, for a server to send in its place
	Other      Role = "other"      // anything else, such as licences
)

// Roles lists every Role.
var Roles = []Role{Script, Style, Asset, Map, Manifest, HTML, Compressed, Other}

// Encoding is how a compressed copy's content is to be decoded: the value of
// Content-Encoding (RFC 9110, section 8.4.1; RFC 7932).
type Encoding string

const (
	NoEncoding Encoding = ""
	Gzip       Encoding = "gzip"
	Brotli     Encoding = "br"
)

// Encodings lists every Encoding a record may hold.
var Encodings = []Encoding{Gzip, Brotli}

// Extension ends a compressed copy's path, after that of the file it is of:
// what nginx, Caddy and others look for.
func (e Encoding) Extension() string {
	switch e {
	case Gzip:
		return ".gz"
	case Brotli:
		return ".br"
	default:
		return ""
	}
}

// Load is when a page asks for a file.
type Load string

const (
	Initial Load = "initial" // with some entry
	Lazy    Load = "lazy"    // with some chunk, and with no entry
	None    Load = "none"    // by no tag that this build writes
)

// Loads lists every Load.
var Loads = []Load{Initial, Lazy, None}

// File is one file of the release.
type File struct {
	Path      string // relative, "/"-separated; see CheckPath
	Size      int64  // bytes
	Integrity Integrity
	Type      string // media type as it is to be served, a compressed copy's that of its content; see TypeOf
	Role      Role
	// Of is the path of the file that a source map (role map) describes, where it
	// is known, and of the one that a compressed copy (role compressed) is of.
	Of string
	// Encoding is a compressed copy's, and of no other file.
	Encoding Encoding
	// Sources are the files that an asset (role asset) is a copy of, sorted, as
	// Entry.Sources; may be empty.
	Sources []string
	// Passes names the passes that wrote the file, in build order. Empty for a
	// file that no pass wrote.
	Passes []string

	// Derived from Passes by Seal, kept so that a reader with jq need not join:

	Load Load
	Hint Hint // the strongest of its chunks', for a lazy file
	// Entries and Chunks say which load the file, as "<pass>/<name>", sorted.
	Entries []string
	Chunks  []string
}

// File returns the file with the given path.
func (r *Release) File(path string) (File, bool) {
	i, ok := r.find(path)
	if !ok {
		return File{}, false
	}
	return r.Files[i], true
}

// Pass returns the pass with the given name.
func (r *Release) Pass(name string) (Pass, bool) {
	for _, p := range r.Passes {
		if p.Name == name {
			return p, true
		}
	}
	return Pass{}, false
}

// Entry returns the entry with the given name.
func (p Pass) Entry(name string) (Entry, bool) {
	for _, e := range p.Entries {
		if e.Name == name {
			return e, true
		}
	}
	return Entry{}, false
}

// Chunk returns the chunk with the given name.
func (p Pass) Chunk(name string) (Chunk, bool) {
	for _, c := range p.Chunks {
		if c.Name == name {
			return c, true
		}
	}
	return Chunk{}, false
}

// Size returns the bytes of all files together.
func (r *Release) Size() int64 {
	var n int64
	for _, f := range r.Files {
		n += f.Size
	}
	return n
}
