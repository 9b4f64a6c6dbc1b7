package webdav

import (
	"cmp"
	"crypto/md5" // RFC 7616 still has it, and many servers offer nothing else
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// authorizer proves who is asking, as the server's last challenge wants it.
type authorizer struct {
	user, password string

	mu    sync.Mutex
	now   challenge
	count uint32 // of the requests with the challenge's nonce
}

// challenge is one of a WWW-Authenticate.
type challenge struct {
	scheme string // "digest" or "basic"; "" for none yet
	params map[string]string
}

// challenged takes the challenge of a 401, and says whether another attempt is worth
// it: not if a proof of the same was refused. Of Digest a nonce may only have been too
// old.
func (a *authorizer) challenged(h http.Header, used challenge) bool {
	next, ok := best(challenges(h.Values("WWW-Authenticate")))
	if !ok || a.user == "" {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.now.scheme != next.scheme || a.now.params["nonce"] != next.params["nonce"] {
		a.now, a.count = next, 0
	}
	return used.scheme != next.scheme || next.scheme == "digest" && used.params["nonce"] != next.params["nonce"]
}

// proof is the Authorization of a request, and what it answers; "" before the first
// challenge.
func (a *authorizer) proof(method, uri string) (string, challenge) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch a.now.scheme {
	case "basic":
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(a.user+":"+a.password)), a.now
	case "digest":
		a.count++
		return digest(a.now.params, a.user, a.password, method, uri, a.count, rand.Text()), a.now
	}
	return "", challenge{}
}

// algorithm is one of RFC 7616.
type algorithm struct {
	name string
	new  func() hash.Hash
}

// algorithms are those that are known here, the better ones first.
var algorithms = []algorithm{{"sha-256", sha256.New}, {"sha-256-sess", sha256.New}, {"md5", md5.New}, {"md5-sess", md5.New}}

// rank orders challenges, the best as 0; -1 for one that can't be answered.
func rank(c challenge) int {
	name := cmp.Or(strings.ToLower(c.params["algorithm"]), "md5")
	switch {
	case c.scheme == "basic":
		return len(algorithms)
	case c.scheme != "digest" || c.params["nonce"] == "" || !offersAuth(c.params["qop"]):
		return -1
	}
	return slices.IndexFunc(algorithms, func(a algorithm) bool { return a.name == name })
}

// best is the challenge to answer: Digest before Basic.
func best(all []challenge) (challenge, bool) {
	found, ok := challenge{}, false
	for _, c := range all {
		if r := rank(c); r >= 0 && (!ok || r < rank(found)) {
			found, ok = c, true
		}
	}
	return found, ok
}

// offersAuth says that the quality of protection is one that is known: auth, or none
// as in RFC 2069.
func offersAuth(qop string) bool {
	return qop == "" || slices.Contains(strings.FieldsFunc(strings.ToLower(qop), func(r rune) bool { return r == ',' || r == ' ' }), "auth")
}

// digest is an answer by RFC 7616 section 3.4.
func digest(p map[string]string, user, password, method, uri string, count uint32, cnonce string) string {
	algorithm := algorithms[rank(challenge{"digest", p})]
	h := func(parts ...string) string {
		sum := algorithm.new()
		sum.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(sum.Sum(nil))
	}
	nc := fmt.Sprintf("%08x", count)
	a1, a2 := h(user, p["realm"], password), h(method, uri)
	if strings.HasSuffix(algorithm.name, "-sess") {
		a1 = h(a1, p["nonce"], cnonce)
	}
	out := fmt.Sprintf(`Digest username=%s, realm=%s, nonce=%s, uri=%s`, quoted(user), quoted(p["realm"]), quoted(p["nonce"]), quoted(uri))
	if p["qop"] == "" {
		out += `, response="` + h(a1, p["nonce"], a2) + `"`
	} else {
		out += fmt.Sprintf(`, response="%s", qop=auth, nc=%s, cnonce=%s`, h(a1, p["nonce"], nc, cnonce, "auth", a2), nc, quoted(cnonce))
	}
	for _, name := range []string{"algorithm", "opaque"} {
		if v, has := p[name]; has && name == "algorithm" {
			out += ", algorithm=" + v
		} else if has {
			out += ", opaque=" + quoted(v)
		}
	}
	return out
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// challenges reads WWW-Authenticate, RFC 9110 section 11.6.1: schemes with their
// parameters, several in a line too. What can't be read ends the list.
func challenges(lines []string) (all []challenge) {
	for _, line := range lines {
		rest := line
		for n := 0; n < 20; n++ {
			rest = strings.TrimLeft(rest, " \t,")
			word := token(rest)
			if word == "" {
				break
			}
			rest = strings.TrimLeft(rest[len(word):], " \t")
			if value, after, ok := parameter(rest); ok && len(all) > 0 {
				all[len(all)-1].params[strings.ToLower(word)] = value
				rest = after
				continue
			}
			all = append(all, challenge{strings.ToLower(word), map[string]string{}})
		}
	}
	return all
}

func token(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
	})
	if end < 0 {
		return s
	}
	return s[:end]
}

// parameter reads "=value" after a name.
func parameter(s string) (value, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, "=")
	if !ok {
		return "", s, false
	}
	s = strings.TrimLeft(s, " \t")
	if !strings.HasPrefix(s, `"`) {
		value = token(s)
		return value, s[len(value):], value != ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
			fallthrough
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}
