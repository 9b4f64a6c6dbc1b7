package release

import (
	"strings"
	"testing"
)

func TestCheckPath(t *testing.T) {
	long := strings.Repeat("a", MaxSegment)
	tests := []struct{ name, path, want string }{
		{"plain", "checkout-1f.js", ""},
		{"nested", "static/img/a b@2x~(1).png", ""},
		{"hidden", ".well-known/x", ""},
		{"longest segment", long, ""},
		{"letters", "größe-日本-٣.svg", ""},
		{"the record deeper down", "a/release.json", ""},
		{"a device's name as a part", "console.js", ""},

		{"empty", "", "a path"},
		{"absolute", "/etc/passwd", "absolute"},
		{"parent", "../x", `".."`},
		{"parent inside", "a/../../x", `".."`},
		{"dot", "./x", `"."`},
		{"double slash", "a//b", "empty segment"},
		{"slash at the end", "a/", "empty segment"},
		{"backslash", `a\..\b`, "U+005C"},
		{"drive", "C:/x", "U+003A"},
		{"alternate stream", "a.js:x", "U+003A"},
		{"NUL", "a\x00b", "U+0000"},
		{"line break", "a\nb", "U+000A"},
		{"delete", "a\x7f", "U+007F"},
		{"C1 control", "a\u0085", "U+0085"},
		{"direction override", "a\u202ecod.js", "U+202E"},
		{"zero width", "a\u200b.js", "U+200B"},
		{"query", "a.js?v=1", "U+003F"},
		{"fragment", "a.js#x", "U+0023"},
		{"escaped parent", "%2e%2e/x", "U+0025"},
		{"not UTF-8", "a\xff", "not UTF-8"},
		{"decomposed letter", "cafe\u0301.js", "U+0301"},
		{"Kelvin sign", "\u212a.js", "U+212A"},
		{"ligature", "ﬁ.js", "U+FB01"},
		{"trailing dot", "a./b", "dot"},
		{"trailing space", "a /b", "space"},
		{"device", "NUL", "device"},
		{"device with extension", "static/con.tar.js", "device"},
		{"numbered device", "com1.js", "device"},
		{"superscript device", "LPT².js", "U+00B2"},
		{"long segment", long + "a", "at most 255"},
		{"long path", strings.Repeat("abcdefg/", 128) + "x", "at most 1024"},
		{"the record", "release.json", "kept"},
		{"the record in capitals", "Release.JSON", "kept"},
		{"a statement", "attestations/x.json", "kept"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := CheckPath(tt.path)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestCollisions(t *testing.T) {
	tests := []struct {
		name  string
		paths []string
		want  string
	}{
		{"none", []string{"a/b", "a/c", "b", "ab"}, ""},
		{"equal", []string{"a", "a"}, `"a"`},
		{"case", []string{"Logo.svg", "logo.SVG"}, `"Logo.svg"`},
		{"case beyond ASCII", []string{"ÄΣ.js", "äς.js"}, `"ÄΣ.js"`},
		{"sharp s", []string{"straße", "STRASSE"}, `"straße"`},
		{"long s", []string{"ſ.js", "S.js"}, `"ſ.js"`},
		{"a file where a directory is", []string{"a/b", "A"}, `the directory "a"`},
		{"a directory where a file is", []string{"A", "a/b"}, `the file "A"`},
		{"a directory in two spellings", []string{"img/a", "IMG/b"}, `the directory "img"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c Collisions
			got := ""
			for _, p := range tt.paths {
				if with, ok := c.Add(p); ok {
					got = with
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A path that is taken stays inside any directory it is joined to, and folding
// is stable.
func FuzzCheckPath(f *testing.F) {
	for _, p := range []string{"a/b.js", "../a", "a\\b", "größe", "nul.js", "ẞ"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if CheckPath(p) != nil {
			return
		}
		for segment := range strings.SplitSeq(p, "/") {
			if segment == "" || segment == "." || segment == ".." || strings.ContainsAny(segment, "\\:\x00") {
				t.Errorf("%q was taken", p)
			}
		}
		if k := fold(p); fold(k) != k || fold(strings.ToUpper(p)) != k || fold(strings.ToLower(p)) != k {
			t.Errorf("%q: folds to %q, that to %q; upper to %q, lower to %q", p, k, fold(k), fold(strings.ToUpper(p)), fold(strings.ToLower(p)))
		}
	})
}
