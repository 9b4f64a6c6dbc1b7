package config

import (
	"encoding/json"
	"math"
	"regexp"
	"strings"
	"unicode"
)

// ofWhere ends a name that says which of several it is of: DB_PASSWORD_PRODUCTION.
const ofWhere = `(_(PROD|PRODUCTION|LIVE|STAGING|STAGE|TEST|TESTING|DEV|DEVELOPMENT|LOCAL|SANDBOX|CI|OLD|NEW|PRIMARY|SECONDARY|[0-9]+))*$`

// secretsBelong says where a secret should be instead.
const secretsBelong = "what is built is public, and the file is in the repository: keep secrets in the repository's settings, and use them on the server or as an action's input"

// credential is a form of text that only secrets have.
type credential struct {
	kind string
	re   *regexp.Regexp
	// shown stands in for a match in messages: the form's prefix, no more.
	shown string
}

// Forms of issuers, as they document them. What a page publishes is left out:
// Stripe's pk_…, and Google's AIza…, a browser key that its referrer restricts.
var credentials = []credential{
	// Its first words may have been split off: by YAML, or to hide it.
	{"a private key", regexp.MustCompile(`(?s)(-----BEGIN [A-Z0-9 ]*)?PRIVATE KEY( BLOCK)?-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|$)`), "-----BEGIN…"},
	{"an AWS access key id", regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b`), "${1}…"},
	{"a GitHub token", regexp.MustCompile(`\b(gh[pousr]_)[A-Za-z0-9]{20,}`), "${1}…"},
	{"a GitHub token", regexp.MustCompile(`\b(github_pat_)[A-Za-z0-9_]{20,}`), "${1}…"},
	{"a GitLab token", regexp.MustCompile(`\b(glpat-)[A-Za-z0-9_-]{20,}`), "${1}…"},
	{"a Slack token", regexp.MustCompile(`\b(xox[a-z]|xapp)-[A-Za-z0-9-]{10,}`), "${1}-…"},
	{"a Slack webhook", regexp.MustCompile(`(https://hooks\.slack\.com/)(services|workflows)/[A-Za-z0-9/_-]+`), "${1}…"},
	{"a Stripe secret key", regexp.MustCompile(`\b((?:sk|rk)_(?:live|test)_)[A-Za-z0-9]{10,}`), "${1}…"},
	{"a Stripe webhook secret", regexp.MustCompile(`\b(whsec_)[A-Za-z0-9+/=]{16,}`), "${1}…"},
	{"a JSON Web Token", regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{6,}\.eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*`), "eyJ…"},
	{"an npm token", regexp.MustCompile(`\b(npm_)[A-Za-z0-9]{36}\b`), "${1}…"},
	{"a Google client secret", regexp.MustCompile(`\b(GOCSPX-)[A-Za-z0-9_-]{20,}`), "${1}…"},
	{"a Google access token", regexp.MustCompile(`\b(ya29\.)[A-Za-z0-9_-]{20,}`), "${1}…"},
	{"a Google service account's key", regexp.MustCompile(`"private_key_id"\s*:\s*"[0-9a-f]{20,}"`), `"private_key_id"…`},
	{"a URL with a password", regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^/\s:@"'<>]*:[^/\s@"'<>]+@`), "${1}…@"},
}

// encoded is content that has every form by chance: base64 in data URLs, and
// hashes.
var encoded = regexp.MustCompile(`;base64,[A-Za-z0-9+/=_-]+|\bsha(?:256|384|512)-[A-Za-z0-9+/=]+`)

// secretIn returns the kind of secret that s has in it, and how to show it; ""
// for none.
func secretIn(s string) (kind, shown string) {
	s = encoded.ReplaceAllString(s, "")
	for _, c := range credentials {
		if m := c.re.FindStringSubmatchIndex(s); m != nil {
			return c.kind, string(c.re.ExpandString(nil, c.shown, s, m))
		}
	}
	return "", ""
}

// redact cuts each secret of a known form down to its prefix.
func redact(s string) string {
	for _, c := range credentials {
		s = c.re.ReplaceAllString(s, c.shown)
	}
	return s
}

var (
	wordStart  = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	separators = regexp.MustCompile(`[-. ]+`)
	// reserved are the runner's own and actions' inputs, whatever they hold.
	reserved = regexp.MustCompile(`^(INPUT|ACTIONS|RUNNER)_`)
	// published are words of keys that are made to be seen.
	published = regexp.MustCompile(`(^|_)(PUBLIC|PUBLISHABLE|PUB|SITE|BROWSER|MAPS)(_|$)`)
	// secretVariables end the names of variables that hold secrets.
	secretVariables = regexp.MustCompile(`(^|_)(TOKENS?|SECRETS?|SECRETKEY|PASS|PASSWORDS?|PAT|PWD|CREDENTIALS?|CREDS?|AUTH|KEYS?|APIKEY|KUBECONFIG|COOKIE)(_?[0-9]+)?(_(JSON|FILE|CONFIG))?` + ofWhere)
	// secretWords end the names of secrets: API_TOKEN, but not TOKEN_URL.
	secretWords = regexp.MustCompile(`(^|_)(TOKENS?|SECRETS?|PASSWORDS?|PASSWD|PASSPHRASE|CREDENTIALS?|PRIVATE_KEY(_ID)?|SECRET_(ACCESS_)?KEY|ACCESS_KEY(_ID)?|SIGNING_KEY|ENCRYPTION_KEY)(_B64|_BASE64|_PEM)?` + ofWhere + `|^ACTIONS_ID_TOKEN_`)
	// secretHints are anywhere in the names of what may hold one.
	secretHints = regexp.MustCompile(`(^|_)(TOKENS?|SECRETS?|PASSWORDS?|PASSWD|PASSPHRASE|CREDENTIALS?|PRIVATE_KEY)(_|$)`)
)

// spoken writes a name in any spelling as WORDS_OF_IT.
func spoken(name string) string {
	name = wordStart.ReplaceAllString(name, "${1}_${2}")
	return strings.ToUpper(separators.ReplaceAllString(name, "_"))
}

// secretName reports whether a variable's name says that its value is secret.
func secretName(name string) bool {
	name = spoken(name)
	return reserved.MatchString(name) || secretWords.MatchString(name) || secretVariables.MatchString(name) && !published.MatchString(name)
}

var (
	uuid = regexp.MustCompile(`(?i)^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`)
	// word is a part of a text that somebody wrote: token, Token, authToken, v2, TOKEN, 42.
	word = regexp.MustCompile(`^([A-Z]?[a-z]*([A-Z][a-z]+)*|[A-Z]+|[a-z]+)[0-9]{0,3}$|^[0-9]+$`)
)

// looksRandom reports whether s is one word that nobody would make up. Only
// where a name already says secret: keys that are published look the same.
func looksRandom(s string) bool {
	const leastLength, leastBits = 16, 3.0
	switch {
	case len(s) < leastLength, entropy(s) < leastBits, uuid.MatchString(s), encoded.MatchString(s),
		strings.Contains(s, "://"), strings.HasPrefix(s, "pk_"), strings.HasPrefix(s, "/"), strings.HasPrefix(s, "./"),
		strings.ContainsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || c > unicode.MaxASCII }):
		return false
	}
	for part := range strings.FieldsFuncSeq(s, func(c rune) bool { return strings.ContainsRune("-_./:+=~", c) }) {
		if !word.MatchString(part) {
			return true
		}
	}
	return false
}

// entropy is Shannon's, in bits a byte.
func entropy(s string) float64 {
	var counts [256]float64
	for i := range len(s) {
		counts[s[i]]++
	}
	bits := 0.0
	for _, n := range counts {
		if n > 0 {
			p := n / float64(len(s))
			bits -= p * math.Log2(p)
		}
	}
	return bits
}

// secrets reports what looks like a secret anywhere in the file. It comes
// before anything is read, so that no other message speaks of the same value.
func (r *reader) secrets(n *node) { r.secretsIn(n, "", "") }

func (r *reader) secretsIn(n *node, at, name string) {
	for i, item := range n.items {
		r.secretsIn(item, itemPath(n, at, i), name)
	}
	for _, k := range n.keys {
		if kind, shown := secretIn(k.name); kind != "" {
			r.secret(k.line, k.column, "%sgot a key that looks like %s (%s), want no secrets in this file", prefix(at), kind, shown)
			continue
		}
		r.secretsIn(k.value, join(at, k.name), k.name)
	}
	// Variables are looked at when they are replaced; $${ is text.
	literal := variable.ReplaceAllStringFunc(n.text, func(match string) string {
		if strings.HasPrefix(match, "$$") {
			return match[1:]
		}
		return ""
	})
	switch kind, shown := secretIn(literal); {
	case n.kind != isText:
	case kind != "":
		r.secret(n.line, n.column, "%sgot what looks like %s (%s), want no secrets in this file", prefix(at), kind, shown)
	default:
		r.named(n, at, name, literal)
	}
}

// named reports a value that its name says is secret, if it looks like one.
func (r *reader) named(n *node, at, name, value string) bool {
	if !secretHints.MatchString(spoken(name)) || !looksRandom(value) {
		return false
	}
	r.secret(n.line, n.column, "%sgot a value that looks random under a name that says secret, want no secrets in this file; if this one may be published, want a name that says so", prefix(at))
	return true
}

// expanded refuses what variables have made of a text, without showing it.
func (r *reader) expanded(n *node, at, name, value string) bool {
	kind, _ := secretIn(value)
	if kind != "" {
		r.secret(n.line, n.column, "%s: the value of %s looks like %s, want only values that may be published", at, name, kind)
	}
	return kind == ""
}

// stringOf returns the text of a JSON string, "" for any other expression.
func stringOf(expr string) string {
	var s string
	if json.Unmarshal([]byte(expr), &s) != nil {
		return ""
	}
	return s
}
