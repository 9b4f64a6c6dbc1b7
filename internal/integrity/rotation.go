package integrity

import (
	"fmt"
	"slices"
)

// Rotation joins the hashes of several builds, the newest first, where they have a
// file under one name: while a deployment goes on, a page of one build may get the
// bytes of another. A path has each hash once, in the order of the builds, and all
// hashes are by one algorithm, as of a mixed set browsers take the strongest alone.
//
// A file without a hash by a is an error.
func Rotation(a Algorithm, builds ...[]File) (map[string]Metadata, error) {
	all := map[string]Metadata{}
	for i, files := range builds {
		for _, f := range files {
			h, ok := f.Hash(a)
			if !ok {
				return nil, fmt.Errorf("rotation of %d builds: got no %s of %s in build %d, want one of each file", len(builds), a, quote(f.Path), i+1)
			}
			if !slices.Contains(all[f.Path], h) {
				all[f.Path] = append(all[f.Path], h)
			}
		}
	}
	return all, nil
}
