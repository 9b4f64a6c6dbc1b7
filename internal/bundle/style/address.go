package style

import (
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// Sass resolves a relative import against the URL of the importing file before
// it asks us, and the embedded client does not pass on who asked. So the URL we
// give a file says it: "sheet://<file>.<job>/-up-/-up-/…/<name>". The "-up-" folders
// count how many "../" an import began with, and what follows them is the
// import as written; "<file>" indexes the files of a compilation, "<job>" the
// compilations of the process, whose log events are otherwise not told apart.
const (
	scheme = "sheet"
	climb  = "-up-" // a folder nobody has
	climbs = 32     // "../" in one import; more are treated as so many
)

var climbPath = strings.Repeat("/"+climb, climbs)

// address is the URL of a file of a compilation.
func address(file, job int, name string) string {
	return fmt.Sprintf("%s://%d.%d%s/%s", scheme, file, job, climbPath, safeName(name))
}

// safeName keeps what needs no escaping in a URL: the name is for reading only.
func safeName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-' {
			return r
		}
		return '_'
	}, path.Base(name))
}

// reference is an address taken apart.
type reference struct {
	file, job int
	spec      string // the import as written, up to normalisation: "../x", "x", "/x"
}

// parseAddress takes apart the address of a file, or one that Sass made of a
// file's address and an import. False: the URL is not one of ours.
func parseAddress(text string) (reference, bool) {
	rest, ok := strings.CutPrefix(text, scheme+"://")
	if !ok {
		return reference{}, false
	}
	host, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return reference{}, false
	}
	fileText, jobText, _ := strings.Cut(host, ".")
	file, err1 := strconv.Atoi(fileText)
	job, err2 := strconv.Atoi(jobText)
	spec, err3 := url.PathUnescape(rest)
	if err1 != nil || err2 != nil || err3 != nil || file < 0 {
		return reference{}, false
	}
	left := 0
	for left < climbs {
		next, ok := strings.CutPrefix(spec, climb+"/")
		if !ok {
			break
		}
		spec, left = next, left+1
	}
	if left == 0 {
		return reference{file, job, "/" + spec}, true
	}
	return reference{file, job, strings.Repeat("../", climbs-left) + spec}, true
}
