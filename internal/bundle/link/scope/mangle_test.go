package scope

import (
	"strings"
	"testing"
)

// abc is the alphabet in its own order, for readable tests.
func abc() *Alphabet { a := NewAlphabet(&Frequency{}); return &a }

func rename(t *testing.T, src string, o Options) string {
	t.Helper()
	f, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if o.Alphabet == nil {
		o.Alphabet = abc()
	}
	return string(Apply(f.Src, f.Renames(f.Mangle(o))))
}

func TestMangle(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"a scope takes names that it does not reference", "let one,two;function f(three){return two+three}", "let a,b;function c(a){return b+a}"},
		{"and of the others the first", "let one,two;function f(three){return three}", "let a,b;function c(a){return a}"},
		{"names referenced in inner scopes are left", "let one;function f(two){return function(three){return one+three}}", "let a;function b(b){return function(b){return a+b}}"},
		{"free names are left", "let one;a(one);function f(two){return b+two}", "let c;a(c);function d(c){return b+c}"},
		{"short keywords are not used", strings.Repeat("x", 0) + "let " + manyNames(54*3) + ";", ""},
		{"shorthand property", "let one;({one})", "let a;({one:a})"},
		{"shorthand in patterns", "let {one,two=one}=x;({one,two=1}=x)", "let {one:a,two:b=a}=x;({one:a,two:b=1}=x)"},
		{"export clauses", "let one,two;export{one,two as three}", "let a,b;export{a as one,b as three}"},
		{"import clauses", "import one,{two,three as four}from'x';one+two+four", "import a,{two as b,three as c}from'x';a+b+c"},
		{"export declarations keep their names", "export let one=1,two;export function three(){}let four", "export let one=1,two;export function three(){}let a"},
		{"export default may be renamed", "export default function one(){one}", "export default function a(){a}"},
		{"labels", "outer:for(;;){inner:for(;;){continue outer;break inner}}again:for(;;)break again", "a:for(;;){b:for(;;){continue a;break b}}a:for(;;)break a"},
		{"labels in functions start anew", "outer:for(;;){(function(){inner:for(;;)break inner})}", "a:for(;;){(function(){a:for(;;)break a})}"},
		{"direct eval pins all it can see", "let one;function f(two){eval('two');return function(four){return four}}function g(three){}", "let one;function f(two){eval('two');return function(a){return a}}function g(a){}"},
		{"indirect eval pins nothing", "let one;(0,eval)('one');eval?.('one')", "let a;(0,eval)('one');eval?.('one')"},
		{"what eval may see is not shadowed", "let a;function f(one){return function(two){return a+eval('a')}}", "let a;function f(one){return function(two){return a+eval('a')}}"},
		{"with pins what it may mean", "function f(one,two){with(one){two;(function(two,three){three})}}", "function a(a,two){with(a){two;(function(a,b){b})}}"},
		{"var in with", "function f(one){with(one){var two=1}}", "function a(a){with(a){var two=1}}"},
		{"a body does not reuse parameters", "function f(one,two=1){let three;var four}", "function a(a,b=1){let c;var d}"},
		{"a catch block does not reuse the parameter", "try{}catch({one=1}){let two}", "try{}catch({one:a=1}){let b}"},
		{"a var does not take the name of a let that it passes", "function f(){{let one;{var two}}}", "function a(){{let b;{var a}}}"},
		{"a var does not take the name of the catch parameter it passes", "function f(){try{}catch(one){var two=one}return two}", "function a(){try{}catch(b){var a=b}return a}"},
		{"a block's function is not named like anything the function around references", "let one;(function(){{function two(){}two()}one()})", "let a;(function(){{function b(){}b()}a()})"},
		{"a block's function that sloppy code may mean outside keeps its name", "(function(two){{function one(){}}one(two)})", "(function(a){{function one(){}}one(a)})"},
		{"and so does what strict code means there", "let one;(function(){{function one(){}}one()})", "let one;(function(){{function one(){}}one()})"},
		{"var and catch parameter stay one", "function f(){try{}catch(one){var one=1,two}return one+two}", "function a(){try{}catch(a){var a=1,b}return a+b}"},
		{"arguments is kept", "(function(arguments,one){return arguments+one})", "(function(arguments,a){return arguments+a})"},
		{"function expression names", "(function one(two){return one(two)})", "(function a(b){return a(b)})"},
		{"escaped names", `let \u006fne;({\u006fne});`, `let a;({\u006fne:a});`},
		{"class names", "class One{m(){return One}}(class Two{m(){return Two}})", "class a{m(){return a}}(class a{m(){return a}})"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := rename(t, c.src, Options{})
			if c.want != "" && got != c.want {
				t.Errorf("%s\ngot  %s\nwant %s", c.src, got, c.want)
			}
			if err := alphaEquivalent(module, c.src, got); err != nil && !strings.Contains(err.Error(), "original: ") {
				t.Errorf("%s\n%s\n%v", c.src, got, err)
			}
		})
	}
}

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("name_" + labelName(i))
	}
	return b.String()
}

// TestReservedWords makes 20,000 variables, past all words of three letters.
func TestReservedWords(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	src := "let " + manyNames(250_000)
	f, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	never := map[string]bool{"extra": true}
	for _, n := range neverNames {
		never[n] = true
	}
	seen := map[string]bool{}
	for _, n := range f.Mangle(Options{Alphabet: abc(), Reserved: []string{"extra", "zz"}}) {
		if seen[n] || never[n] || n == "zz" {
			t.Fatalf("name %q was given, want it neither twice nor reserved", n)
		}
		seen[n] = true
	}
	for _, n := range []string{"zy", "dp", "ddo"} {
		if !seen[n] {
			t.Errorf("name %q was not given to any of 250,000 variables", n)
		}
	}
}

func TestKeep(t *testing.T) {
	src := "let one,b;function f(two){return two}"
	f, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	got := string(Apply(f.Src, f.Renames(f.Mangle(Options{Alphabet: abc(), Keep: []SymbolID{1}, Reserved: []string{"a"}}))))
	if want := "let c,b;function d(c){return c}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestMerge does what the linker does: all imports become members of one
// object, which is also mentioned at a place of the linker's own choice.
func TestMerge(t *testing.T) {
	src := "import{one,two}from'x';function f(three){return one(three)}function g(four,five){return import('y')}function h(six){return six}"
	f, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	x, load := f.AddSymbol("x"), f.AddSymbol("load")
	f.Merge(x, f.Stmts[0].Import.Names[0].Symbol, f.Stmts[0].Import.Names[1].Symbol)
	f.AddReference(load, f.ImportCalls[0].Start)
	names := f.Mangle(Options{Alphabet: abc()})
	edits := f.Renames(names)
	got := string(Apply(f.Src, edits))
	// f=a g=b h=c x=d load=e; f's parameter may not hide x, g's may not hide load.
	want := "import{one,two}from'x';function a(a){return one(a)}function b(a,b){return import('y')}function c(a){return a}"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if names[x] != "d" || names[load] != "e" || names[f.Stmts[0].Import.Names[1].Symbol] != "d" {
		t.Errorf("got names %q, want x to be d, load e, the imports d", names)
	}
}

// TestMergeHides has so many parameters that one of them would be called like
// the merged symbol if nothing kept it from that.
func TestMergeHides(t *testing.T) {
	src := "import{one}from'x';(function(p,q,r){return one(p,q,r)});(function(p,q,r){return p})"
	f, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	x, y := f.AddSymbol("x"), f.AddSymbol("y")
	f.Merge(x, f.Stmts[0].Import.Names[0].Symbol)
	f.AddReference(y, strings.Index(src, "return p"))
	names := f.Mangle(Options{Alphabet: abc()})
	got := string(Apply(f.Src, f.Renames(names)))
	want := "import{one}from'x';(function(b,c,d){return one(b,c,d)});(function(a,c,d){return a})"
	if got != want || names[x] != "a" || names[y] != "b" {
		t.Errorf("x is %s, y is %s\ngot  %s\nwant %s", names[x], names[y], got, want)
	}
}

func TestAlphabet(t *testing.T) {
	var freq Frequency
	for i, c := range []byte(nameChars) {
		freq[c] = int32(i * 7 % 64)
	}
	a := NewAlphabet(&freq)
	for _, n := range []int{0, 1, 53, 54, 55, 54 + 54*64 - 1, 54 + 54*64, 54 + 54*64 + 54*64*64, 1_000_000} {
		if got := a.index(a.name(n)); got != n {
			t.Errorf("name %d is %q, whose index is %d", n, a.name(n), got)
		}
	}
	for _, s := range []string{"", "1a", "a-", "abcdef", "é"} {
		if got := a.index(s); got != -1 {
			t.Errorf("index of %q is %d, want -1", s, got)
		}
	}
}

func TestMangleIsStable(t *testing.T) {
	src, err := printed(generate(3))
	if err != nil {
		t.Fatal(err)
	}
	first := rename(t, src, Options{})
	for range 5 {
		if again := rename(t, src, Options{}); again != first {
			t.Fatalf("one source, two results:\n%s\n%s", first, again)
		}
	}
	if len(first) >= len(src) {
		t.Errorf("%d bytes became %d, want fewer", len(src), len(first))
	}
}
