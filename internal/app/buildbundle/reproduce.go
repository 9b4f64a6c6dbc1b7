package buildbundle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/bundle/style"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/reproduce"
)

// reproducible is the input of that name.
type reproducible string

const (
	reproducibleOff   reproducible = "off"
	reproducibleCheck reproducible = "check"
)

// Check is what building twice needs of the edge.
type Check struct {
	Group func(title string, do func() error) error
	Logf  func(format string, args ...any)
	Now   func() time.Time
	// between the builds, and only in tests, something changes the project.
	between func()
}

// NotReproducedError says why a second build was not the first one's equal.
type NotReproducedError struct{ found []finding.Finding }

func (e *NotReproducedError) Error() string {
	lines := make([]string, len(e.found))
	for i, f := range e.found {
		lines[i] = f.String()
	}
	return "the second build is not equal to the first: " + strings.Join(lines, "\n")
}

// Findings makes NotReproducedError a finding.Reporter; paths are relative to the
// project.
func (e *NotReproducedError) Findings() []finding.Finding { return e.found }

// reproduce builds the project again as a copy in another folder, and gives the
// release its statement if the outcome is the same.
func (b *builder) reproduce(ctx context.Context, used environment) error {
	b.close() // two Sass processes are one too many
	return b.Check.Group("Building it again, as a copy in another folder", func() (err error) {
		folder, err := os.MkdirTemp("", "checkout-deploy-")
		if err != nil {
			return fmt.Errorf("making a folder for the second build: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
		if folder, err = filepath.EvalSymlinks(folder); err != nil {
			return fmt.Errorf("making a folder for the second build: %w", err)
		}
		return b.compare(ctx, folder, used)
	})
}

func (b *builder) compare(ctx context.Context, folder string, used environment) error {
	start := b.Check.Now()
	p := b.project()
	sources, err := reproduce.SumsOf(p.Base, p.Inputs())
	if err != nil {
		return err
	}
	if b.Check.between != nil {
		b.Check.between()
	}
	copied, err := p.Copy(ctx, folder)
	if errors.Is(err, syscall.ENOSPC) {
		return action.Explain(err, "the copy does not fit: make room, or name a folder with room by the variable TMPDIR")
	}
	if err != nil {
		return err
	}
	b.Check.Logf("copied %d files, %d bytes, to %s", copied.Files, copied.Bytes, copied.Dir)
	processors := otherThan(runtime.GOMAXPROCS(0))
	before := runtime.GOMAXPROCS(processors)
	second, err := b.again(ctx, p, copied)
	runtime.GOMAXPROCS(before)
	if err != nil {
		return b.secondFailed(ctx, err, p, sources, copied)
	}
	if err := b.equal(second, p, copied, sources); err != nil {
		return err
	}
	if b.statement, err = b.states(used, sources, before, processors); err != nil {
		return err
	}
	own := sources.Of(false)
	b.Check.Logf("equal: %d files of %d sources (sha256 %s), in %s", len(b.rel.Files), len(own), own.Digest(), b.Check.Now().Sub(start).Round(time.Millisecond))
	return nil
}

// equal wants the second build to be the first one's equal, and warns of inputs
// that another machine would not have.
func (b *builder) equal(second *builder, p *reproduce.Project, copied *reproduce.Copied, sources reproduce.Sums) error {
	later, err := sources.Again(copied.Base)
	if err != nil {
		return err
	}
	found, err := reproduce.Explain(
		&reproduce.Build{Base: p.Base, Dir: p.Dir, Release: b.rel, Contents: b.contents, Files: p.Files},
		&reproduce.Build{Base: copied.Base, Dir: copied.Dir, Release: second.rel, Contents: second.contents, Files: second.project().Files},
		b.fromProject(p, sources.Changed(later)),
	)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return &NotReproducedError{found}
	}
	for _, file := range p.Outside() {
		b.warnings = append(b.warnings, finding.Finding{
			Rule: "build/outside-input", Severity: finding.Medium,
			Message: fmt.Sprintf("the build reads %q, which is not in %q: another machine has another file there, or none", file, p.Base),
			Hint:    "keep what is built in the repository",
		})
	}
	return nil
}

// otherThan is another number of processors: with one, nothing runs side by side.
func otherThan(processors int) int {
	if processors == 1 {
		return 2
	}
	return 1
}

// project is what the build was made of.
func (b *builder) project() *reproduce.Project {
	p := &reproduce.Project{
		Base: reproduce.BaseOf(b.Dir, b.Workspace), Dir: b.Dir, Skip: []string{place.Real(b.outDir())},
		Files: slices.Clone(b.inputs), Packages: slices.Clone(b.packages),
	}
	if b.styles != nil {
		p.Files = append(p.Files, b.styles.Inputs()...)
	}
	if file := b.configFile(); file != "" {
		p.Files = append(p.Files, file)
	}
	if tsconfig := b.cfg.Build.TSConfig; tsconfig != "" {
		p.Files = append(p.Files, place.Within(b.Dir, filepath.FromSlash(tsconfig)))
	}
	for i, file := range p.Files {
		p.Files[i] = place.Real(file)
	}
	slices.Sort(p.Files)
	p.Files = slices.Compact(p.Files)
	slices.Sort(p.Packages)
	p.Packages = slices.Compact(p.Packages)
	return p
}

// configFile is the configuration's absolute path, "" without one.
func (b *builder) configFile() string {
	if b.cfg.File == "" {
		return ""
	}
	return place.Within(b.Dir, filepath.FromSlash(b.cfg.File))
}

// again builds the copy, by the same settings.
func (b *builder) again(ctx context.Context, p *reproduce.Project, copied *reproduce.Copied) (*builder, error) {
	req := b.Request
	req.Dir, req.Check, req.Report = copied.Dir, nil, ""
	req.Compare, req.Timings, req.Prepare = "", nil, nil
	if req.Workspace != "" {
		req.Workspace = copied.Base
	}
	if file := b.configFile(); file != "" && !filepath.IsLocal(req.Config) {
		req.Config = file // outside the project
		if place.Inside(place.Real(file), p.Base) {
			rel, _ := filepath.Rel(p.Base, place.Real(file))
			req.Config = filepath.Join(copied.Base, rel)
		}
	}
	// The compiler may be one of the project's packages, which no source asks for.
	sass, err := style.FindSass(style.Options{Root: b.Dir, Sass: b.Sass, ProgramFolder: b.ProgramFolder, LookPath: b.LookPath})
	if err == nil {
		req.Sass = sass
	}
	second, err := newBuilder(req)
	if err != nil {
		return nil, err
	}
	defer second.close()
	return second, second.build(ctx)
}

// secondFailed tells what only the second build stumbles over, in the first one's
// paths.
func (b *builder) secondFailed(ctx context.Context, err error, p *reproduce.Project, sources reproduce.Sums, copied *reproduce.Copied) error {
	if ctx.Err() != nil {
		return err
	}
	if now, err := sources.Again(p.Base); err == nil && len(sources.Changed(now)) > 0 {
		return &NotReproducedError{reproduce.Changes(b.fromProject(p, sources.Changed(now)))}
	}
	const (
		says = "the project builds, but a copy of it does not: "
		hint = "the build reads something that is not among the project's sources: a file outside the repository, one named by an absolute path or link, or one in .git or the output folder"
	)
	var found []finding.Finding
	var reporter finding.Reporter
	if errors.As(err, &reporter) {
		found = slices.Clone(reporter.Findings())
	} else {
		found = []finding.Finding{{Severity: finding.High, Message: err.Error()}}
	}
	for i := range found {
		f := &found[i]
		f.Rule, f.Hint = "build/not-reproduced", hint
		f.Message = says + strings.ReplaceAll(f.Message, copied.Dir, b.Dir)
	}
	return &NotReproducedError{found}
}

// fromProject makes paths relative to Base those relative to the project.
func (b *builder) fromProject(p *reproduce.Project, paths []string) []string {
	out := make([]string, len(paths))
	for i, path := range paths {
		rel, _ := filepath.Rel(b.Dir, filepath.Join(p.Base, filepath.FromSlash(path)))
		out[i] = filepath.ToSlash(rel)
	}
	return out
}

// environment has the variables that the configuration used.
type environment map[string]string

// noting is env, whose answers are kept.
func (e *environment) noting(env config.Env) config.Env {
	*e = environment{}
	return func(name string) (string, bool) {
		value, ok := env(name)
		if ok {
			(*e)[name] = value
		}
		return value, ok
	}
}

// predicateType is the statement's: what it says is described in
// docs/build-bundle.md.
const predicateType = "https://github.com/org/checkout-deploy/blob/main/docs/build-bundle.md#reproducible-v1"

// files says which files were the same: how many, and the SHA-256 of what
// sha256sum prints of them, sorted by path.
type files struct {
	Count  int    `json:"count"`
	SHA256 string `json:"sha256"`
}

// predicate is the statement's content. It exists only where both builds were
// done and equal.
type predicate struct {
	Result      string            `json:"result"`
	Builds      int               `json:"builds"`
	Tool        map[string]string `json:"tool"`
	Varied      []string          `json:"varied"`
	Same        []string          `json:"same"`
	Project     string            `json:"project"` // relative to what sources are
	Sources     files             `json:"sources"`
	Packages    files             `json:"packages"`
	Locks       map[string]string `json:"locks"`
	Environment map[string]string `json:"environment"`
}

// states is the statement.
func (b *builder) states(used environment, sources reproduce.Sums, processors, then int) (*release.Statement, error) {
	id, err := b.rel.ID()
	if err != nil {
		return nil, err
	}
	base := reproduce.BaseOf(b.Dir, b.Workspace)
	dir, err := filepath.Rel(base, b.Dir)
	if err != nil {
		return nil, fmt.Errorf("stating that the release is reproducible: %w", err)
	}
	locks, err := reproduce.Locks(base, b.Dir)
	if err != nil {
		return nil, err
	}
	own, packages := sources.Of(false), sources.Of(true)
	text, err := json.Marshal(predicate{
		Result: "equal", Builds: 2, Tool: map[string]string{"name": b.rel.Tool.Name, "version": b.rel.Tool.Version},
		Varied: []string{
			"the folder: another path, of another length and depth", "the files: copies, of another time, without what the build does not need",
			fmt.Sprintf("processors: %d, then %d", processors, then), "the program's caches: none is shared, Sass is another process",
		},
		Same:    []string{"the machine and its clock", "the user", "the environment", "the program"},
		Project: filepath.ToSlash(dir), Sources: files{len(own), own.Digest()}, Packages: files{len(packages), packages.Digest()},
		Locks: locks, Environment: used,
	})
	if err != nil {
		return nil, fmt.Errorf("stating that the release is reproducible: %w", err)
	}
	return &release.Statement{Release: id, PredicateType: predicateType, Predicate: text}, nil
}
