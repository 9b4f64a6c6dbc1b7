// Package peer starts the servers that stores are tested with, one a test, on this
// machine's own address, and ends them with it.
package peer

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Root is where the Makefile is, seen from a test's folder.
func root(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(folder, "go.mod")); missing == nil {
			return folder
		}
		if filepath.Dir(folder) == folder {
			break
		}
		folder = filepath.Dir(folder)
	}
	t.Fatalf("no go.mod above this folder: %v", err)
	return ""
}

// need skips on a developer's machine, and fails where everything has to be.
func need(t testing.TB, path, command string) string {
	t.Helper()
	path = filepath.Join(root(t), path)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no %s: %s", path, command)
		}
		t.Skipf("no %s: %s", path, command)
	}
	return path
}

// start runs a server until the test ends, and waits until it listens on port.
func start(t testing.TB, port string, env []string, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(env, "HOME="+t.TempDir(), "PATH="+os.Getenv("PATH"))
	var out tail
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err == nil {
			t.Errorf("%s ended before the test", program)
		}
	})
	for range 3000 {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port) //nolint:noctx // it answers at once
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended before it listened: %v\n%s", program, err, out.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatalf("%s does not listen\n%s", program, out.String())
}

// free is a port that nobody listened on a moment ago.
func free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // on this machine
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// tail keeps the last of what a server says.
type tail struct {
	mu   sync.Mutex
	data []byte
}

func (o *tail) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.data = append(o.data, p...)
	o.data = o.data[max(0, len(o.data)-8192):]
	return len(p), nil
}

func (o *tail) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.data)
}
