package config

// A table is the one description of a mapping: the reader takes its keys,
// defaults and allowed values from it, and so do the JSON Schema (schema.go) and
// the reference (reference.go). A new key is a row.
type table[T any] []row[T]

type row[T any] struct {
	entry
	read func(r *reader, n *node, at string, into *T)
	init func(into *T) // fills in the default; may be nil
}

// entry is what people and editors are told of a key.
type entry struct {
	name string
	doc  string // a sentence or two of Markdown
	shape
	// required says what is wanted where the key is missing; "" for a key that
	// may be left out.
	required string
	// fallback is the default as JSON, nil for none; instead says in words what
	// stands in for a value that is not there.
	fallback any
	instead  string
	example  any
}

// shape is a kind of value, for people and for the schema.
type shape struct {
	words  string
	schema schema
}

// kind is a shape and its reader, which reports what it can't take.
type kindOf[V any] struct {
	shape
	read func(r *reader, n *node, at string) (V, bool)
}

// option changes a row's entry.
type option func(*entry)

func instead(words string) option { return func(e *entry) { e.instead = words } }
func required(want string) option { return func(e *entry) { e.required = want } }
func example(v any) option        { return func(e *entry) { e.example = v } }
func defaultJSON(v any) option    { return func(e *entry) { e.fallback = v } }
func (e entry) with(o []option) entry {
	for _, change := range o {
		change(&e)
	}
	return e
}

// key is a row whose value goes into a field as it is.
func key[T, V any](name string, k kindOf[V], field func(*T) *V, doc string, options ...option) row[T] {
	return row[T]{
		entry: entry{name: name, doc: doc, shape: k.shape}.with(options),
		read: func(r *reader, n *node, at string, into *T) {
			if v, ok := k.read(r, n, at); ok {
				*field(into) = v
			}
		},
	}
}

// keyOr is a key with a default.
func keyOr[T, V any](name string, k kindOf[V], otherwise V, field func(*T) *V, doc string, options ...option) row[T] {
	r := key(name, k, field, doc, append([]option{defaultJSON(otherwise)}, options...)...)
	r.init = func(into *T) { *field(into) = otherwise }
	return r
}

// custom is a row that needs more than its own value to be read.
func custom[T any](name string, s shape, read func(r *reader, n *node, at string, into *T), doc string, options ...option) row[T] {
	return row[T]{entry: entry{name: name, doc: doc, shape: s}.with(options), read: read}
}

func (t table[T]) entries() []entry {
	all := make([]entry, len(t))
	for i, r := range t {
		all[i] = r.entry
	}
	return all
}

func (t table[T]) names() []string { return names(t.entries()) }

func names(all []entry) []string {
	out := make([]string, len(all))
	for i, e := range all {
		out[i] = e.name
	}
	return out
}

// defaults fills in what the table says of absent keys.
func (t table[T]) defaults(into *T) {
	for _, r := range t {
		if r.init != nil {
			r.init(into)
		}
	}
}

// take reads a mapping's keys in the table's order.
func (t table[T]) take(f fields, into *T) {
	for _, row := range t {
		n, at := f.get(row.name)
		switch {
		case n != nil:
			row.read(f.r, n, at, into)
		case row.required != "" && f.missing(row.name):
			f.r.report(ruleMissing, f.n, "%s: got nothing, want %s", at, row.required)
		}
	}
}

// object reads a whole mapping over what into already holds.
func (t table[T]) object(r *reader, n *node, at string, into *T) fields {
	f := r.object(n, at, t.names())
	t.take(f, into)
	return f
}
