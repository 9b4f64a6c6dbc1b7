// Package compress tells what files weigh on their way to a browser, and makes
// the compressed copies that a server can send as they are.
package compress

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

// Format is a way to compress, by the name that Content-Encoding has for it.
type Format string

const (
	Gzip   Format = "gzip"
	Brotli Format = "br"
)

// Levels of servers that compress on the fly, where a request waits for it. 6 is
// zlib's default; nginx's own is 1, and is mostly raised. For Brotli 4 is .NET's,
// and 6 that of nginx's module. Delivery networks seldom say theirs.
const (
	GzipOnTheFly   = 6
	BrotliOnTheFly = 4
)

// Levels of copies that are made once: the best there are.
const (
	gzipBest   = gzip.BestCompression
	brotliBest = brotli.BestCompression
)

// Sizes are a file's bytes as it is and compressed on the fly.
type Sizes struct{ Raw, Gzip, Brotli int64 }

// Add sums up files that are compressed each for itself.
func (s Sizes) Add(t Sizes) Sizes { return Sizes{s.Raw + t.Raw, s.Gzip + t.Gzip, s.Brotli + t.Brotli} }

// Text reports whether files of a media type get smaller by compression: texts
// do, while images, fonts and films are compressed already.
func Text(mediaType string) bool {
	full, _, _ := strings.Cut(mediaType, ";")
	major, minor, _ := strings.Cut(full, "/")
	return major == "text" || minor == "json" || minor == "javascript" || minor == "xml" ||
		strings.HasSuffix(minor, "+json") || strings.HasSuffix(minor, "+xml")
}

// Measure compresses files, given by name, as a server does on the fly, and
// returns their sizes. The error is ctx's.
func Measure(ctx context.Context, files map[string][]byte) (map[string]Sizes, error) {
	out := make(map[string]Sizes, len(files))
	for name, data := range files {
		out[name] = Sizes{Raw: int64(len(data))}
	}
	err := each(ctx, files, []Format{Gzip, Brotli}, onTheFly, func(name string, f Format, compressed []byte) {
		s := out[name]
		switch n := int64(len(compressed)); f {
		case Gzip:
			s.Gzip = n
		case Brotli:
			s.Brotli = n
		}
		out[name] = s
	})
	if err != nil {
		return nil, fmt.Errorf("measuring compressed sizes: %w", err)
	}
	return out, nil
}

// Copies compresses files as well as the formats can, and returns the copies by
// name and format: those that are smaller than the file. Equal bytes give equal
// copies: they hold neither name nor time. The error is ctx's.
func Copies(ctx context.Context, files map[string][]byte, formats []Format) (map[string]map[Format][]byte, error) {
	out := map[string]map[Format][]byte{}
	err := each(ctx, files, formats, best, func(name string, f Format, compressed []byte) {
		if len(compressed) >= len(files[name]) {
			return
		}
		if out[name] == nil {
			out[name] = map[Format][]byte{}
		}
		out[name][f] = bytes.Clone(compressed)
	})
	if err != nil {
		return nil, fmt.Errorf("compressing files: %w", err)
	}
	return out, nil
}

type task struct {
	name   string
	format Format
}

// each compresses every file in every format, on all processors, and calls take
// with each result, one at a time; the bytes are take's until it returns.
func each(ctx context.Context, files map[string][]byte, formats []Format, ways func() map[Format]compressor, take func(string, Format, []byte)) error {
	var tasks []task
	for name := range files {
		for _, f := range formats {
			tasks = append(tasks, task{name, f})
		}
	}
	// The largest first: one that comes last would keep a single processor busy.
	slices.SortFunc(tasks, func(a, b task) int {
		return cmp.Or(cmp.Compare(len(files[b.name]), len(files[a.name])), cmp.Compare(b.format, a.format), cmp.Compare(a.name, b.name))
	})
	var (
		wait sync.WaitGroup
		mu   sync.Mutex
		next = make(chan task)
	)
	for range min(runtime.GOMAXPROCS(0), len(tasks)) {
		wait.Go(func() {
			var buffer bytes.Buffer
			ways := ways()
			for t := range next {
				buffer.Reset()
				ways[t.format](&buffer, files[t.name])
				mu.Lock()
				take(t.name, t.format, buffer.Bytes())
				mu.Unlock()
			}
		})
	}
	for _, t := range tasks {
		if ctx.Err() != nil {
			break
		}
		next <- t
	}
	close(next)
	wait.Wait()
	return ctx.Err()
}

// compressor compresses a whole file.
type compressor func(to *bytes.Buffer, data []byte)

func onTheFly() map[Format]compressor { return compressors(GzipOnTheFly, BrotliOnTheFly) }
func best() map[Format]compressor     { return compressors(gzipBest, brotliBest) }

// compressors are for one goroutine: their tables are larger than most files, and
// are used again. Brotli has two: what a writer chose for its first file's size
// it keeps after Reset, and the bytes would depend on the order of files.
func compressors(gzipLevel, brotliLevel int) map[Format]compressor {
	z, err := gzip.NewWriterLevel(nil, gzipLevel)
	if err != nil {
		panic(err) // the levels are constants
	}
	small, large := brotli.NewWriterLevel(nil, brotliLevel), brotli.NewWriterLevel(nil, brotliLevel)
	return map[Format]compressor{
		Gzip: func(to *bytes.Buffer, data []byte) {
			z.Reset(to)
			write(z, data)
		},
		Brotli: func(to *bytes.Buffer, data []byte) {
			b := small
			if len(data) >= brotliLarge {
				b = large
			}
			b.Reset(to)
			write(b, data)
		},
	}
}

// brotliLarge is the size from which Brotli looks for matches another way: see
// ChooseHasher in its source.
const brotliLarge = 1 << 20

// write writes to memory, which does not fail.
func write(w io.WriteCloser, data []byte) {
	_, _ = w.Write(data)
	_ = w.Close()
}
