//go:build e2e

package e2e

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// hostile are texts that try to be more than text. Each command they forge is
// about "forged". No text has "${{": act evaluates inputs twice.
var hostile = []string{
	"x\n::error::forged\n::set-output name=release::forged\n::add-mask::forged\n::add-path::forged\n::set-env name=forged::forged\n::stop-commands::forged",
	"x\r::error::forged\r\n::add-mask::forged\r\n::warning::forged",
	"x%0A::add-mask::forged%0D%0A::error::forged,title=forged,file=forged::forged",
	"x\nrelease=forged\nEOF\nrelease<<EOF\nforged\nEOF\nghadelimiter_\n_GitHubActionsFileCommandDelimeter_\nrelease=forged",
	"'\"$(touch forged)`touch forged`;touch forged|touch forged&&touch forged $INPUT_CONFIG %INPUT_CONFIG% {{7+7}}",
	"##[error]forged ##[set-output name=release;]forged ##[add-mask]forged",
	"<script>forged(1)<img src=x onerror=forged(1)>| a | b |\n## forged\n[x](javascript:forged)",
	"x\u2028::error::forged\u0085::error::forged\u202e\x1b[2J\x1b]0;forged\a",
}

// branch is hostile too, as far as Git has such a name.
const hostileBranch = "x%0A%0Aadd-mask$(touch${IFS}forged)`id`<script>|forged"

func TestHostileTextForgesNothing(t *testing.T) {
	files := map[string]string{}
	for i, text := range hostile {
		name, err := json.Marshal("./" + text)
		if err != nil {
			t.Fatal(err)
		}
		for folder, module := range map[string]string{
			text: "export const title = 'Checkout';", "good-" + strconv.Itoa(i): "export const title = 'Checkout';", "bad-" + strconv.Itoa(i): "export const = 1;",
		} {
			files[folder+"/package.json"] = `{"name":"shop"}`
			files[folder+"/src/index.ts"] = "import { title } from " + string(name) + ";\ndocument.title = title;\n"
			files[folder+"/src/"+text+".ts"] = module
		}
	}
	event, err := json.Marshal(map[string]any{
		"texts": hostile,
		"pull_request": map[string]any{
			"number": 1, "title": hostile[0], "head": map[string]any{"ref": hostile[0] + hostileBranch}, "base": map[string]any{"ref": "main"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := workflow{file: "hostile.yml", branch: hostileBranch, event: string(event), files: files}.run(t)
	got.succeeded(t, "hostile")
	for i, text := range hostile {
		job := got.only(i)
		checkNamed(t, text, text+"/out-"+text, job.outputs("named"))
		checkNamed(t, "", "good-"+strconv.Itoa(i)+"/dist", job.outputs("built"))
		for _, step := range []string{"named", "built", "source", "inputs", "branch"} {
			checkNothingForged(t, text, job.of(step))
		}
		for _, step := range []string{"source", "inputs", "branch"} {
			if len(job.outputs(step)) != 0 || job.errors(step) == "" {
				t.Errorf("%q: step %s: got the outputs %q, and the errors %q", text, step, job.outputs(step), job.errors(step))
			}
		}
		// The one has the text in its folder's name, the other in a file's.
		if isPath(text) && !job.summarised("named") || !job.summarised("built") {
			t.Errorf("%q: got no summary", text)
		}
		if !job.says("after", "seen: forged") {
			t.Errorf("%q: a mask was forged", text)
		}
	}
}

// isPath says whether a text may be an input that is a path.
func isPath(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' })
}

// checkNamed wants the outputs of a release in dist; none if text, an input, has
// control characters.
func checkNamed(t *testing.T, text, dist string, outputs map[string]string) {
	t.Helper()
	want := map[string]string{"dist": dist, "release": outputs["release"], "release-file": dist + "/release.json"}
	if !isPath(text) {
		want = map[string]string{}
	}
	if !maps.Equal(outputs, want) || len(want) > 0 && len(outputs["release"]) != 64 {
		t.Errorf("%q: got the outputs %q, want %q", text, outputs, want)
	}
}

// told are the commands that an action gives a runner.
var told = []string{"", "add-mask", "endgroup", "error", "group", "notice", "set-output", "summary", "warning"}

func checkNothingForged(t *testing.T, text string, lines []line) {
	t.Helper()
	for _, l := range lines {
		forged := l.Name == "forged" || strings.HasPrefix(l.Argument, "forged") || !slices.Contains(told, l.Command)
		for name, value := range l.Pairs {
			forged = forged || name == "forged" || value == "forged"
		}
		if forged {
			t.Errorf("%q forged the command %q: %q", text, l.Command, l.Message)
		}
		// What act took for text. GitHub's runner takes more for commands:
		// behind white space, and "##[" anywhere.
		if l.Raw && (strings.HasPrefix(strings.TrimSpace(l.Message), "::") || strings.Contains(l.Message, "##[") || strings.ContainsAny(l.Message, "\r\x1b\u202e")) {
			t.Errorf("%q: got the line %q in the log", text, l.Message)
		}
		if l.Command == "summary" && (strings.Contains(l.Content, "<script") || strings.Contains(l.Content, "<img") || strings.Contains(l.Content, "\n## forged")) {
			t.Errorf("%q forged a summary: %s", text, l.Content)
		}
	}
}

// only is what one job of a matrix logged.
func (o outcome) only(text int) outcome {
	job := outcome{code: o.code}
	for _, l := range o.lines {
		if string(l.Matrix["text"]) == strconv.Itoa(text) {
			job.lines = append(job.lines, l)
		}
	}
	return job
}

// summarised tells whether a step wrote a summary of a release.
func (o outcome) summarised(step string) bool {
	return slices.ContainsFunc(o.of(step), func(l line) bool {
		return l.Command == "summary" && strings.Contains(l.Content, "First load of each entry")
	})
}

// says tells whether a step wrote a line.
func (o outcome) says(step, text string) bool {
	return slices.ContainsFunc(o.of(step), func(l line) bool { return l.Raw && strings.TrimSpace(l.Message) == text })
}

// The runner's files as they are, without act's reading of them.
func TestHostileTextInCommandFiles(t *testing.T) {
	for _, text := range hostile {
		s := newStep(t, map[string]string{"package.json": "{}", "src/index.ts": "document.title = 'Checkout';"})
		s.inputs["outdir"] = text
		if got := s.run(t); (got.code == 0) != isPath(text) {
			t.Errorf("%q: got code %d, %s%s", text, got.code, got.stdout, got.stderr)
		}
		outputs := map[string]string{}
		if file := read(t, s.files, "output"); file != "" {
			outputs = outputsOf(t, file)
		}
		checkNamed(t, text, text, outputs)
		for _, file := range []string{"env", "path"} {
			if content := read(t, s.files, file); content != "" {
				t.Errorf("%q: got %q in the file %s, want nothing", text, content, file)
			}
		}
		checkOwners(t, s.workspace)
	}
}
