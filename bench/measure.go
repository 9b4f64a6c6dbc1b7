//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Cost is what one run of a process and everything it started took.
type Cost struct {
	Wall time.Duration `json:"wall"`
	CPU  time.Duration `json:"cpu"` // user and system, of all processes
	// Peak is the greatest sum of resident memory over all processes of the
	// run, looked at every 20 ms: pages they share count for each.
	Peak int64 `json:"peak"`
}

const (
	lookEvery    = 20 * time.Millisecond  // memory of the known processes
	glanceEvery  = 200 * time.Millisecond // the same where milliseconds are measured
	findEvery    = 5                      // looks between two searches for new ones
	outputsLimit = 4 << 10                // bytes of a failed run's output in the error
)

// measure runs a command in a session of its own and waits for all of it. The
// bench adopts orphans: a compiler that a bundler left behind is waited for
// and its CPU time counted, not lost.
func measure(ctx context.Context, p *peer) (Cost, error) {
	var output bytes.Buffer
	cmd, err := command(ctx, p, &output)
	if err != nil {
		return Cost{}, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return Cost{}, err
	}
	session := cmd.Process.Pid
	stop, peak := make(chan struct{}), make(chan int64)
	go func() { peak <- watch(session, lookEvery, stop) }()
	err = cmd.Wait()
	c := Cost{Wall: time.Since(start)}
	close(stop)
	c.Peak = <-peak
	c.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime() + reap(session)
	if logErr := os.WriteFile(p.log, output.Bytes(), 0o644); err == nil {
		err = logErr
	}
	if err != nil {
		return c, fmt.Errorf("%w\n%s", err, tail(output.Bytes()))
	}
	return c, nil
}

// command is a peer's process in a session of its own, without what it wrote
// before.
func command(ctx context.Context, p *peer, output io.Writer) (*exec.Cmd, error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("adopting orphans: %w", err)
	}
	if err := os.RemoveAll(p.dist); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, p.args[0], p.args[1:]...)
	cmd.Dir, cmd.Env = p.dir, append(os.Environ(), p.env...)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	// A left-behind child may hold the output open.
	cmd.WaitDelay = 5 * time.Second
	return cmd, nil
}

func tail(output []byte) []byte { return output[max(0, len(output)-outputsLimit):] }

// reap ends what is left of a session and returns its CPU time.
func reap(session int) (cpu time.Duration) {
	for _, pid := range members(session) {
		_ = unix.Kill(pid, unix.SIGKILL) // it may have ended by itself
	}
	for {
		var usage unix.Rusage
		pid, err := unix.Wait4(-session, nil, 0, &usage)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || pid <= 0 {
			return cpu
		}
		cpu += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
}

// watch samples the session's resident memory until stop is closed.
func watch(session int, every time.Duration, stop <-chan struct{}) (peak int64) {
	pids := []int{session}
	for n := 1; ; n++ {
		select {
		case <-stop:
			return peak
		case <-time.After(every):
		}
		if n%findEvery == 0 {
			pids = members(session)
		}
		var sum int64
		for _, pid := range pids {
			sum += resident(pid)
		}
		peak = max(peak, sum)
	}
}

// members lists the processes of a session.
func members(session int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // gone
		}
		// pid (comm) state ppid pgrp session …; comm may hold anything but ends at the last ')'.
		fields := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
		if len(fields) < 4 || string(fields[3]) != strconv.Itoa(session) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// resident returns a process's resident memory in bytes, 0 if it is gone.
func resident(pid int) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(data)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
