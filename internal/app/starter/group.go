package starter

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/org/checkout-deploy/internal/app/starter/script"
	"github.com/org/checkout-deploy/internal/release"
)

// groups reads splitChunks.cacheGroups.
func (l *looker) groups(p *pass, split *script.Object) {
	cache, ok := split.Get("cacheGroups").(*script.Object)
	if !ok {
		if split.Get("cacheGroups") != nil {
			l.askf(split.At("cacheGroups"), "the cacheGroups are computed; write groups by hand")
		}
		return
	}
	var all []any
	var names []string
	for _, key := range cache.Keys() {
		o, ok := cache.Get(key).(*script.Object)
		if !ok {
			continue // false switches a default group off
		}
		g, err := group(key, o, split)
		if err != nil {
			l.askf(cache.At(key), "the cacheGroup %s: %v", key, err)
			continue
		}
		if probe := (settings{}); l.put(&probe, "groups", []any{g}, cache.At(key)) {
			all, names = append(all, g), append(names, fmt.Sprint(g.get("name")))
		}
	}
	if len(all) > 0 && l.put(&p.settings, "groups", all, split.At("cacheGroups")) {
		l.foundf("chunk groups of pass %s: %s (%s)", p.name, strings.Join(names, ", "), split.At("cacheGroups"))
	}
}

var nameless = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

func group(key string, o, split *script.Object) (pairs, error) {
	name, ok := script.Known(o.Get("name"))
	switch {
	case o.Get("name") == nil || o.Get("name") == false:
		name = key
	case !ok:
		return nil, fmt.Errorf("its name is computed, so it makes a file for each; write the groups by hand")
	}
	if release.CheckName(name) != nil {
		name = nameless.ReplaceAllString(name, "-")
	}
	pattern, err := groupPattern(o.Get("test"))
	if err != nil {
		return nil, err
	}
	g := pairs{{"name", name}, {"pattern", pattern}}
	chunks, ok := script.Known(o.Get("chunks"))
	if !ok {
		if chunks, ok = script.Known(split.Get("chunks")); !ok {
			chunks = "async" // webpack's default
		}
	}
	if chunks != "all" {
		g = append(g, pair{"chunks", chunks})
	}
	if n, ok := o.Get("minChunks").(float64); ok && n > 1 {
		g = append(g, pair{"min-share", n})
	}
	if n, ok := o.Get("priority").(float64); ok && n != 0 {
		g = append(g, pair{"priority", n})
	}
	return g, nil
}

// groupPattern turns a test on absolute paths into one on paths relative to the
// project: a leading slash may then be the start.
func groupPattern(test script.Value) (string, error) {
	if s, ok := script.Known(test); ok { // a prefix of the absolute path
		p, ok := script.Path(script.Text(s))
		if !ok {
			return "", fmt.Errorf("its test is a path elsewhere; write a pattern by hand")
		}
		return "^" + regexp.QuoteMeta(p) + "/", nil
	}
	re, ok := test.(*script.Regexp)
	switch {
	case test == nil:
		return "", fmt.Errorf("it has no test, so it takes every module that is shared; files that chunks share are made anyway")
	case !ok:
		return "", fmt.Errorf("its test is a function; write a pattern for paths such as node_modules/react/index.js")
	}
	s := strings.ReplaceAll(strings.ReplaceAll(re.Source, `[\\/]`, `/`), `[\/]`, `/`)
	s = strings.ReplaceAll(strings.ReplaceAll(s, `[/\\]`, `/`), `\/`, `/`)
	switch rest, slash := strings.CutPrefix(s, "/"); {
	case slash && strings.HasPrefix(rest, "node_modules"):
		s = "^" + rest
	case slash:
		s = "(^|/)" + rest
	case strings.HasPrefix(s, "^/"):
		return "", fmt.Errorf("its test %s is for an absolute path; write a pattern for paths relative to the project", re.Source)
	}
	if strings.Contains(re.Flags, "i") {
		s = "(?i)" + s
	}
	if _, err := regexp.Compile(s); err != nil {
		return "", fmt.Errorf("its test %s has no counterpart in Go's expressions (%w); write another", re.Source, err)
	}
	return s, nil
}
