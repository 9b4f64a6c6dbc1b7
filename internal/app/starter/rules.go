package starter

import (
	"regexp"
	"strings"

	"github.com/org/checkout-deploy/internal/app/starter/script"
)

// known are loaders whose work is done here without being told.
var known = regexp.MustCompile(`^(ts|babel|swc|builtin:swc|esbuild|css|style|sass|postcss|file|source-map|thread|cache|json|image-webpack|resolve-url)-loader$|^mini-css-extract-plugin|MiniCssExtract|CssExtract`)

// texts of files become loaders of these kinds.
var ruleLoaders = map[string]string{
	"raw-loader": "text", "asset/source": "text", "asset/inline": "dataurl", "null-loader": "empty",
}

var testedExtension = regexp.MustCompile(`^\\\.\(?([A-Za-z0-9_|]+)\)?\$$`)

// rules reads module.rules as far as they say how files are brought in.
func (l *looker) rules(module *script.Object) {
	list, ok := module.Get("rules").(*script.List)
	if !ok {
		return
	}
	for _, item := range list.Items {
		if o, ok := item.(*script.Object); ok {
			l.rule(o)
		}
	}
}

func (l *looker) rule(o *script.Object) {
	if inner, ok := o.Get("oneOf").(*script.List); ok {
		for _, item := range inner.Items {
			l.rule(object(item))
		}
		return
	}
	names := usedLoaders(o)
	from := o.At("test")
	for _, name := range names {
		kind := ruleLoaders[name]
		if kind == "" {
			if !known.MatchString(name) && !strings.HasPrefix(name, "asset") {
				l.askf(from, "%s does not run here; where it changes what a module is, generate that before, or write loaders", name)
			}
			continue
		}
		re, ok := o.Get("test").(*script.Regexp)
		m := []string(nil)
		if ok {
			m = testedExtension.FindStringSubmatch(re.Source)
		}
		if m == nil {
			l.askf(from, "%s: the files could not be told from the rule's test; write loaders: { .ext: %s }", name, kind)
			continue
		}
		for ext := range strings.SplitSeq(m[1], "|") {
			l.loader("."+ext, kind, from)
		}
	}
}

func (l *looker) loader(ext, kind string, from script.Pos) {
	all, _ := l.build.get("loaders").(pairs)
	if all.get(ext) != nil {
		return
	}
	all = append(all, pair{ext, kind})
	for i := range l.build {
		if l.build[i].key == "loaders" {
			l.build[i].value = all
			return
		}
	}
	l.put(&l.build, "loaders", all, from)
}

// usedLoaders are the names in loader, use and type.
func usedLoaders(o *script.Object) (names []string) {
	var add func(v script.Value)
	add = func(v script.Value) {
		switch v := v.(type) {
		case script.Text:
			if s, ok := script.Known(v); ok {
				names = append(names, s)
			}
		case *script.External:
			names = append(names, v.Name)
		case *script.Object:
			add(v.Get("loader"))
		case *script.List:
			for _, item := range v.Items {
				add(item)
			}
		}
	}
	add(o.Get("loader"))
	add(o.Get("use"))
	add(o.Get("type"))
	return names
}
