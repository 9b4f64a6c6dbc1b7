package header

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// tool writes these files.
const tool = "checkout-deploy/sri-manifest"

// Mark is the first line of a text file: by it a later run knows what it may replace.
const Mark = "# Written by " + tool + ": each run writes it anew.\n"

// JSON is {"tool": …, "rules": [{"path": …, "headers": [{"name": …, "value": …}]}]}.
func (s *Set) JSON() []byte {
	type field struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	type rule struct {
		Path    string  `json:"path"`
		Headers []field `json:"headers"`
	}
	out := struct {
		Tool  string `json:"tool"`
		Rules []rule `json:"rules"`
	}{tool, []rule{}}
	for _, r := range s.Rules {
		to := rule{Path: r.Path, Headers: []field{}}
		for _, f := range r.Fields {
			to.Headers = append(to.Headers, field(f))
		}
		out.Rules = append(out.Rules, to)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(out) // strings always encode
	return b.Bytes()
}

func checkPrefix(prefix string) error {
	if !strings.HasPrefix(prefix, "/") || !strings.HasSuffix(prefix, "/") || strings.ContainsAny(prefix, "\r\n\x00") {
		return fmt.Errorf("got the folder %s, want a path that begins and ends in \"/\"", quote(prefix))
	}
	return nil
}

// Nginx is a snippet to be included into a server block. prefix is the URL path
// of the release's folder: "/" or "/checkout/". Each location says all of its
// headers, as one with add_header inherits none; always, as an error page is a page
// too.
func (s *Set) Nginx(prefix string) ([]byte, error) {
	if err := checkPrefix(prefix); err != nil {
		return nil, fmt.Errorf("writing for nginx: %w", err)
	}
	var b bytes.Buffer
	b.WriteString(Mark + "# Headers of a release. Include it into its server block.\n")
	for _, r := range s.Rules {
		if r.Route { // the fallback to its page takes that page's location
			continue
		}
		kind, path := "=", prefix+r.Path[1:]
		if folder, ok := strings.CutSuffix(path, "*"); ok {
			kind, path = "^~", folder
		}
		fmt.Fprintf(&b, "location %s %s {\n", kind, nginxString(path))
		for _, f := range r.Fields {
			fmt.Fprintf(&b, "\tadd_header %s %s always;\n", f.Name, nginxString(f.Value))
		}
		b.WriteString("}\n")
	}
	return b.Bytes(), nil
}

// nginxString quotes a text. "$" can't be escaped in nginx: no value has one but a
// nonce that is to be a variable, and a location's name knows none.
func nginxString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// Netlify is a _headers file, as Netlify and Cloudflare read it. No path has two
// rules: both services join the values of headers that several rules give.
func (s *Set) Netlify(prefix string) ([]byte, error) {
	if err := checkPrefix(prefix); err != nil {
		return nil, fmt.Errorf("writing _headers: %w", err)
	}
	var b bytes.Buffer
	b.WriteString(Mark)
	for _, r := range s.Rules {
		if r.Route && s.shared(r) {
			continue
		}
		path, star := strings.CutSuffix(prefix+r.Path[1:], "*")
		// "*" and ":" stand for parts of a path here.
		b.WriteString(strings.NewReplacer("*", "%2A", ":", "%3A").Replace((&url.URL{Path: path}).EscapedPath()))
		if star {
			b.WriteByte('*')
		}
		b.WriteByte('\n')
		for _, f := range r.Fields {
			fmt.Fprintf(&b, "  %s: %s\n", f.Name, f.Value)
		}
	}
	return b.Bytes(), nil
}
