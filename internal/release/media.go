package release

import (
	"path"
	"strings"
)

// TypeOf returns the media type to serve a file as, from its extension. The
// table is our own: package mime's depends on files of the machine, and a
// record must not.
func TypeOf(file string) string {
	if t, ok := mediaTypes[strings.ToLower(path.Ext(file))]; ok {
		return t
	}
	return "application/octet-stream"
}

var mediaTypes = map[string]string{
	".js":          "text/javascript; charset=utf-8", // RFC 9239
	".mjs":         "text/javascript; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".htm":         "text/html; charset=utf-8",
	".json":        "application/json",
	".map":         "application/json",
	".webmanifest": "application/manifest+json",
	".txt":         "text/plain; charset=utf-8",
	".md":          "text/markdown; charset=utf-8",
	".csv":         "text/csv; charset=utf-8",
	".xml":         "application/xml",
	".wasm":        "application/wasm",
	".pdf":         "application/pdf",

	".svg":  "image/svg+xml",
	".png":  "image/png",
	".apng": "image/apng",
	".jpg":  "image/jpeg",
	".jpeg": "image/jpeg",
	".gif":  "image/gif",
	".webp": "image/webp",
	".avif": "image/avif",
	".ico":  "image/vnd.microsoft.icon",
	".bmp":  "image/bmp",
	".cur":  "image/vnd.microsoft.icon",

	".woff":  "font/woff",
	".woff2": "font/woff2",
	".ttf":   "font/ttf",
	".otf":   "font/otf",
	".eot":   "application/vnd.ms-fontobject",

	".mp3":  "audio/mpeg",
	".ogg":  "audio/ogg",
	".wav":  "audio/wav",
	".mp4":  "video/mp4",
	".webm": "video/webm",
}

const wantType = `a media type of RFC 9110 in lower case, such as "text/css" or "text/css; charset=utf-8"`

// validType allows one parameter, the charset: records compare types as text.
func validType(s string) bool {
	full, charset, has := strings.Cut(s, "; charset=")
	if has && !validToken(charset) {
		return false
	}
	major, minor, ok := strings.Cut(full, "/")
	return ok && validToken(major) && validToken(minor)
}

func validToken(s string) bool {
	return s != "" && len(s) <= 127 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789!#$&^_.+-") == ""
}
