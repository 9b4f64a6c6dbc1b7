// Package difftest compares what module graphs do plain and bundled.
//
// A graph, random or hand-written (testdata), runs three ways: its modules as they are in Node, the bundler's esm and
// classic output in Chromium. Modules write a trace; the three must be equal. It has a line for each module as it runs,
// for what it reads and calls through its imports, for what each lazy import gives, and after each step the style rules
// in force, in cascade order. Node has no styles: there `import "./a.css"` is a module that notes when it is evaluated,
// which is the order that a page must have.
//
// # What plain means
//
// Node 20.19 and ECMA-262 agree on everything that the graphs do: without top-level await a graph is evaluated in one
// go, depth first, imports in source order, CommonJS where its import stands (Node runs a CommonJS module when it is
// evaluated, not when it is linked). A module that failed keeps its error, its importers get the same one, and so do
// the members of its cycle; a CommonJS module that threw is forgotten and runs again. `require` of an ES module runs it
// on the spot.
//
// # What the graphs stay out of
//
// Where Node, esbuild and webpack are known to part, a difference would say nothing about the bundler under test:
//
//   - Reading let, const or class bindings before their module ran. Node throws; bundlers turn them into var.
//   - `default` and the namespace of a CommonJS module with the __esModule flag, read from a package without
//     "type": "module". Node gives module.exports; bundlers do as Babel did. From a package with it all agree.
//   - `export *` of a module in which a name is already ambiguous. ECMA-262 leaves the name out further up too; V8 takes
//     it from the next `export *` that has it.
//   - Changing a CommonJS module's exports after it ran. Node copied them for its ES importers; bundlers look again.
//   - CommonJS names that Node's lexer does not find, and one name from two `export *` of CommonJS modules.
//   - Function and class names, and Symbol.toStringTag of namespaces: minified, missing.
//   - The identity of a namespace got by `import * as` and by `import()`; of `import()` of a CommonJS module.
//   - `ns.f()` where f looks at its receiver: bundlers call it without one.
//   - Two unrelated imports under way at once: the order is anybody's. The hand-written cases have what is certain.
//   - Modules of packages with "sideEffects": false that do something when evaluated.
//   - A style sheet that a failing lazy module imports, or one that only a late `require` brings: a page has it earlier.
//   - A CommonJS function that takes the global object from `this`: ES output is strict. Lines of the trace that say so
//     start with "sloppy " and count for classic alone.
package difftest
