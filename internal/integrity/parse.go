package integrity

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// Kind says what is wrong with a token of integrity metadata, or with all of it.
type Kind string

const (
	Empty       Kind = "empty"             // nothing but white space: nothing is checked
	Placeholder Kind = "placeholder"       // what a template or a script left: "undefined", "{{ hash }}"
	Unparseable Kind = "unparseable"       // not <algorithm>-<base64>
	Unknown     Kind = "unknown-algorithm" // an algorithm that browsers ignore
	Weak        Kind = "weak-algorithm"    // likewise, as it is broken: sha1, md5
	Unpadded    Kind = "unpadded"          // base64 without its "="
	URLSafe     Kind = "base64url"         // "-" and "_" where base64 has "+" and "/"
	WrongLength Kind = "wrong-length"      // not a digest of that algorithm
	Mixed       Kind = "mixed-algorithms"  // weaker hashes beside stronger ones, which browsers ignore
	Duplicate   Kind = "duplicate"         // a hash twice
	Options     Kind = "options"           // "?…" after a hash, which browsers ignore
)

// Kinds lists every Kind.
var Kinds = []Kind{Empty, Placeholder, Unparseable, Unknown, Weak, Unpadded, URLSafe, WrongLength, Mixed, Duplicate, Options}

// Problem is one thing wrong with integrity metadata.
type Problem struct {
	Kind   Kind
	Offset int    // bytes into the attribute's value
	Got    string // what is there, quoted and cut
	Want   string // what is allowed
}

func (p Problem) String() string { return "got " + p.Got + ", want " + p.Want }

// MaxMetadata is the most bytes of a value that Parse reads: a hundred sha512 in a
// rotation set. A longer one is told as Unparseable.
const MaxMetadata = 10_000

// Parse reads the value of an integrity attribute strictly. It returns every
// well-formed hash, each once, in order, and what is wrong with the rest; without
// problems the hashes are of one algorithm and at least one, and String writes
// them as they are written best.
//
// Well-formed is <algorithm>-<base64>: an algorithm of Algorithms in lower case and
// the digest in padded standard base64. Browsers take more, see Effective.
func Parse(attr string) (Metadata, []Problem) {
	p := parser{}
	switch {
	case len(attr) > MaxMetadata:
		p.add(Unparseable, 0, fmt.Sprintf("%d bytes", len(attr)), fmt.Sprintf("at most %d", MaxMetadata))
		return nil, p.problems
	case strings.Trim(attr, whitespace) == "":
		p.add(Empty, 0, quote(attr), wantHash)
		return nil, p.problems
	case len(Effective(attr)) == 0 && isPlaceholder(attr): // some have spaces
		p.add(Placeholder, len(attr)-len(strings.TrimLeft(attr, whitespace)), quote(strings.Trim(attr, whitespace)), wantHash)
		return nil, p.problems
	}
	for at, token := range tokens(attr) {
		p.token(at, token)
	}
	p.mixed()
	return p.hashes, p.problems
}

// Effective returns what a browser enforces of an integrity attribute: the hashes
// of the strongest algorithm that it has one of, whichever else there are (SRI
// Level 2, sections 3.3.3 and 3.3.4). A resource whose hash is none of them is
// blocked. Empty is no check at all: the attribute fails open.
//
// Where a value is not as Parse wants it, browsers and the specification differ,
// and this is what Chromium does, a test has it, as that lets more pass: by the
// specification a digest that can't be one is enforced and blocks everything, and an
// algorithm's name may have capitals; in Chromium either is no hash at all, so the
// resource runs unchecked. Options are dropped, base64url and lacking "=" are made
// good, a digest of another length blocks everything.
func Effective(attr string) Metadata {
	var all Metadata
	for _, token := range tokens(attr) {
		token, _, _ = strings.Cut(token, "?")
		name, digest, _ := strings.Cut(token, "-")
		a := Algorithm(name)
		if !slices.Contains(Algorithms, a) || digest == "" || strings.Trim(digest, base64Alphabet+"-_=") != "" {
			continue
		}
		bare := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(digest), "=")
		all = append(all, Hash{a, bare + strings.Repeat("=", (4-len(bare)%4)%4)})
	}
	return all.strongest()
}

// Strongest is the strongest algorithm of m, "" for none.
func (m Metadata) Strongest() Algorithm {
	best := Algorithm("")
	for _, h := range m {
		if slices.Index(Algorithms, h.Algorithm) > slices.Index(Algorithms, best) {
			best = h.Algorithm
		}
	}
	return best
}

func (m Metadata) strongest() Metadata {
	best := m.Strongest()
	return slices.DeleteFunc(m, func(h Hash) bool { return h.Algorithm != best })
}

// Match reports whether data is what m pins: one of its hashes of the strongest
// algorithm is that of data. Nothing matches what is empty: a browser would let
// anything pass, and who asks wants to know that nothing else does.
func (m Metadata) Match(data []byte) bool {
	best := m.Strongest()
	return best != "" && slices.Contains(m, Sum(best, data))
}

// whitespace is HTML's (ASCII whitespace, infra.spec.whatwg.org).
const whitespace = "\t\n\f\r "

const (
	wantHash   = `"sha384-" and the digest in base64, such as "sha384-` + "oqVuAf…" + `"`
	wantBase64 = "padded standard base64 (A-Z a-z 0-9 + /)"
)

// tokens yields the words of a value with their offsets.
func tokens(attr string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		for at := 0; at < len(attr); {
			if strings.IndexByte(whitespace, attr[at]) >= 0 {
				at++
				continue
			}
			n := strings.IndexAny(attr[at:], whitespace)
			if n < 0 {
				n = len(attr) - at
			}
			if !yield(at, attr[at:at+n]) {
				return
			}
			at += n
		}
	}
}

// maxProblems are told of one value: a hostile one has thousands.
const maxProblems = 20

type parser struct {
	hashes   Metadata
	offsets  []int
	problems []Problem
}

func (p *parser) add(kind Kind, at int, got, want string) {
	if len(p.problems) < maxProblems {
		p.problems = append(p.problems, Problem{kind, at, got, want})
	}
}

func (p *parser) token(at int, token string) {
	hash, options, has := strings.Cut(token, "?")
	if has {
		p.add(Options, at+len(hash), quote("?"+options), "no options: browsers ignore them")
	}
	name, digest, dash := strings.Cut(hash, "-")
	switch a := Algorithm(name); {
	case isPlaceholder(token) && len(Effective(token)) == 0: // base64url may have "__"
		p.add(Placeholder, at, quote(token), wantHash)
	case !dash || name == "":
		p.add(Unparseable, at, quote(token), wantHash)
	case weak[strings.ToLower(name)]:
		p.add(Weak, at, quote(token)+", of an algorithm that is broken and that browsers ignore", wantAlgorithm())
	case !slices.Contains(Algorithms, a):
		p.add(Unknown, at, quote(token)+", of an algorithm that browsers ignore", wantAlgorithm())
	default:
		p.digest(at, a, digest)
	}
}

// digest takes a digest that is well-formed, or says which way it is not.
func (p *parser) digest(at int, a Algorithm, digest string) {
	full := base64.StdEncoding.EncodedLen(a.Size())
	bare := strings.TrimRight(digest, "=")
	at += len(a) + 1
	switch raw, err := base64.StdEncoding.Strict().DecodeString(digest); {
	case err == nil && len(raw) == a.Size():
		p.hash(at-len(a)-1, Hash{a, digest})
	case strings.Trim(bare, base64Alphabet+"-_") != "":
		p.add(Unparseable, at, quote(digest), wantBase64)
	case strings.ContainsAny(bare, "-_"):
		p.add(URLSafe, at, quote(digest), wantBase64)
	case len(bare) == base64.RawStdEncoding.EncodedLen(a.Size()) && len(digest) < full:
		p.add(Unpadded, at, quote(digest), fmt.Sprintf("it with %q at its end", strings.Repeat("=", full-len(bare))))
	case len(digest) != full || len(bare) != base64.RawStdEncoding.EncodedLen(a.Size()):
		p.add(WrongLength, at, fmt.Sprintf("%s, %d characters", quote(digest), len(digest)), fmt.Sprintf("the %d of a %s", full, a))
	default: // the last character's unused bits
		p.add(Unparseable, at, quote(digest)+", whose last character stands for more bits than there are", wantBase64)
	}
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func (p *parser) hash(at int, h Hash) {
	if slices.Contains(p.hashes, h) {
		p.add(Duplicate, at, quote(h.String())+" again", "each hash once")
		return
	}
	p.hashes = append(p.hashes, h)
	p.offsets = append(p.offsets, at)
}

// mixed tells every hash that a stronger algorithm disables.
func (p *parser) mixed() {
	best := p.hashes.Strongest()
	for i, h := range p.hashes {
		if h.Algorithm != best {
			p.add(Mixed, p.offsets[i], fmt.Sprintf("%s beside %s, which alone counts", quote(h.String()), best), "hashes of one algorithm")
		}
	}
	slices.SortStableFunc(p.problems, func(a, b Problem) int { return a.Offset - b.Offset })
}

// weak are the algorithms that people write and that no browser takes.
var weak = map[string]bool{"md4": true, "md5": true, "sha": true, "sha1": true, "sha224": true, "ripemd160": true, "rmd160": true}

func wantAlgorithm() string {
	names := make([]string, len(Algorithms))
	for i, a := range Algorithms {
		names[i] = string(a)
	}
	return "one of " + strings.Join(names, ", ")
}

// isPlaceholder recognises what stands where a hash was to be: a script's empty
// values, and the marks of template languages.
func isPlaceholder(s string) bool {
	switch strings.ToLower(strings.Trim(s, whitespace)) {
	case "undefined", "null", "nan", "none", "nil", "true", "false", "[object object]", "[object promise]", "todo", "manifest_json":
		return true
	}
	for _, mark := range []string{"{{", "<%", "${", "{%", "__", "%%", "@@", "[[", "#{", "<?"} {
		if strings.Contains(s, mark) {
			return true
		}
	}
	return strings.HasPrefix(s, "%") && strings.HasSuffix(s, "%") && len(s) > 1
}

// quote shows a text of unknown origin: escaped, and cut.
func quote(s string) string {
	const most = 100
	if len(s) > most {
		return fmt.Sprintf("%q… (%d bytes)", strings.ToValidUTF8(s[:most], ""), len(s))
	}
	return fmt.Sprintf("%q", s)
}
