package integrity

import (
	"io/fs"
	"os"
)

// Root is the folder root as a file system whose Open does not wait: where a
// pipe takes a file's place after it was listed, an ordinary Open would wait for
// somebody to write. As with root itself, no link leads out of it.
func Root(root *os.Root) fs.FS { return nil }
