package style

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// findAsset returns the real path of a file that plain CSS names: relative to
// the sheet, then an alias, then in a package. "" when there is none. No Sass
// rules here: the name is the file's, but a package's own name means its style.
func (c *Compiler) findAsset(spec, from string) (string, error) {
	spec, packagesOnly := cutPackagePrefix(spec)
	if !packagesOnly {
		if path := filepath.Join(filepath.Dir(from), spec); isFile(path) {
			return filepath.EvalSymlinks(path)
		}
	}
	if c.options.Resolve != nil {
		if path, ok := c.options.Resolve(spec, c.present(from)); ok && isFile(path) {
			return filepath.EvalSymlinks(path)
		}
	}
	name, rest := splitPackage(spec)
	if name == "" || strings.HasPrefix(spec, ".") {
		return "", nil
	}
	for folder := range c.packageFolders(name, file{seen: from, real: from}) {
		path, err := assetInPackage(folder, rest)
		if path != "" || err != nil {
			return path, err
		}
	}
	return "", nil
}

func assetInPackage(folder, rest string) (string, error) {
	if path := filepath.Join(folder, rest); rest != "" && isFile(path) {
		return filepath.EvalSymlinks(path)
	}
	for _, entry := range readManifest(folder).entries(rest) {
		if path := filepath.Join(folder, entry); entry != "" && isFile(path) && (rest != "" || kindOf(path) != unknownKind) {
			return filepath.EvalSymlinks(path)
		}
	}
	return "", nil
}

func (c *Compiler) loadAsset(path string) (api.OnLoadResult, error) {
	if err := c.origin.Check(path); err != nil {
		return api.OnLoadResult{}, err
	}
	content, err := c.readFile(path)
	if err != nil {
		return api.OnLoadResult{}, fmt.Errorf("reading asset: %w", err)
	}
	text := string(content)
	return api.OnLoadResult{Contents: &text, Loader: api.LoaderFile}, nil
}
