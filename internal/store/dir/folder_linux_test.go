package dir_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/dir"
)

// anew creates an object.
func anew(t *testing.T, d *dir.Dir, name string) (store.Version, error) {
	t.Helper()
	return d.Write(t.Context(), name, store.Bytes([]byte("of "+name)), store.Header{}, store.Anew)
}

// TestModes: a web server is another user, whatever this one's umask says.
func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	folder := filepath.Join(t.TempDir(), "new")
	d := open(t, folder)
	v, err := anew(t, d, "r/1/a.js")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write(t.Context(), "r/1/a.js", store.Bytes(nil), store.Header{}, store.Replacing(v)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{"r": 0o755, "r/1": 0o755, "r/1/a.js": 0o644, ".checkout-deploy": 0o700} {
		stat, err := os.Stat(filepath.Join(folder, name))
		if err != nil || stat.Mode().Perm() != want {
			t.Errorf("%s: got %v, %v, want %v", name, stat.Mode(), err, want)
		}
	}
}

// TestLinks: a link leads nowhere, out of the folder or within it; and what no store
// could hold is not listed.
func TestLinks(t *testing.T) {
	outside, folder := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"link": outside + "/secret", "up": "../" + filepath.Base(outside) + "/secret", "folder": outside} {
		if err := os.Symlink(to, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "real"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"alias": "real", "own": ".checkout-deploy", "dangling": "nothing"} {
		if err := os.Symlink(to, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"real/a.js", "a?b", "real/c%2fd"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := open(t, folder)
	v, err := anew(t, d, "real/b.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"alias/b.js", "own/lock"} {
		if err := d.Delete(t.Context(), name, v); store.CodeOf(err) != store.NotFound {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for _, name := range []string{"link", "up", "folder/secret", "folder", "pipe", "alias/a.js", "own/lock", "dangling"} {
		if r, _, err := d.Open(t.Context(), name); err == nil {
			_ = r.Close()
			t.Errorf("%s was opened", name)
		}
	}
	for _, name := range []string{"folder/new", "link", "up", "folder", "alias/new", "alias/deep/new", "own/new", "dangling"} {
		if _, err := anew(t, d, name); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	for _, under := range []string{"", "alias", "folder", "alias/deep"} {
		var list []string
		for info, err := range d.List(t.Context(), under) {
			if err != nil {
				t.Errorf("%s: %v", under, err)
			}
			list = append(list, info.Name)
		}
		if got := strings.Join(list, " "); got != map[string]string{"": "real/a.js real/b.js"}[under] {
			t.Errorf("below %q: listed %q", under, got)
		}
	}
	if got, err := os.ReadDir(outside); err != nil || len(got) != 1 {
		t.Errorf("outside: got %v, %v", got, err)
	}
}

// TestOwnFolder: what the store keeps for itself is no object, and goes when it is
// old.
func TestOwnFolder(t *testing.T) {
	folder := t.TempDir()
	own := filepath.Join(folder, ".checkout-deploy")
	if err := os.Mkdir(own, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, age := range map[string]time.Duration{"OLD": 25 * time.Hour, "YOUNG": time.Hour, "lock": 48 * time.Hour} {
		path := filepath.Join(own, name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Now(), time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	d := open(t, folder)
	for _, name := range []string{".checkout-deploy", ".checkout-deploy/lock", ".Checkout-Deploy/lock"} {
		if _, _, err := d.Open(t.Context(), name); store.CodeOf(err) != store.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := anew(t, d, name); store.CodeOf(err) != store.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := anew(t, d, "a.js"); err != nil {
		t.Fatal(err)
	}
	var list []string
	for info, err := range d.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, info.Name)
	}
	if got := strings.Join(list, " "); got != "a.js" {
		t.Errorf("listed %q", got)
	}
	entries, err := os.ReadDir(own)
	if err != nil || len(entries) != 2 || entries[0].Name() != "YOUNG" || entries[1].Name() != "lock" {
		t.Errorf("left: %v, %v", entries, err)
	}
}

// TestEmptyFolders: a release that is deleted leaves no folders behind.
func TestEmptyFolders(t *testing.T) {
	folder := t.TempDir()
	d := open(t, folder)
	v, err := anew(t, d, "r/1/deep/a.js")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := anew(t, d, "r/2/a.js"); err != nil {
		t.Fatal(err)
	}
	if err := d.Delete(t.Context(), "r/1/deep/a.js", v); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(folder, "r")); err != nil || len(left) != 1 {
		t.Errorf("got %v, %v, want r/2 alone", left, err)
	}
}

// TestFoldersComeAndGo: who creates an object is not disturbed by who removes the
// folder that just became empty.
func TestFoldersComeAndGo(t *testing.T) {
	folder := t.TempDir()
	var wait sync.WaitGroup
	for writer := range 4 {
		d := open(t, folder)
		wait.Go(func() {
			for i := range 50 {
				name := fmt.Sprintf("r/1/deep/%d-%d.js", writer, i)
				v, err := d.Write(t.Context(), name, store.Bytes([]byte(name)), store.Header{}, store.Anew)
				if err == nil {
					err = d.Delete(t.Context(), name, v)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestOwnFolderIsNone: what stands in the store's own way is told, and is not said to
// be the object's.
func TestOwnFolderIsNone(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, ".checkout-deploy"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d := open(t, folder)
	if _, err := anew(t, d, "a.js"); err == nil || store.CodeOf(err) == store.NotFound || store.CodeOf(err) == store.Exists {
		t.Errorf("got %q: %v", store.CodeOf(err), err)
	}
}

// TestFilesAndFolders: a file system has one thing under a name.
func TestFilesAndFolders(t *testing.T) {
	d := open(t, t.TempDir())
	if _, err := anew(t, d, "r/a"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"r", "r/a/b", "r/a/b/c"} {
		if _, err := anew(t, d, name); store.CodeOf(err) != store.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestDisks: what the disk says has a code, and leaves nothing.
func TestDisks(t *testing.T) {
	for _, row := range []struct {
		name, option string
		flags        uintptr
		want         store.Code
	}{
		{"read-only", "", syscall.MS_RDONLY, store.Denied},
		{"full", "size=64k", 0, store.Other},
	} {
		t.Run(row.name, func(t *testing.T) {
			folder := t.TempDir()
			if err := syscall.Mount("tmpfs", folder, "tmpfs", row.flags, row.option); err != nil {
				if os.Getenv("CI") == "true" {
					t.Fatalf("needs root: %v", err)
				}
				t.Skipf("needs root: %v", err)
			}
			t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
			d := open(t, folder)
			_, err := d.Write(t.Context(), "r/a.js", store.Bytes(make([]byte, 100_000)), store.Header{}, store.Anew)
			if err == nil || store.CodeOf(err) != row.want {
				t.Errorf("got %q: %v", store.CodeOf(err), err)
			}
			if r, _, err := d.Open(t.Context(), "r/a.js"); store.CodeOf(err) != store.NotFound {
				_ = r.Close()
				t.Errorf("got %v", err)
			}
			if left, _ := os.ReadDir(filepath.Join(folder, ".checkout-deploy")); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}
