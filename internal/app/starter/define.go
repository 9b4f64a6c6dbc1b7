package starter

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/app/starter/script"
)

// harmless are plugins whose work is done here too, or that change no output.
var harmless = regexp.MustCompile(`(?i)^(mini-?css-?extract|webpack-?assets-?manifest|webpack-?manifest|subresource-?integrity|clean-?webpack|clean|progress|stylelint(-webpack)?|eslint(-webpack)?|circular-?dependency|fork-?ts-?checker|speed-?measure|terser|css-?minimizer|bundle-?analyzer|hot-?module-?replacement|source-?map-?dev-?tool|case-?sensitive-?paths|tsconfig-?paths|bundle-?stats|webpack-?bar|no-?emit-?on-?errors|module-?concatenation|define|environment)(-?webpack)?(-?plugin)?$`)

// counterparts says what to do instead of a plugin.
var counterparts = map[string]string{
	"html":             "pages are not made; the manifest in the output folder names the files that a page loads",
	"copy":             "files are not copied; import what the release needs, or put it beside the output",
	"dotenv":           "variables are taken from the environment: list them in env and use { env: NAME } in define",
	"provide":          "globals are not provided; import them, or let the first module of an entry set them",
	"modulefederation": "module federation is not supported",
	"banner":           "comments are dropped, those of licences too; ship the notices beside the page",
	"compression":      "for compressed copies write precompress: [gzip, brotli] under build",
	"ignore":           "modules are not left out; lead a package's to an empty module by alias",
}

// plugins reads the plugins that have a counterpart, and asks about the others.
func (l *looker) plugins(p *pass, c *script.Object, name string) {
	list, ok := c.Get("plugins").(*script.List)
	if !ok {
		return
	}
	for _, item := range list.Items {
		switch i := item.(type) {
		case *script.Instance:
			l.plugin(p, i)
		case *script.Unknown:
			l.askf(i.Pos, "the plugin %s could not be read; plugins do not run here", i.What)
		}
	}
	defined, err := l.js.Within(list, "DefinePlugin")
	if err != nil {
		l.askf(script.Pos{File: name}, "what the plugins define was not followed to its end: %v", err)
	}
	for _, d := range defined {
		if len(d.Args) > 0 {
			l.defines(p, d.Args[0], d.Pos)
		}
	}
	if list.Open {
		l.askf(c.At("plugins"), "there are more plugins than could be read; look for defines among them")
	}
}

func (l *looker) plugin(p *pass, i *script.Instance) {
	class := strings.ToLower(i.Class)
	short := strings.NewReplacer("-", "", "plugin", "", "webpack", "").Replace(class)
	switch {
	case short == "assetsmanifest" || short == "manifest":
		l.manifest(p, i)
	case short == "environment":
		l.environment(p, i)
	case counterparts[short] != "":
		l.askf(i.Pos, "%s: %s", i.Class, counterparts[short])
	case !harmless.MatchString(i.Class) && i.Class != "":
		l.askf(i.Pos, "%s does not run here; see whether the page needs what it does", i.Class)
	}
}

// manifest notes the file that a pass's manifest is written to, for a later pass
// that reads it.
func (l *looker) manifest(p *pass, i *script.Instance) {
	options := script.Of()
	if len(i.Args) > 0 {
		options = object(i.Args[0])
	}
	for _, key := range []string{"output", "fileName"} {
		if s, ok := options.Get(key).(script.Text); ok {
			p.outputs = append(p.outputs, string(s))
		}
	}
	p.outputs = append(p.outputs, "assets-manifest.json", "manifest.json")
}

func (l *looker) environment(p *pass, i *script.Instance) {
	if len(i.Args) == 0 {
		return
	}
	var names []string
	switch v := i.Args[0].(type) {
	case *script.Object:
		names = v.Keys()
	case *script.List:
		for _, item := range v.Items {
			if s, ok := script.Known(item); ok {
				names = append(names, s)
			}
		}
	}
	for _, name := range names {
		l.define(p, "process.env."+name, &script.JSON{Value: &script.Env{Name: name, Pos: i.Pos}}, i.Pos)
	}
}

// defines reads the argument of DefinePlugin, or Vite's define.
func (l *looker) defines(p *pass, v script.Value, from script.Pos) {
	o, ok := v.(*script.Object)
	if !ok {
		l.askf(where2(at(v, ""), from), "the defines are computed; write them under define")
		return
	}
	l.definesOf(p, "", o, from)
	if o.Open {
		l.askf(from, "there are more defines than could be read; add them under define")
	}
}

func (l *looker) definesOf(p *pass, prefix string, o *script.Object, from script.Pos) {
	for _, key := range o.Keys() {
		if inner, ok := o.Get(key).(*script.Object); ok && (key == "process.env" || prefix != "") {
			l.definesOf(p, prefix+key+".", inner, from)
			continue
		}
		place := o.At(key)
		if place.File == "" {
			place = from
		}
		l.define(p, prefix+key, o.Get(key), place)
	}
}

// define adds one define to the pass.
func (l *looker) define(p *pass, name string, v script.Value, from script.Pos) {
	if name == "process.env.NODE_ENV" {
		return // the profile says
	}
	value, err := l.defineValue(v)
	if err != nil {
		l.askf(from, "define %s: %v", name, err)
		return
	}
	env := l.plan.env
	if m, ok := value.(pairs); ok && len(m) == 1 && m[0].key == "env" {
		if variable := fmt.Sprint(m[0].value); !slices.Contains(env, variable) {
			l.plan.env = append(slices.Clone(env), variable)
		}
	}
	all, _ := p.get("define").(pairs)
	if m, ok := value.(pairs); !ok || m.get("manifest-of") == nil {
		if probe := (settings{}); !l.put(&probe, "define", pairs{{name, value}}, from) {
			l.plan.env = env
			return
		}
	}
	all = append(slices.Clone(all), pair{name, value})
	for i := range p.settings {
		if p.settings[i].key == "define" {
			p.settings[i].value = all
			return
		}
	}
	l.foundf("defines of pass %s (%s)", p.name, from)
	p.settings = append(p.settings, setting{"define", all, from.String()})
}

func (l *looker) defineValue(v script.Value) (any, error) {
	switch v := v.(type) {
	case *script.JSON:
		switch inner := v.Value.(type) {
		case *script.External:
			return l.manifestOf(inner)
		case *script.Env:
			return pairs{{"env", inner.Name}}, nil
		}
		return toYAML(v.Value)
	case script.Text:
		s, ok := script.Known(v)
		if !ok {
			return nil, fmt.Errorf("its value is computed; write it by hand: text, a number, { expr: … } or { env: NAME }")
		}
		var parsed any
		if json.Unmarshal([]byte(s), &parsed) == nil {
			switch parsed.(type) {
			case string, bool, float64, nil:
				return parsed, nil
			}
		}
		if unquoted, ok := strings.CutPrefix(s, "'"); ok && strings.HasSuffix(unquoted, "'") && !strings.ContainsAny(unquoted[:len(unquoted)-1], `'\`) {
			return unquoted[:len(unquoted)-1], nil
		}
		return pairs{{"expr", s}}, nil
	case bool, float64, script.Null:
		return toYAML(v)
	case *script.List, *script.Object:
		return toYAML(v)
	case *script.Unknown:
		return nil, fmt.Errorf("its value (%s) is computed; write it by hand: text, a number, { expr: … } or { env: NAME }", v.What)
	}
	return nil, fmt.Errorf("its value is computed; write it by hand: text, a number, { expr: … } or { env: NAME }")
}

// manifestOf finds the earlier pass that writes the file which a define reads.
func (l *looker) manifestOf(x *script.External) (any, error) {
	for _, earlier := range l.passes {
		for _, out := range earlier.outputs {
			if strings.HasSuffix(x.Name, "/"+out) && len(earlier.entries) > 0 {
				if len(earlier.entries) == 1 {
					return pairs{{"manifest-of", earlier.name}}, nil
				}
				return pairs{{"manifest-of", earlier.name}, {"entry", earlier.entries[0].key}}, nil
			}
		}
	}
	shown := strings.ReplaceAll(strings.TrimPrefix(x.Name, script.Root+"/"), script.Hole, "…")
	return nil, fmt.Errorf("its value is read from %s, which no earlier pass makes; where it is a pass's manifest write { manifest-of: pass }", shown)
}

// toYAML is a value that is known wholly.
func toYAML(v script.Value) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, fmt.Errorf("its value is not known; write it by hand")
	case script.Null:
		return nil, nil
	case bool, float64:
		return v, nil
	case script.Text:
		if s, ok := script.Known(v); ok {
			return s, nil
		}
	case *script.List:
		all := []any{}
		for _, item := range v.Items {
			one, err := toYAML(item)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
		}
		if !v.Open {
			return all, nil
		}
	case *script.Object:
		all := pairs{}
		for _, k := range v.Keys() {
			one, err := toYAML(v.Get(k))
			if err != nil {
				return nil, err
			}
			all = append(all, pair{k, one})
		}
		if !v.Open {
			return all, nil
		}
	case *script.Unknown:
		return nil, fmt.Errorf("its value (%s) is computed; write it by hand", v.What)
	}
	return nil, fmt.Errorf("its value is computed; write it by hand")
}
