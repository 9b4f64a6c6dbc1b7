package scanimage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/place"
)

// maxBase bounds a result that is read.
const maxBase = 64 << 20

// base is what is known already: of an earlier result, or of another image, which is
// scanned by the same engine.
func (j *job) base(ctx context.Context, engine Engine) (map[string]bool, error) {
	if j.in.base == "" {
		return nil, nil
	}
	if path := place.Within(j.dir, filepath.FromSlash(j.in.base)); isFile(path) || strings.HasSuffix(path, ".json") {
		if place.Inside(place.Real(path), j.out) {
			return nil, action.Misuse(fmt.Errorf("base: got %q, which lies in the folder out: each run would know what the one before found; want a result that is kept elsewhere, such as the default branch's", j.in.base))
		}
		return j.baseOfFile()
	}
	if engine == nil {
		return nil, action.Misuse(fmt.Errorf("base: got %q, which is no file, where nothing is looked for but secrets; want the result.json of an earlier run", j.in.base))
	}
	img, err := j.open(ctx, j.in.base, nil)
	if err != nil {
		return nil, fmt.Errorf("base: got %q, want a file result.json of an earlier run, or an image: %w", j.in.base, err)
	}
	scans, err := engine.Image(ctx, img)
	if err := errors.Join(err, img.Close()); err != nil {
		return nil, fmt.Errorf("base: scanning %s: %w", img.Name(), err)
	}
	known := map[string]bool{}
	for _, one := range scans {
		for _, f := range one.Report.Findings {
			known[f.KnownKey()] = true
		}
	}
	j.r.Logf("base: %s is %s, and has %s", img.Name(), img.Digest(), count(len(known), "finding"))
	return known, nil
}

func (j *job) baseOfFile() (map[string]bool, error) {
	data, err := place.Read(j.dir, j.r.Workspace(), j.in.base, maxBase)
	if err != nil {
		return nil, action.Misuse(fmt.Errorf("base: %w", err))
	}
	if known, err := readDocument(data); err == nil {
		return known, nil
	} else if !errors.Is(err, errNoDocument) {
		return nil, action.Misuse(fmt.Errorf("base: %q: %w", j.in.base, err))
	}
	report, err := j.in.tools.Read(data)
	if err != nil {
		return nil, action.Misuse(fmt.Errorf("base: %q: got neither a result.json of scan-image nor a report of Trivy: %w", j.in.base, err))
	}
	known := map[string]bool{}
	for _, f := range report.Findings {
		known[f.KnownKey()] = true
	}
	return known, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
