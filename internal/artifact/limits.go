package artifact

// Limits bound what is packed and unpacked: an artifact that can't be read back
// is not made.
type Limits struct {
	Files int   // files in an artifact, and as many directories
	Bytes int64 // of all files together, unpacked
}

// DefaultLimits is far above any checkout page, and far below a runner's disk.
var DefaultLimits = Limits{Files: 20_000, Bytes: 4 << 30}

// maxBytes keeps sums of sizes far from overflowing.
const maxBytes = 1 << 50

// zip is the largest zip: that of Bytes which don't compress, in Files entries.
func (l Limits) zip() int64 {
	return l.Bytes + l.Bytes/1000 + int64(l.Files)*4096 + 1<<17
}

// directory is the largest central directory, at 512 bytes an entry. It is read
// into memory as a whole before its entries can be counted.
func (l Limits) directory() int64 { return int64(l.Files)*512 + 1<<17 }

// entryOverhead is what an entry takes in the central directory besides its name
// and what the writer adds to it.
const entryOverhead = 64
