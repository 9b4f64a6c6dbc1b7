//go:build linux && (amd64 || arm64)

package release

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

// exchange swaps two names in one step, with renameat2(2) and RENAME_EXCHANGE.
// The standard library has no name for it; some file systems refuse it.
func exchange(a, b string) error {
	const (
		atFDCWD        = -100
		renameExchange = 2
	)
	call := map[string]uintptr{"amd64": 316, "arm64": 276}[runtime.GOARCH]
	pa, err := syscall.BytePtrFromString(a)
	if err != nil {
		return err
	}
	pb, err := syscall.BytePtrFromString(b)
	if err != nil {
		return err
	}
	cwd := atFDCWD
	_, _, errno := syscall.Syscall6(call, uintptr(cwd), uintptr(unsafe.Pointer(pa)), uintptr(cwd), uintptr(unsafe.Pointer(pb)), renameExchange, 0)
	if errno != 0 {
		return &os.LinkError{Op: "exchange", Old: a, New: b, Err: errno}
	}
	return nil
}
