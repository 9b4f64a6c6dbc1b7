package scope

import (
	"fmt"
	"strings"
	"testing"
)

// bindingCases show the binding of each identifier that means a variable: in
// want, every one is followed by the number of its variable ("free" names by
// nothing) in the order in which the variables are first mentioned.
var bindingCases = []struct{ name, src, want string }{
	{"var is hoisted", "x;{var x}", "x1;{var x1}"},
	{"var is hoisted out of nested blocks but not out of functions", "(function(){if(a){for(;;){var a}}})(a)", "(function(){if(a1){for(;;){var a1}}})(a)"},
	{"let stays in its block", "x;{let x;x}x", "x;{let x1;x1}x"},
	{"let is in force before its declaration", "let x;{x;let x}", "let x1;{x2;let x2}"},
	{"function is hoisted", "f();function f(){f}", "f1();function f1(){f1}"},
	{"function in a block belongs to it", "{function f(){}f}f", "{function f1(){}f1}f"},
	{"function as the body of if", "if(1)function f(){f}", "if(1)function f1(){f1}"},
	{"class has one name inside and out", "class A{m(){A}}A", "class A1{m(){A1}}A1"},
	{"class expression has its name inside only", "(class A{m(){A}});A", "(class A1{m(){A1}});A"},
	{"class without a name", "(class extends A{})", "(class extends A{})"},
	{"heritage sees the class name", "(class A extends A{})", "(class A1 extends A1{})"},
	{"class members", "class A{a=b;static c=d;#e=f;[g]=h;static{var i;i}get a(){return a}static async*b(){}'c';1=2;get;set;static;async;get=1;static static(){}}i", "class A1{a=b;static c=d;#e=f;[g]=h;static{var i2;i2}get a(){return a}static async*b(){}'c';1=2;get;set;static;async;get=1;static static(){}}i"},
	{"fields without semicolons", "class A{a\nb\nget\n*c(){}static\nd=e\nasync\nf(){}}", "class A1{a\nb\nget\n*c(){}static\nd=e\nasync\nf(){}}"},
	{"modifiers as names after modifiers", "class A{async get(a){await a}static async set(){await a}get async(){return a}async async(){await a}static static=a}({async get(){await a},get async(){}})", "class A1{async get(a2){await a2}static async set(){await a}get async(){return a}async async(){await a}static static=a}({async get(){await a},get async(){}})"},
	{"private names are no variables", "class A{#a;m(a){return #a in a&&a.#a+a?.#a}}", "class A1{#a;m(a2){return #a in a2&&a2.#a+a2?.#a}}"},
	{"accessor and decorators", "@d(x) class A{@d.e accessor x=x;@(f(x)) m(@d x){}}", "@d(x) class A1{@d.e accessor x=x;@(f(x)) m(@d x2){}}"},
	{"parameters", "function f(a,{b,c:d},[e],...g){return a+b+c+d+e+g}", "function f1(a2,{b3,c:d4},[e5],...g6){return a2+b3+c+d4+e5+g6}"},
	{"a default does not see the body", "function f(a=x){var x;return x}", "function f1(a2=x){var x3;return x3}"},
	{"a var named like a parameter is the parameter's", "function f(a,b=()=>a){var a;a}", "function f1(a2,b3=()=>a2){var a2;a2}"},
	{"a default sees the other parameters", "function f(a,b=a+c,c){}", "function f1(a2,b3=a2+c4,c4){}"},
	{"function expression has its name inside only", "(function f(){f});f", "(function f1(){f1});f"},
	{"a parameter replaces the function's name", "(function f(f){f})", "(function f1(f1){f1})"},
	{"a variable of the body replaces the function's name", "(function f(a=f){var f;f})", "(function f1(a2=f1){var f3;f3})"},
	{"arguments in a function is no variable", "var a=function(){return arguments},b=()=>arguments", "var a1=function(){return arguments},b2=()=>arguments"},
	{"arguments as a parameter", "(function(arguments){arguments})", "(function(arguments1){arguments1})"},
	{"catch parameter", "try{}catch(e){e}e", "try{}catch(e1){e1}e"},
	{"catch without a parameter", "try{}catch{let a;a}finally{a}", "try{}catch{let a1;a1}finally{a}"},
	{"var in catch is one with the parameter", "try{}catch(e){var e=1;e}e", "try{}catch(e1){var e1=1;e1}e1"},
	{"var in catch, deeper", "try{}catch(e){{for(var e;;);}}e", "try{}catch(e1){{for(var e1;;);}}e1"},
	{"var in a function in catch", "try{}catch(e){(function(){var e})}e", "try{}catch(e1){(function(){var e2})}e"},
	{"catch pattern", "try{}catch({a,b:c=x}){let x;a+c+x}", "try{}catch({a1,b:c2=x}){let x3;a1+c2+x3}"},
	{"for with let", "for(let i=0;i<n;i++){let i;i}i", "for(let i1=0;i1<n;i1++){let i2;i2}i"},
	{"for with var", "for(var i of i);i", "for(var i1 of i1);i1"},
	{"for of with let", "for(const {a,b:[c]} of a)c", "for(const {a1,b:[c2]} of a1)c2"},
	{"for in with an initializer", "for(var i=0 in {});i", "for(var i1=0 in {});i1"},
	{"for over targets", "for([a,b.c]of d);for(e in f);for({g,h:i}of j);var a,e,g,i", "for([a1,b.c]of d);for(e2 in f);for({g3,h:i4}of j);var a1,e2,g3,i4"},
	{"for await", "for await(const a of a);", "for await(const a1 of a1);"},
	{"let as a name", "var let_;for(let in{});let_", "var let_1;for(let in{});let_1"},
	{"of as a name", "var of;for(of of of);for(let of of of);for(const of of of);", "var of1;for(of1 of of1);for(let of2 of of2);for(const of3 of of3);"},
	{"async as a name", "var async;async=1;async(async);async\n(async);({async});async=>async;async async=>async;(async)=>async", "var async1;async1=1;async1(async1);async1\n(async1);({async1});async2=>async2;async async3=>async3;(async4)=>async4"},
	{"async then a line end", "var async;async\nfunction f(){}", "var async1;async1\nfunction f2(){}"},
	{"get, set, static, from, as as names", "var get,set,from,as;({get,set,get(){},set:from,get get(){},set set(as){as}});({get=1,as}={})", "var get1,set2,from3,as4;({get1,set2,get(){},set:from3,get get(){},set set(as5){as5}});({get1=1,as4}={})"},
	{"yield as operator", "function*f(a){yield a;yield*a;yield\na;yield/a/g;[yield,yield];({a:yield});x=yield}", "function*f1(a2){yield a2;yield*a2;yield\na2;yield/a/g;[yield,yield];({a:yield});x=yield}"},
	{"await as operator", "async function f(a){await a;await/a/g;for await(a of a);}await a;(async()=>await a)", "async function f1(a2){await a2;await/a/g;for await(a2 of a2);}await a;(async()=>await a)"},
	{"switch is one block", "switch(a){case a:let a;default:a}a", "switch(a){case a1:let a1;default:a1}a"},
	{"labels are no variables", "a:for(var a;;){b:for(;;){continue a;break b}}a", "a:for(var a1;;){b:for(;;){continue a;break b}}a1"},
	{"arrow with one parameter", "a=>a,a", "a1=>a1,a"},
	{"arrow with a list", "(a,b=a,{c,d:[e=c]},...f)=>a+b+c+d+e+f", "(a1,b2=a1,{c3,d:[e4=c3]},...f5)=>a1+b2+c3+d+e4+f5"},
	{"arrows in defaults", "(a=b=>a+b,c=(d=a)=>{var a;return a+d})=>a+c", "(a1=b2=>a1+b2,c3=(d4=a1)=>{var a5;return a5+d4})=>a1+c3"},
	{"brackets that are no arrow", "(a,b),(c),((d)),(a=1);var a,b,c,d", "(a1,b2),(c3),((d4)),(a1=1);var a1,b2,c3,d4"},
	{"functions inside brackets before an arrow", "(a=function(){return a+b},b)=>a", "(a1=function(){return a1+b2},b2)=>a1"},
	{"nested patterns in an arrow", "({a:{b:[c,...d],...e},[f]:g=h})=>[a,b,c,d,e,f,g,h]", "({a:{b:[c1,...d2],...e3},[f]:g4=h})=>[a,b,c1,d2,e3,f,g4,h]"},
	{"computed keys see the parameters", "(a,{[a]:b})=>b", "(a1,{[a1]:b2})=>b2"},
	{"async arrow with a list", "async(a,b=await_)=>{await a;var await_};var await_", "async(a1,b2=await_3)=>{await a1;var await_4};var await_3"},
	{"arrow bodies", "var a=()=>({a}),b=()=>{a}\n/a/g;()=>a?b:a", "var a1=()=>({a1}),b2=()=>{a1}\n/a/g;()=>a1?b2:a1"},
	{"destructuring assignment", "var a,b,c;({a,b=1,x:c,...a}=[b,[c]]=[])", "var a1,b2,c3;({a1,b2=1,x:c3,...a1}=[b2,[c3]]=[])"},
	{"destructuring declaration", "var {a,b=a,[b]:c,'d':e,1:f,...g}=h,[i,,j=i,...k]=l", "var {a1,b2=a1,[b2]:c3,'d':e4,1:f5,...g6}=h,[i7,,j8=i7,...k9]=l"},
	{"regular expression or division", "var g,i;a/i/g;(a)/i/g;a++/i/g;[]/i/g;if(a)/i/g.b;({})/i/g;x=function(){}/i/g;{}/i/g;a\n/i/g;typeof/i/g;`${a}`/i/g", "var g1,i2;a/i2/g1;(a)/i2/g1;a++/i2/g1;[]/i2/g1;if(a)/i/g.b;({})/i2/g1;x=function(){}/i2/g1;{}/i/g;a\n/i2/g1;typeof/i/g;`${a}`/i2/g1"},
	{"regular expression classes", "var a;/[/]a/;/[[a-z]--[/]]a/v;/\\/a/;/[\\]/]a/;/=a/;a/=a", "var a1;/[/]a/;/[[a-z]--[/]]a/v;/\\/a/;/[\\]/]a/;/=a/;a1/=a1"},
	{"templates", "var a;`a${a}a${`${a}a`}a`;a`a`;a.b`${a}`;`\\`${a}\\${a}$`", "var a1;`a${a1}a${`${a1}a`}a`;a1`a`;a1.b`${a1}`;`\\`${a1}\\${a}$`"},
	{"numbers", "var a,e;1..a;1.5.a;.5.a;0x1F.a;1e5.a;1_000n;1?.5:a;a?.a;1e-5-a;08.5;0b1", "var a1,e2;1..a;1.5.a;.5.a;0x1F.a;1e5.a;1_000n;1?.5:a1;a1?.a;1e-5-a1;08.5;0b1"},
	{"operators", "var a;a**=a;a??=a;a||=a;a&&=a;a>>>=a;a?.[a]?.(a)?.a;!a--;a<!--a", "var a1;a1**=a1;a1??=a1;a1||=a1;a1&&=a1;a1>>>=a1;a1?.[a1]?.(a1)?.a;!a1--;a1<!--a1"},
	{"comments", "var a;/*a*/a//a\n/*\n*/a", "var a1;/*a*/a1//a\n/*\n*/a1"},
	{"property names are no variables", "var a;({a:a,a(){},get a(){},[a]:1,'a':1}).a;a.if.a", "var a1;({a:a1,a(){},get a(){},[a1]:1,'a':1}).a;a1.if.a"},
	{"new.target and import.meta", "function f(target,meta){new.target;import.meta;new target.a(meta);new new target(meta)(meta)}", "function f1(target2,meta3){new.target;import.meta;new target2.a(meta3);new new target2(meta3)(meta3)}"},
	{"import calls", "var a;import(a);import('a',a).then(a)", "var a1;import(a1);import('a',a1).then(a1)"},
	{"imports", "import a,{b,c as d,'e f'as g,default as h,as,as as i}from'x';import*as j from'y';import a2,*as k from'z';import'w';[a,b,c,d,g,h,as,i,j,k]", "import a1,{b2,c as d3,'e f'as g4,default as h5,as6,as as i7}from'x';import*as j8 from'y';import a29,*as k10 from'z';import'w';[a1,b2,c,d3,g4,h5,as6,i7,j8,k10]"},
	{"import attributes and phases", "import a from'x'with{type:'json'};import defer*as b from'y';import source c from'z';import source from'x';import defer from'y';import source from from'z'", "import a1 from'x'with{type:'json'};import defer*as b2 from'y';import source c3 from'z';import source4 from'x';import defer5 from'y';import source from6 from'z'"},
	{"exports", "export{a,b as c,b as'd e',x as default};var a,b;export*from'a';export*as a from'b';export{a,default as b,'c'as d}from'c'", "export{a1,b2 as c,b2 as'd e',x as default};var a1,b2;export*from'a';export*as a from'b';export{a,default as b,'c'as d}from'c'"},
	{"export default", "export default function f(){f}f", "export default function f1(){f1}f1"},
	{"export default of an expression", "var a;export default(a,a)", "var a1;export default(a1,a1)"},
	{"export default of a class", "export default class extends a{}var a", "export default class extends a1{}var a1"},
	{"export declarations", "export var a=1,{b}=a;export function f(){}export class A{}export let c;export async function*g(){}a+b+c", "export var a1=1,{b2}=a1;export function f3(){}export class A4{}export let c5;export async function*g6(){}a1+b2+c5"},
	{"unicode names", "var \u03c0,\\u{3c0}2;\\u03c0+\u03c02+𝒳;var 𝒳", "var \u03c01,\\u{3c0}22;\\u03c01+\u03c022+𝒳3;var 𝒳3"},
	{"using", "{using a=b;await using c=a;c}for(using a of b)a;using(a);var using;using\nof", "{using a1=b;await using c2=a1;c2}for(using a3 of b)a3;using4(a);var using4;using4\nof"},
	{"with keeps names", "function f(a,o){with(o)a}", "function f1(a2,o3){with(o3)a2}"},
	{"hashbang", "#!/usr/bin/a\nvar a", "#!/usr/bin/a\nvar a1"},
	{"do while needs no semicolon", "do var a;while(a)a", "do var a1;while(a1)a1"},
	{"return and line ends", "function f(a){return\na}", "function f1(a2){return\na2}"},
}

func TestBinding(t *testing.T) {
	for _, c := range bindingCases {
		t.Run(c.name, func(t *testing.T) {
			f, err := Parse([]byte(c.src))
			if err != nil {
				t.Fatal(err)
			}
			if got := annotated(f); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// annotated writes the number of its variable behind each identifier.
func annotated(f *File) string {
	numbers := map[int32]int{}
	n := 0
	var edits []Edit
	for _, e := range f.tape {
		if e.kind != entryName || e.id < 0 {
			continue
		}
		if numbers[e.id] == 0 {
			n++
			numbers[e.id] = n
		}
		end := int(e.pos + e.len)
		edits = append(edits, Edit{end, end, fmt.Sprint(numbers[e.id])})
	}
	return string(Apply(f.Src, edits))
}

func TestRefFlags(t *testing.T) {
	names := []struct {
		flag RefFlags
		text string
	}{
		{RefDecl, "decl"},
		{RefShorthand, "shorthand"},
		{RefPattern, "pattern"},
		{RefCallee, "callee"},
		{RefNew, "new"},
		{RefWrite, "write"},
		{RefTypeof, "typeof"},
		{RefExport, "export"},
		{RefImport, "import"},
	}
	for _, c := range []struct{ src, want string }{ // the flags of each `a`
		{"a", ""},
		{"let a", "decl"},
		{"({a})", "shorthand"},
		{"({a}=b)", "shorthand pattern write"},
		{"({a=1}=b)", "shorthand pattern write"},
		{"[{x:[a]}]=b", "write"},
		{"[...a]=b", "write"},
		{"x=[a]=b", "write"},
		{"x=[a]", ""},
		{"[a.b]=c", ""},
		{"[a][0]=c", ""},
		{"for({a}of b);", "shorthand pattern write"},
		{"for(a in b);", "write"},
		{"for((a)of b);", "write"},
		{"for(a.b of c);", ""},
		{"var{a}=b", "decl shorthand pattern"},
		{"({a})=>1", "decl shorthand pattern"},
		{"({x:a=1})=>1", "decl"},
		{"async({a})=>1", "decl shorthand pattern"},
		{"a()", "callee"},
		{"(a)()", "callee"},
		{"a?.()", "callee"},
		{"a`x`", "callee"},
		{"a.b()", ""},
		{"(0,a)()", ""},
		{"a?.b()", ""},
		{"new a", "new"},
		{"new a()", "new"},
		{"new(a)()", "new"},
		{"new a.b", ""},
		{"new a`x`", "callee"},
		{"new(a())", "callee"},
		{"a=1", "write"},
		{"(a)=1", "write"},
		{"a??=1", "write"},
		{"a/=1", "write"},
		{"a++", "write"},
		{"--a", "write"},
		{"-a", ""},
		{"typeof a", "typeof"},
		{"typeof(a)", "typeof"},
		{"typeof a.b", ""},
		{"typeof a()", "callee"},
		{"export{a};", "shorthand export"},
		{"export{a as b};", "export"},
		{"import{a}from'x'", "decl shorthand import"},
		{"import a from'x'", "decl import"},
		{"@a class B{}", ""},
		{"@a() class B{}", "callee"},
	} {
		f, err := Parse([]byte(c.src))
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		refs := f.Globals["a"]
		for _, s := range f.Symbols {
			if s.Name == "a" {
				refs = s.Refs
			}
		}
		var got []string
		for _, n := range names {
			if len(refs) == 1 && refs[0].Flags&n.flag != 0 {
				got = append(got, n.text)
			}
		}
		if len(refs) != 1 || strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %d references, flags %q, want one with %q", c.src, len(refs), strings.Join(got, " "), c.want)
		}
	}
}
