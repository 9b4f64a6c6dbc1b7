package style

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// VersionNote says that the project has another release of Sass than the one
// used here, "" when it does not. Releases differ in the CSS they write: newer
// ones keep declarations that follow a nested rule in their place, where older
// ones moved them up, which can change what wins.
func (c *Compiler) VersionNote() string {
	name, wanted := projectSass(c.options.Root)
	if wanted == "" {
		return ""
	}
	executable, err := FindSass(c.options)
	if err != nil {
		return ""
	}
	used := sassVersion(executable)
	if used == "" || used == wanted {
		return ""
	}
	return fmt.Sprintf("the project has %s %s, its styles are compiled with Dart Sass %s, whose CSS may differ: for the same release, npm install --save-dev sass-embedded@%s", name, wanted, used, wanted)
}

// projectSass is the package and version of Sass in the project's node_modules.
func projectSass(root string) (name, version string) {
	for folder := range upwards(root) {
		for _, name := range []string{"sass-embedded", "sass"} {
			if version := packageVersion(filepath.Join(folder, "node_modules", name)); version != "" {
				return name, version
			}
		}
	}
	return "", ""
}

func packageVersion(folder string) string {
	var manifest struct {
		Version string `json:"version"`
	}
	text, err := os.ReadFile(filepath.Join(folder, "package.json"))
	if err != nil || json.Unmarshal(text, &manifest) != nil {
		return ""
	}
	return manifest.Version
}

// sassVersion reads the version of npm's package around dart-sass/sass, and
// asks the executable itself when there is none.
func sassVersion(executable string) string {
	if version := packageVersion(filepath.Dir(filepath.Dir(executable))); version != "" {
		return version
	}
	version, _ := askVersion(executable)
	return version.ImplementationVersion
}

// embeddedVersion is what an executable that speaks the protocol says.
type embeddedVersion struct {
	ProtocolVersion       string `json:"protocolVersion"`
	ImplementationVersion string `json:"implementationVersion"`
}

func askVersion(executable string) (version embeddedVersion, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, executable, "--embedded", "--version").Output()
	ok = err == nil && json.Unmarshal(out, &version) == nil && version.ProtocolVersion != ""
	return version, ok
}

// speaksEmbedded asks whether an executable can be driven: version 3 of the
// protocol is the client's.
func speaksEmbedded(executable string) bool {
	version, ok := askVersion(executable)
	return ok && strings.HasPrefix(version.ProtocolVersion, "3.")
}
