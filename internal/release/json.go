package release

// JSON is one value of a text that ParseJSON read. Its kind is its first byte in
// the text: one of `{["tfn-0123456789`.
type JSON struct {
	Text     string // of a string; of a number as it was written
	Members  []JSONMember
	From, To int // bytes into the text
}

// JSONMember is a member of an object, in the text's order, or an item of an
// array, without a name.
type JSONMember struct {
	Name  string
	Named int // where the name stands in the text
	JSON
}

// ParseJSON reads one JSON text of at most MaxRecordSize bytes as Read reads a
// record's, and as Canonical does: see there for what it refuses, but for
// duplicate names, which are left to the caller. The error is a *JSONError.
func ParseJSON(text string) (JSON, error) {
	v, err := parse(text, &report{})
	if err != nil {
		return JSON{}, err
	}
	return v.export(), nil
}

func (v value) export() JSON {
	j := JSON{Text: v.str, From: int(v.from), To: int(v.to)}
	if len(v.members) > 0 {
		j.Members = make([]JSONMember, len(v.members))
	}
	for i, m := range v.members {
		j.Members[i] = JSONMember{m.name, int(m.value.named), m.value.export()}
	}
	return j
}
