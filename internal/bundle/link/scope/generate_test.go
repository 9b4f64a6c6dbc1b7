package scope

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generate writes a random program: few names, so that they shadow and capture
// each other wherever the language lets them. It is valid module code.
func generate(seed uint64) string {
	g := &generator{rand: rand.New(rand.NewPCG(seed, 1))}
	g.enterScope(true)
	g.line("const log=[];")
	for range 6 + g.rand.IntN(10) {
		g.statement(0)
	}
	return g.out.String()
}

type generator struct {
	rand   *rand.Rand
	out    strings.Builder
	scopes []genScope
	fn     int // depth of functions
}

// genScope has the names a block declares: lexical ones must not be declared
// twice, nor passed by a var.
type genScope struct {
	function        bool
	lexical, varies map[string]bool
}

var genNames = []string{"a", "b", "c", "d", "e", "f", "get", "of", "async", "value", "item"}

func (g *generator) line(format string, args ...any) { fmt.Fprintf(&g.out, format, args...) }

func (g *generator) pick(options ...string) string { return options[g.rand.IntN(len(options))] }

func (g *generator) name() string { return genNames[g.rand.IntN(len(genNames))] }

func (g *generator) enterScope(function bool) {
	g.scopes = append(g.scopes, genScope{function, map[string]bool{}, map[string]bool{}})
}

func (g *generator) leaveScope() { g.scopes = g.scopes[:len(g.scopes)-1] }

// lexicalName returns a name that let may declare here, "" if none was found.
func (g *generator) lexicalName() string {
	s := g.scopes[len(g.scopes)-1]
	for range 8 {
		if n := g.name(); !s.lexical[n] && !s.varies[n] {
			s.lexical[n] = true
			return n
		}
	}
	return ""
}

// varName returns a name that var may declare here.
func (g *generator) varName() string {
next:
	for range 8 {
		n := g.name()
		last := 0
		for i := len(g.scopes) - 1; i >= 0; i-- {
			if g.scopes[i].lexical[n] {
				continue next
			}
			if last = i; g.scopes[i].function {
				break
			}
		}
		for i := last; i < len(g.scopes); i++ {
			g.scopes[i].varies[n] = true
		}
		return n
	}
	return ""
}

func (g *generator) block(depth int) {
	g.line("{")
	g.enterScope(false)
	g.statements(depth)
	g.leaveScope()
	g.line("}")
}

func (g *generator) statements(depth int) {
	for range 1 + g.rand.IntN(4) {
		g.statement(depth + 1)
	}
}

func (g *generator) statement(depth int) {
	if depth > 5 {
		g.line("log.push(%s);", g.expr(3))
		return
	}
	switch g.rand.IntN(18) {
	case 0, 1:
		if n := g.varName(); n != "" {
			g.line("var %s=%s;", n, g.expr(0))
		}
	case 2, 3:
		if n := g.lexicalName(); n != "" {
			g.line("%s %s=%s;", g.pick("let", "const"), n, g.expr(0))
		}
	case 4, 5:
		if n := g.lexicalName(); n != "" {
			g.line("%s %s", g.pick("function", "function*", "async function"), n)
			g.functionRest(depth)
		}
	case 6:
		g.line("if(%s)", g.expr(0))
		g.block(depth)
		g.line("else ")
		g.block(depth)
	case 7:
		g.forStatement(depth)
	case 8:
		g.line("try")
		g.block(depth)
		n := g.name()
		g.line("catch(%s)", g.pick(n, "{message:"+n+"="+g.expr(2)+"}"))
		g.line("{")
		g.enterScope(false)
		g.scopes[len(g.scopes)-1].lexical[n] = true
		if g.rand.IntN(3) == 0 && strings.HasSuffix(g.out.String(), "catch("+n+"){") {
			if v := g.catchVar(n); v {
				g.line("var %s=%s;", n, g.expr(2))
			}
		}
		g.statements(depth)
		g.leaveScope()
		g.line("}")
	case 9:
		g.line("switch(%s){case %s:", g.expr(1), g.expr(1))
		g.enterScope(false)
		g.statements(depth)
		g.line("default:")
		g.statements(depth)
		g.leaveScope()
		g.line("}")
	case 10:
		g.block(depth)
	case 11:
		g.class(depth)
	case 12:
		l := g.pick("outer", "inner", "again")
		g.line("%s:for(;;){%s:{if(%s)break %s%s;break %s}}", l, l+"2", g.expr(1), l, "2", l)
	case 13:
		if n, m := g.lexicalName(), g.lexicalName(); n != "" && m != "" {
			g.line("let {%s,x:[%s=%s]=[],...%s}=%s;", n, m, g.expr(1), "rest"+n, g.expr(1))
			g.scopes[len(g.scopes)-1].lexical["rest"+n] = true
		}
	default:
		g.line("log.push(%s);", g.expr(0))
	}
}

// catchVar reports whether `var n` may stand in a catch clause whose parameter
// is n.
func (g *generator) catchVar(n string) bool {
	for i := len(g.scopes) - 2; i >= 0; i-- {
		if g.scopes[i].lexical[n] {
			return false
		}
		g.scopes[i].varies[n] = true
		if g.scopes[i].function {
			return true
		}
	}
	return true
}

func (g *generator) forStatement(depth int) {
	n := g.name()
	g.enterScope(false)
	switch g.rand.IntN(4) {
	case 0:
		g.line("for(let %s=0,i=%s;i<2;i++)", n, g.expr(2))
	case 1:
		g.line("for(const %s of %s)", g.pick(n, "["+n+"]", "{"+n+"}", "{x:"+n+"="+g.expr(2)+"}"), g.expr(1))
	case 2:
		g.line("for(const %s in %s)", n, g.expr(1))
	default:
		if v := g.varName(); v != "" {
			g.line("for(var %s of %s)", v, g.expr(1))
		} else {
			g.line("while(%s)", g.expr(1))
		}
	}
	g.scopes[len(g.scopes)-1].lexical[n] = true
	g.block(depth)
	g.leaveScope()
}

func (g *generator) class(depth int) {
	n := g.lexicalName()
	if n == "" {
		return
	}
	g.line("class %s%s{#p=%s;%s(%s){", n, g.pick("", " extends("+g.expr(2)+")"), g.expr(2), g.pick("m", "static s", "get", "async m", "*g", "['c'+"+g.expr(2)+"]"), g.name())
	g.enterScope(true)
	g.fn++
	g.statements(depth + 1)
	g.line("}static{")
	g.statements(depth + 1)
	g.fn--
	g.leaveScope()
	g.line("}f=%s}", g.expr(2))
}

// functionRest writes parameters and a body.
func (g *generator) functionRest(depth int) {
	g.enterScope(true)
	g.fn++
	s := g.scopes[len(g.scopes)-1]
	var params []string
	for range g.rand.IntN(4) {
		n := g.name()
		if s.lexical[n] {
			continue
		}
		s.lexical[n] = true
		params = append(params, g.pick(n, n, n, n+"="+g.expr(2), "{"+n+"}", "{x:"+n+"="+g.expr(2)+"}", "["+n+"]"))
	}
	simple := !strings.ContainsAny(strings.Join(params, ""), "={[")
	g.line("(%s){", strings.Join(params, ","))
	if !simple { // a var may share the name of a parameter
		for n := range s.lexical {
			delete(s.lexical, n)
			s.varies[n] = true
		}
	}
	g.statements(depth)
	g.line("return %s}", g.expr(1))
	g.fn--
	g.leaveScope()
}

// expr returns an expression; higher depths are simpler.
func (g *generator) expr(depth int) string {
	if depth > 3 || g.rand.IntN(3) == 0 {
		return g.pick(g.name(), g.name(), g.name(), "1", `"s"`, "/[/]x/g", "log", "`t`", ".5", "1n", "globalThis")
	}
	e := func() string { return g.expr(depth + 1) }
	n, m := g.name(), g.name()
	switch g.rand.IntN(30) {
	case 26:
		return "(" + n + g.pick("=", "+=", "??=", "**=") + e() + ")"
	case 27:
		return "({" + n + ",x:" + m + "=" + e() + "}=" + e() + ")"
	case 28:
		return "([" + n + "=" + e() + ",..." + m + "]=" + e() + ")"
	case 29:
		return g.pick(n+"++", "--"+n)
	case 0:
		return "{a:1," + n + ",b(){return " + n + "}}." + m
	case 1:
		return "(" + n + "=>" + "(" + e() + "))"
	case 2:
		return "((" + n + ",{x:" + m + "2=" + e() + "})=>{" + "return " + e() + "})"
	case 3:
		return "(async " + n + "=>(" + e() + "))"
	case 4:
		return "(async(" + n + "=" + e() + ")=>{var " + m + ";return " + e() + "})"
	case 5:
		return "function " + n + "(" + m + "){return " + e() + "+" + n + "}"
	case 6:
		return "class " + n + " extends(" + e() + "){x=" + e() + "\nstatic " + m + "(){return " + n + "}}"
	case 7:
		return "`x${" + e() + "}y${`z${" + e() + "}`}`"
	case 8:
		return "(" + n + "," + e() + ")"
	case 9:
		return "(" + n + "?" + e() + ":" + e() + ")"
	case 10:
		return n + "?.[" + e() + "]?.(" + e() + ")"
	case 11:
		return n + "(" + e() + ",..." + m + ")"
	case 12:
		return "new " + n + "(" + e() + ")"
	case 13:
		return "typeof " + n
	case 14:
		return "[" + e() + ",," + "..." + n + "]"
	case 15:
		return "({" + n + ",[" + e() + "]:" + e() + ",get " + m + "(){return " + e() + "},..." + n + "})"
	case 16:
		return "([" + "{}." + n + ",{}." + m + "]=" + e() + ")"
	case 17:
		return "(" + e() + ")/ " + e() + "/1"
	case 18:
		return "(" + e() + "||(" + e() + ")**2)"
	case 19:
		return "((" + n + "=" + e() + ",[" + m + "3=" + e() + "]=[],...r)=>r+" + n + "+" + m + "3)"
	case 20:
		return n + "`a${" + e() + "}`"
	case 21:
		return "(void " + e() + "," + e() + " instanceof " + n + ")"
	case 22:
		return "import.meta." + n
	case 23:
		return "import(" + e() + ")"
	case 24:
		return "(function(){return " + n + "+arguments.length+" + e() + "})"
	default:
		return "!(" + e() + ")"
	}
}
