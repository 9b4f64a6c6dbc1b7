package script

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	// The parser of a JavaScript interpreter in Go that is kept up (MIT): a tree
	// of all that esbuild prints. esbuild has none to give away, and
	// link/scope keeps none. Only the parser is linked.
	"github.com/dop251/goja/parser"
	"github.com/evanw/esbuild/pkg/api"
)

// Bounds of what is followed. A configuration is small; what is not, is
// computed in ways nobody would follow by hand either.
const (
	maxSteps = 200_000
	maxDepth = 100
	maxFiles = 100
	// maxNesting is of values and of brackets in a source.
	maxNesting = 200
	maxSize    = 1 << 20
)

// Reader follows the configurations of one project.
type Reader struct {
	root    fs.FS
	modules map[string]*Object // by path, {exports}
	steps   int
	depth   int
	// created has every instance made so far.
	created   []*Instance
	exploring bool
	explored  map[*Function]bool
	assumed   map[string]bool
	// Assumed says in sentences what was taken for granted on the way.
	Assumed []string
}

// NewReader reads configurations of the project in root.
func NewReader(root fs.FS) *Reader {
	return &Reader{root: root, modules: map[string]*Object{}, explored: map[*Function]bool{}, assumed: map[string]bool{}}
}

// errTooMuch ends work that is beyond the bounds.
var errTooMuch = errors.New("more to follow than is read")

// Exports returns what the file exports: module.exports, or the default export.
func (r *Reader) Exports(name string) (v Value, err error) {
	err = r.bounded(func() {
		exports := r.load(name)
		v = exports
		if o, ok := exports.(*Object); ok && o.Get("default") != nil {
			v = o.Get("default")
		}
		r.tree(v, 0)
	})
	if u, ok := v.(*Unknown); ok && err == nil && u.Line == 0 {
		err = fmt.Errorf("reading %q: %s", name, u.What)
	}
	return v, err
}

// Call returns what f returns for args; a value that is no function is
// returned itself. A promise counts as its value.
func (r *Reader) Call(f Value, args ...Value) (v Value, err error) {
	fn, ok := f.(*Function)
	if !ok {
		return f, nil
	}
	err = r.bounded(func() {
		v = fn.call(args)
		r.tree(v, 0)
	})
	return v, err
}

// Within returns the instances of a class in v, and those that functions in v
// would make if somebody called them.
func (r *Reader) Within(v Value, class string) (found []*Instance, err error) {
	err = r.bounded(func() {
		before := len(r.created)
		r.exploring = true
		r.explore(v, 0)
		r.exploring = false
		all := slices.Clone(r.created[before:])
		if l, ok := v.(*List); ok {
			for _, item := range l.Items {
				if i, ok := item.(*Instance); ok {
					all = append(all, i)
				}
			}
		}
		for _, i := range all {
			if i.Class == class {
				r.tree(i, 0)
				found = append(found, i)
			}
		}
	})
	return found, err
}

func (r *Reader) bounded(f func()) (err error) {
	defer func() {
		r.exploring, r.depth = false, 0
		switch e := recover(); {
		case e == nil:
		case e == any(errTooMuch):
			err = errTooMuch
		default:
			panic(e)
		}
	}()
	f()
	return nil
}

func (r *Reader) step() { r.charge(1) }

// charge counts work, and what is kept of it: a few lines can double a text or a
// list until there is no memory for it.
func (r *Reader) charge(n int) {
	if r.steps += n; n < 0 || r.steps > maxSteps {
		panic(errTooMuch)
	}
}

// grown charges for a text or list that was made.
func (r *Reader) grown(v Value) Value {
	switch v := v.(type) {
	case Text:
		r.charge(len(v) / 32)
	case *List:
		r.charge(len(v.Items))
	case *Object:
		r.charge(len(v.keys))
	}
	return v
}

// tree wants a value that does not hold itself, so that whoever goes through it
// comes to an end.
func (r *Reader) tree(v Value, depth int) {
	if r.charge(1); depth > maxNesting {
		panic(errTooMuch)
	}
	switch v := v.(type) {
	case *List:
		for _, item := range v.Items {
			r.tree(item, depth+1)
		}
	case *Object:
		for _, k := range v.keys {
			r.tree(v.values[k], depth+1)
		}
	case *Instance:
		for _, a := range v.Args {
			r.tree(a, depth+1)
		}
	case *JSON:
		r.tree(v.Value, depth+1)
	}
}

func (r *Reader) assume(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	if !r.assumed[s] && !r.exploring {
		r.assumed[s] = true
		r.Assumed = append(r.Assumed, s)
	}
}

// load returns the exports of the module in the file name.
func (r *Reader) load(name string) Value {
	if m := r.modules[name]; m != nil {
		return m.Get("exports")
	}
	if len(r.modules) >= maxFiles {
		panic(errTooMuch)
	}
	module := Of("exports", newObject())
	r.modules[name] = module
	data, err := r.readFile(name)
	if err == nil {
		err = r.evaluate(name, data, module)
	}
	if err != nil {
		module.set("exports", &Unknown{What: err.Error(), Pos: Pos{File: name}}, Pos{})
	}
	return module.Get("exports")
}

func (r *Reader) readFile(name string) ([]byte, error) {
	info, err := fs.Stat(r.root, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSize {
		return nil, fmt.Errorf("got %q of %d bytes, want a file of at most %d", name, info.Size(), maxSize)
	}
	return fs.ReadFile(r.root, name)
}

func (r *Reader) evaluate(name string, data []byte, module *Object) error {
	if path.Ext(name) == ".json" {
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			return fmt.Errorf("reading %q: %w", name, err)
		}
		module.set("exports", fromJSON(v), Pos{})
		return nil
	}
	program, err := parse(name, data)
	if err != nil {
		return err
	}
	f := &frame{Reader: r, path: name, source: program.File}
	s := f.moduleScope(module)
	f.run(program.Body, s)
	if o, ok := module.Get("exports").(*Object); ok && o.late != nil {
		for _, k := range o.late.keys {
			if getter, ok := o.late.values[k].(*Function); ok {
				o.set(k, f.enter(getter, nil), Pos{})
			}
		}
		o.late = nil
	}
	return nil
}

// parse turns a file of any dialect into the tree of a CommonJS script whose
// places are those of the file.
func parse(name string, data []byte) (*ast.Program, error) {
	if nesting(data) > maxNesting*5 {
		return nil, fmt.Errorf("reading %q: %w", name, errTooMuch)
	}
	loader := api.LoaderJSX
	if ext := path.Ext(name); ext == ".ts" || ext == ".mts" || ext == ".cts" {
		loader = api.LoaderTS
	}
	out := api.Transform(string(data), api.TransformOptions{
		Loader: loader, Format: api.FormatCommonJS, Target: api.ES2022, Sourcemap: api.SourceMapInline, SourcesContent: api.SourcesContentExclude,
		Sourcefile: name, LegalComments: api.LegalCommentsNone, LogLevel: api.LogLevelSilent,
		Supported: map[string]bool{"dynamic-import": false},
		Define: map[string]string{
			"import.meta.url": "__url", "import.meta.dirname": "__dirname", "import.meta.filename": "__filename",
			"import.meta.env": "__unknown", "import.meta": "__unknown",
		},
	})
	if len(out.Errors) > 0 {
		e := out.Errors[0]
		line := 0
		if e.Location != nil {
			line = e.Location.Line
		}
		return nil, fmt.Errorf("reading %s: %s", Pos{name, line}, e.Text)
	}
	// esbuild leaves the one map that it has made itself; nothing is fetched.
	program, err := parser.ParseFile(nil, name, string(out.Code), 0, parser.WithSourceMapLoader(inlineMap))
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", name, err)
	}
	return program, nil
}

// nesting is how deep brackets go, strings and comments not told apart: parsers
// that call themselves for each level would run out of stack.
func nesting(data []byte) int {
	deepest, now := 0, 0
	for _, c := range data {
		switch c {
		case '(', '[', '{':
			now++
			deepest = max(deepest, now)
		case ')', ']', '}':
			now = max(0, now-1)
		}
	}
	return deepest
}

func inlineMap(url string) ([]byte, error) {
	_, data, ok := strings.Cut(url, "base64,")
	if !ok {
		return nil, errors.New("got a source map elsewhere, want it inline")
	}
	return base64.StdEncoding.DecodeString(data)
}

// frame is a file that is being followed.
type frame struct {
	*Reader
	path   string // in the project
	source *file.File
}

// at is the place of a node in the file as it was written.
func (f *frame) at(n ast.Node) Pos {
	p := f.source.Position(int(n.Idx0()) - f.source.Base())
	return Pos{f.path, p.Line}
}

// unknown is what can't be told of an expression.
func (f *frame) unknown(n ast.Node) Value {
	what := shown.ReplaceAllString(f.text(n.Idx0(), n.Idx1()), "$1")
	if call, ok := n.(*ast.CallExpression); ok {
		if seq, ok := call.Callee.(*ast.SequenceExpression); ok { // (0, import_vue.default)(…)
			last := seq.Sequence[len(seq.Sequence)-1]
			what = shown.ReplaceAllString(f.text(last.Idx0(), last.Idx1()), "$1") + f.text(call.LeftParenthesis, n.Idx1())
		}
	}
	if missing := strings.Count(what, ")") - strings.Count(what, "("); missing > 0 {
		what = strings.Repeat("(", missing) + what // the place of a node is behind its brackets
	}
	if runes := []rune(what); len(runes) > 60 {
		what = string(runes[:60]) + "…"
	}
	return &Unknown{What: what, Pos: f.at(n)}
}

// shown are the names that esbuild gives to what is imported.
var shown = regexp.MustCompile(`\bimport_(\w+?)(\.default)?\b`)

// text is a piece of what was followed, in one line.
func (f *frame) text(from, to file.Idx) string {
	src, base := f.source.Source(), file.Idx(f.source.Base())
	if from < base || to <= from || int(to-base) > len(src) {
		return "an expression"
	}
	return strings.Join(strings.Fields(src[from-base:to-base]), " ")
}

// resolve finds the file that a relative import means.
func (r *Reader) resolve(from, spec string) string {
	base := path.Join(path.Dir(from), spec)
	if rest, ok := strings.CutPrefix(spec, Root+"/"); ok {
		base = path.Clean(rest)
	}
	for _, ext := range []string{"", ".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".json", "/index.js", "/index.cjs", "/index.ts"} {
		if info, err := fs.Stat(r.root, base+ext); err == nil && info.Mode().IsRegular() {
			return base + ext
		}
	}
	return ""
}

func fromJSON(v any) Value {
	switch v := v.(type) {
	case nil:
		return Null{}
	case string:
		return Text(v)
	case []any:
		l := &List{}
		for _, item := range v {
			l.Items = append(l.Items, fromJSON(item))
		}
		return l
	case map[string]any:
		o := newObject()
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			o.set(k, fromJSON(v[k]), Pos{})
		}
		return o
	}
	return v // bool, float64
}

// Data returns what a file of JSON with comments says, nil if it can't be read.
func (r *Reader) Data(name string) Value {
	data, err := r.readFile(name)
	if err != nil {
		return nil
	}
	module := Of("exports", nil)
	if r.bounded(func() {
		err = r.evaluate(name+".js", []byte("module.exports = "+string(data)), module)
		r.tree(module.Get("exports"), 0)
	}) != nil || err != nil {
		return nil
	}
	return module.Get("exports")
}
