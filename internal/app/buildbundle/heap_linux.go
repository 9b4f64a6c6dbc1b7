//go:build !race

package buildbundle

import (
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// heapRoom is what the heap of a large project grows to.
const heapRoom = 640 << 20

// preferHugePages asks the system to give the heap pages of 2 MiB where it grows.
// A build touches hundreds of megabytes once: faults on small pages took a fifth of
// its time on checkout-js (docs/benchmarks.md). Go's run time doesn't ask, and most
// systems give large pages to those only who do. The advice stays with the
// addresses, which the run time uses again; the memory itself is never touched
// here, so it costs nothing until it is used.
func preferHugePages() {
	overcommit, err := os.ReadFile("/proc/sys/vm/overcommit_memory")
	if err != nil || strings.TrimSpace(string(overcommit)) == "2" {
		return // addresses count as memory there
	}
	for _, what := range []int{unix.RLIMIT_AS, unix.RLIMIT_DATA} {
		var limit unix.Rlimit
		if unix.Getrlimit(what, &limit) != nil || limit.Cur != unix.RLIM_INFINITY {
			return
		}
	}
	room := make([]byte, heapRoom)
	_ = unix.Madvise(room, unix.MADV_HUGEPAGE) // where there are none, small ones do
	room = nil                                 //nolint:ineffassign,wastedassign // lets the run time have it
	runtime.GC()
}
