//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// workflow is a run of one of testdata/workflows under act: jobs on this
// machine, container actions in the engine, artifacts in act's own server.
type workflow struct {
	file   string            // in testdata/workflows, unless text is given
	text   string            // of the workflow
	branch string            // that is pushed
	event  string            // the payload, JSON
	files  map[string]string // of the repository, besides the workflow and the actions
	env    []string          // for the workflow, NAME=value
	// trigger is the event's name; "" is push, or pull_request where the payload has one.
	trigger string
	token   string // of the job, "" for none
	secrets map[string]string
	tools   string // a folder of programs that the jobs find first; may be ""
	trusted string // the file of certificates that containers trust; "" for their own
}

// line is one of act's log, as far as it matters here.
type line struct {
	Job     string   `json:"jobID"`
	Level   string   `json:"level"`
	Message string   `json:"msg"`
	Raw     bool     `json:"raw_output"` // a step wrote it
	Result  string   `json:"jobResult"`
	StepIDs []string `json:"stepID"`
	// What a step told the runner, by its log or its files.
	Command  string                     `json:"command"`
	Name     string                     `json:"name"`
	Argument string                     `json:"arg"`
	Pairs    map[string]string          `json:"kvPairs"`
	Line     string                     `json:"raw"` // of the log, if the command was there
	Content  string                     `json:"content"`
	Matrix   map[string]json.RawMessage `json:"matrix"`
}

// outcome is what act saw.
type outcome struct {
	code      int
	lines     []line
	artifacts string // the artifact server's folder
}

func (w workflow) run(t *testing.T) outcome {
	t.Helper()
	act := os.Getenv("ACT")
	if act == "" {
		t.Fatal("got no ACT, want the path of nektos/act; make e2e builds it")
	}
	home := t.TempDir()
	cache := filepath.Join(home, "act")
	if err := os.Mkdir(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	event := filepath.Join(home, "event.json")
	write(t, home, map[string]string{"event.json": cmp.Or(w.event, "{}")})
	out := outcome{artifacts: filepath.Join(home, "artifacts")}
	args := []string{
		"push", "--json", "--no-skip-checkout", "--eventpath", event, "--platform", "ubuntu-latest=-self-hosted", "--pull=false", "--no-cache-server",
		"--local-repository", "org/checkout-deploy@v1=" + actions(t),
		"--artifact-server-path", out.artifacts, "--artifact-server-port", freePort(t),
		// A job on this machine names its files by this machine's paths, which
		// have to be the same in the container.
		"--container-options", "-v " + cache + ":" + cache + w.mounts(),
	}
	args = append(args, standInFlags(t)...)
	if w.token != "" {
		args = append(args, "--secret", "GITHUB_TOKEN="+w.token)
	}
	for name, value := range w.secrets {
		args = append(args, "--secret", name+"="+value)
	}
	if strings.Contains(w.event, "pull_request") {
		args[0] = "pull_request"
	}
	args[0] = cmp.Or(w.trigger, args[0])
	repo := w.repository(t)
	for _, pair := range append(w.env, "REPOSITORY="+repo) {
		args = append(args, "--env", pair)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), act, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = repo, &stdout, &stderr
	cmd.Env = environment(home)
	if w.tools != "" {
		cmd.Env = append(cmd.Env, "PATH="+w.tools+":"+os.Getenv("PATH"))
	}
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatalf("running %s: %v", act, err)
	}
	out.code, out.lines = cmd.ProcessState.ExitCode(), parse(t, stdout.Bytes())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("act's log:\n%s%s", out.log(), stderr.String())
		}
	})
	return out
}

func (w workflow) mounts() string {
	if w.trusted == "" {
		return ""
	}
	return " -v " + w.trusted + ":/etc/ssl/certs/ca-certificates.crt:ro"
}

// environment is what act passes on to every step: not all of this process's.
func environment(home string) []string {
	real, _ := os.UserHomeDir()
	env := []string{"HOME=" + home, "XDG_CACHE_HOME=" + home, "XDG_CONFIG_HOME=" + home, "npm_config_cache=" + filepath.Join(real, ".npm")}
	for _, name := range []string{"PATH", "LANG", "DOCKER_HOST", "NODE_EXTRA_CA_CERTS"} {
		if value := os.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	err = errors.Join(err, listener.Close())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// repository is the Git repository of the project that has the workflow.
func (w workflow) repository(t *testing.T) string {
	t.Helper()
	repo := t.TempDir()
	write(t, repo, w.files)
	write(t, repo, map[string]string{".github/workflows/" + w.file: w.source(t)})
	git := func(args ...string) {
		command(t, repo, "git", append([]string{"-c", "user.name=e2e", "-c", "user.email=e2e@example.com", "-c", "core.hooksPath=/dev/null"}, args...)...)
	}
	git("init", "-q", "-b", cmp.Or(w.branch, "main"))
	git("add", "-A")
	git("commit", "-q", "-m", "The project")
	git("remote", "add", "origin", "https://github.com/example/shop")
	return repo
}

func (w workflow) source(t *testing.T) string {
	t.Helper()
	if w.text != "" {
		return w.text
	}
	return read(t, "testdata", "workflows", w.file)
}

// standIns are folders in place of GitHub's own actions, which no test here can
// fetch: checkout copies the repository, Node is this machine's, and what only caches
// or logs in does nothing.
var standIns = map[string]string{
	"actions/checkout@v4":        "steps: [{ shell: bash, run: 'cp -a \"$REPOSITORY\"/. .' }]",
	"actions/upload-artifact@v4": "steps: [{ shell: bash, run: 'exit 1' }]",
	"actions/setup-node@v4":      "steps: [{ shell: bash, run: node --version }]",
	"actions/cache@v4":           "steps: [{ shell: bash, run: 'true' }]",

	"docker/setup-buildx-action@v3": "steps: [{ shell: bash, run: 'true' }]",
	"docker/login-action@v3":        "steps: [{ shell: bash, run: 'true' }]",
	// What builds and pushes is the test's, at $BUILDER.
	"docker/build-push-action@v6": `steps:
    - id: push
      shell: bash
      env: { TAGS: "${{ inputs.tags }}", OUTPUTS: "${{ inputs.outputs }}" }
      run: |
        digest=$(curl --silent --show-error --fail-with-body --data-urlencode "tags=$TAGS" --data-urlencode "outputs=$OUTPUTS" "$BUILDER")
        echo "digest=$digest" >> "$GITHUB_OUTPUT"
inputs: { context: {}, tags: {}, outputs: {} }
outputs: { digest: { value: "${{ steps.push.outputs.digest }}" } }`,
}

func standInFlags(t *testing.T) (flags []string) {
	t.Helper()
	for name, steps := range standIns {
		folder := t.TempDir()
		write(t, folder, map[string]string{"action.yml": "name: stand-in\ndescription: stand-in\nruns:\n  using: composite\n  " + steps + "\n"})
		flags = append(flags, "--local-repository", name+"="+folder)
	}
	return flags
}

var imageLine = regexp.MustCompile(`(?m)^(  image: ).*$`)

// actions is a folder that stands in for org/checkout-deploy at a release: the
// project's action.yml files, which name the images under test.
func actions(t *testing.T) string {
	t.Helper()
	released := t.TempDir()
	for file, image := range map[string]string{"action.yml": checkoutDeploy, "actions/build-bundle/action.yml": buildBundle, "actions/sri-manifest/action.yml": sriManifest, "actions/scan-image/action.yml": scanImage, "actions/deploy/action.yml": deployImage, "actions/rollback/action.yml": rollbackImage} {
		text := read(t, repository(t), file)
		if len(imageLine.FindAllString(text, -1)) != 1 {
			t.Fatalf("got no single image in %s:\n%s", file, text)
		}
		// A release's tree has the actions at its root too.
		text = imageLine.ReplaceAllString(text, "${1}docker://"+image)
		write(t, released, map[string]string{file: text, strings.TrimPrefix(file, "actions/"): text})
	}
	return released
}

func parse(t *testing.T, log []byte) (lines []line) {
	t.Helper()
	scanner := bufio.NewScanner(bytes.NewReader(log))
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		var l line
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil {
			continue // what act prints before it logs
		}
		lines = append(lines, l.asRunner())
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// asRunner reads a command of the log again: act takes the last "::" of the line
// for the end of its properties, GitHub's runner the first (ActionCommand.cs).
func (l line) asRunner() line {
	properties, argument, ok := strings.Cut(strings.TrimPrefix(l.Line, "::"), "::")
	if !ok || !strings.HasPrefix(l.Line, "::") {
		return l
	}
	l.Command, properties, _ = strings.Cut(properties, " ")
	l.Argument, l.Pairs = unescape(argument), map[string]string{}
	for _, property := range strings.Split(properties, ",") {
		if name, value, ok := strings.Cut(property, "="); ok {
			l.Pairs[name] = unescape(value)
		}
	}
	return l
}

func unescape(text string) string {
	return strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%").Replace(strings.TrimRight(text, "\r\n"))
}

func (o outcome) log() string {
	var b strings.Builder
	for _, l := range o.lines {
		b.WriteString(l.Job + " | " + strings.TrimSuffix(l.Message, "\n") + "\n")
	}
	return b.String()
}

// succeeded wants jobs to have succeeded, and no other to have run.
func (o outcome) succeeded(t *testing.T, jobs ...string) {
	t.Helper()
	var got []string
	for _, l := range o.lines {
		if l.Result == "success" {
			got = append(got, l.Job)
		}
	}
	if slices.Sort(got); o.code != 0 || !slices.Equal(slices.Compact(got), jobs) {
		t.Fatalf("got code %d and success of %q, want success of %q", o.code, got, jobs)
	}
}

// results are how jobs ended.
func (o outcome) results() map[string]string {
	all := map[string]string{}
	for _, l := range o.lines {
		if l.Result != "" {
			all[l.Job] = l.Result
		}
	}
	return all
}

// of are the lines of a step.
func (o outcome) of(step string) (lines []line) {
	for _, l := range o.lines {
		if slices.Contains(l.StepIDs, step) {
			lines = append(lines, l)
		}
	}
	return lines
}

// outputs of a step, as act understood them.
func (o outcome) outputs(step string) map[string]string {
	all := map[string]string{}
	for _, l := range o.of(step) {
		if l.Command == "set-output" {
			all[l.Name] = l.Argument
		}
	}
	return all
}

// errors are a step's error annotations.
func (o outcome) errors(step string) string {
	var all strings.Builder
	for _, l := range o.of(step) {
		if l.Command == "error" {
			all.WriteString(l.Argument + "\n")
		}
	}
	return all.String()
}
