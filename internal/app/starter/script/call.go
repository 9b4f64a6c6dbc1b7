package script

import (
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dop251/goja/ast"
)

// globals are the names of the platform that configurations use.
var globals = func() map[string]Value {
	all := map[string]Value{"undefined": nil}
	for _, name := range []string{"process", "console", "JSON", "Object", "Array", "Promise", "Boolean", "String", "Number", "RegExp", "Date", "Error", "URL", "Set", "Map", "Math"} {
		all[name] = &External{name}
	}
	return all
}()

// helpers are functions that esbuild writes for imports and exports.
var helpers = map[string]builtin{
	"__toESM": func(f *frame, args []Value) (Value, bool) {
		o, ok := arg(args, 0).(*Object)
		if !ok || o.Get("__esModule") != nil {
			return arg(args, 0), true
		}
		wrapped := newObject()
		wrapped.assign(o)
		wrapped.set("default", o, Pos{})
		return wrapped, true
	},
	"__toCommonJS": func(f *frame, args []Value) (Value, bool) {
		out := Of("__esModule", true)
		out.assign(arg(args, 0))
		return out, true
	},
	"__export": func(f *frame, args []Value) (Value, bool) {
		target, ok := arg(args, 0).(*Object)
		getters, ok2 := arg(args, 1).(*Object)
		if ok && ok2 {
			target.late = getters
		}
		return nil, true
	},
	"__defProp": none, "__getOwnPropDesc": none, "__getOwnPropNames": none, "__hasOwnProp": none, "__copyProps": none,
	"__create": none, "__getProtoOf": none, "__commonJS": none, "__spreadValues": none,
}

func none(*frame, []Value) (Value, bool) { return nil, false }

// builtin is a function without effects; false for arguments that it can't
// tell the result of.
type builtin func(f *frame, args []Value) (Value, bool)

func arg(args []Value, i int) Value {
	if i < len(args) {
		return args[i]
	}
	return nil
}

func lastPart(name string) string {
	return name[strings.LastIndexAny(name, ".#/")+1:]
}

func (f *frame) call(e *ast.CallExpression, s *scope) Value {
	args := f.array(e.ArgumentList, s)
	var v Value
	ok := false
	switch callee := e.Callee.(type) {
	case *ast.DotExpression:
		v, ok = f.method(f.eval(callee.Left, s), callee, args.Items)
	case *ast.Optional:
		if d, is := callee.Expression.(*ast.DotExpression); is {
			v, ok = f.method(f.eval(d.Left, s), d, args.Items)
		}
	default:
		v, ok = f.apply(f.eval(e.Callee, s), args.Items)
	}
	if ok {
		return v
	}
	if f.exploring {
		f.exploreAll(args.Items, 0)
	}
	return f.unknown(e)
}

// method is receiver.name(args…).
func (f *frame) method(receiver Value, e *ast.DotExpression, args []Value) (Value, bool) {
	name := e.Identifier.Name.String()
	switch name { // a promise counts as its value
	case "then":
		return f.apply(arg(args, 0), []Value{receiver})
	case "catch", "finally":
		return receiver, true
	}
	switch r := receiver.(type) {
	case *List:
		f.grown(r)
		v, ok := f.listMethod(r, name, args)
		return f.grown(v), ok
	case Text:
		v, ok := textMethod(r, name, args)
		return f.grown(v), ok
	case *Object:
		if name == "hasOwnProperty" {
			_, has := r.values[text(arg(args, 0))]
			return has, !r.Open
		}
		if name == "toString" {
			return nil, false
		}
	}
	return f.apply(f.member(receiver, name, e), args)
}

// apply calls a function that is known.
func (f *frame) apply(callee Value, args []Value) (Value, bool) {
	switch c := callee.(type) {
	case *Function:
		return f.enter(c, args), true
	case *External:
		name := strings.TrimPrefix(c.Name, "node:")
		if h := helpers[name]; h != nil {
			return h(f, args)
		}
		if b := builtins[name]; b != nil {
			v, ok := b(f, args)
			return f.grown(v), ok
		}
		if lastPart(name) == "wrap" { // speed-measure-webpack-plugin
			return arg(args, 0), true
		}
	}
	return nil, false
}

func (f *frame) enter(c *Function, args []Value) Value {
	if f.depth += 10; f.depth > maxDepth*10 {
		panic(errTooMuch)
	}
	defer func() { f.depth -= 10 }()
	return c.call(args)
}

// explore calls the functions in v, as somebody else would later.
func (r *Reader) explore(v Value, depth int) {
	r.step()
	if depth > 8 {
		return
	}
	switch v := v.(type) {
	case *Function:
		if !r.explored[v] {
			r.explored[v] = true
			v.call([]Value{&Unknown{What: "an argument"}, &Unknown{What: "an argument"}})
		}
	case *Instance:
		for _, a := range v.Args {
			r.explore(a, depth+1)
		}
	case *List:
		for _, item := range v.Items {
			r.explore(item, depth+1)
		}
	case *Object:
		for _, k := range v.keys {
			r.explore(v.values[k], depth+1)
		}
	}
}

func (r *Reader) exploreAll(args []Value, depth int) {
	for _, a := range args {
		r.explore(a, depth)
	}
}

// builtins are the functions that are followed, by module and name.
var builtins map[string]builtin

func init() {
	identity := func(f *frame, args []Value) (Value, bool) {
		v := arg(args, 0)
		return v, true
	}
	builtins = map[string]builtin{
		"require": (*frame).require, "require.resolve": identity,
		"path.join": joinPath, "path.posix.join": joinPath, "path.resolve": resolvePath, "path.posix.resolve": resolvePath,
		"path.dirname":  onText(path.Dir),
		"path.basename": onText(path.Base), "path.extname": onText(path.Ext), "path.normalize": onText(path.Clean),
		"url.fileURLToPath": fileURLToPath,
		"process.cwd":       func(*frame, []Value) (Value, bool) { return Text(Root), true },
		"fs.existsSync":     exists, "fs.readdirSync": readDir, "fs.readFileSync": readJSON,
		"fs.realpathSync": identity,
		"JSON.stringify":  stringify, "JSON.parse": parseJSON,
		"Object.assign": assign, "Object.freeze": identity, "Object.keys": keys, "Object.values": values, "Object.entries": entries,
		"Object.fromEntries": fromEntries,
		"Array.isArray":      func(_ *frame, a []Value) (Value, bool) { _, is := arg(a, 0).(*List); return is, arg(a, 0) != nil },
		"Array.from":         identity, "Promise.resolve": identity, "Promise.all": identity, "String": identity,
		"Boolean":             func(_ *frame, a []Value) (Value, bool) { return truth(arg(a, 0)) },
		"webpack-merge.merge": merge, "webpack-merge.default": merge, "webpack-merge": merge, "vite.mergeConfig": merge,
		"vite.loadEnv":               func(*frame, []Value) (Value, bool) { return &External{"process.env"}, true },
		"@nx/webpack.composePlugins": compose, "@nrwl/webpack.composePlugins": compose,
	}
	for _, name := range []string{"vite.defineConfig", "vitest/config.defineConfig", "@rspack/cli.defineConfig"} {
		builtins[name] = identity
	}
}

func (f *frame) require(args []Value) (Value, bool) {
	spec, ok := arg(args, 0).(Text)
	if !ok {
		return nil, false
	}
	s := string(spec)
	if strings.Contains(s, Hole) || !strings.HasPrefix(s, ".") && !strings.HasPrefix(s, Root) {
		return &External{strings.TrimPrefix(s, "node:")}, true
	}
	if name := f.resolve(f.path, s); name != "" {
		return f.load(name), true
	}
	return &External{s}, true
}

func joinPath(_ *frame, args []Value) (Value, bool) {
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = text(a)
	}
	return Text(path.Join(parts...)), !slices.Contains(parts[:min(1, len(parts))], Hole)
}

func resolvePath(_ *frame, args []Value) (Value, bool) {
	out := Root
	for _, a := range args {
		p := text(a)
		switch {
		case p == Hole:
			return nil, false
		case strings.HasPrefix(p, "/"):
			out = p
		default:
			out = path.Join(out, p)
		}
	}
	return Text(out), true
}

func onText(do func(string) string) builtin {
	return func(_ *frame, args []Value) (Value, bool) {
		s, ok := arg(args, 0).(Text)
		return Text(do(string(s))), ok
	}
}

// fileURLToPath takes a text, or new URL("./src", import.meta.url).
func fileURLToPath(_ *frame, args []Value) (Value, bool) {
	if i, ok := arg(args, 0).(*Instance); ok && i.Class == "URL" {
		base, ok := Known(arg(i.Args, 1))
		rel, ok2 := Known(arg(i.Args, 0))
		base, isFile := strings.CutPrefix(base, "file://")
		return Text(path.Join(path.Dir(base), rel)), ok && ok2 && isFile
	}
	s, ok := Known(arg(args, 0))
	s, isFile := strings.CutPrefix(s, "file://")
	return Text(s), ok && isFile
}

func exists(f *frame, args []Value) (Value, bool) {
	p, ok := Path(arg(args, 0))
	if !ok || !fs.ValidPath(p) {
		return nil, false
	}
	_, err := fs.Stat(f.root, p)
	return err == nil, true
}

func readDir(f *frame, args []Value) (Value, bool) {
	p, ok := Path(arg(args, 0))
	if !ok || len(args) > 1 || !fs.ValidPath(p) {
		return nil, false
	}
	found, err := fs.ReadDir(f.root, p)
	if err != nil || len(found) > 1000 {
		return nil, false
	}
	out := &List{}
	for _, d := range found {
		out.Items = append(out.Items, Text(d.Name()))
	}
	return out, true
}

// readJSON is for JSON.parse(readFileSync("package.json")): other files are for
// programs, and some hold secrets.
func readJSON(f *frame, args []Value) (Value, bool) {
	p, ok := Path(arg(args, 0))
	if !ok || path.Ext(p) != ".json" || !fs.ValidPath(p) {
		return nil, false
	}
	data, err := f.readFile(p)
	return Text(data), err == nil
}

func parseJSON(_ *frame, args []Value) (Value, bool) {
	if j, ok := arg(args, 0).(*JSON); ok {
		return j.Value, true
	}
	s, ok := Known(arg(args, 0))
	var v any
	if !ok || json.Unmarshal([]byte(s), &v) != nil {
		return nil, false
	}
	return fromJSON(v), true
}

func stringify(_ *frame, args []Value) (Value, bool) { return &JSON{arg(args, 0)}, true }

func assign(_ *frame, args []Value) (Value, bool) {
	o, ok := arg(args, 0).(*Object)
	for _, from := range args[min(1, len(args)):] {
		if ok {
			o.assign(from)
		}
	}
	return o, ok
}

func keys(_ *frame, args []Value) (Value, bool) {
	o, ok := arg(args, 0).(*Object)
	if !ok {
		return nil, false
	}
	out := &List{Open: o.Open}
	for _, k := range o.keys {
		out.Items = append(out.Items, Text(k))
	}
	return out, true
}

func values(_ *frame, args []Value) (Value, bool) {
	o, ok := arg(args, 0).(*Object)
	if !ok {
		return nil, false
	}
	out := &List{Open: o.Open}
	for _, k := range o.keys {
		out.Items = append(out.Items, o.values[k])
	}
	return out, true
}

func entries(_ *frame, args []Value) (Value, bool) {
	o, ok := arg(args, 0).(*Object)
	if !ok {
		return nil, false
	}
	out := &List{Open: o.Open}
	for _, k := range o.keys {
		out.Items = append(out.Items, &List{Items: []Value{Text(k), o.values[k]}})
	}
	return out, true
}

func fromEntries(_ *frame, args []Value) (Value, bool) {
	l, ok := arg(args, 0).(*List)
	if !ok {
		return nil, false
	}
	o := newObject()
	o.Open = l.Open
	for _, item := range l.Items {
		pair, ok := item.(*List)
		if !ok || len(pair.Items) != 2 {
			o.Open = true
			continue
		}
		if k, ok := Known(pair.Items[0]); ok {
			o.set(k, pair.Items[1], Pos{})
		}
	}
	return o, true
}

// merge is webpack-merge's: mappings are merged, lists joined.
func merge(_ *frame, args []Value) (Value, bool) {
	out := newObject()
	for _, a := range args {
		if l, ok := a.(*List); ok {
			for _, item := range l.Items {
				mergeInto(out, item, 0)
			}
			continue
		}
		mergeInto(out, a, 0)
	}
	return out, true
}

func mergeInto(out *Object, v Value, depth int) {
	from, ok := v.(*Object)
	if !ok || depth > 16 {
		out.Open = true
		return
	}
	for _, k := range from.keys {
		switch b := from.values[k].(type) {
		case *Object:
			if a, ok := out.values[k].(*Object); ok {
				joined := newObject()
				mergeInto(joined, a, depth+1)
				mergeInto(joined, b, depth+1)
				out.set(k, joined, from.places[k])
				continue
			}
		case *List:
			if a, ok := out.values[k].(*List); ok {
				out.set(k, &List{Items: slices.Concat(a.Items, b.Items), Open: a.Open || b.Open}, from.places[k])
				continue
			}
		}
		out.set(k, from.values[k], from.places[k])
	}
	out.Open = out.Open || from.Open
}

// compose is Nx's composePlugins: functions from a configuration to the next.
func compose(f *frame, args []Value) (Value, bool) {
	var config Value = Of("plugins", &List{}, "resolve", newObject(), "output", newObject(), "optimization", newObject())
	for _, a := range args {
		if fn, ok := a.(*Function); ok {
			if next, ok := f.enter(fn, []Value{config, newObject()}).(*Object); ok {
				config = next
			}
		}
	}
	return config, true
}

// listMethod is a method of arrays.
func (f *frame) listMethod(l *List, name string, args []Value) (Value, bool) {
	each := func(take func(i int, v Value)) {
		for i, item := range l.Items {
			v, ok := f.apply(arg(args, 0), []Value{item, float64(i), l})
			if !ok {
				v = &Unknown{What: "the result of " + name}
			}
			take(i, v)
		}
	}
	switch name {
	case "map", "flatMap":
		out := &List{Open: l.Open}
		each(func(_ int, v Value) {
			if inner, ok := v.(*List); ok && name == "flatMap" {
				out.Items = append(out.Items, inner.Items...)
			} else {
				out.Items = append(out.Items, v)
			}
		})
		return out, true
	case "forEach":
		each(func(int, Value) {})
		return nil, true
	case "filter":
		out := &List{Open: l.Open}
		each(func(i int, v Value) {
			// What may or may not stay, stays in a form that says so.
			if is, known := truth(v); is || !known {
				out.Items = append(out.Items, l.Items[i])
			}
		})
		return out, true
	case "push", "unshift":
		if name == "unshift" {
			l.Items = slices.Concat(args, l.Items)
		} else {
			l.Items = append(l.Items, args...)
		}
		return float64(len(l.Items)), true
	case "concat":
		out := &List{Items: slices.Clone(l.Items), Open: l.Open}
		for _, a := range args {
			if more, ok := a.(*List); ok {
				out.Items, out.Open = append(out.Items, more.Items...), out.Open || more.Open
			} else {
				out.Items = append(out.Items, a)
			}
		}
		return out, true
	case "reduce":
		acc := arg(args, 1)
		for i, item := range l.Items {
			v, ok := f.apply(arg(args, 0), []Value{acc, item, float64(i), l})
			if !ok {
				return nil, false
			}
			acc = v
		}
		return acc, len(args) > 1 && !l.Open
	case "includes":
		for _, item := range l.Items {
			if same, known := equal(item, arg(args, 0)); same && known {
				return true, true
			}
		}
		return false, !l.Open
	case "find":
		for i, item := range l.Items {
			v, _ := f.apply(arg(args, 0), []Value{item, float64(i), l})
			if is, known := truth(v); is && known {
				return item, true
			}
		}
		return nil, !l.Open
	case "join":
		sep := ","
		if s, ok := arg(args, 0).(Text); ok {
			sep = string(s)
		}
		parts := make([]string, len(l.Items))
		for i, item := range l.Items {
			parts[i] = text(item)
		}
		return Text(strings.Join(parts, sep)), !l.Open
	case "slice":
		return &List{Items: slices.Clone(l.Items), Open: l.Open}, len(args) == 0
	}
	return nil, false
}

func textMethod(t Text, name string, args []Value) (Value, bool) {
	s, known := Known(t)
	a, knownA := Known(arg(args, 0))
	switch {
	case !known:
		return nil, false
	case name == "toString" || name == "toLowerCase" || name == "toUpperCase" || name == "trim":
		switch name {
		case "toLowerCase":
			s = strings.ToLower(s)
		case "toUpperCase":
			s = strings.ToUpper(s)
		case "trim":
			s = strings.TrimSpace(s)
		}
		return Text(s), true
	case !knownA:
		return nil, false
	}
	switch name {
	case "startsWith":
		return strings.HasPrefix(s, a), true
	case "endsWith":
		return strings.HasSuffix(s, a), true
	case "includes":
		return strings.Contains(s, a), true
	case "concat":
		return Text(s + a), len(args) == 1
	case "split":
		out := &List{}
		for part := range strings.SplitSeq(s, a) {
			out.Items = append(out.Items, Text(part))
		}
		return out, true
	case "replace", "replaceAll":
		b, ok := Known(arg(args, 1))
		n := 1
		if name == "replaceAll" {
			n = -1
		}
		return Text(strings.Replace(s, a, b, n)), ok
	}
	return nil, false
}
