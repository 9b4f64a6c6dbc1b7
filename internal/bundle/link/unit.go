package link

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/org/checkout-deploy/internal/bundle/link/scope"
)

// A unit is a chunk on its way to being one function of the registry, or one
// native module.
type unit struct {
	chunk *Chunk
	file  *scope.File
	id    string

	module *module // where modules are kept apart

	exports  map[string]scope.SymbolID // exported name → symbol
	imports  []*importedChunk          // in order of appearance
	imported map[scope.SymbolID]binding
	envRefs  []scope.Ref
	forward  bool // holds nothing but imports and exports

	used  map[string]int    // exported name → how many units and roots use it
	short map[string]string // exported name → name between units

	sourceMap *sourceMap
	segments  []segment
	sourceAt  []int                               // source index of the map → index in the file's map, -1 unknown
	moved     []func(line, column int) (int, int) // by source of the map; see Input.Original
	original  func(source string) func(line, column int) (int, int)
	content   func(source string) []byte

	rope  rope
	parts []Part // of the rope's text
}

// importedChunk is another unit that this one uses.
type importedChunk struct {
	unit   *unit
	symbol scope.SymbolID // holds its exports object
	names  []binding
}

// binding is an exported name of a unit.
type binding struct {
	unit *unit
	name string
}

func (u *unit) parse() error {
	f, err := scope.Parse(u.chunk.Code)
	if err != nil {
		return fmt.Errorf("reading the chunk of %s: %w", u.describe(), err)
	}
	u.file = f
	u.exports = map[string]scope.SymbolID{}
	u.imported = map[scope.SymbolID]binding{}
	u.used = map[string]int{}
	u.forward = true
	var errs []error
	for i := range f.Stmts {
		s := &f.Stmts[i]
		switch s.Kind {
		case scope.ImportStmt, scope.EmptyStmt:
		case scope.ExportNames:
			for _, e := range s.Exports {
				u.exports[e.Exported] = e.Symbol
			}
		case scope.ExportFrom, scope.ExportStar, scope.ExportDefault, scope.ExportDecl:
			if u.module != nil {
				break
			}
			errs = append(errs, fmt.Errorf("esbuild's chunk of %s has an %v statement, which it was not known to write", u.describe(), s.Kind))
		default:
			u.forward = false
		}
	}
	u.envRefs = f.Globals[EnvName]
	if err := u.readMap(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (u *unit) readMap() error {
	if u.chunk.Map == nil {
		return nil
	}
	m, err := readSourceMap(u.chunk.Map)
	if err != nil {
		return err
	}
	u.sourceMap = m
	u.segments, err = m.segments(u.chunk.Code)
	return err
}

func (u *unit) nameSources(name func(string) string) {
	if u.sourceMap == nil || name == nil {
		return
	}
	for i, s := range u.sourceMap.Sources {
		u.sourceMap.Sources[i] = name(s)
	}
}

// describe names the unit by what it holds.
func (u *unit) describe() string {
	switch n := len(u.chunk.Modules); n {
	case 0:
		return "no module"
	case 1:
		return u.chunk.Modules[0]
	default:
		return fmt.Sprintf("%s and %d more", u.chunk.Modules[n-1], n-1)
	}
}

// sourcePlace is the original place of an offset in the chunk: "src/a.ts:3:7".
func (u *unit) sourcePlace(offset int) string {
	i, found := slices.BinarySearchFunc(u.segments, offset, func(s segment, o int) int { return int(s.offset) - o })
	if !found {
		i--
	}
	if i < 0 || u.segments[i].source < 0 {
		return u.describe()
	}
	s := u.segments[i]
	name := u.sourceMap.Sources[s.source]
	line, column := int(s.line), int(s.column)
	if u.original != nil {
		if back := u.original(name); back != nil {
			line, column = back(line, column)
		}
	}
	if path, err := url.PathUnescape(name); err == nil {
		name = path
	}
	return fmt.Sprintf("%s:%d:%d", name, line+1, column+1)
}

func (u *unit) mapSegment(maps *mapWriter, s segment, name string) {
	if s.source < 0 {
		maps.add(-1, 0, 0, "")
		return
	}
	if u.sourceAt == nil {
		u.sourceAt = make([]int, len(u.sourceMap.Sources))
		u.moved = make([]func(int, int) (int, int), len(u.sourceMap.Sources))
		for i := range u.sourceAt {
			u.sourceAt[i] = -1
		}
	}
	if u.sourceAt[s.source] < 0 {
		u.sourceAt[s.source] = u.addSource(maps, int(s.source))
		if u.original != nil {
			u.moved[s.source] = u.original(u.sourceMap.Sources[s.source])
		}
	}
	line, column := int(s.line), int(s.column)
	if back := u.moved[s.source]; back != nil {
		line, column = back(line, column)
	}
	maps.add(u.sourceAt[s.source], line, column, name)
}

func (u *unit) addSource(maps *mapWriter, i int) int {
	name := u.sourceMap.Sources[i]
	var content json.RawMessage
	if u.content != nil {
		content = u.content(name)
	}
	if content == nil && i < len(u.sourceMap.SourcesContent) {
		content = u.sourceMap.SourcesContent[i]
	}
	return maps.source(name, content)
}

// envCall reads what follows a reference to the run time: `.t("x")` gives the
// member "t", the decoded argument, and the end of the call.
func (u *unit) envCall(ref scope.Ref) (member, arg string, end int) {
	code := u.chunk.Code
	at := ref.End()
	if at >= len(code) || code[at] != '.' {
		return "", "", at
	}
	open := bytes.IndexByte(code[at:], '(')
	if open < 0 || open > 8 {
		return "", "", at
	}
	member = string(code[at+1 : at+open])
	start := at + open + 1
	lit, ok := stringLiteral(code[start:])
	if !ok || start+len(lit) >= len(code) || code[start+len(lit)] != ')' {
		return "", "", at
	}
	arg, err := unquote(lit)
	if err != nil {
		return "", "", at
	}
	return member, arg, start + len(lit) + 1
}

// envValue reads `.value_6d` behind a reference to the run time.
func (u *unit) envValue(ref scope.Ref) (name string, end int, ok bool) {
	code := u.chunk.Code[ref.End():]
	rest, ok := bytes.CutPrefix(code, []byte("."+ValuePrefix))
	if !ok {
		return "", 0, false
	}
	n := 0
	for n < len(rest) && (rest[n] >= '0' && rest[n] <= '9' || rest[n] >= 'a' && rest[n] <= 'f') {
		n++
	}
	decoded, err := hex.DecodeString(string(rest[:n]))
	return string(decoded), ref.End() + len(ValuePrefix) + 1 + n, err == nil
}

func stringLiteral(code []byte) (string, bool) {
	if len(code) == 0 || !strings.ContainsRune("\"'`", rune(code[0])) {
		return "", false
	}
	for i := 1; i < len(code); i++ {
		switch code[i] {
		case '\\':
			i++
		case code[0]:
			return string(code[:i+1]), true
		}
	}
	return "", false
}

// unquote decodes a string that this project wrote and esbuild printed again:
// its quotes may have changed.
func unquote(lit string) (string, error) {
	inner := lit[1 : len(lit)-1]
	if lit[0] != '"' {
		inner = strings.ReplaceAll(strings.ReplaceAll(inner, `\`+lit[:1], lit[:1]), `"`, `\"`)
	}
	return strconv.Unquote(`"` + inner + `"`)
}
