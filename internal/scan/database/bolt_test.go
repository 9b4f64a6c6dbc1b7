package database_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/org/checkout-deploy/internal/scan/database"
	"github.com/org/checkout-deploy/internal/scan/scantest"
)

// many are advisories enough for branches in the tree.
func many() []scantest.Advisory {
	return numbered(2000, 300)
}

// numbered are those of so many packages, and buckets of one package besides.
func numbered(n, buckets int) []scantest.Advisory {
	var packages []scantest.Installed
	for i := range n {
		packages = append(packages, scantest.Installed{Name: "package-" + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676)), Version: "1.0-1"})
	}
	all := scantest.Advise(scantest.Debian12, packages...)
	for i := range buckets { // enough of them make a root of several pages
		all = append(all, scantest.Advise("distribution of some length "+string(rune('a'+i%26))+string(rune('a'+i/26)), packages[0])...)
	}
	return all
}

func file(t testing.TB, advisories ...scantest.Advisory) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(scantest.VulnDB(t, now, advisories...), "trivy.db"))
	check(t, err)
	return data
}

func checkBolt(data []byte) error {
	return database.CheckBolt(bytes.NewReader(data), int64(len(data)))
}

// Our reader sees what bbolt's own does.
func TestBoltBuckets(t *testing.T) {
	for name, advisories := range map[string][]scantest.Advisory{"small": few(), "with branches": many()} {
		t.Run(name, func(t *testing.T) {
			dir := scantest.VulnDB(t, now, advisories...)
			db, err := bolt.Open(filepath.Join(dir, "trivy.db"), 0o600, &bolt.Options{ReadOnly: true})
			check(t, err)
			var want []string
			check(t, db.View(func(tx *bolt.Tx) error {
				return tx.ForEach(func(name []byte, _ *bolt.Bucket) error {
					want = append(want, string(name))
					return nil
				})
			}))
			check(t, db.Close())
			data, err := os.ReadFile(filepath.Join(dir, "trivy.db"))
			check(t, err)
			got, err := database.Buckets(bytes.NewReader(data), int64(len(data)))
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
			check(t, checkBolt(data))
		})
	}
}

func TestBoltDamaged(t *testing.T) {
	whole := file(t, many()...)
	le := binary.LittleEndian
	if os.Getpagesize() != 4096 {
		t.Fatalf("got pages of %d bytes, want 4096, as the offsets below are", os.Getpagesize())
	}
	root := int(le.Uint64(whole[16+16:])) * 4096
	if txid := le.Uint64(whole[16+48:]); le.Uint64(whole[4096+16+48:]) > txid {
		root = int(le.Uint64(whole[4096+16+16:])) * 4096
	}
	if le.Uint16(whole[root+8:]) != 1 {
		t.Fatal("the root is no branch")
	}
	for _, test := range []struct {
		name   string
		damage func(data []byte) []byte
		says   string
	}{
		{"empty", func([]byte) []byte { return nil }, "no bbolt database"},
		{"zeros", func(d []byte) []byte { return make([]byte, len(d)) }, "no bbolt database"},
		{"cut by half", func(d []byte) []byte { return d[:len(d)/2] }, "pages of 4096"},
		{"cut by a byte", func(d []byte) []byte { return d[:root] }, "pages of 4096"},
		{"only its first page", func(d []byte) []byte { return d[:4096] }, "pages of 4096"},
		{"both heads damaged", func(d []byte) []byte { d[40]++; d[4096+40]++; return d }, "no bbolt database"},
		{"the root zeroed", func(d []byte) []byte { clear(d[root : root+4096]); return d }, "says that it is page 0"},
		{"the root of another type", func(d []byte) []byte { d[root+8] = 0x10; return d }, "got the type 0x10"},
		{"the root has no elements", func(d []byte) []byte { le.PutUint16(d[root+10:], 0); return d }, "got 0 elements"},
		{"too many elements", func(d []byte) []byte { le.PutUint16(d[root+10:], 60_000); return d }, "got 60000 elements"},
		{"a circle", func(d []byte) []byte { le.PutUint64(d[root+16+8:], uint64(root/4096)); return d }, "deep"},
		{"a page beyond the end", func(d []byte) []byte { le.PutUint64(d[root+16+8:], 1<<40); return d }, "got a reference to page 1099511627776"},
		{"a page of the head", func(d []byte) []byte { le.PutUint64(d[root+16+8:], 1); return d }, "got a reference to page 1 of"},
		{"page 0", func(d []byte) []byte { le.PutUint64(d[root+16+8:], 0); return d }, "refers to page 0"},
		{"a key outside", func(d []byte) []byte { le.PutUint32(d[root+16:], 1<<31); return d }, "element 0 lies outside"},
		{"a key of a length outside", func(d []byte) []byte { le.PutUint32(d[root+20:], 0xffffffff); return d }, "element 0 lies outside"},
		{"keys out of order", func(d []byte) []byte { d[root+16+int(le.Uint32(d[root+16:]))] = 0xff; return d }, "element 1 is not in order"},
		{"a page that goes on over the end", func(d []byte) []byte { le.PutUint32(d[root+12:], 0xffffffff); return d }, "more pages that belong to it"},
		{"a value no JSON", func(d []byte) []byte { return bytes.ReplaceAll(d, []byte(`{"`), []byte(`["`)) }, "its value is no JSON"},
		{"another bucket's name", func(d []byte) []byte {
			return bytes.ReplaceAll(d, []byte("data-source"), []byte("data-sourcf"))
		}, `the bucket "data-source" is missing`},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := checkBolt(test.damage(bytes.Clone(whole)))
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
	// One head is enough, as bbolt has two for a crash between them.
	for at := range []int{0, 4096} {
		data := bytes.Clone(whole)
		data[at+16+48]++
		if err := checkBolt(data); err != nil && strings.Contains(err.Error(), "no bbolt") {
			t.Error(err)
		}
	}
}

// A damaged cache is loaded again, and where it can't be nothing was scanned.
func TestCacheDamaged(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, dir string){
		"cut off":  func(t *testing.T, dir string) { check(t, os.Truncate(filepath.Join(dir, "trivy.db"), 20_000)) },
		"gone":     func(t *testing.T, dir string) { check(t, os.Remove(filepath.Join(dir, "trivy.db"))) },
		"metadata": func(t *testing.T, dir string) { check(t, os.Remove(filepath.Join(dir, "metadata.json"))) },
		"our own file": func(t *testing.T, dir string) {
			check(t, os.WriteFile(filepath.Join(dir, "artifact.json"), []byte("{"), 0o600))
		},
		"pages zeroed": func(t *testing.T, dir string) {
			data, err := os.ReadFile(filepath.Join(dir, "trivy.db"))
			check(t, err)
			clear(data[8192:])
			check(t, os.WriteFile(filepath.Join(dir, "trivy.db"), data, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := serving(t, vuln(t, now))
			o := options(t.TempDir(), m)
			_, err := database.Get(t.Context(), o)
			check(t, err)
			damage(t, filepath.Join(o.Cache, "db"))
			before := listing(t, o.Cache)
			for _, offline := range []bool{true, false} {
				m.breaks(answer(503))
				o.Offline = offline
				if got, err := database.Get(t.Context(), o); err == nil || !strings.Contains(err.Error(), "nothing was scanned") {
					t.Errorf("offline %v: got %+v, %v", offline, got, err)
				}
				wantListing(t, o.Cache, before)
			}
			m.breaks(nil)
			_, err = database.Get(t.Context(), o)
			check(t, err)
			wantListing(t, o.Cache, one)
		})
	}
}

// Whatever is changed in a file, the check neither panics nor hangs nor runs out of
// stack. Each edit is an offset of four bytes, and the byte that is put there.
func FuzzBolt(f *testing.F) {
	whole := [][]byte{file(f, few()...), file(f, numbered(300, 80)...)}
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		edits := make([]byte, 5*(1+random.IntN(8)))
		for i := range edits {
			edits[i] = byte(random.Uint32())
		}
		f.Add(random.IntN(2) == 0, uint32(random.IntN(1<<20)), edits)
	}
	f.Fuzz(func(t *testing.T, small bool, cut uint32, edits []byte) {
		data := bytes.Clone(whole[1])
		if small {
			data = bytes.Clone(whole[0])
		}
		for ; len(edits) >= 5; edits = edits[5:] {
			at := binary.LittleEndian.Uint32(edits) % uint32(len(data))
			data[at] = edits[4]
		}
		if cut%4 == 0 {
			data = data[:int(cut)%len(data)]
		}
		// What it takes for sound names the buckets that Trivy asks without looking.
		if checkBolt(data) != nil {
			return
		}
		names, err := database.Buckets(bytes.NewReader(data), int64(len(data)))
		if err != nil || !slices.Contains(names, "vulnerability") || !slices.IsSorted(names) {
			t.Errorf("got %q, %v", names, err)
		}
	})
}
