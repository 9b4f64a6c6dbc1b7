package spell

import (
	"io/fs"
	"path"
	"strings"
)

// NearestPath returns the path in root that got was probably meant to be, or "".
// One of its folders, or its last name, may be wrong, or in another case.
func NearestPath(root fs.FS, got string) string {
	folder := path.Dir(got)
	for folder != "." && !isFolder(root, folder) {
		folder = path.Dir(folder)
	}
	name, rest, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(got, folder), "/"), "/")
	entries, _ := fs.ReadDir(root, folder)
	var names []string
	for _, e := range entries {
		full := path.Join(folder, e.Name(), rest)
		if _, err := fs.Stat(root, full); err != nil {
			continue
		}
		if strings.EqualFold(e.Name(), name) {
			return full
		}
		names = append(names, e.Name())
	}
	if found := Nearest(name, names); found != "" {
		return path.Join(folder, found, rest)
	}
	return ""
}

func isFolder(root fs.FS, name string) bool {
	info, err := fs.Stat(root, name)
	return err == nil && info.IsDir()
}
