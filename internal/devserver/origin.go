package devserver

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// ours reports whether a request is for this server. A site can lead a name of
// its own to this machine (DNS rebinding), and would be of one origin with it;
// it can't do that with an address, nor with localhost (RFC 6761).
func (s *Server) ours(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if slices.Contains(s.Hosts, name) || local(name) {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil
}

// local reports a name or an address of this machine.
func local(name string) bool {
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil && ip.IsLoopback()
}

// mayRead reports whether pages of an origin may read what the server answers.
func (s *Server) mayRead(origin string) bool {
	if slices.Contains(s.Origins, "*") || slices.Contains(s.Origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && local(u.Hostname())
}

// guard sets the headers that say who may read an answer, and refuses what has
// no business here. It reports whether the request is to be answered.
func (s *Server) guard(w http.ResponseWriter, r *http.Request) bool {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Origin")
	if !s.ours(r.Host) {
		refuse(w, http.StatusForbidden, "got the host "+quote(r.Host)+", which is not this machine's: start the server with this host allowed if it is yours")
		return false
	}
	origin := r.Header.Get("Origin")
	if origin != "" && s.mayRead(origin) {
		h.Set("Access-Control-Allow-Origin", origin)
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodOptions:
		if h.Get("Access-Control-Allow-Origin") != "" {
			h.Set("Access-Control-Allow-Methods", "GET, HEAD")
			h.Set("Access-Control-Allow-Headers", "*")
			if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
				h.Set("Access-Control-Allow-Private-Network", "true")
			}
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		h.Set("Allow", "GET, HEAD, OPTIONS")
		refuse(w, http.StatusMethodNotAllowed, "got the method "+quote(r.Method)+", want GET or HEAD")
	}
	return false
}

// embeddable says which pages may use a file without asking to read it. A page
// that runs a script can read its functions (CVE-2025-30359), so code is only
// for pages that may read; a page can't say that it is another's.
func (s *Server) embeddable(r *http.Request, mediaType string) string {
	if u, err := url.Parse(r.Header.Get("Referer")); err == nil && s.mayRead(u.Scheme+"://"+u.Host) {
		return "cross-origin"
	}
	for _, code := range []string{"text/javascript", "application/json", "text/html"} {
		if strings.HasPrefix(mediaType, code) {
			return "same-site"
		}
	}
	return "cross-origin"
}

func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("checkout-deploy: " + text + "\n"))
}
