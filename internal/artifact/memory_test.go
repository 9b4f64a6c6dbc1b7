package artifact

import (
	"flag"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"
)

var sizeFlag = flag.Int64("artifact-mib", 48, "how large an artifact TestMemoryStaysBounded hands on")

// TestMemoryStaysBounded hands on an artifact that is larger than the memory it
// may take. A larger one:
//
//	go test ./internal/artifact -run Memory -v -args -artifact-mib 1024
func TestMemoryStaysBounded(t *testing.T) {
	const limit = 16 << 20
	c := client(t, startAct(t), Options{Parallel: 1, TempDir: t.TempDir()})
	files := noise{count: *sizeFlag / 8, size: 8 << 20}
	peak := watchHeap(t)
	began := time.Now()
	if _, err := c.Upload(t.Context(), "big", files); err != nil {
		t.Fatal(err)
	}
	uploaded := time.Since(began)
	parent := t.TempDir()
	got, err := c.Download(t.Context(), "big", filepath.Join(parent, "got"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MiB: up in %v, down in %v, heap at most %d MiB more", got.Size>>20, uploaded, time.Since(began)-uploaded, peak()>>20)
	if peak() > limit {
		t.Errorf("the heap grew by %d bytes, want at most %d", peak(), limit)
	}
	entries, err := os.ReadDir(filepath.Join(parent, "got"))
	if err != nil || int64(len(entries)) != files.count {
		t.Errorf("got %d files and error %v, want %d files", len(entries), err, files.count)
	}
}

// watchHeap returns a function that tells by how much the heap grew at most.
func watchHeap(t *testing.T) func() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	base := m.HeapAlloc
	var peak atomic.Uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), max(m.HeapAlloc, base)-base))
		}
	}()
	t.Cleanup(func() { close(stop); <-stopped })
	return peak.Load
}

// noise is a folder of files that are made while they are read.
type noise struct{ count, size int64 }

func (n noise) Open(name string) (fs.File, error) {
	listing := fstest.MapFS{}
	for i := range n.count {
		listing[string(rune('a'+i/26))+string(rune('a'+i%26))] = &fstest.MapFile{}
	}
	f, err := listing.Open(name)
	if err != nil || name == "." {
		return f, err
	}
	seed := [32]byte{}
	copy(seed[:], name)
	return noiseFile{f, io.LimitReader(rand.NewChaCha8(seed), n.size)}, nil
}

type noiseFile struct {
	fs.File
	r io.Reader
}

func (f noiseFile) Read(p []byte) (int, error) { return f.r.Read(p) }
