package shop

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"html/template"
	"net/http"
	"path/filepath"
	"strings"
)

// pageData is what an example's index.html is filled with.
type pageData struct {
	*Build
	PublicPath string // of the built files, ends in "/"
	Nonce      string // of the page's Content-Security-Policy, new for every answer
}

// ImportMap returns the element that pins the modules below an entry; it stands
// before the first module.
func (d pageData) ImportMap(entry string) (template.HTML, error) {
	data, err := d.importMap(entry, d.PublicPath)
	// "<" would end the element, and in JSON it can be written otherwise.
	text := strings.ReplaceAll(string(data), "<", `\u003c`)
	return template.HTML(fmt.Sprintf(`<script type="importmap" nonce="%s">%s</script>`, d.Nonce, text)), err
}

// Module returns the address of an entry's module.
func (d pageData) Module(entry string) (string, error) {
	scripts, err := d.Scripts(entry)
	if err != nil {
		return "", err
	}
	if len(scripts) == 0 {
		return "", fmt.Errorf("entry %q: it has no script", entry)
	}
	return d.PublicPath + scripts[len(scripts)-1].Path, nil
}

// page answers with index.html. The template is read for every request, so an
// edit shows at the next reload.
func (s *Shop) page(w http.ResponseWriter, _ *http.Request) {
	data := pageData{s.build, s.Assets() + "/", rand.Text()}
	var html bytes.Buffer
	if err := s.render(&html, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for name, value := range s.policies(data.Nonce) {
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(html.Bytes())
}

func (s *Shop) render(html *bytes.Buffer, data pageData) error {
	t, err := template.ParseFiles(filepath.Join(s.example, "index.html"))
	if err != nil {
		return fmt.Errorf("reading the page: %w", err)
	}
	if err := t.Execute(html, data); err != nil {
		return fmt.Errorf("filling in the page: %w", err)
	}
	return nil
}

// policies are strict enough that code which forgets the nonce or the integrity
// of one script, or the nonce of one style, does not run: the page is a test of
// the bundler too. Chromium knows no Integrity-Policy for styles yet.
func (s *Shop) policies(nonce string) map[string]string {
	return map[string]string{
		"Content-Security-Policy": fmt.Sprintf("default-src 'none'; base-uri 'none'; form-action 'none'; connect-src 'self'; "+
			"script-src 'nonce-%[1]s'; style-src 'nonce-%[1]s'; img-src %[2]s; font-src %[2]s", nonce, s.Assets()),
		"Integrity-Policy": "blocked-destinations=(script)",
	}
}
