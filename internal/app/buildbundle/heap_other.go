//go:build !linux

package buildbundle

func preferHugePages() {}
