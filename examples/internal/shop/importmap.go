package shop

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/release"
)

// importMap returns the map that leads the modules of an entry's pass to their
// files and pins them, for a page that has the files at base.
func (b *Build) importMap(entry, base string) ([]byte, error) {
	for _, p := range b.Release.Passes {
		if _, ok := p.Entry(entry); !ok {
			continue
		}
		if path, ok := b.writtenMap(p.Name); ok {
			data, err := os.ReadFile(filepath.Join(b.Dir, filepath.FromSlash(path)))
			if err != nil {
				return nil, fmt.Errorf("reading the import map: %w", err)
			}
			return rebase(data, base)
		}
		return b.Release.ImportMap(p.Name, base)
	}
	_, err := b.entry(entry)
	return nil, err
}

// writtenMap finds the import map that the build wrote for a pass.
func (b *Build) writtenMap(pass string) (string, bool) {
	for _, f := range b.Release.Files {
		if f.Role == release.Manifest && strings.Contains(f.Path, "importmap") && slices.Contains(f.Passes, pass) {
			return f.Path, true
		}
	}
	return "", false
}

// rebase leads an import map's relative addresses to base: a page resolves them
// against itself, and its files are elsewhere.
func rebase(data []byte, base string) ([]byte, error) {
	var m struct {
		Imports   map[string]string `json:"imports,omitempty"`
		Integrity map[string]string `json:"integrity"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("reading the import map: %w", err)
	}
	for name, address := range m.Imports {
		m.Imports[name] = absolute(address, base)
	}
	pins := make(map[string]string, len(m.Integrity))
	for address, integrity := range m.Integrity {
		pins[absolute(address, base)] = integrity
	}
	m.Integrity = pins
	return json.Marshal(m)
}

func absolute(address, base string) string {
	if rest, ok := strings.CutPrefix(address, "./"); ok {
		return base + rest
	}
	return address
}
