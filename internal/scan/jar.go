//go:build goexperiment.jsonv2

package scan

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aquasecurity/trivy/pkg/dependency/parser/java/jar"
	"github.com/aquasecurity/trivy/pkg/fanal/analyzer"
	"github.com/aquasecurity/trivy/pkg/fanal/analyzer/language"
	ftypes "github.com/aquasecurity/trivy/pkg/fanal/types"
	"github.com/aquasecurity/trivy/pkg/javadb"
	inparallel "github.com/aquasecurity/trivy/pkg/parallel"
	xio "github.com/aquasecurity/trivy/pkg/x/io"
	xos "github.com/aquasecurity/trivy/pkg/x/os"
)

// Trivy unpacks archives in archives to the disk for as long as there are any, and
// reads some files of them whole: a zip bomb fills the disk. So its analyzer of jars is
// replaced by this one, which does the same to what is no bomb.
const boundedJar analyzer.Type = "bounded-jar"

func init() {
	analyzer.RegisterPostAnalyzer(boundedJar, func(o analyzer.AnalyzerOptions) (analyzer.PostAnalyzer, error) {
		return &jars{parallel: o.Parallel, confidence: o.LicenseScannerOption.ClassifierConfidenceLevel}, nil
	})
}

// jars is analyzer.PostAnalyzer.
type jars struct {
	parallel   int
	confidence float64
}

func (*jars) Type() analyzer.Type { return analyzer.TypeJar }
func (*jars) Version() int        { return 1 }

// Required takes the files that Trivy's own takes.
func (*jars) Required(name string, _ os.FileInfo) bool {
	return slices.Contains([]string{".jar", ".war", ".ear", ".par"}, strings.ToLower(filepath.Ext(name)))
}

// PostAnalyze fails for a bomb, and warns of what is no archive.
func (a *jars) PostAnalyze(ctx context.Context, input analyzer.PostAnalysisInput) (*analyzer.AnalysisResult, error) {
	client, err := javadb.NewClient()
	if err != nil {
		return nil, fmt.Errorf("opening the Java DB: %w", err)
	}
	defer func() { _ = client.Close() }() // only read
	type answer struct {
		app *ftypes.Application
		err error
	}
	onFile := func(name string, info fs.FileInfo, r xio.ReadSeekerAt) (answer, error) {
		if err := (&unpacked{left: maxUnpacked}).check(ctx, r, info.Size(), 0); err != nil {
			return answer{err: fmt.Errorf("%q: %w", name, err)}, nil
		}
		p := jar.NewParser(client, jar.WithSize(info.Size()), jar.WithFilePath(name),
			jar.WithChecksum(input.Options.FileChecksum), jar.WithLicenseClassifierConfidenceLevel(a.confidence))
		app, err := language.ParsePackage(ctx, ftypes.Jar, name, r, p, false)
		if err != nil {
			slog.Warn("an archive of Java could not be read, and was not scanned", "file", name, "error", err.Error())
		}
		return answer{app: app}, nil
	}
	var result analyzer.AnalysisResult
	err = inparallel.WalkDir(ctx, input.FS, ".", a.parallel, onFile, func(one answer) error {
		if one.app != nil {
			result.Applications = append(result.Applications, *one.app)
		}
		return one.err
	})
	return &result, err
}

// What an archive may have in it.
const (
	maxUnpacked = 4 << 30  // of archives in it, and in these, together
	maxText     = 64 << 20 // of a file that is read whole
	maxNested   = 8
)

// unpacked bounds what comes of an archive.
type unpacked struct{ left uint64 }

// check looks at what the archive says of its files, and into archives in it. zip
// does not read more of a file than it says.
func (u *unpacked) check(ctx context.Context, r io.ReaderAt, size int64, depth int) error {
	list, err := zip.NewReader(r, size)
	if err != nil {
		return nil //nolint:nilerr // whoever reads it says so
	}
	for _, f := range list.File {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case !isArchive(f.Name):
			if f.UncompressedSize64 > maxText && isRead(f.Name) {
				return fmt.Errorf("its file %.200q says that it has %d bytes; at most %d are taken: is it a bomb?", f.Name, f.UncompressedSize64, int64(maxText))
			}
			continue
		case depth == maxNested:
			return fmt.Errorf("it has archives in archives, more than %d deep: is it a bomb?", maxNested)
		case f.UncompressedSize64 > u.left:
			return fmt.Errorf("the archives in it have more than %d bytes unpacked: is it a bomb?", int64(maxUnpacked))
		}
		u.left -= f.UncompressedSize64
		if err := u.within(ctx, r, f, depth); err != nil {
			return err
		}
	}
	return nil
}

// within checks an archive in the archive.
func (u *unpacked) within(ctx context.Context, r io.ReaderAt, f *zip.File, depth int) (err error) {
	size := int64(f.UncompressedSize64)
	if at, err := f.DataOffset(); err == nil && f.Method == zip.Store {
		return u.check(ctx, io.NewSectionReader(r, at, size), size, depth+1)
	}
	from, err := f.Open()
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	temp, err := xos.CreateTemp("", "jar-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, temp.Close(), os.Remove(temp.Name())) }()
	if _, err := io.Copy(temp, from); err != nil {
		var disk *fs.PathError
		if errors.As(err, &disk) {
			return err
		}
		return nil // it is damaged
	}
	return u.check(ctx, temp, size, depth+1)
}

func isArchive(name string) bool {
	return slices.Contains([]string{".jar", ".war", ".ear"}, path.Ext(name))
}

// isRead says of which files Trivy reads all.
func isRead(name string) bool {
	base := strings.ToLower(path.Base(name))
	return base == "pom.xml" || slices.ContainsFunc([]string{"licen", "copyright", "notice", "copying"}, func(s string) bool { return strings.Contains(base, s) })
}
