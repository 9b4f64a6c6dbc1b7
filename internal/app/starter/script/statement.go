package script

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

// scope has the variables of a block.
type scope struct {
	vars map[string]Value
	up   *scope
	fn   *scope // of the function around, where var declares
}

func (s *scope) block() *scope { return &scope{vars: map[string]Value{}, up: s, fn: s.fn} }

func (s *scope) function() *scope {
	inner := &scope{vars: map[string]Value{}, up: s}
	inner.fn = inner
	return inner
}

func (s *scope) find(name string) *scope {
	for ; s != nil; s = s.up {
		if _, ok := s.vars[name]; ok {
			return s
		}
	}
	return nil
}

// flow says how a statement ended.
type flow uint8

const (
	onward flow = iota
	returned
	broke
	continued
	threw
)

// run follows statements; the value is that of a return.
func (f *frame) run(list []ast.Statement, s *scope) (flow, Value) {
	for _, st := range list { // functions are there from the start
		if d, ok := st.(*ast.FunctionDeclaration); ok && d.Function.Name != nil {
			s.vars[d.Function.Name.Name.String()] = f.function(d.Function, s)
		}
	}
	for _, st := range list {
		if how, v := f.statement(st, s); how != onward {
			return how, v
		}
	}
	return onward, nil
}

func (f *frame) statement(st ast.Statement, s *scope) (flow, Value) {
	f.step()
	switch st := st.(type) {
	case *ast.ExpressionStatement:
		f.eval(st.Expression, s)
	case *ast.VariableStatement:
		f.declare(st.List, s, s.fn)
	case *ast.LexicalDeclaration:
		f.declare(st.List, s, s)
	case *ast.ClassDeclaration:
		if st.Class.Name != nil {
			s.vars[st.Class.Name.Name.String()] = f.eval(st.Class, s)
		}
	case *ast.ReturnStatement:
		if st.Argument == nil {
			return returned, nil
		}
		return returned, f.eval(st.Argument, s)
	case *ast.BlockStatement:
		return f.run(st.List, s.block())
	case *ast.IfStatement:
		return f.branch(st, s)
	case *ast.TryStatement:
		return f.try(st, s)
	case *ast.ForOfStatement:
		return f.forOf(st, s)
	case *ast.SwitchStatement:
		return f.choose(st, s)
	case *ast.ThrowStatement:
		return threw, f.unknown(st.Argument)
	case *ast.BranchStatement:
		if st.Token == token.BREAK {
			return broke, nil
		}
		return continued, nil
	case *ast.LabelledStatement:
		return f.statement(st.Statement, s)
	}
	// Loops that count are for what nobody configures with.
	return onward, nil
}

func (f *frame) declare(list []*ast.Binding, s, into *scope) {
	for _, b := range list {
		if id, ok := b.Target.(*ast.Identifier); ok && helpers[id.Name.String()] != nil {
			continue // esbuild's own, which are known
		}
		var v Value
		if b.Initializer != nil {
			v = f.eval(b.Initializer, s)
		}
		f.bind(b.Target, v, s, into)
	}
}

func (f *frame) branch(st *ast.IfStatement, s *scope) (flow, Value) {
	is, known := f.condition(st.Test, s)
	if !known && f.exploring { // whatever may be made is looked for
		f.statement(st.Consequent, s)
		if st.Alternate != nil {
			f.statement(st.Alternate, s)
		}
		return onward, nil
	}
	if !known {
		f.assume("%s: the condition %s can't be told, and was taken for false", f.at(st.Test), f.unknown(st.Test).(*Unknown).What)
	}
	switch {
	case is:
		return f.statement(st.Consequent, s)
	case st.Alternate != nil:
		return f.statement(st.Alternate, s)
	}
	return onward, nil
}

func (f *frame) condition(test ast.Expression, s *scope) (is, known bool) {
	v := f.eval(test, s)
	if e, ok := v.(*Env); ok {
		f.assume("%s: the variable %s was taken for not set", e.Pos, e.Name)
	}
	return truth(v)
}

func (f *frame) try(st *ast.TryStatement, s *scope) (flow, Value) {
	how, v := f.run(st.Body.List, s.block())
	if how == threw && st.Catch != nil {
		inner := s.block()
		if st.Catch.Parameter != nil {
			f.bind(st.Catch.Parameter, v, s, inner)
		}
		how, v = f.run(st.Catch.Body.List, inner)
	}
	if st.Finally != nil {
		if end, w := f.run(st.Finally.List, s.block()); end != onward {
			return end, w
		}
	}
	return how, v
}

func (f *frame) forOf(st *ast.ForOfStatement, s *scope) (flow, Value) {
	list, ok := f.eval(st.Source, s).(*List)
	if !ok {
		return onward, nil
	}
	for _, item := range list.Items {
		inner := s.block()
		switch into := st.Into.(type) {
		case *ast.ForDeclaration:
			f.bind(into.Target, item, s, inner)
		case *ast.ForIntoVar:
			f.bind(into.Binding.Target, item, s, s.fn)
		case *ast.ForIntoExpression:
			f.set(into.Expression, item, s)
		}
		switch how, v := f.statement(st.Body, inner); how {
		case returned, threw:
			return how, v
		case broke:
			return onward, nil
		}
	}
	return onward, nil
}

func (f *frame) choose(st *ast.SwitchStatement, s *scope) (flow, Value) {
	v, inner, taken := f.eval(st.Discriminant, s), s.block(), -1
	for i, c := range st.Body {
		if c.Test == nil {
			continue
		}
		if same, known := equal(v, f.eval(c.Test, s)); known && same {
			taken = i
			break
		}
	}
	if taken < 0 {
		taken = st.Default
	}
	if taken < 0 {
		return onward, nil
	}
	for _, c := range st.Body[taken:] {
		switch how, v := f.run(c.Consequent, inner); how {
		case broke:
			return onward, nil
		case returned, threw, continued:
			return how, v
		}
	}
	return onward, nil
}

// bind gives the names of a pattern their parts of v.
func (f *frame) bind(target ast.Expression, v Value, s, into *scope) {
	f.step()
	switch t := target.(type) {
	case *ast.Identifier:
		into.vars[t.Name.String()] = v
	case *ast.Binding:
		f.bind(t.Target, f.orDefault(v, t.Initializer, s), s, into)
	case *ast.AssignExpression: // a default inside a pattern
		f.bind(t.Left, f.orDefault(v, t.Right, s), s, into)
	case *ast.ObjectPattern:
		taken := map[string]bool{}
		for _, p := range t.Properties {
			f.bindProperty(p, v, s, into, taken)
		}
		if t.Rest != nil {
			rest := newObject()
			rest.assign(v)
			for k := range taken {
				rest.remove(k)
			}
			f.bind(t.Rest, rest, s, into)
		}
	case *ast.ArrayPattern:
		for i, e := range t.Elements {
			if e != nil {
				f.bind(e, f.item(v, i, e), s, into)
			}
		}
		if l, ok := v.(*List); ok && t.Rest != nil {
			f.bind(t.Rest, &List{Items: l.Items[min(len(t.Elements), len(l.Items)):], Open: l.Open}, s, into)
		} else if t.Rest != nil {
			f.bind(t.Rest, f.unknown(t), s, into)
		}
	case *ast.DotExpression, *ast.BracketExpression:
		f.set(target, v, s)
	}
}

func (f *frame) bindProperty(p ast.Property, v Value, s, into *scope, taken map[string]bool) {
	switch p := p.(type) {
	case *ast.PropertyShort:
		name := p.Name.Name.String()
		taken[name] = true
		into.vars[name] = f.orDefault(f.member(v, name, p), p.Initializer, s)
	case *ast.PropertyKeyed:
		name := text(f.key(p, s))
		taken[name] = true
		f.bind(p.Value, f.member(v, name, p.Key), s, into)
	}
}

func (f *frame) orDefault(v Value, otherwise ast.Expression, s *scope) Value {
	if v == nil && otherwise != nil {
		return f.eval(otherwise, s)
	}
	return v
}

func (f *frame) item(v Value, i int, at ast.Node) Value {
	l, ok := v.(*List)
	switch {
	case ok && i < len(l.Items):
		return l.Items[i]
	case ok && !l.Open:
		return nil
	}
	return f.unknown(at)
}

func (o *Object) remove(key string) {
	if _, ok := o.values[key]; !ok {
		return
	}
	delete(o.values, key)
	kept := o.keys[:0]
	for _, k := range o.keys {
		if k != key {
			kept = append(kept, k)
		}
	}
	o.keys = kept
}
