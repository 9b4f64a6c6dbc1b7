package devserver

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/spell"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS []byte
	//go:embed page.js
	pageJS []byte
)

var pages = template.Must(template.New("page").Parse(pageHTML))

// page is one of the server's own.
type page struct {
	Title, Text string
	Missing     bool
	Nearest     []string // files that may have been meant
	Entries     []entryTags
	Files       []listed
}

type entryTags struct {
	Name, Pass, Format, Tags string
	Stable                   []string // addresses that stay
}

type listed struct{ Path, Type, Size string }

// policy of the server's own pages: they show text of unknown origin.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, p page) {
	var out bytes.Buffer
	if err := pages.Execute(&out, p); err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	h := w.Header()
	h.Set("Content-Type", release.TypeOf(".html"))
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Resource-Policy", "same-site")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(out.Bytes())
	}
}

// problem answers a person with a page, and a program with a sentence.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	if !reads(r) {
		refuse(w, status, title+": "+text)
		return
	}
	s.show(w, r, status, page{Title: title, Text: text})
}

// reads reports a request for a page.
func reads(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

// index answers with what the build has to load, or says why there is nothing.
func (s *Server) index(w http.ResponseWriter, r *http.Request, st state) {
	switch {
	case st.build == nil && st.errors != nil:
		s.problem(w, r, http.StatusInternalServerError, "The first build failed", st.errors.text())
	case st.build == nil:
		w.Header().Set("Retry-After", "5")
		s.problem(w, r, http.StatusServiceUnavailable, "The first build is under way", "This page loads anew when it is done.")
	default:
		p, err := st.build.index("http://" + r.Host + "/")
		if err != nil {
			s.problem(w, r, http.StatusInternalServerError, "The build can't be shown", err.Error())
			return
		}
		s.show(w, r, http.StatusOK, p)
	}
}

func (b *build) index(base string) (page, error) {
	p := page{
		Title: "The build is served",
		Text:  "Open pages that load it follow every build. This is release " + b.id[:12] + ".",
	}
	for _, pass := range b.release.Passes {
		for _, e := range pass.Entries {
			tags, err := b.tags(pass, e, "", base)
			if err != nil {
				return p, err
			}
			one := entryTags{Name: e.Name, Pass: pass.Name, Format: string(pass.Format), Tags: tags}
			for _, name := range []string{e.Name + ".css", e.Name + ".js"} {
				if _, ok := b.aliases[name]; ok {
					one.Stable = append(one.Stable, base+name)
				}
			}
			p.Entries = append(p.Entries, one)
		}
	}
	for _, f := range b.release.Files {
		media, _, _ := strings.Cut(f.Type, ";")
		p.Files = append(p.Files, listed{f.Path, media, size(f.Size)})
	}
	return p, nil
}

func size(bytes int64) string {
	if bytes < 1000 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f kB", float64(bytes)/1000)
}

// missing says that there is no such file, and which may have been meant.
func (s *Server) missing(w http.ResponseWriter, r *http.Request, st state, name string) {
	near := st.build.nearest(name)
	text := fmt.Sprintf("Neither the build nor the public folder has %s.", quote(name))
	if !reads(r) {
		if len(near) > 0 {
			text += " Did you mean " + strings.Join(near, ", ") + "?"
		}
		refuse(w, http.StatusNotFound, text)
		return
	}
	s.show(w, r, http.StatusNotFound, page{Title: "There is no such file", Text: text, Missing: true, Nearest: near})
}

// nearest lists files that were probably meant: one with another hash, one with
// a slip in its name.
func (b *build) nearest(name string) []string {
	stem := func(path string) string { return strings.TrimSuffix(inName.ReplaceAllString(path, ""), ext(path)) }
	var near, stems []string
	files := map[string]string{}
	for _, f := range b.release.Files {
		if ext(f.Path) != ext(name) {
			continue
		}
		if stem(f.Path) == stem(name) {
			near = append(near, f.Path)
		}
		stems, files[stem(f.Path)] = append(stems, stem(f.Path)), f.Path
	}
	if len(near) == 0 {
		if meant := spell.Nearest(stem(name), stems); meant != "" {
			near = append(near, files[meant])
		}
	}
	return near[:min(len(near), 5)]
}

// ext is what a file's name ends with, after the hash.
func ext(path string) string {
	base := path[strings.LastIndex(path, "/")+1:]
	if i := strings.Index(base, "."); i >= 0 {
		return base[i:]
	}
	return ""
}
