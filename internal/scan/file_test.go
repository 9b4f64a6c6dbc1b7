//go:build goexperiment.jsonv2

package scan

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/org/checkout-deploy/internal/scan/secrets"
)

// Trivy logs a read error and shows what it has: that would look clean.
func TestReadErrorsAreErrors(t *testing.T) {
	root := folder(t, map[string]string{"gone": github, "a/b": github})
	w := &walk{root: root, engine: stock()}
	dir, err := root.Open("a")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dir.Close() }()
	if a := w.read(t.Context(), "a", dir, 10, false); a.err == nil || !strings.Contains(a.err.Error(), `reading "a"`) {
		t.Errorf("a folder: got %v, want a read error", a.err)
	}
	if err := w.list(t.Context()); err != nil || len(w.files) != 2 {
		t.Fatalf("got %q, %v", w.files, err)
	}
	if err := os.Remove(filepath.Join(root.Name(), "gone")); err != nil {
		t.Fatal(err)
	}
	if a := w.scan(t.Context(), "gone"); !errors.Is(a.err, os.ErrNotExist) {
		t.Errorf("a file that is gone: got %v, want %v", a.err, os.ErrNotExist)
	}
	if _, err := w.result([]answer{{}, {err: io.ErrUnexpectedEOF}}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want the file's error", err)
	}
}

// A file may become a link between the listing and the reading.
func TestSwappedForALink(t *testing.T) {
	root := folder(t, map[string]string{"a.js": "a"})
	outside := folder(t, map[string]string{"secret.js": github})
	w := &walk{root: root, engine: stock()}
	if err := w.list(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root.Name(), "a.js")
	if err := errors.Join(os.Remove(path), os.Symlink(filepath.Join(outside.Name(), "secret.js"), path)); err != nil {
		t.Fatal(err)
	}
	if a := w.scan(t.Context(), "a.js"); a.err == nil || len(a.findings) > 0 {
		t.Errorf("got %d findings, %v, want the link refused", len(a.findings), a.err)
	}
}

func TestReader(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	rows := []struct {
		name string
		ctx  context.Context
		from io.Reader
		want error
	}{
		{"to the end", t.Context(), strings.NewReader("0123456789"), nil},
		{"cancelled", cancelled, strings.NewReader("0"), context.Canceled},
		{"an error", t.Context(), iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("0123"))), iotest.ErrTimeout},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := &reader{ctx: row.ctx, from: row.from}
			_, err := io.ReadAll(r)
			if !errors.Is(err, row.want) || !errors.Is(r.err, row.want) {
				t.Errorf("got %v, kept %v, want %v", err, r.err, row.want)
			}
		})
	}
}

func TestErrorsAreCounted(t *testing.T) {
	w := &walk{files: make([]string, 50)}
	answers := make([]answer, 50)
	for i := range answers {
		answers[i].err = io.ErrUnexpectedEOF
	}
	_, err := w.result(answers)
	if err == nil || strings.Count(err.Error(), "\n") != 20 || !strings.HasSuffix(err.Error(), "and 30 files more") {
		t.Errorf("got %v", err)
	}
}

// The place of a byte is what an editor shows: lines before it, and UTF-16 code
// units before it in its line.
func FuzzPosition(f *testing.F) {
	f.Add("one\ntwo é😀x\r\n\xff", uint(12), uint(3))
	f.Fuzz(func(t *testing.T, text string, a, b uint) {
		offsets := []int{int(a % uint(len(text)+1)), int(b % uint(len(text)+1))}
		slices.Sort(offsets)
		at := newPosition(strings.NewReader(text))
		for _, offset := range offsets {
			if err := at.advance(offset); err != nil {
				t.Fatal(err)
			}
			before := text[:offset]
			last := strings.LastIndex(before, "\n") + 1
			want := place{strings.Count(before, "\n") + 1, len(utf16.Encode([]rune(before[last:]))) + 1}
			if cut := valid(before) + valid(text[offset:]); cut != valid(text) {
				continue // within a character: any place near it will do
			}
			if at.place != want {
				t.Errorf("%q, byte %d: got %v, want %v", text, offset, at.place, want)
			}
		}
	})
}

func valid(text string) string { return strings.ToValidUTF8(text, "") }

func TestPastTheEnd(t *testing.T) {
	at := newPosition(strings.NewReader("a\nb"))
	if err := at.advance(1000); err != nil || at.place != (place{2, 2}) {
		t.Errorf("got %v, %v, want the end", at.place, err)
	}
}

func TestDefaultLimit(t *testing.T) {
	if got := (secrets.Options{}).Limit(); got != 64<<20 {
		t.Errorf("got %d, want 64 MiB", got)
	}
}
