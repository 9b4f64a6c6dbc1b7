package style

import (
	"os"
	"path/filepath"
	"sync"
)

// folderNames remembers the names in folders for one compilation. An import has up
// to twenty possible names, and Sass waits while they are tried: one listing
// costs less than that, and a stylesheet is hundreds of files in few folders.
type folderNames struct {
	mu       sync.Mutex
	byFolder map[string]map[string]bool
}

// isFile says whether path is a regular file.
func (f *folderNames) isFile(path string) bool {
	return f.names(filepath.Dir(path))[filepath.Base(path)] && isFile(path)
}

// names is empty for a folder that is not there.
func (f *folderNames) names(folder string) map[string]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if names, ok := f.byFolder[folder]; ok {
		return names
	}
	names := map[string]bool{}
	if entries, err := readNames(folder); err == nil {
		for _, name := range entries {
			names[name] = true
		}
	}
	if f.byFolder == nil {
		f.byFolder = map[string]map[string]bool{}
	}
	f.byFolder[folder] = names
	return names
}

func readNames(folder string) ([]string, error) {
	dir, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }() // only read
	return dir.Readdirnames(-1)
}
