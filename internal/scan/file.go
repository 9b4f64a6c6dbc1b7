//go:build goexperiment.jsonv2

package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"

	"github.com/aquasecurity/trivy/pkg/fanal/secret"
	"github.com/aquasecurity/trivy/pkg/fanal/utils"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/secrets"
)

// answer is what a file has: findings, a reason why it was not scanned, or an
// error.
type answer struct {
	size     int64
	findings []finding.Finding
	why      secrets.Why
	err      error
}

// scan reads a file once, in pieces, and once more if anything is found in it.
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
	return w.read(ctx, name, f, binary)
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

func (w *walk) read(ctx context.Context, name string, f *os.File, binary bool) answer {
	in := &reader{ctx: ctx, from: f, left: w.opts.Limit()}
	var text io.Reader = in
	if binary {
		printable, err := printable(in)
		if err != nil {
			return answer{err: fmt.Errorf("reading %q: %w", name, err)}
		}
		text = bytes.NewReader(printable)
	}
	found := w.engine.Scan(secret.ScanArgs{FilePath: name, Content: text, Binary: binary}).Findings
	if in.err != nil {
		return answer{err: fmt.Errorf("reading %q: %w", name, in.err)}
	}
	a := answer{size: in.read, findings: make([]finding.Finding, len(found))}
	for i, one := range found {
		a.findings[i] = say(one, name)
	}
	if binary || len(found) == 0 {
		return a
	}
	offsets := make([]int, len(found))
	for i, one := range found {
		offsets[i] = one.Offset
	}
	places, err := locate(f, offsets)
	if err != nil {
		return answer{err: fmt.Errorf("reading %q again: %w", name, err)}
	}
	for i := range a.findings {
		at := &a.findings[i].Location
		*at = finding.Location{Path: name, Line: places[i].line, Column: places[i].column}
		if lines := found[i].EndLine - found[i].StartLine; lines > 0 {
			at.EndLine = at.Line + lines
		}
	}
	return a
}

// printable is a binary's text, as Trivy takes it apart, which it does with a
// system call a byte.
func printable(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return utils.ExtractPrintableBytes(bytes.NewReader(data))
}

// errGrows is a file that is longer than it said it was.
var errGrows = errors.New("it grows while it is read, beyond the size limit")

// reader remembers its error: Trivy logs it and shows what it read until then. It
// ends with the context, and at the size limit.
type reader struct {
	ctx  context.Context
	from io.Reader
	left int64
	read int64
	err  error
}

func (r *reader) Read(p []byte) (int, error) {
	if r.err = r.ctx.Err(); r.err != nil {
		return 0, r.err
	}
	n, err := r.from.Read(p)
	r.read += int64(n)
	if r.left -= int64(n); r.left < 0 {
		err = errGrows
	}
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// place is where a byte is: a line and a column in UTF-16 code units, from 1.
type place struct{ line, column int }

// locate finds the places of offsets, which are in any order.
func locate(f io.ReadSeeker, offsets []int) ([]place, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	order := make([]int, len(offsets))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return offsets[a] - offsets[b] })
	places := make([]place, len(offsets))
	at := newPosition(f)
	for _, i := range order {
		if err := at.advance(offsets[i]); err != nil {
			return nil, err
		}
		places[i] = at.place
	}
	return places, nil
}
