package starter

import (
	"errors"
	"fmt"
	"slices"

	"github.com/org/checkout-deploy/internal/app/starter/script"
	"github.com/org/checkout-deploy/internal/config"
)

// plan is a configuration that is being put together.
type plan struct {
	source    string // what it is read from
	build     settings
	env       []string
	passes    []*pass
	found     []string
	questions []string
	remarks   []string
}

// pass is one of build.passes.
type pass struct {
	settings
	name    string
	entries pairs
	// outputs are the manifests that the pass writes, as absolute paths that may
	// have holes.
	outputs []string
}

// setting is a key with its value (of render.go's kinds) and its source.
type setting struct {
	key   string
	value any
	from  string
}

type settings []setting

func (s settings) get(key string) any {
	for _, one := range s {
		if one.key == key {
			return one.value
		}
	}
	return nil
}

// foundf and askf note what to tell.
func (p *plan) foundf(format string, args ...any) {
	if s := fmt.Sprintf(format, args...); !slices.Contains(p.found, s) {
		p.found = append(p.found, s)
	}
}

func (p *plan) askf(at script.Pos, format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	if at.File != "" {
		s = at.String() + ": " + s
	}
	if !slices.Contains(p.questions, s) {
		p.questions = append(p.questions, s)
	}
}

// put adds a setting, unless the reader would refuse it: then it is asked for.
func (p *plan) put(to *settings, key string, value any, at script.Pos) bool {
	probe := plan{
		source: p.source, env: p.env, build: settings{{key: key, value: value}},
		passes: []*pass{{name: "app", entries: pairs{{"index", "src/index.ts"}}}},
	}
	if err := probe.check(); err != nil {
		if m, ok := value.(pairs); ok && len(m) == 1 {
			key += " " + m[0].key
		}
		p.askf(at, "%s is left out: %s", key, err)
		return false
	}
	*to = append(*to, setting{key, value, at.String()})
	return true
}

// check says what the reader has against the plan; nil for nothing.
func (p *plan) check() error {
	_, err := config.Parse(config.Names[0], p.render(), noFiles{}, anyVariable)
	var e *config.Error
	if errors.As(err, &e) {
		return fmt.Errorf("%s", e.Problems[0].Message)
	}
	return err
}

// share moves what all passes say alike to build, which says it once.
func (p *plan) share() {
	if len(p.passes) < 2 {
		return
	}
	for _, one := range slices.Clone(p.passes[0].settings) {
		if one.key == "library" || one.key == "define" {
			continue
		}
		same := true
		for _, other := range p.passes[1:] {
			same = same && flow(other.get(one.key)) == flow(one.value)
		}
		if !same {
			continue
		}
		p.build = append(p.build, one)
		for _, pass := range p.passes {
			pass.settings = slices.DeleteFunc(pass.settings, func(s setting) bool { return s.key == one.key })
		}
	}
}
