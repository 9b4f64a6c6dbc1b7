package gh

// Error is a request that failed.
type Error struct {
	Method, Path string
	// Status is the answer's, 0 where none came.
	Status int
	// Message is what GitHub said, cut and safe to show.
	Message string
	// Needs is the permission that is missing, as a workflow has it:
	// "issues: write"; "" where it isn't known.
	Needs string
	// Unknown says that a write may have been done although it failed.
	Unknown bool

	kind error
	hint string
	err  error
}
