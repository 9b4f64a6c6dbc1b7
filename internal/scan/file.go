//go:build goexperiment.jsonv2

package scan

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"

	"github.com/aquasecurity/trivy/pkg/fanal/secret"
	"github.com/aquasecurity/trivy/pkg/fanal/types"
	"github.com/aquasecurity/trivy/pkg/fanal/utils"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/secrets"
)

// answer is what a file has: findings, a reason why it, or the rest of it, was not
// scanned, or an error.
type answer struct {
	size     int64
	findings []finding.Finding
	why      secrets.Why
	err      error
}

// scan reads a file once, up to the size that it has when it is opened, and once
// more if anything is found in it.
func (w *walk) scan(ctx context.Context, name string) (a answer) {
	f, err := w.root.Open(name)
	if err != nil {
		return answer{err: err}
	}
	defer func() { a.err = errors.Join(a.err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return answer{err: err}
	}
	if !info.Mode().IsRegular() { // it was replaced since it was listed
		return answer{why: secrets.Irregular}
	}
	binary, err := isBinary(f, info.Size())
	switch {
	case err != nil:
		return answer{err: err}
	case binary && path.Ext(name) != compiledPython:
		return answer{why: secrets.Binary}
	case info.Size() > w.opts.Limit():
		return answer{why: secrets.TooLarge}
	}
	return w.read(ctx, name, f, info.Size(), binary)
}

// compiledPython is the one kind of binary whose printable parts Trivy scans:
// allowedBinaries in its pkg/fanal/analyzer/secret.
const compiledPython = ".pyc"

func isBinary(f *os.File, size int64) (bool, error) {
	if size == 0 {
		return false, nil // Trivy's function takes the end for an error
	}
	binary, err := utils.IsBinary(f, size)
	if err != nil {
		return false, fmt.Errorf("reading %q: %w", f.Name(), err)
	}
	return binary, nil
}

// maxFound is how many secrets of a file are told. One with more is no text that
// somebody put a key into, and looking on would take minutes and gigabytes.
const maxFound = 1000

func (w *walk) read(ctx context.Context, name string, f io.ReaderAt, size int64, binary bool) answer {
	a := answer{size: size}
	var err error
	text := f
	if binary {
		if text, size, err = printable(ctx, f, size); err != nil {
			return answer{err: fmt.Errorf("reading %q: %w", name, err)}
		}
	}
	found, err := w.search(ctx, name, text, size, binary)
	if err != nil {
		return answer{err: fmt.Errorf("reading %q: %w", name, err)}
	}
	if len(found) > maxFound {
		found, a.why = found[:maxFound], secrets.TooMany
	}
	for _, one := range found {
		a.findings = append(a.findings, say(one, name))
	}
	if binary || len(found) == 0 {
		return a
	}
	if err := setPlaces(a.findings, found, io.NewSectionReader(f, 0, size)); err != nil {
		return answer{err: fmt.Errorf("reading %q again: %w", name, err)}
	}
	return a
}

// Trivy reads pieces of 64 KiB that overlap by 4 KiB, and keeps all it finds, with
// the lines around it, until a file's end. It gets a window at a time, so that
// there is a place to stop.
const (
	window  = 1 << 20
	overlap = secret.DefaultOverlap
)

// search returns what is found, in the file's order, and stops soon after
// maxFound.
func (w *walk) search(ctx context.Context, name string, text io.ReaderAt, size int64, binary bool) ([]types.SecretFinding, error) {
	type key struct {
		rule   string
		offset int
	}
	seen := map[key]bool{}
	var all []types.SecretFinding
	for start := int64(0); start < size && len(all) <= maxFound; start += window - overlap {
		in := &reader{ctx: ctx, from: io.NewSectionReader(text, start, min(window, size-start))}
		found := w.engine.Scan(secret.ScanArgs{FilePath: name, Content: in, Binary: binary}).Findings
		if in.err != nil {
			return nil, in.err
		}
		for _, one := range found {
			one.Offset += int(start)
			if k := (key{one.RuleID, one.Offset}); !seen[k] {
				seen[k] = true
				one.Match, one.Code = "", types.Code{}
				all = append(all, one)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b types.SecretFinding) int { return cmp.Compare(a.Offset, b.Offset) })
	return all, nil
}

// setPlaces gives findings the places of what was found.
func setPlaces(findings []finding.Finding, found []types.SecretFinding, text io.Reader) error {
	at := newPosition(text)
	for i, one := range found {
		if err := at.advance(one.Offset); err != nil {
			return err
		}
		place := &findings[i].Location
		place.Line, place.Column = at.line, at.column
		if lines := one.EndLine - one.StartLine; lines > 0 {
			place.EndLine = at.line + lines
		}
	}
	return nil
}

// printable is a binary's text, as Trivy takes it apart, which it does with a
// system call a byte.
func printable(ctx context.Context, f io.ReaderAt, size int64) (io.ReaderAt, int64, error) {
	data, err := io.ReadAll(&reader{ctx: ctx, from: io.NewSectionReader(f, 0, size)})
	if err != nil {
		return nil, 0, err
	}
	text, err := utils.ExtractPrintableBytes(bytes.NewReader(data))
	return bytes.NewReader(text), int64(len(text)), err
}

// reader remembers its error: Trivy logs it and shows what it read until then. It
// ends with the context.
type reader struct {
	ctx  context.Context
	from io.Reader
	err  error
}

func (r *reader) Read(p []byte) (int, error) {
	if r.err = r.ctx.Err(); r.err != nil {
		return 0, r.err
	}
	n, err := r.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}
