package config

func init() {
	addSection(section{
		name:   "report",
		doc:    "What build-bundle's report looks at.",
		schema: ref("report"),
		read:   func(r *reader, n *node, c *Config) { reportTable.object(r, n, "report", &c.Report) },
	})
	addObject("report", "What the report of a build looks at.", reportTable.entries())
}

// Report says what the report of a build looks at.
type Report struct {
	// Circular are globs of the modules whose circular imports are told; empty for
	// the project's own.
	Circular []string
}

var reportTable = table[Report]{
	key("circular", globs(), func(r *Report) *[]string { return &r.Circular },
		"Globs of the modules whose circular imports are told. Types alone are no imports.",
		instead("all but installed packages"), example([]string{"src/app/**"})),
}

// globs takes a list of globs, or one.
func globs() kindOf[[]string] {
	return kindOf[[]string]{shape{"glob or list of globs", ref("texts")}, func(r *reader, n *node, at string) ([]string, bool) {
		all, ok := texts().read(r, n, at)
		for _, glob := range all {
			if err := checkGlob(glob); glob != "" && err != nil {
				r.at(n, "%s: %v", at, err)
				ok = false
			}
		}
		return all, ok
	}}
}
