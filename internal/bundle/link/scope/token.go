package scope

// token is the kind of a lexical element. Operators that the parser treats
// alike share one: without a tree, `*` and `&&` make no difference.
type token uint8

const (
	tEOF token = iota
	tName
	tPrivate // #name
	tNumber
	tString
	tTemplate // from ` or } to ${ or `

	tLBrace
	tRBrace
	tLParen
	tRParen
	tLBracket
	tRBracket
	tDot
	tEllipsis
	tSemicolon
	tComma
	tQuestion
	tOptional // ?.
	tColon
	tArrow
	tAt

	tAssign      // =
	tAssignOp    // += and the like, without /=
	tSlashAssign // /= or the start of a regular expression
	tSlash       // / or the start of a regular expression
	tStar        // *
	tBinary      // operators that are only binary
	tPlusMinus
	tIncDec
	tNot // ! and ~

	tBreak
	tCase
	tCatch
	tClass
	tConst
	tContinue
	tDebugger
	tDefault
	tDelete
	tDo
	tElse
	tEnum
	tExport
	tExtends
	tFalse
	tFinally
	tFor
	tFunction
	tIf
	tImport
	tIn
	tInstanceof
	tNew
	tNull
	tReturn
	tSuper
	tSwitch
	tThis
	tThrow
	tTrue
	tTry
	tTypeof
	tVar
	tVoid
	tWhile
	tWith
	numTokens
)

// Names with a fixed id: first the reserved words in the order of their
// tokens, then the words that mean something in some places only.
const (
	firstKeyword = tBreak
	numKeywords  = int(numTokens - firstKeyword)
)

var keywordText = [numKeywords]string{
	"break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do", "else", "enum",
	"export", "extends", "false", "finally", "for", "function", "if", "import", "in", "instanceof", "new", "null",
	"return", "super", "switch", "this", "throw", "true", "try", "typeof", "var", "void", "while", "with",
}

const (
	nLet nameID = nameID(numKeywords) + iota
	nStatic
	nAsync
	nAwait
	nYield
	nOf
	nGet
	nSet
	nAs
	nFrom
	nUsing
	nAccessor
	nArguments
	nEval
	nTarget
	nMeta
	nDefer
	nSource
	nAssert
	numFixedNames
)

var contextualText = [...]string{
	"let", "static", "async", "await", "yield", "of", "get", "set", "as", "from", "using", "accessor", "arguments",
	"eval", "target", "meta", "defer", "source", "assert",
}

// isBinary has the operators that continue an expression with another operand.
var isBinary = [numTokens]bool{
	tSlash: true, tStar: true, tBinary: true, tPlusMinus: true, tInstanceof: true,
}
