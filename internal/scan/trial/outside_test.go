//go:build goexperiment.jsonv2

package trial

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"github.com/org/checkout-deploy/internal/image/imagetest"
	"github.com/org/checkout-deploy/internal/scan/scantest"
	"github.com/org/checkout-deploy/internal/sign/signtest"
)

// A registry that fails says who has to do something; its message does not give away
// the credentials.
func TestBadRegistries(t *testing.T) {
	password := "of-the-" + "registry"
	open := warm(t, imagetest.RegistryOptions{})
	closed := warm(t, imagetest.RegistryOptions{Username: "ada", Password: password})
	img := imagetest.Debian(t, imagetest.Options{Packages: 5, Clean: true})
	answer := func(status int, header http.Header) *imagetest.Fault {
		f := &imagetest.Fault{Kind: imagetest.Answer, Path: "/v2/org/shop", Status: status, Header: header, Body: `{"errors":[{"code":"DENIED","message":"no"}]}`}
		if status == http.StatusForbidden { // it says what it was sent
			f.Body = strings.Replace(f.Body, `"no"`, `"not with `+password+`"`, 1)
		}
		return f
	}
	for _, row := range []struct {
		name   string
		s      *shop
		fault  *imagetest.Fault
		inputs []string
		code   int
		says   []string
	}{
		{"no credentials", closed, nil, nil, 4, []string{"401", "registry-username"}},
		{"a wrong password", closed, nil, []string{"registry-username=ada", "registry-password=wrong-" + "word"}, 4, []string{"401"}},
		{"forbidden", closed, answer(403, nil), []string{"registry-username=ada", "registry-password=" + password}, 4, []string{"403", "may not do that"}},
		{"not there", open, answer(404, nil), nil, 1, []string{"404", "look at the name, the tag and the digest"}},
		{"too many requests", open, answer(429, http.Header{"Retry-After": {"7"}}), nil, 3, []string{"429"}},
		{"broken", open, answer(500, nil), nil, 3, []string{"500"}},
		{"overloaded", open, answer(503, nil), nil, 3, []string{"503"}},
		{"resets", open, &imagetest.Fault{Kind: imagetest.Cut, Path: "/v2/org/shop"}, nil, 3, []string{"127.0.0.1"}},
		{"hangs at the manifest", open, &imagetest.Fault{Kind: imagetest.Hang, Path: "/manifests/"}, []string{"timeout=2s"}, 3, []string{"it took longer than 2s", "give the input timeout"}},
		{"hangs in a layer", open, &imagetest.Fault{Kind: imagetest.Hang, Path: "/blobs/", After: 1, Bytes: 50}, []string{"timeout=2s"}, 3, []string{"it took longer than 2s", "give the input timeout"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := row.s.row(t)
			reference := s.pushAs(img, imagetest.RegistryOptions{Username: map[bool]string{true: "ada"}[row.s == closed], Password: password})
			if row.fault != nil {
				s.registry.Fail(*row.fault)
				defer s.registry.Heal()
			}
			r, u := s.refuses(row.code, row.says, append(row.inputs, "image="+reference)...)
			if strings.Contains(r.log, password) || strings.Contains(r.log, "wrong-"+"word") {
				t.Errorf("got the password in\n%s", tail(r.log))
			}
			if u.wall > 30*time.Second {
				t.Errorf("it took %v", u.wall)
			}
		})
	}
}

// A full disk, where results go and where databases do.
func TestFullDisk(t *testing.T) {
	s := warm(t, imagetest.RegistryOptions{})
	for _, row := range []struct {
		name   string
		input  string
		folder string
		size   int
		says   []string
	}{
		{"for the result", "out=scan", "scan", 64 << 10, []string{"no space left on device", "make room"}},
		{"for the databases", "cache-dir=small", "small", 64 << 10, []string{"no space left on device", "make room", "nothing was scanned"}},
		{"for what is temporary", "out=scan", "tmp", 64 << 10, []string{"no space left on device"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := s.row(t)
			reference := s.push(imagetest.Debian(t, imagetest.Options{Clean: true}))
			dir := filepath.Join(s.dir, row.folder)
			check(t, os.MkdirAll(dir, 0o755))
			if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=65536"); err != nil {
				if os.Getenv("CI") == "true" {
					t.Fatalf("needs root, and a small file system: %v", err)
				}
				t.Skipf("needs root, and a small file system: %v", err)
			}
			t.Cleanup(func() { check(t, syscall.Unmount(dir, 0)) })
			if row.folder == "small" {
				s.cache = dir
			}
			s.refuses(1, row.says, "image="+reference)
		})
	}
}

// A database that can't be used is none: nothing is scanned.
func TestBadDatabases(t *testing.T) {
	s := warm(t, imagetest.RegistryOptions{})
	img := imagetest.Debian(t, imagetest.Options{Packages: 5, Clean: true})
	for _, row := range []struct {
		name   string
		spoil  func(s *shop)
		inputs []string
		code   int
		says   []string
	}{
		{"none, offline", func(s *shop) { check(s.t, os.RemoveAll(s.cache)) }, []string{"offline=true"}, 1, []string{"nothing was scanned"}},
		{"an old one, offline", func(s *shop) { s.metadata(func(m map[string]any) { m["UpdatedAt"] = time.Now().AddDate(0, 0, -9) }) }, []string{"offline=true"}, 1, []string{"nothing was scanned", "9 days ago; want at most 3 days"}},
		{"of another schema", func(s *shop) { s.metadata(func(m map[string]any) { m["Version"] = 3 }) }, []string{"offline=true"}, 1, []string{"nothing was scanned", "version"}},
		{"cut off", func(s *shop) { check(s.t, os.Truncate(filepath.Join(s.cache, "db/trivy.db"), 20_000)) }, []string{"offline=true"}, 1, []string{"nothing was scanned", "damaged"}},
		{"no database at all", func(s *shop) { check(s.t, os.WriteFile(filepath.Join(s.cache, "db/trivy.db"), []byte("no"), 0o644)) }, []string{"offline=true"}, 1, []string{"nothing was scanned", "damaged"}},
		{"a registry that has none", func(s *shop) { check(s.t, os.RemoveAll(s.cache)); s.from.Vuln = s.registry.Host + "/none:2" }, nil, 1, []string{"nothing was scanned", "404"}},
		{"a registry of another artifact", func(s *shop) { check(s.t, os.RemoveAll(s.cache)); s.from.Vuln = s.from.Java }, nil, 1, []string{"nothing was scanned"}},
		{"nobody there", func(s *shop) { check(s.t, os.RemoveAll(s.cache)); s.from.Vuln = "127.0.0.1:1/db:2" }, nil, 3, []string{"nothing was scanned", "connection refused"}},
		{"an archive of something else", func(s *shop) { s.write("db.tar", "no") }, []string{"db-archive=db.tar"}, 1, []string{"nothing was scanned", "db.tar"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := s.ownDatabase(t)
			reference := s.push(img)
			row.spoil(s)
			s.refuses(row.code, row.says, append(row.inputs, "image="+reference)...)
		})
	}
}

// ownDatabase is a row with a copy of the database, to spoil.
func (s *shop) ownDatabase(t *testing.T) *shop {
	one := s.row(t)
	from := one.cache
	one.cache = filepath.Join(one.dir, "own")
	check(t, os.CopyFS(one.cache, os.DirFS(from)))
	return one
}

func (s *shop) metadata(change func(map[string]any)) {
	s.t.Helper()
	file := filepath.Join(s.cache, "db/metadata.json")
	data, err := os.ReadFile(file)
	check(s.t, err)
	var m map[string]any
	check(s.t, json.Unmarshal(data, &m))
	change(m)
	data, err = json.Marshal(m)
	check(s.t, err)
	check(s.t, os.WriteFile(file, data, 0o644))
}

// Pages that are damaged where no check looks end as an error or do not matter, never
// as a process that breaks down.
func TestDamagedPages(t *testing.T) {
	s := newShop(t, flawed()(t), imagetest.RegistryOptions{})
	s.write("src/a.txt", "a")
	s.run("path=src", "scanners=vuln").shows(t, 0)
	s.cache = filepath.Join(s.dir, "cache")
	img := imagetest.Debian(t, imagetest.Options{Clean: true})
	ended := map[int]int{}
	good, err := os.ReadFile(filepath.Join(s.cache, "db/trivy.db"))
	check(t, err)
	pages := len(good) / os.Getpagesize()
	for i := range 12 {
		s := s.ownDatabase(t)
		reference := s.push(img)
		bad := slices.Clone(good)
		for page := 4 + i%3; page < pages; page += 3 + i%4 {
			at := page * os.Getpagesize()
			switch i % 4 {
			case 0: // the elements lead far away
				for j := at + 16; j < at+256; j++ {
					bad[j] = 0xff
				}
			case 1: // the page is another
				copy(bad[at:at+os.Getpagesize()], make([]byte, os.Getpagesize()))
			case 2: // its type is
				bad[at+8] = 0x7f
			case 3: // the values are
				copy(bad[at+os.Getpagesize()/2:at+os.Getpagesize()], strings.Repeat("{", os.Getpagesize()/2))
			}
		}
		check(t, os.WriteFile(filepath.Join(s.cache, "db/trivy.db"), bad, 0o644))
		r, _ := measured(t, s.program("image="+reference, "offline=true", "fail-severity=none"))
		ended[r.code]++
		if r.code == 0 && strings.Contains(r.log, "high=0") || r.code != 0 && r.code != 1 || strings.Contains(r.log, "goroutine ") {
			t.Errorf("%d: got exit code %d of\n%s", i, r.code, tail(r.log))
		}
		if got := left(t, s.temp()); len(got) > 0 {
			t.Errorf("got %q left", got)
		}
	}
	t.Logf("exit codes: %v", ended)
}

// Keys and identities that can't sign are told before anything is scanned or, if only
// a service knows, before anything moves.
func TestBadSigners(t *testing.T) {
	s := warm(t, imagetest.RegistryOptions{})
	img := imagetest.Debian(t, imagetest.Options{Packages: 5, Clean: true})
	private, public := keyPair(t)
	for _, row := range []struct {
		name   string
		key    string
		inputs []string
		code   int
		says   []string
	}{
		{"a public key", public, nil, 2, []string{"key.pem"}},
		{"half a key", private[:80], nil, 2, []string{"key.pem"}},
		{"no file", "", nil, 2, []string{"key.pem"}},
		{"an encrypted key and no password", encryptedKey(t, "ri"+"ght"), nil, 2, []string{"password"}},
		{"an encrypted key and another password", encryptedKey(t, "ri"+"ght"), []string{"key-password=wr" + "ong"}, 2, []string{"password"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := s.row(t)
			reference := s.push(img)
			if row.key != "" {
				s.write("key.pem", row.key)
			}
			r, _ := s.refuses(row.code, row.says, append(row.inputs, "image="+reference, "sign=key", "key=key.pem", "promote-tag=latest")...)
			if strings.Contains(r.log, "wr"+"ong") {
				t.Errorf("got the password in\n%s", tail(r.log))
			}
		})
	}
}

// An identity that nobody believes moves no tag.
func TestBadIdentities(t *testing.T) {
	s := warm(t, imagetest.RegistryOptions{})
	for _, row := range []struct {
		name  string
		spoil func(*signtest.Sigstore)
		code  int
		says  string
	}{
		{"no token", func(s *signtest.Sigstore) { s.Fails["/token"] = slices.Repeat([]int{403}, 20) }, 4, "answered 403"},
		{"an expired token", func(s *signtest.Sigstore) { s.Lifetime = -time.Hour }, 4, "the token is expired"},
		{"a token for another audience", func(s *signtest.Sigstore) { s.Fails["/api/v2/signingCert"] = slices.Repeat([]int{401}, 20) }, 4, "401"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := s.row(t)
			reference := s.push(imagetest.Debian(t, imagetest.Options{Packages: 5, Clean: true}))
			s.keyless()
			row.spoil(s.sigstore)
			r := s.run("image="+reference, "sign=keyless", "promote-tag=latest")
			r.shows(t, row.code, row.says, "the tags stay where they were")
			if got := s.registry.Tag("org/shop", "latest"); got != "" {
				t.Errorf("the tag leads to %s", got)
			}
			for line := range strings.Lines(r.log) {
				if strings.Contains(line, signtest.JobsToken) && !strings.HasPrefix(line, "::add-mask::") {
					t.Errorf("got the job's token in %s", line)
				}
			}
		})
	}
}

// encryptedKey is a key as cosign writes it.
func encryptedKey(t testing.TB, password string) string {
	t.Helper()
	private, _ := keyPair(t)
	block, _ := pem.Decode([]byte(private))
	data, err := encrypted.Encrypt(block.Bytes, []byte(password))
	check(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED SIGSTORE PRIVATE KEY", Bytes: data}))
}

// A signal ends a scan at once, and leaves nothing.
func TestSignal(t *testing.T) {
	s := warm(t, imagetest.RegistryOptions{}).row(t)
	reference := s.push(imagetest.Debian(t, imagetest.Options{Packages: 5, Clean: true}))
	s.registry.Fail(imagetest.Fault{Kind: imagetest.Hang, Path: "/blobs/", After: 2, Bytes: 50})
	s.write("scan/result.json", earlier)
	s.write("scan/trivy.json", earlier)
	c := s.program("image=" + reference)
	c.Cancel = nil
	go func() {
		for len(left(t, s.temp())) == 0 { // it scans
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(300 * time.Millisecond)
		_ = c.Process.Signal(syscall.SIGTERM)
	}()
	r, _ := measured(t, c)
	r.shows(t, 128+int(syscall.SIGTERM), "cancelled")
	s.wantEarlier()
}

// A database that is replaced while it is used is used to its end.
func TestReplacedDatabase(t *testing.T) {
	s := newShop(t, flawed()(t), imagetest.RegistryOptions{})
	reference := s.push(imagetest.Debian(t, imagetest.Options{Clean: true}))
	s.run("image="+reference).shows(t, 1, "of severity high")
	want := s.read("scan/trivy.json")
	scantest.Push(t, s.from.Vuln, scantest.VulnArtifact(t, harmless()(t)))
	done := make(chan ran)
	s.temp()
	go func() {
		r, _ := measured(t, s.program("image="+reference, "offline=true"))
		done <- r
	}()
	other := *s
	other.t, other.dir, other.cache = t, t.TempDir(), filepath.Join(s.dir, "cache")
	other.write("src/a.txt", "a")
	r2, _ := measured(t, other.program("path=src", "scanners=vuln"))
	r2.shows(t, 0)
	r := <-done
	if r.code != 1 && r.code != 0 {
		t.Errorf("got exit code %d of\n%s", r.code, tail(r.log))
	}
	if len(want) == 0 || r.code == 1 && !strings.Contains(r.log, "of severity high") {
		t.Errorf("got\n%s", tail(r.log))
	}
}
