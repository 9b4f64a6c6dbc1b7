package script

import (
	"path"
	"strconv"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

// eval is what an expression is known to be.
func (f *frame) eval(e ast.Expression, s *scope) Value {
	f.step()
	if f.depth++; f.depth > maxDepth*10 {
		panic(errTooMuch)
	}
	defer func() { f.depth-- }()
	switch e := e.(type) {
	case *ast.StringLiteral:
		return Text(e.Value.String())
	case *ast.NumberLiteral:
		return number(e.Value)
	case *ast.BooleanLiteral:
		return e.Value
	case *ast.NullLiteral:
		return Null{}
	case *ast.RegExpLiteral:
		return &Regexp{e.Pattern, e.Flags}
	case *ast.TemplateLiteral:
		return f.template(e, s)
	case *ast.ArrayLiteral:
		return f.array(e.Value, s)
	case *ast.ObjectLiteral:
		return f.object(e, s)
	case *ast.Identifier:
		return f.name(e, s)
	case *ast.FunctionLiteral:
		return f.function(e, s)
	case *ast.ArrowFunctionLiteral:
		return f.arrow(e, s)
	case *ast.ClassLiteral:
		if e.Name != nil {
			return &External{e.Name.Name.String()}
		}
	case *ast.SequenceExpression:
		var v Value
		for _, part := range e.Sequence {
			v = f.eval(part, s)
		}
		return v
	case *ast.AwaitExpression:
		return f.eval(e.Argument, s)
	case *ast.OptionalChain:
		return f.eval(e.Expression, s)
	case *ast.Optional:
		return f.eval(e.Expression, s)
	case *ast.DotExpression:
		return f.member(f.eval(e.Left, s), e.Identifier.Name.String(), e)
	case *ast.BracketExpression:
		return f.index(e, s)
	case *ast.ConditionalExpression:
		return f.conditional(e, s)
	case *ast.BinaryExpression:
		return f.binary(e, s)
	case *ast.UnaryExpression:
		return f.unary(e, s)
	case *ast.AssignExpression:
		return f.assignment(e, s)
	case *ast.NewExpression:
		return f.create(e, s)
	case *ast.CallExpression:
		return f.call(e, s)
	}
	return f.unknown(e)
}

func number(v any) Value {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	return &Unknown{What: "a number"}
}

func (f *frame) template(e *ast.TemplateLiteral, s *scope) Value {
	if e.Tag != nil {
		return f.unknown(e)
	}
	out := ""
	for i, part := range e.Elements {
		out += part.Parsed.String()
		if i < len(e.Expressions) {
			out += text(f.eval(e.Expressions[i], s))
		}
	}
	return f.grown(Text(out))
}

func (f *frame) array(list []ast.Expression, s *scope) *List {
	out := &List{}
	for _, e := range list {
		spread, ok := e.(*ast.SpreadElement)
		if !ok {
			var v Value
			if e != nil {
				v = f.eval(e, s)
			}
			out.Items = append(out.Items, v)
			continue
		}
		if l, ok := f.eval(spread.Expression, s).(*List); ok {
			out.Items, out.Open = append(out.Items, l.Items...), out.Open || l.Open
		} else {
			out.Open = true
		}
	}
	f.grown(out)
	return out
}

func (f *frame) object(e *ast.ObjectLiteral, s *scope) Value {
	o := newObject()
	for _, p := range e.Value {
		switch p := p.(type) {
		case *ast.PropertyShort:
			o.set(p.Name.Name.String(), f.name(&p.Name, s), f.at(p))
		case *ast.PropertyKeyed:
			if p.Kind == ast.PropertyKindGet || p.Kind == ast.PropertyKindSet {
				o.set(text(f.key(p, s)), f.unknown(p.Key), f.at(p.Key))
				continue
			}
			if k, ok := Known(Text(text(f.key(p, s)))); ok {
				o.set(k, f.eval(p.Value, s), f.at(p.Key))
			} else {
				o.Open = true
			}
		case *ast.SpreadElement:
			o.assign(f.eval(p.Expression, s))
		}
	}
	f.grown(o)
	return o
}

func (f *frame) key(p *ast.PropertyKeyed, s *scope) Value {
	if id, ok := p.Key.(*ast.Identifier); ok && !p.Computed {
		return Text(id.Name.String())
	}
	return f.eval(p.Key, s)
}

func (f *frame) name(e *ast.Identifier, s *scope) Value {
	name := e.Name.String()
	if home := s.find(name); home != nil {
		return home.vars[name]
	}
	if v, ok := globals[name]; ok {
		return v
	}
	if helpers[name] != nil {
		return &External{name}
	}
	return f.unknown(e)
}

func (f *frame) function(e *ast.FunctionLiteral, s *scope) *Function {
	return &Function{func(args []Value) Value { return f.invoke(e.ParameterList, args, s, e.Body.List) }}
}

func (f *frame) arrow(e *ast.ArrowFunctionLiteral, s *scope) *Function {
	return &Function{func(args []Value) Value {
		if body, ok := e.Body.(*ast.BlockStatement); ok {
			return f.invoke(e.ParameterList, args, s, body.List)
		}
		inner := f.parameters(e.ParameterList, args, s)
		return f.eval(e.Body.(*ast.ExpressionBody).Expression, inner)
	}}
}

func (f *frame) invoke(params *ast.ParameterList, args []Value, s *scope, body []ast.Statement) Value {
	_, v := f.run(body, f.parameters(params, args, s))
	return v
}

func (f *frame) parameters(params *ast.ParameterList, args []Value, s *scope) *scope {
	inner := s.function()
	for i, b := range params.List {
		var v Value
		if i < len(args) {
			v = args[i]
		}
		f.bind(b, v, inner, inner)
	}
	if params.Rest != nil {
		f.bind(params.Rest, &List{Items: args[min(len(params.List), len(args)):]}, inner, inner)
	}
	return inner
}

// member is v.name.
func (f *frame) member(v Value, name string, at ast.Node) Value {
	switch v := v.(type) {
	case *Object:
		if value, ok := v.values[name]; ok {
			return value
		}
		if !v.Open {
			return nil
		}
	case *List:
		if name == "length" && !v.Open {
			return float64(len(v.Items))
		}
		if i, err := strconv.Atoi(name); err == nil {
			return f.item(v, i, at)
		}
	case Text:
		if s, ok := Known(v); ok && name == "length" {
			return float64(len(s))
		}
	case *External:
		return f.external(v.Name, name, at)
	case *Instance:
		return &External{v.Class + "#" + name}
	}
	return f.unknown(at)
}

func (f *frame) external(module, name string, at ast.Node) Value {
	switch {
	case module == "process" && name == "env":
		return &External{"process.env"}
	case module == "process.env" && name == "NODE_ENV":
		return Text("production")
	case module == "process.env":
		return &Env{name, f.at(at)}
	case name == "default" && module != "webpack-merge":
		return &External{module}
	}
	return &External{module + "." + name}
}

func (f *frame) index(e *ast.BracketExpression, s *scope) Value {
	left, k := f.eval(e.Left, s), f.eval(e.Member, s)
	if name, ok := Known(Text(text(k))); ok {
		return f.member(left, name, e)
	}
	return f.unknown(e)
}

func (f *frame) conditional(e *ast.ConditionalExpression, s *scope) Value {
	is, known := f.condition(e.Test, s)
	switch {
	case !known:
		return f.unknown(e)
	case is:
		return f.eval(e.Consequent, s)
	}
	return f.eval(e.Alternate, s)
}

func (f *frame) binary(e *ast.BinaryExpression, s *scope) Value {
	switch e.Operator {
	case token.LOGICAL_AND, token.LOGICAL_OR, token.COALESCE:
		return f.logical(e, s)
	}
	left, right := f.eval(e.Left, s), f.eval(e.Right, s)
	switch e.Operator {
	case token.PLUS:
		a, isA := left.(float64)
		b, isB := right.(float64)
		if isA && isB {
			return a + b
		}
		if t := text(left) + text(right); t != Hole+Hole {
			return f.grown(Text(t))
		}
	case token.STRICT_EQUAL, token.EQUAL, token.STRICT_NOT_EQUAL, token.NOT_EQUAL:
		for _, v := range []Value{left, right} {
			if env, ok := v.(*Env); ok {
				f.assume("%s: the variable %s was taken for not set", env.Pos, env.Name)
			}
		}
		if same, known := equal(left, right); known {
			return same == (e.Operator == token.STRICT_EQUAL || e.Operator == token.EQUAL)
		}
	}
	return f.unknown(e)
}

func (f *frame) logical(e *ast.BinaryExpression, s *scope) Value {
	left := f.eval(e.Left, s)
	is, known := truth(left)
	if !known {
		return f.unknown(e)
	}
	env, isEnv := left.(*Env)
	takesRight := is == (e.Operator == token.LOGICAL_AND)
	if e.Operator == token.COALESCE {
		takesRight = left == nil || left == Null{} || isEnv
	}
	if isEnv {
		f.assume("%s: the variable %s was taken for not set", env.Pos, env.Name)
	}
	if takesRight {
		return f.eval(e.Right, s)
	}
	if isEnv {
		return nil
	}
	return left
}

// equal compares values that have no identity.
func equal(a, b Value) (same, known bool) {
	simple := func(v Value) (Value, bool) {
		switch v := v.(type) {
		case nil, Null, bool, float64:
			return v, true
		case *Env:
			return nil, true
		case Text:
			_, ok := Known(v)
			return v, ok
		}
		return nil, false
	}
	x, okX := simple(a)
	y, okY := simple(b)
	return okX && okY && x == y, okX && okY
}

func (f *frame) unary(e *ast.UnaryExpression, s *scope) Value {
	switch e.Operator {
	case token.NOT:
		if is, known := f.condition(e.Operand, s); known {
			return !is
		}
	case token.MINUS:
		if n, ok := f.eval(e.Operand, s).(float64); ok {
			return -n
		}
	case token.VOID:
		return nil
	case token.TYPEOF:
		switch f.eval(e.Operand, s).(type) {
		case nil:
			return Text("undefined")
		case Text, *Env:
			return Text("string")
		case *Function:
			return Text("function")
		case bool:
			return Text("boolean")
		}
	case token.DELETE:
		if d, ok := e.Operand.(*ast.DotExpression); ok {
			if o, ok := f.eval(d.Left, s).(*Object); ok {
				o.remove(d.Identifier.Name.String())
			}
		}
		return true
	}
	return f.unknown(e)
}

func (f *frame) assignment(e *ast.AssignExpression, s *scope) Value {
	v := f.eval(e.Right, s)
	if e.Operator != token.ASSIGN {
		v = f.unknown(e)
	}
	f.set(e.Left, v, s)
	return v
}

// set assigns to a variable, a member or a pattern.
func (f *frame) set(target ast.Expression, v Value, s *scope) {
	switch t := target.(type) {
	case *ast.Identifier:
		name := t.Name.String()
		if home := s.find(name); home != nil {
			home.vars[name] = v
		}
	case *ast.DotExpression:
		f.setMember(f.eval(t.Left, s), t.Identifier.Name.String(), v, t)
	case *ast.BracketExpression:
		left := f.eval(t.Left, s)
		if k, ok := Known(Text(text(f.eval(t.Member, s)))); ok {
			f.setMember(left, k, v, t)
		} else if o, ok := left.(*Object); ok {
			o.Open = true
		}
	case *ast.ObjectPattern, *ast.ArrayPattern:
		f.bind(target, v, s, s)
	}
}

func (f *frame) setMember(left Value, name string, v Value, at ast.Node) {
	switch o := left.(type) {
	case *Object:
		o.set(name, v, f.at(at))
	case *List:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(o.Items) {
			o.Items[i] = v
		} else {
			o.Open = true
		}
	}
}

func (f *frame) create(e *ast.NewExpression, s *scope) Value {
	callee, args := f.eval(e.Callee, s), f.array(e.ArgumentList, s)
	class := ""
	if x, ok := callee.(*External); ok {
		class = lastPart(x.Name)
	}
	i := &Instance{Class: class, Args: args.Items, Pos: f.at(e)}
	f.created = append(f.created, i)
	if f.exploring {
		f.exploreAll(args.Items, 0)
	}
	return i
}

func (f *frame) moduleScope(module *Object) *scope {
	s := (&scope{}).function()
	s.up = nil
	here := path.Join(Root, path.Dir(f.path))
	s.vars["module"] = module
	s.vars["exports"] = module.Get("exports")
	s.vars["__dirname"] = Text(here)
	s.vars["__filename"] = Text(path.Join(Root, f.path))
	s.vars["__url"] = Text("file://" + path.Join(Root, f.path))
	s.vars["require"] = &External{"require"}
	return s
}
