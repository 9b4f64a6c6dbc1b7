package compress

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

// files has a large one, many small ones, an empty one and one that can't be
// made smaller.
func files() map[string][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	out := map[string][]byte{"empty.txt": {}, "noise.bin": make([]byte, 5000)}
	for i := range out["noise.bin"] {
		out["noise.bin"][i] = byte(random.Uint32())
	}
	words := strings.Fields("export const function return checkout payment shipping => { } ( ) ; this.")
	for i := range 40 {
		var text bytes.Buffer
		for range 200 + 3_000*(i/39) {
			text.WriteString(words[random.IntN(len(words))] + " ")
		}
		out[fmt.Sprintf("chunk-%d.js", i)] = text.Bytes()
	}
	return out
}

func unpack(t *testing.T, f Format, data []byte) []byte {
	t.Helper()
	var r io.Reader = brotli.NewReader(bytes.NewReader(data))
	if f == Gzip {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if z.Name != "" || !z.ModTime.IsZero() {
			t.Errorf("the header has the name %q and the time %v, want neither", z.Name, z.ModTime)
		}
		r = z
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCopies(t *testing.T) {
	in := files()
	copies, err := Copies(t.Context(), in, []Format{Gzip, Brotli})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range in {
		if name == "empty.txt" || name == "noise.bin" {
			if copies[name] != nil {
				t.Errorf("%s: got copies that are not smaller", name)
			}
			continue
		}
		for _, f := range []Format{Gzip, Brotli} {
			if got := copies[name][f]; len(got) >= len(data) || !bytes.Equal(unpack(t, f, got), data) {
				t.Errorf("%s as %s: got %d bytes that are not the file's %d", name, f, len(got), len(data))
			}
		}
	}
	if only, _ := Copies(t.Context(), in, []Format{Brotli}); only["chunk-1.js"][Gzip] != nil || only["chunk-1.js"][Brotli] == nil {
		t.Error("got other formats than asked for")
	}
}

// A compressor that is used again must not remember the file before. Brotli's
// does, where one has a megabyte and the other less.
func TestSameOnAnyMachine(t *testing.T) {
	small := files()
	in := maps.Clone(small)
	large := bytes.Repeat(in["chunk-39.js"], 1<<20/len(in["chunk-39.js"])+1)
	in["larger.js"], in["large.js"], in["less.js"] = large, large[:1<<20], large[:1<<20-1]
	sizes, err := Measure(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	copies, _ := Copies(t.Context(), small, []Format{Gzip, Brotli})
	old := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(old)
	alone, err := Measure(t.Context(), in)
	if err != nil || !reflect.DeepEqual(sizes, alone) {
		t.Errorf("sizes on one processor: got %v, want %v", alone, sizes)
	}
	again, _ := Copies(t.Context(), small, []Format{Gzip, Brotli})
	if !reflect.DeepEqual(copies, again) {
		t.Error("copies on one processor differ")
	}
	for name, data := range in {
		if one, _ := Measure(t.Context(), map[string][]byte{name: data}); one[name] != sizes[name] {
			t.Errorf("%s: got %v by itself, %v among others", name, one[name], sizes[name])
		}
	}
}

// What is measured is what a server would send: zlib's and Google's own
// libraries, at the same levels, made these of this text.
func TestMeasureIsAsServersDo(t *testing.T) {
	text := []byte(strings.Repeat("window.checkout = (function () { return 'pay'; })();\n", 50))
	for i := range text {
		if i%7 == 0 {
			text[i] = byte('a' + i%26)
		}
	}
	sizes, err := Measure(t.Context(), map[string][]byte{"a.js": text})
	if err != nil {
		t.Fatal(err)
	}
	got := sizes["a.js"]
	for _, row := range []struct {
		name      string
		got, want int64
	}{{"gzip", got.Gzip, 867}, {"brotli", got.Brotli, 553}} {
		if off := row.got - row.want; off*off*2500 > row.want*row.want {
			t.Errorf("%s: got %d bytes, want %d or 2%% more or less", row.name, row.got, row.want)
		}
	}
	if got.Raw != int64(len(text)) {
		t.Errorf("raw: got %d", got.Raw)
	}
}

func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if sizes, err := Measure(ctx, files()); sizes != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", sizes, err)
	}
	if copies, err := Copies(ctx, files(), []Format{Gzip}); copies != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", copies, err)
	}
}

func TestText(t *testing.T) {
	for mediaType, want := range map[string]bool{
		"text/javascript; charset=utf-8": true, "text/css; charset=utf-8": true, "image/svg+xml": true, "application/json": true,
		"application/manifest+json": true, "application/xml": true,
		"image/png": false, "font/woff2": false, "application/pdf": false, "application/octet-stream": false, "": false,
	} {
		if got := Text(mediaType); got != want {
			t.Errorf("%q: got %v", mediaType, got)
		}
	}
}
