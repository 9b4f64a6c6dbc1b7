package database

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
)

// What a bbolt file of pages may ask of us. The real database's tree is four deep,
// and its root has a few hundred buckets.
const (
	maxDepth = 24
	maxPage  = 64 << 20
	maxRead  = 256 << 20 // in all
)

// Of a bbolt file's format, version 2: see its internal/common.
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2
	pageHeader  = 16
	branchPage  = 1
	leafPage    = 2
	bucketFlag  = 1
)

// boltFile reads a bbolt database without mapping it. On damaged pages bbolt itself
// panics, faults, or descends in a circle until the stack's end, which nothing
// recovers from; this says what is wrong.
type boltFile struct {
	r        io.ReaderAt
	pageSize int64
	pages    uint64 // that the file says it has
	root     uint64
	read     int64
}

// element is one of a page: a branch has a page below, a leaf a value.
type element struct {
	key, value []byte
	below      uint64
	bucket     bool
}

// checkVulnerabilities looks whether Trivy would find its way: the buckets that it
// asks without looking, and in each bucket the first, middle and last pages. A page
// in between can be damaged and not be seen: all of them are 900 MB.
func checkVulnerabilities(dir string) error {
	f, err := os.Open(filepath.Join(dir, "trivy.db"))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := checkBolt(f, info.Size()); err != nil {
		return fmt.Errorf("trivy.db is damaged: %w", err)
	}
	return nil
}

func checkBolt(r io.ReaderAt, size int64) error {
	b, err := openBolt(r, size)
	if err != nil {
		return err
	}
	buckets, err := b.all(b.root, 0)
	if err != nil {
		return err
	}
	advisories := 0
	needed := map[string]bool{"vulnerability": true, "data-source": true}
	for _, e := range buckets {
		if !e.bucket {
			return fmt.Errorf("got a value %.40q at the root, want buckets only", e.key)
		}
		if err := b.sample(e); err != nil {
			return fmt.Errorf("bucket %.80q: %w", e.key, err)
		}
		if needed[string(e.key)] {
			delete(needed, string(e.key))
		} else {
			advisories++
		}
	}
	for _, name := range []string{"vulnerability", "data-source"} {
		if needed[name] {
			return fmt.Errorf("the bucket %q is missing", name)
		}
	}
	if advisories == 0 {
		return fmt.Errorf("it has no bucket of advisories")
	}
	return nil
}

// openBolt takes the newer of the two pages that say where the root is.
func openBolt(r io.ReaderAt, size int64) (*boltFile, error) {
	var b *boltFile
	var newest uint64
	for _, at := range []int64{0, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15, 1 << 16} {
		head := make([]byte, pageHeader+64)
		if _, err := r.ReadAt(head, at); err != nil {
			continue
		}
		m := head[pageHeader:]
		sum := fnv.New64a()
		_, _ = sum.Write(m[:56]) // a hash takes everything
		le := binary.LittleEndian
		pageSize, txid := int64(le.Uint32(m[8:])), le.Uint64(m[48:])
		if le.Uint32(m) != boltMagic || le.Uint32(m[4:]) != boltVersion || le.Uint64(m[56:]) != sum.Sum64() || at != 0 && at != pageSize {
			continue
		}
		if b == nil || txid > newest {
			b, newest = &boltFile{r: r, pageSize: pageSize, root: le.Uint64(m[16:]), pages: le.Uint64(m[40:])}, txid
		}
	}
	switch {
	case b == nil:
		return nil, fmt.Errorf("it is no bbolt database")
	case b.pageSize < 1<<9 || b.pages > uint64(size/b.pageSize):
		return nil, fmt.Errorf("got %d bytes, want %d pages of %d", size, b.pages, b.pageSize)
	}
	return b, nil
}

// page reads the elements of one.
func (b *boltFile) page(id uint64) ([]element, error) {
	head := make([]byte, pageHeader)
	if id < 2 || id >= b.pages {
		return nil, fmt.Errorf("got a reference to page %d of %d", id, b.pages)
	}
	if _, err := b.r.ReadAt(head, int64(id)*b.pageSize); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	if got := binary.LittleEndian.Uint64(head); got != id {
		return nil, fmt.Errorf("page %d: says that it is page %d", id, got)
	}
	more := uint64(binary.LittleEndian.Uint32(head[12:]))
	size := int64(more+1) * b.pageSize
	if b.read += size; id+more >= b.pages || size > maxPage || b.read > maxRead {
		return nil, fmt.Errorf("page %d: got %d more pages that belong to it", id, more)
	}
	data := make([]byte, size)
	if _, err := b.r.ReadAt(data, int64(id)*b.pageSize); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	elements, err := elementsOf(data)
	if err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	return elements, nil
}

// elementsOf reads a page's elements, whose keys rise.
func elementsOf(data []byte) ([]element, error) {
	if len(data) < pageHeader {
		return nil, fmt.Errorf("got %d bytes", len(data))
	}
	le := binary.LittleEndian
	flags, count := le.Uint16(data[8:]), int(le.Uint16(data[10:]))
	if flags != branchPage && flags != leafPage {
		return nil, fmt.Errorf("got the type %#x, want a branch or a leaf", flags)
	}
	if pageHeader+count*16 > len(data) || count == 0 && flags == branchPage {
		return nil, fmt.Errorf("got %d elements", count)
	}
	all := make([]element, count)
	for i := range all {
		at := uint64(pageHeader + i*16)
		e := data[at:]
		var pos, keySize, valueSize uint64
		if flags == branchPage {
			pos, keySize = uint64(le.Uint32(e)), uint64(le.Uint32(e[4:]))
			if all[i].below = le.Uint64(e[8:]); all[i].below == 0 {
				return nil, fmt.Errorf("element %d refers to page 0", i)
			}
		} else {
			pos, keySize, valueSize = uint64(le.Uint32(e[4:])), uint64(le.Uint32(e[8:])), uint64(le.Uint32(e[12:]))
			all[i].bucket = le.Uint32(e)&bucketFlag != 0
		}
		if at+pos+keySize+valueSize > uint64(len(data)) {
			return nil, fmt.Errorf("element %d lies outside", i)
		}
		all[i].key = data[at+pos:][:keySize]
		all[i].value = data[at+pos+keySize:][:valueSize]
		if i > 0 && bytes.Compare(all[i-1].key, all[i].key) >= 0 {
			return nil, fmt.Errorf("element %d is not in order", i)
		}
	}
	return all, nil
}

// all is every leaf element below a page.
func (b *boltFile) all(id uint64, depth int) ([]element, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("page %d lies %d deep", id, depth)
	}
	elements, err := b.page(id)
	if err != nil || len(elements) == 0 || elements[0].below == 0 {
		return elements, err
	}
	var leaves []element
	for _, e := range elements {
		below, err := b.all(e.below, depth+1)
		if err != nil {
			return nil, err
		}
		leaves = append(leaves, below...)
	}
	return leaves, nil
}

// sample descends into a bucket at its begin, middle and end. A small one lies in
// the value itself.
func (b *boltFile) sample(bucket element) error {
	for _, at := range []place{first, middle, last} {
		if err := b.descend(bucket, at, 0); err != nil {
			return err
		}
	}
	return nil
}

// place is which of n elements is looked at.
type place func(n int) int

func first(int) int    { return 0 }
func middle(n int) int { return n / 2 }
func last(n int) int   { return n - 1 }

// descend follows one way down, through the buckets in the bucket, to a value.
func (b *boltFile) descend(e element, at place, depth int) error {
	for ; ; depth++ {
		elements, err := b.within(e)
		if err == nil && depth > maxDepth {
			err = fmt.Errorf("it goes %d deep", depth)
		}
		if err != nil {
			return fmt.Errorf("%.80q: %w", e.key, err)
		}
		if len(elements) == 0 {
			return nil
		}
		e = elements[at(len(elements))]
		if e.below != 0 || e.bucket {
			continue
		}
		if len(e.value) > 0 && !json.Valid(e.value) {
			return fmt.Errorf("%.80q: its value is no JSON", e.key)
		}
		return nil
	}
}

// within is what a branch or a bucket has.
func (b *boltFile) within(e element) ([]element, error) {
	if e.below != 0 {
		return b.page(e.below)
	}
	if len(e.value) < 16 {
		return nil, fmt.Errorf("got a head of %d bytes", len(e.value))
	}
	if root := binary.LittleEndian.Uint64(e.value); root != 0 {
		return b.page(root)
	}
	return elementsOf(e.value[16:])
}
