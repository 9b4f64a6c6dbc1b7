package scope

import "math/bits"

// nameID stands for a distinct identifier text.
type nameID int32

// names gives each distinct identifier a number. Finding a name costs one
// multiplication and one comparison in nearly all cases.
type names struct {
	text  []string
	hash  []uint64
	slots []nameID // open addressing, -1 where free
	shift uint
}

func newNames(sourceLen int) names {
	size := 256
	for size < sourceLen/32 {
		size *= 2
	}
	n := names{text: make([]string, 0, size/2), hash: make([]uint64, 0, size/2)}
	n.resize(size)
	for _, s := range keywordText {
		n.intern(s, hashName(s))
	}
	for _, s := range contextualText {
		n.intern(s, hashName(s))
	}
	return n
}

// resize makes room for size slots, a power of two.
func (n *names) resize(size int) {
	n.slots = make([]nameID, size)
	for i := range n.slots {
		n.slots[i] = -1
	}
	n.shift = uint(64 - bits.TrailingZeros(uint(size)))
	for id, h := range n.hash {
		n.place(nameID(id), h)
	}
}

func (n *names) place(id nameID, h uint64) {
	mask := uint64(len(n.slots) - 1)
	i := h >> n.shift
	for n.slots[i] >= 0 {
		i = (i + 1) & mask
	}
	n.slots[i] = id
}

func (n *names) intern(s string, h uint64) nameID {
	mask := uint64(len(n.slots) - 1)
	for i := h >> n.shift; ; i = (i + 1) & mask {
		id := n.slots[i&mask]
		if id < 0 {
			break
		}
		if n.hash[id] == h && n.text[id] == s {
			return id
		}
	}
	id := nameID(len(n.text))
	n.text = append(n.text, s)
	n.hash = append(n.hash, h)
	if 2*len(n.text) > len(n.slots) {
		n.resize(2 * len(n.slots)) // places the new one too
	} else {
		n.place(id, h)
	}
	return id
}

const (
	hashA = 0x9E3779B97F4A7C15
	hashB = 0xC2B2AE3D27D4EB4F
)

// eightBytes is one load: the compiler joins the shifts.
func eightBytes(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// hashName mixes the length and all bytes, eight at a time; the last eight may
// overlap with those before.
func hashName(s string) uint64 {
	n := len(s)
	h := uint64(n) * hashA
	if n >= 8 {
		for i := 0; i+8 < n; i += 8 {
			h = bits.RotateLeft64(h^eightBytes(s[i:])*hashB, 29) * hashA
		}
		h ^= eightBytes(s[n-8:]) * hashB
	} else {
		var w uint64
		for i := 0; i < n; i++ {
			w = w<<8 | uint64(s[i])
		}
		h ^= w * hashB
	}
	h ^= h >> 32
	return h * hashA
}
