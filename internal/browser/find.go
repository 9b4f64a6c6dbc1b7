package browser

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// ErrNoBrowser says that no Chromium was found. Callers that can do without a
// browser test for it.
var ErrNoBrowser = errors.New("no Chromium found")

// names are the names under which distributions install Chromium and Chrome,
// the ones without a vendor's updater first.
var names = []string{
	"chromium", "chromium-browser", "headless-shell", "chrome-headless-shell",
	"google-chrome-stable", "google-chrome", "chrome",
}

// Find resolves the browser's program: binary itself when given (a path, or a
// name on PATH), else the first of the usual names on PATH. The error wraps
// ErrNoBrowser.
func Find(binary string) (string, error) {
	if binary != "" {
		path, err := exec.LookPath(binary)
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrNoBrowser, err)
		}
		return path, nil
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: none of %s is on PATH; install one or name its path", ErrNoBrowser, strings.Join(names, ", "))
}
