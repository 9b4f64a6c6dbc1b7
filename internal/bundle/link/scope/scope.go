// Package scope finds out which identifier of a JavaScript module means which
// variable, and gives the variables shorter names. It reads what esbuild has
// printed, keeps no syntax tree, and never changes anything but names.
//
// The source is read once. What is kept of it is a tape: identifiers in source
// order, and marks where a scope with declarations opens and closes. One walk
// over the tape binds every identifier (resolve.go), a list of names each scope
// can see is what the renamer needs (mangle.go).
//
// The grammar is ECMAScript 2026 with the module goal: strict code, `await` an
// operator at the top level. Parse accepts some programs that are not valid
// (it checks no early errors), and binds every valid one exactly.
package scope

// SymbolID indexes File.Symbols.
type SymbolID int32

// NoSymbol stands for "no such binding", for example an import statement
// without a default binding.
const NoSymbol SymbolID = -1

// ScopeID indexes File.Scopes. The module's own scope is 0.
type ScopeID int32 //nolint:revive // it stands beside SymbolID

// File is what is known of one module. All offsets are byte offsets in Src.
type File struct {
	Src     []byte
	Stmts   []Stmt   // the top-level statements in order
	Scopes  []Scope  // those with declarations, in source order
	Symbols []Symbol // in the order of their scopes, then of declaration

	// Globals has the references to each name that nothing in the file declares.
	Globals map[string][]Ref

	ImportCalls   []ImportCall
	ImportMetas   []Range // each `import.meta`
	TopLevelAwait []int   // offset of each `await` outside functions, `for await` included
	DirectEvals   []int   // offset of each `eval(…)` that sees the names around it

	tape     []entry
	labels   []labelUse
	enclosed []SymbolID // see Scope.enclosed
	merged   []SymbolID // by SymbolID, NoSymbol where not merged
	added    []addedRef
}

// Range is a half-open piece of the source.
type Range struct{ Start, End int }

// Scope is a region of the source with bindings of its own. Scopes without any
// declaration are not kept: what they hold belongs to the scope around them.
type Scope struct {
	Parent     ScopeID // -1 for the module scope
	Start, End int
	Function   bool // a function's parameters, its body, or the module

	// The symbols declared further out, or here, that are referenced in this
	// scope or below: File.enclosed[enclosedAt:enclosedEnd].
	enclosedAt, enclosedEnd int32
	// The symbols that get their names here, a list through Symbol.next.
	first, last SymbolID
}

// SymbolKind says how a name was declared.
type SymbolKind uint8

// The kinds of declaration.
const (
	Var SymbolKind = iota
	Let
	Const // const and using
	Function
	Class
	Param
	Catch        // the parameter of a catch clause
	Import       // a binding of an import statement
	FunctionName // the name of a function expression, seen inside it only
	ClassName    // the name of a class expression, seen inside it only
	Synthetic    // made by AddSymbol
)

var symbolKindNames = [...]string{"var", "let", "const", "function", "class", "parameter", "catch parameter", "import", "function name", "class name", "synthetic"}

// String returns the kind in words.
func (k SymbolKind) String() string { return symbolKindNames[k] }

// Symbol is one variable.
type Symbol struct {
	Name  string // as declared, escapes decoded
	Kind  SymbolKind
	Scope ScopeID
	// Pinned symbols keep their name: direct eval or `with` may ask for it, or
	// an `export` declaration makes it part of the module's interface.
	Pinned bool
	Refs   []Ref // every occurrence in source order, declarations included

	next  SymbolID // the next symbol named in the same scope
	count int32    // how often the name is written
}

// RefFlags says in which place an identifier stands.
type RefFlags uint16

// What a linker needs to know of the place of an identifier.
const (
	RefDecl      RefFlags = 1 << iota // declares the name
	RefShorthand                      // `{a}`, also `import{a}` and `export{a}`: a new name must be written beside the old
	RefPattern                        // with RefShorthand: in a pattern, `{a}=` or `{a=1}`
	RefCallee                         // `a(…)`, `a?.(…)`, a`…`: called without a this value
	RefNew                            // `new a`
	RefWrite                          // target of an assignment, `++`, `--`, or the head of a for loop
	RefTypeof                         // `typeof a`
	RefExport                         // in an export clause
	RefImport                         // in an import clause

	refImplicit // `arguments` inside a function
	refEscaped  // written with escapes
)

// Ref is one occurrence of an identifier.
type Ref struct {
	Pos, Len int32
	Flags    RefFlags
}

// End is the offset after the identifier.
func (r Ref) End() int { return int(r.Pos + r.Len) }

// StmtKind names a top-level statement's form.
type StmtKind uint8

// The kinds of top-level statements.
const (
	OtherStmt     StmtKind = iota
	ImportStmt             // import … from "x", import "x"
	ExportNames            // export {a as b}
	ExportFrom             // export {a as b} from "x"
	ExportStar             // export * from "x", export * as a from "x"
	ExportDefault          // export default …
	ExportDecl             // export var/let/const/function/class …
	VarStmt                // var, let, const, using
	FunctionStmt           // function declarations
	ClassStmt              // class declarations
	ExprStmt               // expression statements, directives included
	EmptyStmt              // ;
)

var stmtKindNames = [...]string{"other", "import", "export names", "export from", "export star", "export default", "export declaration", "var", "function", "class", "expression", "empty"}

// String returns the kind in words.
func (k StmtKind) String() string { return stmtKindNames[k] }

// Stmt is a top-level statement. Start to End is all of it, with the semicolon
// that ends it; comments and white space between statements belong to none.
type Stmt struct {
	Kind       StmtKind
	Start, End int
	Body       Range      // ExportDefault, ExportDecl: what follows `export default` or `export`
	From       *Specifier // ImportStmt, ExportFrom, ExportStar
	Import     *ImportClause
	Exports    []ExportName
	// Symbol is the binding of a FunctionStmt, a ClassStmt, or of the function
	// or class of an ExportDefault; otherwise NoSymbol.
	Symbol SymbolID

	symbolAt int32 // tape index of the declaration, -1 if none
}

// Specifier is the module name of an import or export statement.
type Specifier struct {
	Text  string // decoded
	Range        // with the quotes
	// Attributes is the clause `with {…}` or `assert {…}`, empty if there is none.
	Attributes Range
}

// ImportClause is what an import statement binds.
type ImportClause struct {
	Bare      bool   // import "x"
	Phase     string // "defer", "source" or ""
	Default   SymbolID
	Namespace SymbolID
	Names     []ImportName

	defaultAt, namespaceAt int32
}

// ImportName is one entry of `import {Imported as …}`.
type ImportName struct {
	Imported string
	Symbol   SymbolID

	at int32
}

// ExportName is one exported name. In ExportFrom and ExportStar, Local is the
// other module's name ("*" for `export *`) and Symbol is NoSymbol; Exported is
// empty for an `export *` without a name.
type ExportName struct {
	Symbol   SymbolID // NoSymbol if Local is a free name
	Local    string
	Exported string
	Range    // the whole entry, for example `a as b`

	at int32
}

// ImportCall is one `import(…)`.
type ImportCall struct {
	Range        // from `import` to the closing bracket
	Open   Range // `import(`
	Arg    Range // the first argument
	Extra  Range // the second argument, empty if there is none
	Phase  string
	Text   string // the first argument's value if Static
	Static bool   // the first argument is a string literal
}

// labelUse is one occurrence of a label; depth counts the labels around it in
// the same function.
type labelUse struct {
	pos, len int32
	depth    int32
}

type addedRef struct {
	symbol SymbolID
	pos    int32
}

// moduleScope is the top-level scope of every file.
const moduleScope ScopeID = 0
