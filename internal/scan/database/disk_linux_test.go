package database_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/org/checkout-deploy/internal/scan/database"
	"github.com/org/checkout-deploy/internal/scan/scantest"
)

// needs skips on a developer's machine, and fails where everything has to be.
func needs(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("needs %s: %v", what, err)
	}
	t.Skipf("needs %s: %v", what, err)
}

// disk mounts a file system of size bytes at dir.
func disk(t *testing.T, dir string, size int) {
	t.Helper()
	needs(t, "root, and a small file system", syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)))
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
}

// A full disk leaves the last good database, which is used; without one nothing is
// scanned. Other mirrors are not asked for what can't be kept either.
func TestFullDisk(t *testing.T) {
	large := serving(t, scantest.VulnArtifact(t, scantest.VulnDB(t, now, many()...)))
	other := serving(t, vuln(t, now))
	o := options(t.TempDir(), large, other)
	disk(t, o.Cache, 256<<10)
	_, err := database.Get(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "no space left on device") || !strings.Contains(err.Error(), "make room") {
		t.Errorf("got %v", err)
	}
	wantListing(t, o.Cache, none)

	o = options(o.Cache, serving(t, vuln(t, now.Add(-time24))))
	good, err := database.Get(t.Context(), o)
	check(t, err)
	o = options(o.Cache, large, other)
	other.requests()
	got, err := database.Get(t.Context(), o)
	check(t, err)
	if got.Digest != good.Digest || !strings.Contains(got.Stale, "no space left on device") {
		t.Errorf("got %+v", got)
	}
	if seen := other.requests(); len(seen) > 0 {
		t.Errorf("got the requests %q, want none", seen)
	}
	wantListing(t, o.Cache, one)

	o.Archive = saved(t, "db.tar.gz", scantest.Pack(t, scantest.VulnDB(t, now, many()...)))
	if _, err := database.Get(t.Context(), o); err == nil || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("got %v", err)
	}
	wantListing(t, o.Cache, one)
}

// A cache folder that can't be written serves offline, and else is an error.
func TestReadOnly(t *testing.T) {
	m := serving(t, vuln(t, now))
	o := options(t.TempDir(), m)
	disk(t, o.Cache, 1<<20)
	want, err := database.Get(t.Context(), o)
	check(t, err)
	check(t, syscall.Mount("tmpfs", o.Cache, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	o.Offline = true
	if got, err := database.Get(t.Context(), o); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	o.Cache = filepath.Join(o.Cache, "below")
	o.Offline = false
	if _, err := database.Get(t.Context(), o); err == nil || !strings.Contains(err.Error(), "making the cache folder") {
		t.Errorf("got %v", err)
	}
}
