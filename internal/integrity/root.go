package integrity

import (
	"io/fs"
	"os"
	"syscall"
)

// Root is the folder root as a file system whose Open does not wait: where a
// pipe takes a file's place after it was listed, an ordinary Open would wait for
// somebody to write. As with root itself, no link leads out of it.
func Root(root *os.Root) fs.FS { return patient{root.FS(), root} }

// patient keeps what root's own file system can: listing, and Lstat.
type patient struct {
	fs.FS
	root *os.Root
}

func (p patient) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return p.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

func (p patient) Lstat(name string) (fs.FileInfo, error)     { return fs.Lstat(p.FS, name) }
func (p patient) ReadLink(name string) (string, error)       { return fs.ReadLink(p.FS, name) }
func (p patient) Stat(name string) (fs.FileInfo, error)      { return fs.Stat(p.FS, name) }
func (p patient) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(p.FS, name) }
