package scope

import (
	"testing"
)

// TestGenerated holds random programs against the oracle.
func TestGenerated(t *testing.T) {
	refusals := 0
	programs := uint64(150)
	if testing.Short() {
		programs = 30
	}
	for seed := range programs {
		text, err := printed(generate(seed))
		if err != nil || !readable(module, text) {
			refusals++
			continue
		}
		short, err := mangled(text)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		if err := alphaEquivalent(module, text, short); err != nil {
			t.Fatalf("seed %d: %v\n%s\n%s", seed, err, text, short)
		}
	}
	if refusals > int(programs)/2 { // for assignments to constants, and names declared twice
		t.Errorf("esbuild refuses %d of %d generated programs, want at most half: the generator is wrong", refusals, programs)
	}
}

// FuzzParse states that Parse survives any bytes, and that whatever esbuild
// accepts keeps its meaning.
func FuzzParse(f *testing.F) {
	for _, c := range bindingCases {
		f.Add(c.src)
	}
	for seed := range uint64(20) {
		f.Add(generate(seed))
	}
	f.Fuzz(func(t *testing.T, src string) {
		if p, err := Parse([]byte(src)); err == nil {
			Apply(p.Src, p.Renames(p.Mangle(Options{})))
		}
		text, err := printed(src)
		if err != nil || !readable(module, text) {
			return
		}
		short, err := mangled(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if err := alphaEquivalent(module, text, short); err != nil {
			t.Fatalf("%v\n%s\n%s", err, text, short)
		}
	})
}

// readable leaves out what esbuild prints but does not accept itself.
func readable(g goal, text string) bool {
	_, err := transform(g, text, minify)
	return err == nil
}

// TestSloppy holds what only scripts allow against the oracle.
func TestSloppy(t *testing.T) {
	for _, src := range []string{
		"{function f(){return 1}}f();",
		"f();{function f(){return f}}var f;",
		"{function f(){}}{function f(){}}var g=f;",
		"if(module)function f(){}else function f(){}f();",
		"switch(module){case 1:function f(){}}return f;",
		"let g=1;{let f;{function f(){}f}f}return g;",
		"var outer=1;return function(){{function outer(){}}return outer};",
		"return function inner(){{function inner(){}}return inner};",
		"return function(param){{function param(){}}return param};",
		"return function(param=1){{function param(){}}return param};",
		"var a=1;return function(){{function unrelated(){}unrelated()}return a};",
		"with(module){exports(require);function f(){}}var x=f;",
		"with(module)(function(local){return local+require})();",
		"var local=1;(function(inner){eval('local');return inner})(function(other){return other});",
		"try{}catch(e){{function e(){}}}return e;",
		"try{}catch(e){var e=1;{function g(){return e}}}return[e,g];",
		"l:function f(){}return f;",
		"var let=1,yield=2,await=3,static=4,implements=5;return let+yield+await+static+implements;",
		"arguments[0];var arguments;(function(){return arguments})();",
		"function twice(a,a){return a}return twice;",
		"for(var i=0 in module);return i;",
	} {
		text, err := printedSloppy(src)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		short, err := mangled(text)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if err := alphaEquivalent(script, text, short); err != nil {
			t.Errorf("%s\n%s\n%v", text, short, err)
		}
	}
}
