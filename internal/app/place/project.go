package place

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/org/checkout-deploy/internal/config"
)

// Project follows the links of the project's folder, which has to be there, and in
// the workspace unless that is "".
func Project(given, workspace string) (string, error) {
	dir, err := filepath.EvalSymlinks(given)
	if err != nil {
		return "", fmt.Errorf("working-directory: got %q, want the project's folder: %w", given, Cause(err))
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return "", fmt.Errorf("working-directory: got the file %q, want the project's folder", given)
	}
	if workspace != "" && !Inside(dir, workspace) {
		return "", fmt.Errorf("working-directory: got %q, which lies outside the workspace %q, want a folder in it", given, workspace)
	}
	return dir, nil
}

// Config reads the configuration file of that name, which may lie outside the
// project dir, or looks for it.
func Config(dir, name string, overrides config.Overrides, env config.Env) (*config.Config, error) {
	root := os.DirFS(dir)
	if name == "" || filepath.IsLocal(name) {
		return overrides.Find(root, filepath.ToSlash(name), env)
	}
	path := Within(dir, name)
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("reading the configuration: got %q, which is no regular file", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return overrides.Parse(name, data, root, env)
}
