package dir_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/dir"
)

// asWriter makes the test's binary a process that writes to a store, to be killed or
// to compete with others.
const asWriter = "CHECKOUT_DEPLOY_TEST_WRITER"

func TestMain(m *testing.M) {
	how := os.Getenv(asWriter)
	if how == "" {
		os.Exit(m.Run())
	}
	d, err := dir.Open(os.Args[1], time.Now)
	if err == nil {
		err = map[string]func(*dir.Dir) error{"count": count, "write": write}[how](d)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func process(t *testing.T, how, folder string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], folder)
	cmd.Env = append(os.Environ(), asWriter+"="+how)
	cmd.Stderr = os.Stderr
	return cmd
}

const times = 25

// count adds one to what is there, times times.
func count(d *dir.Dir) error {
	ctx := context.Background()
	for n := 0; n < times; {
		data, info, err := store.Read(ctx, d, "count", 100)
		if err != nil {
			return err
		}
		was, err := strconv.Atoi(string(data))
		if err != nil {
			return err
		}
		_, err = d.Write(ctx, "count", store.Bytes([]byte(strconv.Itoa(was+1))), store.Header{}, store.Replacing(info.Version))
		switch {
		case err == nil:
			n++
		case store.CodeOf(err) != store.Changed:
			return err
		}
	}
	return nil
}

// write creates and replaces objects until it is killed. An object's bytes are one
// letter, again and again, and end in a full stop.
func write(d *dir.Dir) error {
	ctx := context.Background()
	fmt.Println("ready")
	var v store.Version
	for i := 0; ; i++ {
		b := store.Bytes([]byte(strings.Repeat(string(rune('a'+i%26)), 200_000+i) + "."))
		name := fmt.Sprintf("r/%d-%d.js", os.Getpid(), i)
		if _, err := d.Write(ctx, name, b, store.Header{}, store.Anew); err != nil {
			return err
		}
		if v == "" { // the one before was killed with it in an unknown state
			if r, info, err := d.Open(ctx, "channel.json"); err == nil {
				_, v = r.Close(), info.Version
			}
		}
		next, err := d.Write(ctx, "channel.json", b, store.Header{}, store.When{Version: v})
		if err != nil {
			return err
		}
		v = next
	}
}

// TestProcessesCount: processes that know nothing of each other lose no update.
func TestProcessesCount(t *testing.T) {
	folder := t.TempDir()
	d := open(t, folder)
	if _, err := d.Write(t.Context(), "count", store.Bytes([]byte("0")), store.Header{}, store.Anew); err != nil {
		t.Fatal(err)
	}
	var all []*exec.Cmd
	for range 4 {
		cmd := process(t, "count", folder)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, cmd)
	}
	for _, cmd := range all {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	if data, _, err := store.Read(t.Context(), d, "count", 100); err != nil || string(data) != strconv.Itoa(4*times) {
		t.Errorf("got %q, %v, want %d", data, err, 4*times)
	}
}

// TestKilled: after a SIGKILL at any moment objects are whole, the lock is free, and
// what was being written is nobody's.
func TestKilled(t *testing.T) {
	folder := t.TempDir()
	d := open(t, folder)
	for range 20 {
		kill(t, process(t, "write", folder))
		for info, err := range d.List(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			whole(t, d, info.Name)
		}
	}
	left, err := os.ReadDir(folder + "/.checkout-deploy")
	left = slices.DeleteFunc(left, func(e os.DirEntry) bool { return e.Name() == "lock" })
	if err != nil || len(left) == 0 {
		t.Errorf("got %d files left over, %v: nobody was killed while writing, which this test is about", len(left), err)
	}
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("got %q, %v, want the process ready", line, err)
	}
	time.Sleep(rand.N(30 * time.Millisecond))
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("got %v, want it killed", err)
	}
}

func whole(t *testing.T, d *dir.Dir, name string) {
	t.Helper()
	r, info, err := d.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil || int64(len(data)) != info.Size {
		t.Fatalf("%s: got %d of %d bytes, %v", name, len(data), info.Size, err)
	}
	if text := string(data); !strings.HasSuffix(text, ".") || strings.Count(text, text[:1]) != len(text)-1 {
		t.Errorf("%s has a part of what was written", name)
	}
}
