package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/release"
)

// NodeEnv is the value of process.env.NODE_ENV, which packages choose their
// development code by. Any other value is development to most of them: a page
// that ships with NODE_ENV "staging" ships React's development build.
type NodeEnv string

const (
	NodeDevelopment NodeEnv = "development"
	NodeTest        NodeEnv = "test"
	NodeProduction  NodeEnv = "production"
)

var nodeEnvs = []NodeEnv{NodeDevelopment, NodeTest, NodeProduction}

// profileDefault is what holds in a profile where the file says nothing.
type profileDefault struct {
	profile    release.Profile
	minify     bool
	sourceMaps SourceMaps
	nodeEnv    NodeEnv
	purpose    string
}

// profileDefaults has a row for each of release.Profiles. Staging differs from
// production in its name alone, so that what a project adds is all there is.
var profileDefaults = []profileDefault{
	{release.Development, false, MapsLinked, NodeDevelopment, "working on the page"},
	{release.Testing, false, MapsLinked, NodeTest, "suites that need what production leaves out"},
	{release.Staging, true, MapsApart, NodeProduction, "production's bytes, with what this file changes"},
	{release.Production, true, MapsApart, NodeProduction, "what ships"},
}

// fill sets what the profile decides.
func (d *draft) fill() {
	for _, p := range profileDefaults {
		if p.profile == d.Profile {
			d.Minify, d.SourceMaps, d.NodeEnv = p.minify, p.sourceMaps, p.nodeEnv
		}
	}
}

// ProfileReference is the Markdown table of what holds in each profile.
func ProfileReference() string {
	var b strings.Builder
	b.WriteString("| profile | `minify` | `source-maps` | `node-env` | for |\n| --- | --- | --- | --- | --- |\n")
	for _, p := range profileDefaults {
		fmt.Fprintf(&b, "| `%s` | `%t` | `%s` | `%s` | %s |\n", p.profile, p.minify, p.sourceMaps, p.nodeEnv, p.purpose)
	}
	return b.String()
}

var profileRow = keyOr("profile", oneOfThe(release.Profiles), release.Production, func(d *draft) *release.Profile { return &d.Profile },
	"How files are built. It does not choose where they go: staging and production environments get the same release, of the profile `production`.")

// profiledTable has what profiles decide and the file may change.
var profiledTable = table[draft]{
	key("minify", boolean(), func(d *draft) *bool { return &d.Minify },
		"Whether names and code are made as short as they can be.", instead("the profile's"), example(false)),
	key("source-maps", oneOfThe(sourceMapKinds), func(d *draft) *SourceMaps { return &d.SourceMaps },
		"`apart` writes maps that nothing refers to, for your error tracker; with `linked` scripts refer to them.", instead("the profile's"), example(MapsNone)),
	key("node-env", oneOfThe(nodeEnvs), func(d *draft) *NodeEnv { return &d.NodeEnv },
		"The value of `process.env.NODE_ENV` and `import.meta.env.MODE`. It also chooses the condition `development` or `production` of package.json's `exports`, and the section of a browserslist.",
		instead("the profile's"), example(NodeProduction)),
}

// alsoProfiled are the other keys of build that a profile may have.
var alsoProfiled = []string{"public-path", "target", "define"}

// profileRows has the keys of a profile, as build has them. Neither env nor
// expose is one: which variables a file takes is written in one place.
func profileRows() table[draft] {
	rows := slices.Clone(profiledTable)
	for _, row := range sharedRows() {
		if slices.Contains(alsoProfiled, row.name) {
			rows = append(rows, row)
		}
	}
	for i := range rows {
		rows[i].fallback, rows[i].instead, rows[i].init = nil, "build's", nil
	}
	return rows
}

var profilesRow = custom("profiles", shape{"mapping of profiles to [profile](#profile)", profilesSchema()}, (*reader).profiles,
	"What a profile changes of build. Those that are not built are read too, but take nothing from the environment.",
	example(schema{"development": schema{"public-path": "/"}}))

func profilesSchema() schema {
	properties := schema{}
	for _, p := range release.Profiles {
		properties[string(p)] = ref("profile")
	}
	return schema{"type": "object", "properties": properties, "additionalProperties": false}
}

// profiles reads all of them, to find mistakes early, and keeps the active one.
func (r *reader) profiles(n *node, at string, d *draft) {
	f := r.object(n, at, stringsOf(release.Profiles))
	for _, profile := range release.Profiles {
		settings, at := f.get(string(profile))
		if settings == nil {
			continue
		}
		into := d
		if r.idle = profile != d.Profile; r.idle {
			into = &draft{}
		}
		profileRows().object(r, settings, at, into)
		r.idle = false
	}
}
