package inventory

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v4"

	"github.com/org/checkout-deploy/internal/release"
)

// The tables are the one description of the file: the reader takes its keys from
// them, and so does the JSON Schema.

var fileTable = []field[Inventory]{
	{"version", "The file's version.", schema{"const": Version}, func(*reader, *yaml.Node, string, *Inventory) {}}, // see version
	{"pages", "Which pages take payment data: what the inventory is of.", listOf(pageTable), func(r *reader, n *yaml.Node, at string, inv *Inventory) {
		inv.Pages = each(r, n, at, maxList, pageTable, func(*Page, *yaml.Node) {})
	}},
	{"scripts", "Every script that these pages may run, and style sheets.", listOf(entryTable), func(r *reader, n *yaml.Node, at string, inv *Inventory) {
		if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
			return // as a proposal finds it
		}
		inv.list = place{n.Line, n.Column}
		inv.Entries = each(r, n, at, maxEntries, entryTable, func(e *Entry, n *yaml.Node) {
			e.Line, e.Column = n.Line, r.column(place{n.Line, n.Column})
			r.entry(e, n, at)
		})
	}},
}

var pageTable = []field[Page]{
	{"url", "The address, where * stands for any text but /.", patternSchema, func(r *reader, n *yaml.Node, at string, p *Page) { p.URL, _ = r.pattern(n, at) }},
	{"purpose", "What the page does with payment data.", textSchema, text(func(p *Page) *string { return &p.Purpose })},
}

var entryTable = []field[Entry]{
	{"id", "A short name, for people.", textSchema, text(func(e *Entry) *string { return &e.ID })},
	{"own", "Entries and chunks of the release, as <pass>/<name>, or <pass>/* for all.", textsSchema, texts(func(e *Entry) *[]string { return &e.Own }, checkOwn)},
	{"files", "Globs of the release's paths, for releases of other bundlers.", textsSchema, texts(func(e *Entry) *[]string { return &e.Files }, checkGlob)},
	{"url", "The address of somebody else's script, where * stands for any text but /.", patternSchema, func(r *reader, n *yaml.Node, at string, e *Entry) { e.URL, e.url = r.pattern(n, at) }},
	{"inline", "The pages whose inline scripts these are: an address, or a glob of the release's paths.", textSchema, func(r *reader, n *yaml.Node, at string, e *Entry) { e.Inline, e.inline = r.inline(n, at) }},
	{"kind", "What the address is of.", schema{"enum": []string{"script", "style"}, "default": "script"}, func(r *reader, n *yaml.Node, at string, e *Entry) {
		if s := r.text(n, at); s == "script" || s == "style" {
			e.Kind = release.Role(s)
		} else {
			r.at(n, ruleValue, "%s: got %s, want script or style", at, describe(n))
		}
	}},
	{"source", "Who makes it: a repository, a company.", textSchema, text(func(e *Entry) *string { return &e.Source })},
	{"owner", "Who answers for it: a team or a person.", textSchema, text(func(e *Entry) *string { return &e.Owner })},
	{"purpose", "What it does on the page.", textSchema, text(func(e *Entry) *string { return &e.Purpose })},
	{"justification", "Why it is needed: business, technical or both.", objectOf(justificationTable), func(r *reader, n *yaml.Node, at string, e *Entry) {
		object(r, n, at, justificationTable, &e.Justification)
	}},
	{"approved", "Who approved it, until when.", objectOf(approvalTable), func(r *reader, n *yaml.Node, at string, e *Entry) {
		object(r, n, at, approvalTable, &e.Approved)
		if e.Approved.Expires != "" && e.Approved.Expires < e.Approved.On {
			r.at(n, ruleConflict, "%s: got an approval of %s that ended on %s, want the end after it", at, e.Approved.On, e.Approved.Expires)
		}
	}},
	{"pin", "The hashes that its bytes may have, of one algorithm.", textsSchema, texts(func(e *Entry) *[]string { return &e.Pin }, checkPin)},
	{"exception", "Why it can't be pinned, and what is done in its place.", objectOf(exceptionTable), func(r *reader, n *yaml.Node, at string, e *Entry) {
		e.Exception = &Exception{}
		object(r, n, at, exceptionTable, e.Exception)
	}},
}

var justificationTable = []field[Justification]{
	{"business", "The business reason.", textSchema, text(func(j *Justification) *string { return &j.Business })},
	{"technical", "The technical reason.", textSchema, text(func(j *Justification) *string { return &j.Technical })},
}

var approvalTable = []field[Approval]{
	{"by", "Who.", textSchema, text(func(a *Approval) *string { return &a.By })},
	{"reference", "Where that is to be seen: a ticket, a pull request.", textSchema, text(func(a *Approval) *string { return &a.Reference })},
	{"on", "The day.", daySchema, func(r *reader, n *yaml.Node, at string, a *Approval) { a.On = r.day(n, at) }},
	{"expires", "The last day on which it counts.", daySchema, func(r *reader, n *yaml.Node, at string, a *Approval) { a.Expires = r.day(n, at) }},
}

var exceptionTable = []field[Exception]{
	{"reason", "Why it can't be pinned.", textSchema, text(func(e *Exception) *string { return &e.Reason })},
	{"compensating-control", "What is done in the pin's place.", textSchema, text(func(e *Exception) *string { return &e.Control })},
	{"expires", "The last day on which it counts.", daySchema, func(r *reader, n *yaml.Node, at string, e *Exception) { e.Expires = r.day(n, at) }},
}

// entry checks what an entry's keys are together.
func (r *reader) entry(e *Entry, n *yaml.Node, at string) {
	var of []string
	e.places = map[string]place{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		e.places[k.Value] = place{v.Line, r.column(place{v.Line, v.Column})}
		if slices.Contains([]string{"own", "files", "url", "inline"}, k.Value) {
			of = append(of, k.Value)
		}
	}
	ours := len(e.Own)+len(e.Files) > 0
	switch {
	case n.Kind == yaml.MappingNode && len(of) == 0:
		r.at(n, ruleConflict, "%s: got an entry of nothing, want one of own, files, url, inline", at)
	case len(of) > 1:
		r.at(n, ruleConflict, "%s: got %s, want one of them", at, strings.Join(of, " and "))
	case ours && (len(e.Pin) > 0 || e.Exception != nil || e.Kind != ""):
		r.at(n, ruleConflict, "%s: got pin, exception or kind for scripts of the release, want none: their hashes are in its record", at)
	case len(e.Pin) > 0 && e.Exception != nil:
		r.at(n, ruleConflict, "%s: got both pin and exception, want one of them", at)
	case !ours && e.Kind == "":
		e.Kind = release.Script
	}
}

// each reads a list of mappings.
func each[T any](r *reader, n *yaml.Node, at string, most int, table []field[T], check func(*T, *yaml.Node)) []T {
	if n.Kind != yaml.SequenceNode || len(n.Content) > most {
		r.at(n, ruleValue, "%s: got %s (%d items), want a list of at most %d", at, describe(n), len(n.Content), most)
		return nil
	}
	out := make([]T, len(n.Content))
	for i, item := range n.Content {
		if item.Kind == yaml.AliasNode || item.Anchor != "" {
			r.at(item, ruleValue, "%s[%d]: got an anchor or an alias, want the entry itself", at, i)
			continue
		}
		object(r, item, at+"["+strconv.Itoa(i)+"]", table, &out[i])
		check(&out[i], item)
	}
	return out
}

// Todo begins a text that somebody has yet to write: it is read as missing.
const Todo = "TODO"

func text[T any](into func(*T) *string) func(*reader, *yaml.Node, string, *T) {
	return func(r *reader, n *yaml.Node, at string, t *T) { *into(t) = r.text(n, at) }
}

// text takes text that is what it looks like.
func (r *reader) text(n *yaml.Node, at string) string {
	hidden := func(c rune) bool {
		return c != '\n' && c != '\t' && (unicode.Is(unicode.Cc, c) || unicode.Is(unicode.Cf, c))
	}
	tag := n.ShortTag()
	switch {
	case n.Kind != yaml.ScalarNode:
		r.at(n, ruleValue, "%s: got %s, want text", at, describe(n))
	case tag != "!!str" && tag != "!!timestamp":
		r.at(n, ruleValue, "%s: got %s; want text: put it in quotes", at, describe(n))
	case strings.TrimSpace(n.Value) == "":
		r.at(n, ruleValue, "%s: got empty text, want some, or no such key", at)
	case len(n.Value) > maxText:
		r.at(n, ruleValue, "%s: got %d bytes, want at most %d", at, len(n.Value), maxText)
	case strings.ContainsFunc(n.Value, hidden):
		r.at(n, ruleValue, "%s: got %s, want text without characters that can't be seen", at, strconv.QuoteToASCII(n.Value))
	case !strings.HasPrefix(n.Value, Todo):
		return strings.TrimSpace(n.Value)
	}
	return ""
}

func texts[T any](into func(*T) *[]string, check func(string) error) func(*reader, *yaml.Node, string, *T) {
	return func(r *reader, n *yaml.Node, at string, t *T) {
		items := []*yaml.Node{n}
		if n.Kind == yaml.SequenceNode {
			items = n.Content
		}
		if len(items) == 0 || len(items) > maxList {
			r.at(n, ruleValue, "%s: got %d items, want 1 to %d", at, len(items), maxList)
			return
		}
		var all []string
		for _, item := range items {
			s := r.text(item, at)
			if s == "" {
				continue
			}
			if err := check(s); err != nil {
				r.at(item, ruleValue, "%s: %v", at, err)
			}
			if algorithm(s) != algorithm(items[0].Value) {
				r.at(item, ruleConflict, "%s: got %s and %s, want one algorithm: browsers look at the strongest alone", at, algorithm(items[0].Value), algorithm(s))
			}
			all = append(all, s)
		}
		*into(t) = all
	}
}

func (r *reader) day(n *yaml.Node, at string) Day {
	s := r.text(n, at)
	if s == "" {
		return ""
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		r.at(n, ruleValue, "%s: got %s, want a day such as 2026-11-25", at, quote(s))
		return ""
	}
	return Day(s)
}

func (r *reader) pattern(n *yaml.Node, at string) (Pattern, matcher) {
	s := r.text(n, at)
	if s == "" {
		return "", matcher{}
	}
	m, err := webMatcher(s)
	if err != nil {
		r.at(n, ruleValue, "%s: %v", at, err)
	}
	return Pattern(s), m
}

func (r *reader) inline(n *yaml.Node, at string) (Pattern, matcher) {
	s := r.text(n, at)
	if s == "" || strings.Contains(s, "://") {
		return r.pattern(n, at)
	}
	if err := checkGlob(s); err != nil {
		r.at(n, ruleValue, "%s: %v", at, err)
	}
	return Pattern(s), globMatcher(s)
}

func checkOwn(s string) error {
	pass, name, ok := strings.Cut(s, "/")
	if !ok || pass == "" || name == "" || strings.Contains(pass, "*") || name != "*" && strings.Contains(name, "*") {
		return fmt.Errorf("got %s, want <pass>/<entry or chunk>, or <pass>/* for all of a pass", quote(s))
	}
	return nil
}

func checkGlob(s string) error {
	if strings.HasPrefix(s, "/") || strings.ContainsAny(s, `\?[]{}`) || slices.Contains(strings.Split(s, "/"), "..") {
		return fmt.Errorf("got %s, want a path of the release, where * is any text within a folder and ** any folders", quote(s))
	}
	return nil
}

// hashSizes are of the algorithms of Subresource Integrity.
var hashSizes = map[string]int{"sha256": 32, "sha384": 48, "sha512": 64}

// algorithm is that of a hash, "" for any other text.
func algorithm(s string) string {
	name, _, _ := strings.Cut(s, "-")
	if hashSizes[name] == 0 {
		return ""
	}
	return name
}

func checkPin(s string) error {
	name, text, _ := strings.Cut(s, "-")
	sum, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || hashSizes[name] == 0 || len(sum) != hashSizes[name] || strings.ContainsAny(text, "\r\n") {
		return fmt.Errorf("got %s, want a hash such as sha384-…: sha256, sha384 or sha512 in padded standard base64", quote(s))
	}
	return nil
}
