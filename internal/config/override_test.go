package config

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/checkout-deploy/internal/finding"
)

func TestOverrides(t *testing.T) {
	const file = `version: 1
build:
  outdir: web
  external: [react]
  passes:
    - { name: app, format: esm, entries: { a: src/a.ts } }
    - { name: page, format: esm, entries: { b: [lib/b.ts, src/c.ts] } }
`
	tests := []struct {
		name string
		over Overrides
		want string // what is built, or a part of the error
	}{
		{"none", Overrides{}, "web esm esm production"},
		{"all", Overrides{OutDir: "./out/x/", Format: "esm", Profile: "staging"}, "out/x esm esm staging"},
		{"outdir elsewhere", Overrides{OutDir: "/tmp/out"}, "/tmp/out esm esm production"},
		{"outdir beside", Overrides{OutDir: "../out"}, "../out esm esm production"},
		{"outdir with a source", Overrides{OutDir: "lib"}, `input outdir: got "lib", which holds the source "lib/b.ts"`},
		{"outdir is the project", Overrides{OutDir: "."}, `input outdir: got ".", want a folder of its own`},
		{"outdir holds the project", Overrides{OutDir: "../.."}, `input outdir: got "../..", which holds the project`},
		{"outdir is git's", Overrides{OutDir: ".git/x"}, `input outdir: got ".git/x", want a folder of its own`},
		{"outdir with a line break", Overrides{OutDir: "a\nb"}, `input outdir: got "a\nb", want a path without control characters`},
		{"blank outdir", Overrides{OutDir: " "}, `input outdir: got blank text`},
		{"format", Overrides{Format: "umd"}, `input format: got "umd", want one of classic, esm, iife`},
		{"format against the file", Overrides{Format: "iife"}, `f.yml:4:13: build.external: got externals, but the pass "app" has the format iife`},
		{"profile", Overrides{Profile: "prod"}, `input profile: got "prod", want one of development`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := tt.over.Parse("f.yml", []byte(file), fstest.MapFS{}, testEnv)
			if err != nil {
				if !strings.HasPrefix(err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				return
			}
			got := c.Build.OutDir
			for _, p := range c.Build.Passes {
				got += " " + string(p.Format)
			}
			if got += " " + string(c.Build.Profile); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestOverridesOfAProjectWithoutAFile(t *testing.T) {
	c, err := Overrides{Format: "esm"}.Find(project, "", testEnv)
	if err != nil || c.Build.Passes[0].Format != "esm" {
		t.Errorf("got %+v, %v", c, err)
	}
	_, err = Overrides{OutDir: "src", Profile: "x"}.Find(project, "", testEnv)
	if err == nil || !strings.Contains(err.Error(), "input outdir: ") || !strings.Contains(err.Error(), "\ninput profile: ") {
		t.Errorf("got %v, want both inputs named", err)
	}
}

func TestFindings(t *testing.T) {
	_, err := Overrides{Format: "x"}.Parse("ci/f.yml", []byte("version: 1\r\nbuild: { outdir: \"é😀\", formt: 1 }\r\ngate: {}\r\n"), project, testEnv)
	var r finding.Reporter
	if !errors.As(err, &r) {
		t.Fatalf("got %v, want a Reporter", err)
	}
	want := []finding.Finding{
		{Rule: "config/input", Message: `input format: got "x", want one of classic, esm, iife`},
		{Rule: "config/unknown-key", Message: `build: got the unknown key "formt", did you mean format?`, Location: finding.Location{Path: "ci/f.yml", Line: 2, Column: 25}},
		{Rule: "config/section", Message: `got the section gate, for the measurements and rules that a pull request must meet: this version has no action that reads it; remove it until then`, Location: finding.Location{Path: "ci/f.yml", Line: 3, Column: 1}},
	}
	got := r.Findings()
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range want {
		want[i].Severity = finding.High
		if got[i] != want[i] {
			t.Errorf("got  %+v\nwant %+v", got[i], want[i])
		}
	}
}

func TestEditorPlace(t *testing.T) {
	for name, tt := range map[string]struct {
		text                     string
		line, column, line2, col int
	}{
		"no place":              {"a", 0, 0, 0, 0},
		"start":                 {"a", 1, 1, 1, 1},
		"a byte order mark":     {"\ufeffa: 1", 1, 2, 1, 2},
		"beyond the plane":      {"😀é: x", 1, 3, 1, 4},
		"CRLF":                  {"a\r\nb", 2, 1, 2, 1},
		"CR":                    {"a\rb", 2, 2, 2, 2},
		"a line separator":      {"a\u2028b\nc", 2, 1, 1, 3},
		"after it":              {"a\u2028b\nc", 3, 1, 2, 1},
		"beyond the line":       {"ab\ncd", 1, 9, 1, 3},
		"beyond the file":       {"ab\n", 9, 9, 2, 1},
		"beyond, without break": {"ab", 2, 1, 1, 3},
	} {
		t.Run(name, func(t *testing.T) {
			if line, column := editorPlace([]byte(tt.text), tt.line, tt.column); line != tt.line2 || column != tt.col {
				t.Errorf("got %d:%d, want %d:%d", line, column, tt.line2, tt.col)
			}
		})
	}
}
