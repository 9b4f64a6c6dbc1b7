//go:build goexperiment.jsonv2

package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	tdb "github.com/aquasecurity/trivy-db/pkg/db"
	"github.com/aquasecurity/trivy/pkg/cache"
	"github.com/aquasecurity/trivy/pkg/db"
	"github.com/aquasecurity/trivy/pkg/fanal/analyzer"
	"github.com/aquasecurity/trivy/pkg/fanal/applier"
	"github.com/aquasecurity/trivy/pkg/fanal/artifact"
	ftypes "github.com/aquasecurity/trivy/pkg/fanal/types"
	"github.com/aquasecurity/trivy/pkg/iac/rego"
	"github.com/aquasecurity/trivy/pkg/javadb"
	"github.com/aquasecurity/trivy/pkg/licensing/expression"
	"github.com/aquasecurity/trivy/pkg/misconf"
	trivyscan "github.com/aquasecurity/trivy/pkg/scan"
	"github.com/aquasecurity/trivy/pkg/scan/langpkg"
	"github.com/aquasecurity/trivy/pkg/scan/local"
	"github.com/aquasecurity/trivy/pkg/scan/ospkg"
	"github.com/aquasecurity/trivy/pkg/types"
	"github.com/aquasecurity/trivy/pkg/vulnerability"
	xos "github.com/aquasecurity/trivy/pkg/x/os"

	"github.com/org/checkout-deploy/internal/scan/result"
)

// TrivyVersion is the engine's, as its own reports name it.
const TrivyVersion = "0.74.0"

// ErrNeedsJava says that there are jars, which are looked up in a database of
// their own: get it into Options.Databases, and scan again.
var ErrNeedsJava = errors.New("there are jars, and no Java database to look them up in")

// Options are those of an Engine.
type Options struct {
	// Scanners say what is looked for; at least one.
	Scanners []result.Kind
	// Databases is Trivy's cache folder, with db/ and maybe java-db/ in it. It is
	// only read. Without result.Vulnerability it may be "".
	Databases string
	// VEX are files of statements in OpenVEX, CSAF or CycloneDX.
	VEX []string
	// LicenseFiles looks for licences in every text file too, which is slow.
	LicenseFiles bool
	// SkipDirs are folders, relative to the scanned one, that are passed over.
	SkipDirs []string
}

// Engine is Trivy, with its databases open. What it found out about a layer it
// remembers until Close. It makes no request to the network. Trivy has its databases for
// the whole process: there is one Engine at a time.
type Engine struct {
	opts  Options
	cache cache.Cache
	close func() error
}

// Open opens the databases.
func Open(o Options) (e *Engine, err error) {
	e = &Engine{opts: o, cache: cache.NewMemoryCache(), close: func() error { return nil }}
	if len(o.Scanners) == 0 {
		return nil, errors.New("got nothing to look for")
	}
	// Trivy makes the folder once a process, and an earlier engine has removed it.
	if err := os.MkdirAll(xos.TempDir(), 0o700); err != nil {
		return nil, fmt.Errorf("making a folder for temporary files: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, xos.Cleanup())
		}
	}()
	if !slices.Contains(o.Scanners, result.Vulnerability) {
		return e, nil
	}
	defer recovered(&err, "opening the vulnerability database")
	if err := db.Init(db.Dir(o.Databases)); err != nil {
		return nil, fmt.Errorf("opening the vulnerability database: %w", err)
	}
	e.close = db.Close
	e.Reopen()
	return e, nil
}

// Reopen makes the engine see a Java database that was not there when it was opened.
func (e *Engine) Reopen() {
	javadb.Init(e.opts.Databases, nil, true, true, ftypes.RegistryOptions{})
}

// Close lets go of the databases, and removes what Trivy wrote aside.
func (e *Engine) Close() error { return errors.Join(e.cache.Close(), e.close(), xos.Cleanup()) }

// recovered makes an error of a panic: a database whose pages are damaged makes the
// library that reads them panic.
func recovered(err *error, doing string) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s: the engine broke down: %v", doing, p)
	}
}

type newArtifact func(cache.ArtifactCache, artifact.Option) (artifact.Artifact, error)

// run is one scan, as Trivy's command line would do it, but for reports.
// name is what the report calls it, "" for what Trivy does.
func (e *Engine) run(ctx context.Context, name string, open newArtifact, o artifact.Option) (s *Scan, err error) {
	defer recovered(&err, "scanning")
	end := tap.listen()
	defer end()
	if err := e.misconfigurations(&o); err != nil {
		return nil, err
	}
	art, err := open(e.cache, o)
	if err != nil {
		return nil, err
	}
	// A damaged page is a fault of the memory that it is mapped to.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	backend := local.NewService(applier.NewApplier(e.cache), ospkg.NewScanner(), langpkg.NewScanner(), vulnerability.NewClient(tdb.Config{}))
	report, err := trivyscan.NewService(backend, art).ScanArtifact(ctx, e.scanOptions())
	if ctx.Err() != nil {
		return nil, fmt.Errorf("scanning: %w", context.Cause(ctx))
	}
	if err != nil {
		return nil, blame(err)
	}
	tellComments(&report)
	report.Trivy.Version = TrivyVersion
	report.ArtifactName = cmp.Or(name, report.ArtifactName)
	if err := e.filter(ctx, &report); err != nil {
		return nil, err
	}
	return newScan(report, e.looksFor(result.Vulnerability), end())
}

// blame knows a missing Java database by Trivy's words: it has no error of its own
// for that. TestNeedsJava fails when they change.
func blame(err error) error {
	if strings.Contains(err.Error(), "Java DB") {
		return ErrNeedsJava
	}
	return fmt.Errorf("scanning: %w", err)
}

func (e *Engine) looksFor(kind result.Kind) bool { return slices.Contains(e.opts.Scanners, kind) }

var trivyScanners = map[result.Kind]types.Scanner{
	result.Vulnerability: types.VulnerabilityScanner, result.Secret: types.SecretScanner,
	result.Misconfiguration: types.MisconfigScanner, result.License: types.LicenseScanner,
}

// scanOptions are the command line's defaults. Packages are always listed: an SBOM is
// made of the same scan.
func (e *Engine) scanOptions() types.ScanOptions {
	o := types.ScanOptions{
		PkgTypes:         types.PkgTypes,
		PkgRelationships: ftypes.Relationships,
		Scanners:         types.Scanners{types.SBOMScanner},
		LicenseFull:      e.opts.LicenseFiles,
		LicenseCategories: map[ftypes.LicenseCategory][]string{
			ftypes.CategoryForbidden: expression.ForbiddenLicenses, ftypes.CategoryRestricted: expression.RestrictedLicenses,
			ftypes.CategoryReciprocal: expression.ReciprocalLicenses, ftypes.CategoryNotice: expression.NoticeLicenses,
			ftypes.CategoryPermissive: expression.PermissiveLicenses, ftypes.CategoryUnencumbered: expression.UnencumberedLicenses,
		},
		VulnSeveritySources: []tdbSource{"auto"},
	}
	for _, kind := range e.opts.Scanners {
		o.Scanners.Enable(trivyScanners[kind])
	}
	return o
}

// artifactOptions are what both images and folders are read with.
func (e *Engine) artifactOptions(disabled ...analyzer.Type) artifact.Option {
	disabled = append(slices.Clone(disabled), analyzer.TypeApkCommand, analyzer.TypeExecutable, analyzer.TypeRpmArchive, analyzer.TypeJar, analyzer.TypeTerraform)
	for kind, all := range map[result.Kind][]analyzer.Type{
		result.Secret: {analyzer.TypeSecret}, result.Misconfiguration: append(slices.Clone(analyzer.TypeConfigFiles), offlineTerraform, inlineIgnore), result.Vulnerability: {boundedJar},
	} {
		if !e.looksFor(kind) {
			disabled = append(disabled, all...)
		}
	}
	if !e.looksFor(result.License) || !e.opts.LicenseFiles {
		disabled = append(disabled, analyzer.TypeLicenseFile)
	}
	o := artifact.Option{
		DisabledAnalyzers: disabled,
		Parallel:          parallel,
		NoProgress:        true,
		Offline:           true,
		DetectionPriority: ftypes.PriorityPrecise,
	}
	o.LicenseScannerOption.Full = e.opts.LicenseFiles
	o.LicenseScannerOption.ClassifierConfidenceLevel = 0.9
	for _, dir := range e.opts.SkipDirs {
		o.WalkerOption.SkipDirs = append(o.WalkerOption.SkipDirs, filepath.ToSlash(dir))
	}
	return o
}

// parallel is the command line's default.
const parallel = 5

// misconfigurations are looked for with the checks that are built in: those that
// Trivy would fetch before each run could change a verdict over night.
func (e *Engine) misconfigurations(o *artifact.Option) (err error) {
	if !e.looksFor(result.Misconfiguration) {
		return nil
	}
	checks := misconf.ScannerOption{Namespaces: rego.BuiltinNamespaces()}
	if checks.RegoScanner, err = misconf.InitRegoScanner(checks); err != nil {
		return fmt.Errorf("reading the built-in checks: %w", err)
	}
	o.MisconfScannerOption = checks
	return nil
}
