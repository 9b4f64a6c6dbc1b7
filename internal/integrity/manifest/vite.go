package manifest

import (
	"slices"

	"github.com/org/checkout-deploy/internal/release"
)

func isVite(root release.JSON) bool {
	return len(root.Members) > 0 && !slices.ContainsFunc(root.Members, func(m release.JSONMember) bool {
		file, ok := member(m.JSON, "file")
		return !ok || file.Text == ""
	})
}

// viteItem is Vite's ManifestChunk,
// https://github.com/vitejs/vite/blob/main/packages/vite/src/node/plugins/manifest.ts.
type viteItem struct {
	key, name, source, file string
	entry, dynamic          bool
	css                     []string
	imports, dynamicImports []string
}

// viteGraph follows imports.
type viteGraph struct {
	*reader
	items map[string]*viteItem
}

func (r *reader) vite(root release.JSON) {
	g := viteGraph{r, map[string]*viteItem{}}
	var order []*viteItem
	var styles []release.JSONMember
	for _, m := range root.Members {
		if !r.is(m.JSON, '{', `an object with "file"`) {
			continue
		}
		if item := g.item(m); item != nil {
			g.items[m.Name] = item
			order = append(order, item)
		}
		styles = append(styles, r.array(m.JSON, "css")...)
	}
	for _, m := range root.Members {
		g.known(m.JSON, "imports")
		g.known(m.JSON, "dynamicImports")
	}
	if len(r.Problems) > 0 {
		return
	}
	g.name(order)
	for _, item := range order {
		if r.loads > MaxLoads {
			return
		}
		g.loads(item)
	}
	r.plain(styles)
}

func (g viteGraph) item(m release.JSONMember) *viteItem {
	file, ok := member(m.JSON, "file")
	if !ok {
		g.add(m.From, "an object without it", `"file"`)
		return nil
	}
	if !g.is(file.JSON, '"', `a file's name as "file"`) {
		return nil
	}
	item := &viteItem{
		key: m.Name, name: g.string(m.JSON, "name"), source: g.string(m.JSON, "src"),
		file:  g.file(file.From, file.Text),
		entry: g.flag(m.JSON, "isEntry"), dynamic: g.flag(m.JSON, "isDynamicEntry"),
		css: g.files(g.array(m.JSON, "css")),
	}
	for name, list := range map[string]*[]string{"imports": &item.imports, "dynamicImports": &item.dynamicImports} {
		for _, key := range g.array(m.JSON, name) {
			*list = append(*list, key.Text)
		}
	}
	g.own(m.JSON, file, item.file)
	return item
}

// known refuses imports of what the manifest has no item of.
func (g viteGraph) known(v release.JSON, name string) {
	m, _ := member(v, name)
	for _, key := range m.Members {
		if g.is(key.JSON, '"', "a key of the manifest") && g.items[key.Text] == nil {
			g.add(key.From, release.Quote(key.Text), "a key of the manifest")
		}
	}
}

// name keeps the items' own names where they are unique, else takes the keys.
func (viteGraph) name(items []*viteItem) {
	uses := map[string]int{}
	for _, item := range items {
		uses[item.name]++
	}
	for _, item := range items {
		if item.name == "" || uses[item.name] > 1 {
			item.name = item.key
		}
	}
}

func (g viteGraph) loads(item *viteItem) {
	if !item.entry && !item.dynamic {
		return
	}
	js, css := g.static(item)
	if len(js)+len(css) == 0 {
		return
	}
	if item.dynamic {
		g.manifest.Chunks = append(g.manifest.Chunks, Chunk{Name: item.name, JS: js, CSS: css, Source: item.source})
	}
	if item.entry {
		g.manifest.Entries = append(g.manifest.Entries, Entry{Name: item.name, JS: js, CSS: css, Source: item.source, Chunks: g.reachable(item)})
	}
}

// static lists what an item loads at once: what it imports comes first, as a
// browser runs it, and its styles in Vite's order.
func (g viteGraph) static(item *viteItem) (js, css []string) {
	seen := map[string]bool{}
	take := func(file string) {
		if seen[file] || !g.load(0, 1) {
			return
		}
		seen[file] = true
		switch {
		case isStyle(file):
			css = append(css, file)
		case loadable(file):
			js = append(js, file)
		}
	}
	visited := map[string]bool{}
	var visit func(*viteItem)
	visit = func(i *viteItem) {
		if visited[i.key] || g.reader.loads > MaxLoads {
			return
		}
		visited[i.key] = true
		for _, key := range i.imports {
			visit(g.items[key])
		}
		for _, file := range i.css {
			take(file)
		}
		take(i.file)
	}
	visit(item)
	return js, css
}

// reachable names the chunks that an entry may load in the end.
func (g viteGraph) reachable(item *viteItem) []string {
	var chunks []string
	visited := map[string]bool{item.key: true}
	queue := []*viteItem{item}
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		for _, key := range slices.Concat(i.imports, i.dynamicImports) {
			next := g.items[key]
			if visited[key] || !g.load(0, 1) {
				continue
			}
			visited[key] = true
			queue = append(queue, next)
			if next.dynamic {
				chunks = append(chunks, next.name)
			}
		}
	}
	return chunks
}
