package style

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// sassPackages are npm's packages of the compiler by GOOS/GOARCH. The musl ones
// come after: a glibc build does not run on Alpine, and only one is installed.
var sassPackages = map[string][]string{
	"linux/amd64":  {"sass-embedded-linux-x64", "sass-embedded-linux-musl-x64"},
	"linux/arm64":  {"sass-embedded-linux-arm64", "sass-embedded-linux-musl-arm64"},
	"darwin/amd64": {"sass-embedded-darwin-x64"},
	"darwin/arm64": {"sass-embedded-darwin-arm64"},
}

// MissingSassError says that a Sass source is there and no compiler is.
type MissingSassError struct {
	Looked []string // places looked at, in order
}

// Message says what is missing, and where it was looked for.
func (e *MissingSassError) Message() string {
	return fmt.Sprintf("no Dart Sass compiler for .scss and .sass sources (looked at %s)", strings.Join(e.Looked, ", "))
}

// Hint is what to try.
func (e *MissingSassError) Hint() string {
	return "install it in the project (npm install --save-dev sass-embedded), or name the executable of a Dart Sass release that speaks the embedded protocol in DART_SASS"
}

func (e *MissingSassError) Error() string { return e.Message() + ": " + e.Hint() }

// FindSass returns the Dart Sass executable: Options.Sass; else that of npm's
// sass-embedded in a node_modules at or above Root; else dart-sass/sass in
// ProgramFolder; else sass on PATH, if it speaks the embedded protocol (npm's
// "sass" is JavaScript and does not).
func FindSass(o Options) (string, error) {
	if o.Sass != "" {
		if !isFile(o.Sass) {
			return "", fmt.Errorf("looking for Dart Sass: %q is not a file; name the file sass of a Dart Sass release or leave it out to have it looked for", o.Sass)
		}
		return o.Sass, nil
	}
	platform := runtime.GOOS + "/" + runtime.GOARCH
	looked := []string{"node_modules/sass-embedded-* for " + platform}
	for folder := range upwards(o.Root) {
		for _, name := range sassPackages[platform] {
			if file := filepath.Join(folder, "node_modules", name, "dart-sass", "sass"); isFile(file) {
				return file, nil
			}
		}
	}
	if o.ProgramFolder != "" {
		file := filepath.Join(o.ProgramFolder, "dart-sass", "sass")
		if isFile(file) {
			return file, nil
		}
		looked = append(looked, "dart-sass/sass beside the program")
	}
	if o.LookPath != nil {
		file, err := o.LookPath("sass")
		if err == nil && speaksEmbedded(file) {
			return file, nil
		}
		if err == nil {
			looked = append(looked, "sass on PATH, which does not speak the embedded protocol")
		} else {
			looked = append(looked, "sass on PATH")
		}
	}
	return "", &MissingSassError{looked}
}

// upwards yields folder and the folders above it.
func upwards(folder string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for {
			if !yield(folder) {
				return
			}
			parent := filepath.Dir(folder)
			if parent == folder {
				return
			}
			folder = parent
		}
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
