package style

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// readInputs reads esbuild's metafile of one CSS file.
func readInputs(text, name string) ([]Input, error) {
	var meta struct {
		Inputs map[string]struct {
			Bytes   int
			Imports []struct {
				Path     string
				Kind     string
				External bool
			}
		}
		Outputs map[string]struct {
			Inputs map[string]struct{ BytesInOutput int }
		}
	}
	if err := json.Unmarshal([]byte(text), &meta); err != nil {
		return nil, err
	}
	var out []Input
	left := meta.Outputs[name].Inputs
	for _, path := range slices.Sorted(maps.Keys(left)) {
		if strings.HasPrefix(path, sheetsNamespace+":") {
			continue
		}
		in := Input{Path: path, Size: meta.Inputs[path].Bytes, Bytes: left[path].BytesInOutput}
		for _, imp := range meta.Inputs[path].Imports {
			if imp.Kind == "import-rule" && !imp.External {
				in.Imports = append(in.Imports, imp.Path)
			}
		}
		out = append(out, in)
	}
	return out, nil
}
