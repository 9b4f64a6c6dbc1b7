package evidence

// Seal puts the pack after the previous one's bytes, nil for the first, and
// fills in what follows from both: number, link, control mapping, changes.
func (p *Pack) Seal(previous []byte) error { return nil }

// Encode returns the pack's canonical JSON.
func (p *Pack) Encode() ([]byte, error) { return nil, nil }

// Read reads a pack strictly: only the bytes that Encode writes.
func Read(data []byte) (*Pack, error) { return nil, nil }

// CSV is one row a script, for spreadsheets.
func (p *Pack) CSV() []byte { return nil }

// Chain says what is wrong with packs that claim to follow each other, in their
// order; nothing for an unbroken chain.
func Chain(packs [][]byte) []Problem { return nil }

// Problem is a break of a chain.
type Problem struct {
	Index   int // of the pack
	Message string
}
