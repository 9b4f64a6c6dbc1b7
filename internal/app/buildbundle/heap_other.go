// The race detector marks every address that is given out, touched or not: room for
// a large heap would cost each start of a test's program seconds.

//go:build !linux || race

package buildbundle

func preferHugePages() {}
