package rules_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "github.com/org/checkout-deploy"

// rooms gives every package its place. What lies below a room's folder and has
// no row of its own belongs to the room. A new package gets its row first.
var rooms = map[string]room{
	"cmd":               {floor: command, edge: true},
	"internal/generate": {floor: command, edge: true},

	"internal/app/house":       {floor: directory},
	"internal/app/buildbundle": {floor: useCase},
	"internal/app/deploy":      {floor: useCase},
	"internal/app/pipeline":    {floor: useCase},
	"internal/app/qualitygate": {floor: useCase},
	"internal/app/rollback":    {floor: useCase},
	"internal/app/scanimage":   {floor: useCase},
	"internal/app/srimanifest": {floor: useCase},
	"internal/app/starter":     {floor: useCase},
	"internal/app/verify":      {floor: useCase},
	"internal/app/handover":    {floor: shared},
	"internal/app/place":       {floor: shared},
	"internal/app/signing":     {floor: shared, may: []string{"internal/app/place"}},
	"internal/app/site":        {floor: shared, may: []string{"internal/app/place", "internal/app/signing"}},

	"internal/action":        {floor: capability, edge: true},
	"internal/artifact":      {floor: capability},
	"internal/browser":       {floor: capability},
	"internal/bundle":        {floor: capability},
	"internal/channel":       {floor: capability},
	"internal/compress":      {floor: capability},
	"internal/config":        {floor: capability},
	"internal/devserver":     {floor: capability},
	"internal/flag":          {floor: capability},
	"internal/evidence":      {floor: capability},
	"internal/gate":          {floor: capability, pure: true},
	"internal/gh":            {floor: capability},
	"internal/health":        {floor: capability},
	"internal/image":         {floor: capability},
	"internal/integrity":     {floor: capability},
	"internal/inventory":     {floor: capability},
	"internal/live":          {floor: capability},
	"internal/plan":          {floor: capability, pure: true, may: []string{"internal/target"}},
	"internal/report":        {floor: capability},
	"internal/reproduce":     {floor: capability},
	"internal/rollout":       {floor: capability, may: []string{"internal/plan", "internal/target"}},
	"internal/scan":          {floor: capability},
	"internal/scan/advice":   {floor: capability, pure: true, may: []string{"internal/scan"}},
	"internal/sign":          {floor: capability},
	"internal/store":         {floor: capability},
	"internal/target":        {floor: capability},
	"internal/target/static": {floor: capability, may: []string{"internal/channel", "internal/store", "internal/target"}},
	"internal/watch":         {floor: capability},

	"internal/composition": {floor: leaf},
	"internal/finding":     {floor: leaf},
	"internal/golden":      {floor: leaf, edge: true},
	"internal/release":     {floor: leaf},
	"internal/spell":       {floor: leaf},
	"internal/timing":      {floor: leaf},

	"bench":                    {floor: trial, edge: true},
	"docs":                     {floor: trial},
	"examples":                 {floor: trial, edge: true},
	"internal/bundle/difftest": {floor: trial},
	"internal/e2e":             {floor: trial, edge: true},
	"internal/integrity/trial": {floor: trial},
	"internal/rollout/trial":   {floor: trial},
	"internal/scan/trial":      {floor: trial, edge: true},
	"internal/rules":           {floor: trial},
}

// homes has the libraries that one room alone talks to: there is one browser,
// one GitHub client, one bundler.
var homes = map[string]string{
	"github.com/andybalholm/brotli":         "internal/compress",
	"github.com/aquasecurity/trivy":         "internal/scan",
	"github.com/chromedp":                   "internal/browser",
	"github.com/evanw/esbuild":              "internal/bundle",
	"github.com/fsnotify/fsnotify":          "internal/watch",
	"github.com/google/go-github":           "internal/gh",
	"github.com/hashicorp/vault":            "internal/sign",
	"gocloud.dev":                           "internal/store",
	"github.com/sethvargo/go-githubactions": "internal/action",
	"github.com/sigstore":                   "internal/sign",
}

func TestImports(t *testing.T) {
	pkgs, err := read(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	// Walking the wrong folder finds nothing wrong either.
	if !slices.ContainsFunc(pkgs, func(p pkg) bool { return p.path == "internal/app/buildbundle" && len(p.imports) > 0 }) {
		t.Fatalf("got %d packages without internal/app/buildbundle", len(pkgs))
	}
	for _, problem := range check(pkgs) {
		t.Error(problem)
	}
}

// Each row's file is all that stands between an empty house and the problem.
func TestImportsRefused(t *testing.T) {
	own := func(path string) string { return module + "/" + path }
	for _, test := range []struct{ name, file, imported, want string }{
		{
			"a use case imports a command", "internal/app/deploy/a.go", own("cmd/deploy"),
			"internal/app/deploy imports cmd/deploy: imports point down, cmd → app → {action, config, capabilities} → leaves",
		},
		{
			"a capability imports a use case", "internal/bundle/a.go", own("internal/app/deploy"),
			"internal/bundle imports internal/app/deploy: imports point down, cmd → app → {action, config, capabilities} → leaves",
		},
		{
			"a capability's inner package imports a use case", "internal/bundle/link/a.go", own("internal/app/deploy"),
			"internal/bundle/link imports internal/app/deploy: imports point down, cmd → app → {action, config, capabilities} → leaves",
		},
		{
			"a capability imports another", "internal/bundle/link/a.go", own("internal/integrity"),
			"internal/bundle/link imports internal/integrity: a capability does not import another; declare a small interface and let app pass it in",
		},
		{
			"a capability imports GitHub's client", "internal/rollout/a.go", own("internal/gh"),
			"internal/rollout imports internal/gh: a capability does not import another; declare a small interface and let app pass it in",
		},
		{
			"a capability imports the configuration", "internal/bundle/a.go", own("internal/config"),
			"internal/bundle imports internal/config: a capability does not import another; declare a small interface and let app pass it in",
		},
		{
			"a capability imports the runner's edge", "internal/bundle/a.go", own("internal/action"),
			"internal/bundle imports internal/action: a capability does not import another; declare a small interface and let app pass it in",
		},
		{
			"the runner's edge imports a capability", "internal/action/a.go", own("internal/report"),
			"internal/action imports internal/report: a capability does not import another; declare a small interface and let app pass it in",
		},
		{
			"a target imports a store", "internal/target/kube/a.go", own("internal/store"),
			"internal/target/kube imports internal/store: a capability does not import another; declare a small interface and let app pass it in",
		},
		{
			"the static target imports a third", "internal/target/static/a.go", own("internal/sign"),
			"internal/target/static imports internal/sign: a capability does not import another; declare a small interface and let app pass it in",
		},
		{
			"a use case imports another", "internal/app/deploy/a.go", own("internal/app/rollback"),
			"internal/app/deploy imports internal/app/rollback: a use case does not import another; what both do is a package below them",
		},
		{
			"a use case imports the list of them", "internal/app/pipeline/a.go", own("internal/app/house"),
			"internal/app/pipeline imports internal/app/house: imports point down, cmd → app → {action, config, capabilities} → leaves",
		},
		{
			"what several do imports one of them", "internal/app/handover/a.go", own("internal/app/deploy"),
			"internal/app/handover imports internal/app/deploy: imports point down, cmd → app → {action, config, capabilities} → leaves",
		},
		{
			"a leaf imports a leaf", "internal/release/a.go", own("internal/finding"),
			"internal/release imports internal/finding: a leaf uses the standard library only",
		},
		{
			"a leaf imports a library", "internal/finding/a.go", "golang.org/x/sys/unix",
			"internal/finding imports golang.org/x/sys/unix: a leaf uses the standard library only",
		},
		{
			"a leaf imports cgo", "internal/finding/a.go", "C",
			"internal/finding imports C: everything is built without cgo",
		},
		{
			"plan opens files", "internal/plan/a.go", "os",
			"internal/plan imports os: it does no I/O; take a value or an io.Reader",
		},
		{
			"gate asks a server", "internal/gate/a.go", "net/http",
			"internal/gate imports net/http: it does no I/O; take a value or an io.Reader",
		},
		{
			"plan imports a library", "internal/plan/a.go", "golang.org/x/sync/errgroup",
			"internal/plan imports golang.org/x/sync/errgroup: it does no I/O, and a library's can't be seen here; use the standard library",
		},
		{
			"signals inside", "internal/rollout/a.go", "os/signal",
			"internal/rollout imports os/signal: the process belongs to internal/action and cmd",
		},
		{
			"flags inside", "internal/app/deploy/a.go", "flag",
			"internal/app/deploy imports flag: the process belongs to internal/action and cmd",
		},
		{
			"a second GitHub client", "internal/health/a.go", "github.com/google/go-github/v60/github",
			"internal/health imports github.com/google/go-github/v60/github: internal/gh alone does, for all",
		},
		{
			"a use case imports a library that has a home", "internal/app/deploy/a.go", "github.com/chromedp/chromedp",
			"internal/app/deploy imports github.com/chromedp/chromedp: internal/browser alone does, for all",
		},
		{
			"the product imports a test's harness", "internal/app/deploy/a.go", own("internal/bundle/difftest"),
			"internal/app/deploy imports internal/bundle/difftest: imports point down, cmd → app → {action, config, capabilities} → leaves",
		},
		{
			"a capability imports its own harness", "internal/bundle/a.go", own("internal/bundle/difftest"),
			"internal/bundle imports internal/bundle/difftest: imports point down, cmd → app → {action, config, capabilities} → leaves",
		},
		{
			"a capability's test imports another", "internal/sign/a_test.go", own("internal/bundle"),
			"internal/sign (test) imports internal/bundle: a capability does not import another; declare a small interface and let app pass it in",
		},
		{
			"a command imports another's package", "cmd/deploy/a.go", own("bench"),
			"cmd/deploy imports bench: imports point down, cmd → app → {action, config, capabilities} → leaves",
		},
		{
			"a file for another system", "internal/release/a_windows.go", own("internal/app/deploy"),
			"internal/release imports internal/app/deploy: a leaf uses the standard library only",
		},
		{
			"no room", "internal/novelty/a.go", "fmt",
			"internal/novelty has no room: give it a row in internal/rules",
		},
		{
			"a use case without a room", "internal/app/novelty/a.go", "fmt",
			"internal/app/novelty has no room: give it a row in internal/rules",
		},
		{
			"a name that begins like a room's", "internal/bundler/a.go", "fmt",
			"internal/bundler has no room: give it a row in internal/rules",
		},
		{
			"a package for everything", "internal/sign/util/a.go", "fmt",
			`internal/sign/util: got the name "util"; name a package for what it knows`,
		},
		{
			"a folder hides the name", "internal/sign/keys/a.go:helpers", "fmt",
			`internal/sign/keys: got the name "helpers"; name a package for what it knows`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := problems(t, test.file, test.imported); !slices.Equal(got, []string{test.want}) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), test.want)
			}
		})
	}
}

func TestImportsAllowed(t *testing.T) {
	own := func(path string) string { return module + "/" + path }
	for _, test := range []struct{ name, file, imported string }{
		{"a command its use case", "cmd/deploy/a.go", own("internal/app/deploy")},
		{"a command the runner's edge", "cmd/deploy/a.go", own("internal/action")},
		{"a command signals", "cmd/deploy/a.go", "os/signal"},
		{"a use case a capability's inner package", "internal/app/deploy/a.go", own("internal/bundle/link")},
		{"a use case the runner's edge", "internal/app/deploy/a.go", own("internal/action")},
		{"a use case what several do", "internal/app/deploy/a.go", own("internal/app/handover")},
		{"what several do a capability", "internal/app/handover/a.go", own("internal/artifact")},
		{"the list of actions a use case", "internal/app/house/a.go", own("internal/app/deploy")},
		{"the generator the list of actions", "internal/generate/a.go", own("internal/app/house")},
		{"a capability its inner package", "internal/bundle/a.go", own("internal/bundle/link")},
		{"an inner package its capability", "internal/store/dir/a.go", own("internal/store")},
		{"a capability a leaf", "internal/gate/a.go", own("internal/finding")},
		{"the static target the channel", "internal/target/static/a.go", own("internal/channel")},
		{"GitHub's client its library", "internal/gh/a.go", "github.com/google/go-github/v60/github"},
		{"a test the browser", "internal/report/a_test.go", own("internal/browser")},
		{"a leaf's test golden files", "internal/finding/a_test.go", own("internal/golden")},
		{"a leaf's test a library", "internal/finding/a_test.go", "github.com/santhosh-tekuri/jsonschema/v6"},
		{"a pure package's test files", "internal/plan/a_test.go", "os"},
		{"a pure package addresses", "internal/gate/a.go", "net/url"},
		{"a harness the library it compares with", "internal/bundle/difftest/a.go", "github.com/chromedp/chromedp"},
		{"examples what they like", "examples/serve/a.go", own("internal/browser")},
		{"test data anything", "internal/release/testdata/util/a.go", own("cmd/deploy")},
		{"npm's packages anything", "examples/checkout/node_modules/x/util/a.go", own("cmd/deploy")},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := problems(t, test.file, test.imported); len(got) > 0 {
				t.Errorf("got %q", got)
			}
		})
	}
}

// problems are those of a tree of one file. The file's name may end with
// :<package>; else the package has its folder's name.
func problems(t *testing.T, file, imported string) []string {
	t.Helper()
	file, name, given := strings.Cut(file, ":")
	if !given {
		parts := strings.Split(file, "/")
		name = parts[len(parts)-2]
	}
	pkgs, err := read(fstest.MapFS{file: {Data: []byte("package " + name + "\n\nimport _ \"" + imported + "\"\n")}})
	if err != nil {
		t.Fatal(err)
	}
	return check(pkgs)
}
