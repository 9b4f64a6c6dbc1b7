package scope

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestCorpus holds every JavaScript file over 2 kB below the folders of
// CHECKOUT_DEPLOY_CORPUS (a path list) against the oracle.
func TestCorpus(t *testing.T) {
	roots := os.Getenv("CHECKOUT_DEPLOY_CORPUS")
	if roots == "" {
		t.Skip("CHECKOUT_DEPLOY_CORPUS is not set")
	}
	c := corpusRun{t: t}
	for _, root := range filepath.SplitList(roots) {
		c.folder(root)
	}
	t.Logf("%d files (%d MB as printed, %d files as sloppy code), %d skipped as esbuild refuses them, %d refused by Parse, %d mismatches; Parse to Apply %v, %.1f MB/s",
		c.files, c.bytes>>20, c.sloppy, c.skipped, c.refused, c.mismatches, c.spent.Round(time.Millisecond), float64(c.bytes)/1e6/c.spent.Seconds())
}

type corpusRun struct {
	t                                           *testing.T
	files, sloppy, skipped, refused, mismatches int
	bytes                                       int64
	spent                                       time.Duration
}

func (c *corpusRun) folder(root string) {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || c.mismatches+c.refused > 20 {
			return err
		}
		switch filepath.Ext(path) {
		case ".js", ".mjs", ".cjs":
		default:
			return nil
		}
		if info, err := d.Info(); err != nil || info.Size() <= 2048 || !info.Mode().IsRegular() {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		c.file(path, string(src))
		return nil
	})
	if err != nil {
		c.t.Error(err)
	}
}

func (c *corpusRun) file(path, src string) {
	g := module
	text, err := "", error(nil)
	switch c.files % 8 {
	case 5:
		if text, err = printedSloppy(src); err == nil {
			g = script
			break
		}
		fallthrough // with import or export, it cannot be put into a function
	case 7:
		text, err = printedLong(src)
	default:
		text, err = printed(src)
	}
	if err != nil {
		c.skipped++
		return
	}
	start := time.Now()
	short, err := mangled(text)
	c.spent += time.Since(start)
	c.bytes += int64(len(text))
	if g == script {
		c.sloppy++
	}
	if c.files++; c.files%500 == 0 {
		c.t.Logf("%d files, at %s", c.files, path)
	}
	if err != nil {
		c.refused++
		c.t.Errorf("%s: %v", path, err)
		return
	}
	if err := alphaEquivalent(g, text, short); err != nil {
		if !readable(g, text) {
			c.skipped++
			return
		}
		c.mismatches++
		c.t.Errorf("%s: %v", path, err)
	}
}
