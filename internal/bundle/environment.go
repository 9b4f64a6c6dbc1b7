package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
)

const (
	metaEnvValue = "import.meta.env" // itself, see Value
	metaEnv      = metaEnvValue + "."
)

// nodeEnv is process.env.NODE_ENV.
func (o *Options) nodeEnv() string {
	if o.NodeEnv == "" {
		return "production"
	}
	return o.NodeEnv
}

// environment is what code may ask of how it is built, by the names of webpack
// and of Vite. MODE is NODE_ENV and not the profile: packages compare it with
// "production".
func (o *Options) environment() map[string]string {
	production := o.nodeEnv() == "production"
	return map[string]string{
		"process.env.NODE_ENV": quote(o.nodeEnv()),
		metaEnv + "MODE":       quote(o.nodeEnv()),
		metaEnv + "PROD":       fmt.Sprint(production),
		metaEnv + "DEV":        fmt.Sprint(!production),
		metaEnv + "SSR":        "false",
		metaEnvValue:           Value(metaEnvValue),
		"import.meta.hot":      "undefined",
	}
}

// conditions are those of package.json's "exports": webpack's and Vite's.
func (o *Options) conditions() []string {
	condition := "development"
	if o.nodeEnv() == "production" {
		condition = "production"
	}
	return append([]string{"module", condition}, o.Conditions...)
}

// metaEnvObject is import.meta.env where code takes it as a whole.
func metaEnvObject(defines map[string]string) string {
	members := map[string]json.RawMessage{}
	for name, value := range defines {
		if member, ok := strings.CutPrefix(name, metaEnv); ok && !strings.Contains(member, ".") && json.Valid([]byte(value)) {
			members[member] = json.RawMessage(value)
		}
	}
	text, err := json.Marshal(members)
	if err != nil {
		panic(err) // all of it is JSON
	}
	return string(text)
}

// envRead is a place where a source reads the environment.
type envRead struct {
	object, member string // as esbuild's output has them, if they are left
	finding.Finding
}

var (
	envMember    = regexp.MustCompile(`\b(process\.env|import\.meta\.env)(?:\.([A-Za-z_$][\w$]*)|\[["']([A-Za-z_$][\w$]*)["']\])`)
	processGuard = regexp.MustCompile(`\btypeof\s+process\b`)
)

// envReads finds them by their text: whether one is a comment, is replaced or
// can't run is seen by what is left of it, see unset.
func envReads(name string, data []byte) []envRead {
	guarded := processGuard.Match(data)
	var all []envRead
	for _, m := range envMember.FindAllSubmatchIndex(data, -1) {
		object, member := string(data[m[2]:m[3]]), string(data[max(m[4], m[6]):max(m[5], m[7])])
		read := envRead{object, member, finding.Finding{
			Rule: "build/env-unset", Severity: finding.Medium, Location: placeOf(name, data, m[0], m[1]),
			Message: fmt.Sprintf("nothing sets process.env.%s, and a page has no process: reading it throws", member),
			Hint:    fmt.Sprintf("write `expose: [%s]` under `build` in checkout-deploy.yml to take it from the environment, or give it a value under `define`", member),
		}}
		switch {
		case object == metaEnvValue:
			read.object = Value(metaEnvValue)
			read.Message = fmt.Sprintf("nothing sets import.meta.env.%s: it is undefined", member)
		case guarded:
			continue
		}
		all = append(all, read)
	}
	return all
}

// placeOf is the place of data[start:end], which is of one line.
func placeOf(name string, data []byte, start, end int) finding.Location {
	lineStart := bytes.LastIndexByte(data[:start], '\n') + 1
	line := 1 + bytes.Count(data[:start], []byte("\n"))
	text := string(data[lineStart:end])
	return finding.Location{Path: name, Line: line, Column: 1 + units(text, start-lineStart), EndLine: line, EndColumn: 1 + units(text, end-lineStart)}
}

// unset returns the reads of the environment that are left in the output.
func (c *compilation) unset(out *compiled) []finding.Finding {
	var all []finding.Finding
	for _, chunk := range out.apart {
		for _, read := range c.sources.reads[chunk.Name] {
			if read.leftIn(chunk.Code) {
				all = append(all, read.Finding)
			}
		}
	}
	for name, o := range out.outputs() {
		for _, part := range o.Inputs {
			for _, read := range c.sources.reads[part.Module] {
				if read.leftIn(out.files[path.Base(name)]) {
					all = append(all, read.Finding)
				}
			}
		}
	}
	return all
}

// leftIn looks for the read, and not for the start of a longer name.
func (r *envRead) leftIn(code []byte) bool {
	if bytes.Contains(code, []byte(r.object+`["`+r.member+`"]`)) {
		return true
	}
	for found := true; found; {
		_, code, found = bytes.Cut(code, []byte(r.object+"."+r.member))
		if found && (len(code) == 0 || !isWord(code[0])) {
			return true
		}
	}
	return false
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
