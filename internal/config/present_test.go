package config

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestWhatIsNamedIsThere(t *testing.T) {
	root := fstest.MapFS{
		"src/checkout.ts": {}, "src/pages/index.tsx": {}, "src/empty/notes.txt": {}, "tsconfig.build.json": {},
		"packages/a/package.json": {}, "node_modules/tool/index.js": {},
	}
	for _, row := range []struct{ module, want string }{
		{"src/checkout.ts", ""},
		{"src/checkout", ""},
		{"./src/checkout.ts", ""},
		{"src/pages", ""},
		{"packages/a", ""},
		{"tool/index.js", ""},
		{"some-package", ""},
		{"@app/checkout.ts", ""},
		{"ours/checkout.ts", ""},
		{"src/chekout.ts", `f.yml:5:41: build.passes[0].entries.checkout: got "src/chekout.ts", which is not there; did you mean "src/checkout.ts"?`},
		{"scr/checkout.ts", `did you mean "src/checkout.ts"?`},
		{"src/Checkout.ts", `did you mean "src/checkout.ts"?`},
		{"src/other.ts", `got "src/other.ts", which is not there; want a source file`},
		{"src/empty", `got the folder "src/empty", which has no index file; want a source file`},
	} {
		text := "version: 1\nbuild:\n  alias: { ours: src }\n  passes:\n    - { name: app, entries: { checkout: \"" + row.module + "\" } }\n"
		_, err := Overrides{Present: true}.Parse("f.yml", []byte(text), root, nil)
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: got %v, want %q", row.module, err, row.want)
		}
	}
	const text = "version: 1\nbuild:\n  tsconfig: tsconfig.biuld.json\n  passes: [{ name: app, entries: { checkout: src/checkout.ts } }]\n"
	const want = `f.yml:3:13: build.tsconfig: got "tsconfig.biuld.json", which is not there; did you mean "tsconfig.build.json"?`
	if _, err := (Overrides{Present: true}).Parse("f.yml", []byte(text), root, nil); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, err := Parse("f.yml", []byte(text), root, nil); err != nil {
		t.Errorf("who only reads the file needs no sources: got %v", err)
	}
}
