package target

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/org/checkout-deploy/internal/bundle/origin"
	"github.com/org/checkout-deploy/internal/finding"
)

// Options says where to look for a project's queries.
type Options struct {
	// Root is the project's folder. Only it is looked at for queries: what lies
	// above it is not the project and differs between machines.
	Root string
	// Queries are those of the configuration; they win when there are any.
	Queries []string
	// Environment picks a section, as in "[production]"; empty means production.
	Environment string
}

// queries are the configuration's, else those of package.json, else those of
// .browserslistrc (or browserslist), else Default; and where they came from.
func (o Options) queries() ([]string, string, error) {
	if len(o.Queries) > 0 {
		return o.Queries, "configuration", nil
	}
	fromPackage, err := o.packageQueries()
	if err != nil {
		return nil, "", err
	}
	fromFile, name, err := o.fileQueries()
	switch {
	case err != nil:
		return nil, "", err
	case fromPackage != nil && fromFile != nil:
		return nil, "", fmt.Errorf("browser targets: both package.json and %s have queries; keep one", name)
	case fromPackage != nil:
		return fromPackage, "package.json", nil
	case fromFile != nil:
		return fromFile, name, nil
	}
	return slices.Clone(Default), "default", nil
}

// sections are where queries are looked for, in this order. Projects that list
// production's and development's browsers have none for "test".
func (o Options) sections() []string { return []string{o.environment(), "defaults", "production"} }

func (o Options) environment() string {
	if o.Environment == "" {
		return "production"
	}
	return o.Environment
}

// packageQueries reads "browserslist" of package.json: a string, a list, or
// either by environment. Nil: there is none.
func (o Options) packageQueries() ([]string, error) {
	text, err := readProject(filepath.Join(o.Root, "package.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("browser targets: %w", err)
	}
	var manifest struct {
		Browserslist json.RawMessage `json:"browserslist"`
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, brokenManifest(text, err)
	}
	if len(manifest.Browserslist) == 0 || string(manifest.Browserslist) == "null" {
		return nil, nil
	}
	if list, ok := stringOrList(manifest.Browserslist); ok {
		return list, nil
	}
	var sections map[string]json.RawMessage
	if json.Unmarshal(manifest.Browserslist, &sections) == nil {
		for _, name := range o.sections() {
			if list, ok := stringOrList(sections[name]); ok {
				return list, nil
			}
		}
		return nil, fmt.Errorf("browser targets: \"browserslist\" in package.json has neither a section %q nor \"defaults\" with queries", o.environment())
	}
	return nil, errors.New("browser targets: \"browserslist\" in package.json: want a query, a list of queries, or lists by environment")
}

// ManifestError is a package.json that is no JSON.
type ManifestError struct{ at finding.Finding }

func brokenManifest(text []byte, err error) error {
	f := finding.Finding{
		Rule: "build/package-json", Severity: finding.High, Location: finding.Location{Path: "package.json"},
		Message: "reading package.json: " + err.Error(), Hint: "browserslist and version are read from it: it has to be JSON, without comments",
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		before := text[:min(max(int(syntax.Offset)-1, 0), len(text))]
		start := bytes.LastIndexByte(before, '\n') + 1
		line, _, _ := strings.Cut(string(text[start:]), "\n")
		column := len(utf16.Encode([]rune(string(before[start:])))) + 1
		f.Location.Line, f.Location.Column = bytes.Count(before, []byte("\n"))+1, column
		f.Excerpt = finding.Excerpt(f.Location.Line, line, column, column+1)
	}
	return &ManifestError{f}
}

func (e *ManifestError) Error() string { return e.at.String() }

// Findings makes ManifestError a finding.Reporter.
func (e *ManifestError) Findings() []finding.Finding { return []finding.Finding{e.at} }

func stringOrList(text json.RawMessage) ([]string, bool) {
	var list []string
	if len(text) == 0 {
		return nil, false
	}
	if json.Unmarshal(text, &list) == nil {
		return list, list != nil
	}
	var one string
	if json.Unmarshal(text, &one) == nil {
		return []string{one}, true
	}
	return nil, false
}

// fileQueries reads .browserslistrc, or the older name browserslist.
func (o Options) fileQueries() ([]string, string, error) {
	for _, name := range []string{".browserslistrc", "browserslist"} {
		path := filepath.Join(o.Root, name)
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		text, err := readProject(path)
		if err != nil {
			return nil, "", fmt.Errorf("browser targets: %w", err)
		}
		queries, err := o.sectionQueries(string(text))
		if err != nil {
			return nil, "", fmt.Errorf("browser targets: %s: %w", name, err)
		}
		return queries, name, nil
	}
	return nil, "", nil
}

var (
	comment = regexp.MustCompile(`#[^\n]*`)
	section = regexp.MustCompile(`^\[(.+)\]$`)
)

// sectionQueries reads queries, one a line or between commas, of the section
// environment, else of those before the first section, else production's.
func (o Options) sectionQueries(text string) ([]string, error) {
	bySection := map[string][]string{"defaults": {}}
	current := []string{"defaults"}
	for _, line := range strings.FieldsFunc(comment.ReplaceAllString(text, ""), func(r rune) bool { return r == '\n' || r == ',' }) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
		if line == "" {
			continue
		}
		match := section.FindStringSubmatch(line)
		if match == nil {
			for _, name := range current {
				bySection[name] = append(bySection[name], line)
			}
			continue
		}
		current = strings.Fields(match[1])
		for _, name := range current {
			if len(bySection[name]) > 0 {
				return nil, fmt.Errorf("the section %q comes twice", name)
			}
			bySection[name] = []string{}
		}
	}
	for _, name := range o.sections() {
		if len(bySection[name]) > 0 {
			return bySection[name], nil
		}
	}
	return nil, fmt.Errorf("no queries for the environment %q: write them at the top of the file or below [%s]", o.environment(), o.environment())
}

// readProject reads a file of the project. Messages quote it, so a link to one of
// the system's, such as a process's environment, is not followed.
func readProject(path string) ([]byte, error) {
	if err := origin.New("").Check(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
