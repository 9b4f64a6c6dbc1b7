package webdav

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const user, password, realm = "deploy", `pass"word: ü`, "shop"

// apache is a server of Debian's on loopback for one test. It serves root at /dav/
// without asking who is there, at /digest/ and at /basic/.
func apache(t *testing.T) (address, root string) {
	t.Helper()
	program, err := exec.LookPath("apache2")
	if err != nil {
		program = "/usr/sbin/apache2"
		if _, err = os.Stat(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal("no apache2: .ci/run installs it")
			}
			t.Skip("no apache2: apt-get install apache2-bin")
		}
	}
	dir := t.TempDir()
	root = filepath.Join(dir, "root")
	if err := os.Mkdir(root, 0o777); err != nil {
		t.Fatal(err)
	}
	address = free(t)
	write(t, dir, "conf", configuration(dir, root, address))
	write(t, dir, "digest", user+":"+realm+":"+hex.EncodeToString(sum16(user+":"+realm+":"+password))+"\n")
	hash := sha1.Sum([]byte(password))
	write(t, dir, "basic", user+":{SHA}"+base64.StdEncoding.EncodeToString(hash[:])+"\n")
	for _, d := range []string{filepath.Dir(dir), dir, root} { // a server that root starts becomes another user
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	run(t, program, dir, address)
	return "http://" + address, root
}

func sum16(s string) []byte { h := md5.Sum([]byte(s)); return h[:] }

func free(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	return address
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func configuration(dir, root, address string) string {
	var b strings.Builder
	for _, m := range []string{"mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "auth_digest", "alias", "dav", "dav_fs"} {
		fmt.Fprintf(&b, "LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n", m, m)
	}
	fmt.Fprintf(&b, "ServerRoot %q\nDefaultRuntimeDir %q\nPidFile %q\nErrorLog %q\n", dir, dir, dir+"/pid", dir+"/errors")
	fmt.Fprintf(&b, "Listen %s\nServerName shop.test\nDocumentRoot %q\nDavLockDB %q\n", address, root, dir+"/locks")
	fmt.Fprintf(&b, "StartServers 1\nServerLimit 1\nThreadsPerChild 25\nMaxRequestWorkers 25\nMinSpareThreads 1\nMaxSpareThreads 25\nTimeout 20\n<Directory />\nAllowOverride None\n</Directory>\n")
	if os.Getuid() == 0 {
		b.WriteString("User nobody\nGroup nogroup\n")
	}
	for _, path := range []string{"dav", "digest", "basic"} {
		fmt.Fprintf(&b, "Alias /%s %q\n<Location /%s>\nDav On\n", path, root, path)
		if path == "dav" {
			b.WriteString("Require all granted\n")
		} else {
			fmt.Fprintf(&b, "AuthType %s\nAuthName %s\nRequire valid-user\nAuth%sProvider file\n", path, realm, strings.ToUpper(path[:1])+path[1:])
			fmt.Fprintf(&b, "AuthUserFile %q\n", dir+"/"+path)
		}
		b.WriteString("</Location>\n")
	}
	return b.String()
}

// run starts the server and waits until it listens. At the test's end the one process
// that was started is told to end, with its own children.
func run(t *testing.T, program, dir, address string) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), program, "-DFOREGROUND", "-f", filepath.Join(dir, "conf"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
		if log, err := os.ReadFile(filepath.Join(dir, "errors")); err == nil && t.Failed() {
			t.Logf("Apache's log:\n%s", log)
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ended:
			log, _ := os.ReadFile(filepath.Join(dir, "errors"))
			t.Fatalf("apache2 ended: %s\n%s", out.String(), log)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("apache2 does not listen")
		}
	}
}
