package bundle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/org/checkout-deploy/internal/bundle/advice"
	"github.com/org/checkout-deploy/internal/bundle/style"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/spell"
)

// failure is all that is wrong with an entry: what esbuild says of scripts, and
// the styles that don't compile.
func (c *compilation) failure(ctx context.Context, msgs []api.Message) error {
	var all []finding.Finding
	missing := map[string]bool{}
	for _, m := range msgs {
		c.explain(&m)
		found := c.findings(m)
		// A package that is not there is one problem, however many files import it.
		if spec := unresolved(m.Text); isBare(spec) && m.Location != nil || found[0].Rule == noSassRule {
			if missing[found[0].Message] {
				continue
			}
			missing[found[0].Message] = true
		}
		all = append(all, found...)
	}
	return JoinErrors(newSourceError(all, 0), c.styleErrors(ctx))
}

// errorsOf are a run's errors, and the warning that is one to us: without its base
// a tsconfig means something else, and so would the scripts.
func errorsOf(res api.BuildResult) []api.Message {
	all := res.Errors
	for _, w := range res.Warnings {
		if noBase.MatchString(w.Text) {
			all = append(all, w)
		}
	}
	return all
}

const noSassRule = "build/no-sass"

// findings is a message of esbuild's, with what to try. One that stands for an
// error of ours is what that says of itself.
func (c *compilation) findings(m api.Message) []finding.Finding {
	f := c.atImport(findingOf(m, finding.High))
	var missing *style.MissingSassError
	var inner finding.Reporter
	err, _ := m.Detail.(error)
	switch {
	case errors.As(err, &missing):
		f.Rule, f.Message, f.Hint = noSassRule, missing.Message(), missing.Hint()
	case errors.As(err, &inner):
		return inner.Findings()
	default:
		c.advise(&f, m)
	}
	return []finding.Finding{f}
}

// atImport moves what is said of a module made for an import() to that.
func (c *compilation) atImport(f finding.Finding) finding.Finding {
	_, id, ok := strings.Cut(f.Location.Path, ":")
	if !ok || !strings.HasPrefix(f.Location.Path, "checkout-deploy-") {
		return f
	}
	site := c.sources.site(rootID(id))
	f.Excerpt, f.Location = "", finding.Location{}
	if site.importer == "" {
		return f
	}
	f.Location.Path = c.rel(site.importer)
	text, err := os.ReadFile(site.importer)
	if err != nil {
		return f
	}
	for i, line := range strings.Split(string(text), "\n") {
		for _, quoted := range []string{"'" + site.specifier + "'", `"` + site.specifier + `"`, "`" + site.specifier + "`"} {
			if at := strings.Index(line, quoted); at >= 0 && strings.Contains(line[:at], "import") {
				from := 1 + units(line, at)
				to := from + units(quoted, len(quoted))
				f.Location.Line, f.Location.Column, f.Location.EndLine, f.Location.EndColumn = i+1, from, i+1, to
				f.Excerpt = finding.Excerpt(i+1, line, from, to)
				return f
			}
		}
	}
	return f
}

var (
	couldNotResolve = regexp.MustCompile(`^(?:entry "[^"]*": )?Could not resolve "(.+)"$`)
	cannotRead      = regexp.MustCompile(`^Cannot read file:? "?([^"]+?)"?(?:: (.+))?$`)
	noBase          = regexp.MustCompile(`^Cannot find base config file "([^"]+)"`)
	noLoader        = regexp.MustCompile(`^No loader is configured for "([^"]+)" files`)
	noExport        = regexp.MustCompile(`^No matching export in "([^"]+)" for import "([^"]+)"`)
)

// unresolved is the path of an import that leads nowhere, "" for other messages.
func unresolved(text string) string {
	if m := couldNotResolve.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

func isBare(spec string) bool {
	return spec != "" && !strings.HasPrefix(spec, ".") && !strings.HasPrefix(spec, "/")
}

// advise adds what to try, and words what esbuild says for its own users.
func (c *compilation) advise(f *finding.Finding, m api.Message) {
	project := advice.Project{Root: c.opts.Root}
	from := c.abs(f.Location.Path)
	if f.Location.Path == "" {
		from = c.abs("entry") // as a file in the project's folder
	}
	if spec := unresolved(m.Text); spec != "" {
		if len(m.Notes) == 0 || !isBare(spec) || !strings.Contains(f.Hint, "package.json") {
			f.Hint = project.Script(spec, from) // esbuild's is to mark it external, which no page could load
		}
		return
	}
	if read := cannotRead.FindStringSubmatch(m.Text); read != nil {
		c.adviseUnread(f, project, read[1], read[2])
	}
	if base := noBase.FindStringSubmatch(m.Text); base != nil {
		f.Hint = project.Script(base[1], from)
	}
	if ext := noLoader.FindStringSubmatch(m.Text); ext != nil {
		f.Hint = fmt.Sprintf("write loaders: { %q: file } under build in checkout-deploy.yml to get its URL, or text, json, dataurl", ext[1])
	}
	if of := noExport.FindStringSubmatch(m.Text); of != nil && f.Hint == "" {
		f.Hint = c.exportMeant(of[1], of[2])
	}
	inPackage := strings.Contains("/"+f.Location.Path, "/node_modules/")
	switch {
	case f.Hint != "":
	case inPackage && filepath.Base(f.Location.Path) == "package.json":
		f.Hint = "an installed package is broken: remove node_modules and install again"
	case strings.HasPrefix(m.Text, `Expected ">" but found`) && strings.HasSuffix(f.Location.Path, "ts"):
		f.Hint = "is it JSX? Then the file's extension has to be .tsx"
	case strings.HasPrefix(m.Text, `Unexpected "\xff"`), strings.HasPrefix(m.Text, `Unexpected "\xfe"`):
		f.Hint = "the file looks like UTF-16: save it as UTF-8"
	}
}

// adviseUnread is about a file that was found, and could not be read: mostly one
// whose name differs in case.
func (c *compilation) adviseUnread(f *finding.Finding, project advice.Project, file, why string) {
	name := file
	if filepath.IsAbs(file) {
		name = c.rel(file)
	}
	if why != "" {
		f.Message = fmt.Sprintf("could not read %q: %s", name, why)
		f.Hint = "look at the file's owner and mode, and those of its folder"
		return
	}
	f.Message = fmt.Sprintf("could not read %q: there is no such file", name)
	f.Hint = project.Script("./"+filepath.Base(file), filepath.Join(filepath.Dir(c.abs(file)), "importer"))
}

var (
	exported = regexp.MustCompile(`(?m)\bexport\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:const|let|var|function\s*\*?|class|enum|namespace)\s+([\w$]+)`)
	listed   = regexp.MustCompile(`\bexport\s*\{([^}]*)\}`)
	lastWord = regexp.MustCompile(`([\w$]+)\s*$`)
)

// exportMeant finds the export that was probably meant.
func (c *compilation) exportMeant(file, name string) string {
	text, err := os.ReadFile(c.abs(file))
	if err != nil || strings.Contains(string(text), "export *") {
		return "" // or it may be elsewhere
	}
	var names []string
	for _, m := range exported.FindAllSubmatch(text, -1) {
		names = append(names, string(m[1]))
	}
	for _, m := range listed.FindAllSubmatch(text, -1) {
		for part := range strings.SplitSeq(string(m[1]), ",") {
			if word := lastWord.FindString(part); word != "" {
				names = append(names, strings.TrimSpace(word))
			}
		}
	}
	slices.Sort(names)
	if meant := spell.Nearest(name, names); meant != "" {
		return fmt.Sprintf("did you mean %q?", meant)
	}
	if len(names) == 0 {
		return "it exports nothing"
	}
	return "it exports " + strings.Join(names[:min(len(names), 12)], ", ")
}

// styleErrors is what is wrong with the styles seen so far, nil for nothing. What
// is no fault of theirs, such as a Sass that ended, is told elsewhere.
func (c *compilation) styleErrors(ctx context.Context) error {
	var errs []error
	var sheets []*style.Sheet
	for _, key := range c.sources.styleFiles() {
		sheet, err := c.opts.Styles.Compile(ctx, c.abs(key))
		if err != nil {
			errs = append(errs, sourceError(err))
			continue
		}
		sheets = append(sheets, sheet)
	}
	if len(sheets) > 0 {
		_, err := c.opts.Styles.Bundle(ctx, sheets, style.BundleOptions{Name: "styles"})
		errs = append(errs, sourceError(err))
	}
	var found *SourceError
	if errors.As(JoinErrors(errs...), &found) {
		return found
	}
	return nil
}

// sourceError makes a SourceError of an error that is made of findings.
func sourceError(err error) error {
	var of interface{ Unwrap() []error }
	var reporter finding.Reporter
	switch {
	case errors.As(err, &of):
		var all []error
		for _, one := range of.Unwrap() {
			all = append(all, sourceError(one))
		}
		return JoinErrors(all...)
	case errors.As(err, &reporter):
		return newSourceError(reporter.Findings(), 0)
	}
	return err
}
