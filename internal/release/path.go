package release

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckPath says what makes path unusable as the path of a release's file, or
// nil. A path is relative, "/"-separated, and means one file on every file
// system, in every store and in every URL it may be copied to: no ".", "..",
// empty segment, backslash, drive, control character or character that Windows
// or a URL gives a meaning; no device name of Windows; no trailing dot or space;
// at most MaxSegment bytes a segment and MaxPath in all.
//
// Beyond ASCII, letters and digits are allowed as far as they have one spelling:
// see oneSpelling.
func CheckPath(path string) error {
	got, want := pathProblem(path)
	if want == "" {
		return nil
	}
	return fmt.Errorf("path %s: got %s, want %s", quote(path), got, want)
}

// PathProblem is what CheckPath has against a path; want is "" for nothing.
func PathProblem(path string) (got, want string) { return pathProblem(path) }

func pathProblem(path string) (got, want string) {
	switch {
	case path == "":
		return `""`, "a path"
	case len(path) > MaxPath:
		return fmt.Sprintf("%s, a path of %d bytes", quote(path), len(path)), fmt.Sprintf("at most %d", MaxPath)
	case !utf8.ValidString(path):
		return quote(path) + ", not UTF-8", "UTF-8"
	case path[0] == '/':
		return quote(path) + ", an absolute path", "a path relative to the release"
	}
	for _, r := range path {
		if r != '/' && !allowedInPath(r) {
			return fmt.Sprintf("%s with %U", quote(path), r), wantRune(r)
		}
	}
	for segment := range strings.SplitSeq(path, "/") {
		if got, want := segmentProblem(segment); want != "" {
			return quote(path) + ", " + got, want
		}
	}
	first, _, _ := strings.Cut(fold(path), "/")
	if first == RecordName || first == StatementDir {
		return quote(path) + ", a name kept for the record and its statements", "another name"
	}
	return "", ""
}

// CheckSource says what makes path unusable as the name of a source, or nil: a
// path relative to the project, "/"-separated, that does not lead out of it. It
// is looked up as text and never opened, so there are fewer rules than for the
// files of a release.
func CheckSource(path string) error {
	got, want := sourceProblem(path)
	if want == "" {
		return nil
	}
	return fmt.Errorf("source %s: got %s, want %s", quote(path), got, want)
}

func sourceProblem(path string) (got, want string) {
	switch {
	case len(path) > MaxPath:
		return fmt.Sprintf("%s, a path of %d bytes", quote(path), len(path)), fmt.Sprintf("at most %d", MaxPath)
	case !utf8.ValidString(path):
		return quote(path) + ", not UTF-8", "UTF-8"
	case strings.ContainsFunc(path, func(r rune) bool { return unicode.IsControl(r) || r == '\\' }):
		return quote(path), "a path with /, without control characters"
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return quote(path), "a path relative to the project, without empty segments, . and .."
		}
	}
	return "", ""
}

func segmentProblem(s string) (got, want string) {
	switch {
	case s == "":
		return "with an empty segment", "one slash between segments, none at the end"
	case s == "." || s == "..":
		return "with the segment " + quote(s), "a path without . and .."
	case len(s) > MaxSegment:
		return fmt.Sprintf("with a segment of %d bytes", len(s)), fmt.Sprintf("at most %d", MaxSegment)
	case strings.HasSuffix(s, ".") || strings.HasSuffix(s, " ") || s[0] == ' ':
		return "with a segment that starts with a space, or ends in one or a dot", "none (Windows drops them)"
	case isDevice(s):
		return "with the name of a Windows device, " + quote(s), "another name"
	}
	return "", ""
}

// isDevice reports whether Windows opens a device instead of the file s: the
// part before the first dot decides, whatever comes after.
func isDevice(s string) bool {
	stem, _, _ := strings.Cut(s, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	number, ok := strings.CutPrefix(stem, "COM")
	if !ok {
		number, ok = strings.CutPrefix(stem, "LPT")
	}
	return ok && utf8.RuneCountInString(number) == 1 && strings.ContainsAny(number, "0123456789¹²³")
}

// allowedInPath leaves out what Windows refuses (<>:"|?*\), what ends a URL's
// path or is decoded in it (?#%), and controls.
func allowedInPath(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r < 0x7f && !strings.ContainsRune(`<>:"|?*\#%`, r)
	}
	return (unicode.IsLetter(r) || unicode.IsDigit(r)) && oneSpelling(r)
}

func wantRune(r rune) string {
	if r >= utf8.RuneSelf {
		return "letters and digits with one spelling (composed, NFC; no combining marks or compatibility forms), or ASCII"
	}
	return `printable characters other than < > : " | ? * \ # %`
}

// oneSpelling reports whether no other allowed text is canonically equivalent to
// r or folds to the same as r other than by fold. The standard library has
// neither Unicode normalisation nor full case folding; instead of carrying their
// tables, the few characters that would need them are refused: what is then left
// is in NFC by construction. (Combining marks are not letters, so a decomposed
// letter never passes allowedInPath.) That it holds for every code point was
// checked against golang.org/x/text.
func oneSpelling(r rune) bool {
	return !unicode.Is(respelled, r)
}

var respelled = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x0130, 0x0131, 1}, // İ folds to two characters, as do the next; ı is I in capitals, but not its pair
		{0x0149, 0x0149, 1},
		{0x01f0, 0x01f0, 1},
		{0x0374, 0x0374, 1}, // Greek numeral sign, a duplicate
		{0x0390, 0x0390, 1},
		{0x03b0, 0x03b0, 1},
		{0x0587, 0x0587, 1},
		{0x0958, 0x095f, 1}, // letters whose NFC is the decomposed form, as all of Indic below
		{0x09dc, 0x09df, 1},
		{0x0a33, 0x0a36, 1},
		{0x0a59, 0x0a5e, 1},
		{0x0b5c, 0x0b5d, 1},
		{0x0f43, 0x0f69, 1},
		{0x1100, 0x11ff, 1}, // conjoining Hangul: syllables spelled in pieces
		{0x1e96, 0x1e9b, 1},
		{0x1f00, 0x1fff, 1}, // polytonic Greek, duplicates and multi-character folds
		{0x2126, 0x2126, 1}, // Ohm, Kelvin and Ångström signs
		{0x212a, 0x212b, 1},
		{0xa960, 0xa97f, 1},
		{0xd7b0, 0xd7ff, 1},
		{0xf900, 0xfaff, 1}, // compatibility ideographs
		{0xfb00, 0xfb4f, 1}, // ligatures and presentation forms
	},
	R32: []unicode.Range32{
		{0x2f800, 0x2fa1f, 1},
	},
}

// fold returns the same text for two paths that a case-insensitive file system
// may hold to be one: the least character of each one's orbit under Unicode
// simple folding, and "ss" for ß, the one full folding left by oneSpelling.
func fold(path string) string {
	for i := 0; ; i++ { // most paths are lower-case ASCII already
		if i == len(path) {
			return path
		}
		if c := path[i]; c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' {
			break
		}
	}
	var b strings.Builder
	for _, r := range path {
		if r == 'ß' || r == 'ẞ' {
			b.WriteString("ss")
			continue
		}
		b.WriteRune(foldRune(r))
	}
	return b.String()
}

func foldRune(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	if least >= 'A' && least <= 'Z' { // as the fast path: lower-case ASCII stands for itself
		least += 'a' - 'A'
	}
	return least
}

// Collisions finds paths that can't lie side by side in a case-insensitive
// directory: equal ones, ones that differ only in case, a file where another
// path has a directory, and a directory spelled in two ways.
type Collisions struct {
	files map[string]string // folded path → as spelled
	dirs  map[string]string // folded directory → as spelled
}

// Add takes one more path and says what it collides with, if anything.
func (c *Collisions) Add(path string) (with string, ok bool) {
	if c.files == nil {
		c.files, c.dirs = map[string]string{}, map[string]string{}
	}
	key := fold(path)
	if other, ok := c.files[key]; ok {
		return quote(other), true
	}
	if other, ok := c.dirs[key]; ok {
		return "the directory " + quote(other), true
	}
	c.files[key] = path
	for i := range len(path) {
		if path[i] != '/' {
			continue
		}
		dir := path[:i]
		key := fold(dir)
		if other, ok := c.files[key]; ok {
			return "the file " + quote(other), true
		}
		if other, ok := c.dirs[key]; ok && other != dir {
			return "the directory " + quote(other), true
		}
		c.dirs[key] = dir
	}
	return "", false
}
