package scope

import "sort"

// Frequency counts characters, for choosing those that compress best in names.
type Frequency [256]int32

// CountChars adds the characters of the source to freq, leaving out the
// identifiers that may be renamed. Several files that are compressed together
// get the smallest result when they share one Frequency.
func (f *File) CountChars(freq *Frequency) {
	// Two tables: runs of one byte would wait for their own increment.
	var a, b Frequency
	src := f.Src
	i := 0
	for ; i+1 < len(src); i += 2 {
		a[src[i]]++
		b[src[i+1]]++
	}
	if i < len(src) {
		a[src[i]]++
	}
	for c := range freq {
		freq[c] += a[c] + b[c]
	}
	f.discountChunkNames(freq)
	for i := range f.tape {
		e := &f.tape[i]
		if e.kind != entryName || e.id < 0 || f.Symbols[e.id].Pinned {
			continue
		}
		for _, c := range src[e.pos : e.pos+e.len] {
			freq[c]--
		}
	}
}

// discountChunkNames leaves out the paths of other chunks, which do not reach
// the page: they hold hashes of what only maps show.
func (f *File) discountChunkNames(freq *Frequency) {
	discount := func(text string) {
		for i := range len(text) {
			freq[text[i]]--
		}
	}
	for i := range f.Stmts {
		if from := f.Stmts[i].From; from != nil {
			discount(from.Text)
		}
	}
	for _, c := range f.ImportCalls {
		if c.Static {
			discount(c.Text)
		}
	}
}

// Alphabet is the order in which names use characters.
type Alphabet struct {
	first [54]byte // letters, $ and _
	rest  [64]byte // and digits
}

const nameChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ$_0123456789"

// NewAlphabet orders the characters by frequency, the most frequent first.
func NewAlphabet(freq *Frequency) Alphabet {
	var a Alphabet
	copy(a.first[:], nameChars)
	copy(a.rest[:], nameChars)
	byFrequency(a.first[:], freq)
	byFrequency(a.rest[:54], freq)
	byFrequency(a.rest[54:], freq)
	return a
}

func byFrequency(chars []byte, freq *Frequency) {
	sort.SliceStable(chars, func(i, j int) bool { return freq[chars[i]] > freq[chars[j]] })
}

// name returns the n-th name, reserved words included.
func (a *Alphabet) name(n int) string {
	var b [8]byte
	b[0] = a.first[n%54]
	l := 1
	for n /= 54; n > 0; n /= 64 {
		n--
		b[l] = a.rest[n%64]
		l++
	}
	return string(b[:l])
}

// index is the inverse of name, -1 for names that it does not return.
func (a *Alphabet) index(name string) int {
	if len(name) == 0 || len(name) > 5 {
		return -1
	}
	n := 0
	for i := len(name) - 1; i > 0; i-- {
		d := indexByte(a.rest[:], name[i])
		if d < 0 {
			return -1
		}
		n = n*64 + d + 1
	}
	d := indexByte(a.first[:], name[0])
	if d < 0 {
		return -1
	}
	return n*54 + d
}

func indexByte(s []byte, c byte) int {
	for i, x := range s {
		if x == c {
			return i
		}
	}
	return -1
}
