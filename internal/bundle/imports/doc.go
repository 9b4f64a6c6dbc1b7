// Package imports reads the import and export statements of TypeScript and
// JavaScript sources and rewrites named imports.
//
// A bundler that splits code by what a file reaches (esbuild) gives every entry
// that touches a barrel file ("index.ts" of re-exports) all that any other entry
// uses of it. [Rewriter] sends a named import past barrels whose package says
// that they have no side effects, to the module that defines the name, as
// webpack's "sideEffects" optimization and Next.js' optimizePackageImports do.
// It also gives a value to the ambient const enums of declaration files
// ([Enums]), which the TypeScript compiler inlines and bundlers leave undefined.
//
// Every reader here is allowed to give up. What is not understood for sure is
// left as it was written: a missed rewrite costs bytes, a wrong one the program.
package imports
