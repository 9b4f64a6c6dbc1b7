package trial

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store/storetest/peer"
)

var kills = flag.Int("kills", 200, "how often TestKilled kills the program")

// TestKilled kills the real program at any moment, again and again, while it deploys
// to a real server by turns, and a shopper asks for the page all the time: each page
// has all its files, sequences rise, and the first deploy that is let alone is live.
func TestKilled(t *testing.T) {
	if os.Getenv(planted) != "" {
		t.Skip("this is the program with a bug")
	}
	program := filepath.Join(t.TempDir(), "deploy")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../../cmd/deploy").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Run("folder", func(t *testing.T) {
		s := newShop(t, "")
		s.killed(program, *kills/4, nil, filepath.Join(s.dir, "served"))
	})
	t.Run("S3", func(t *testing.T) {
		server := peer.NewS3(t)
		s := newShop(t, "")
		served := filepath.Join(server.Folder, "shop")
		s.serve(served)
		s.replace("store: served", "store: "+server.URL("shop"))
		var env []string
		for name, value := range server.Env() {
			env = append(env, name+"="+value)
		}
		s.killed(program, *kills, env, served)
	})
}

func (s *shop) killed(program string, n int, env []string, served string) {
	s.t.Helper()
	var ids []string
	for _, name := range []string{"one", "two", "three"} {
		ids = append(ids, s.release(name, nil))
		if err := os.Rename(filepath.Join(s.dir, "dist"), filepath.Join(s.dir, name)); err != nil {
			s.t.Fatal(err)
		}
	}
	run := func(ctx context.Context, i int) (string, error) {
		name := []string{"one", "two", "three"}[i%3]
		cmd := exec.CommandContext(ctx, program, "--dist", name, "--clear-hold", "--wait=0s") //nolint:gosec // ours
		cmd.Dir, cmd.Env = s.dir, append(env, "PATH="+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	began := time.Now()
	if out, err := run(s.t.Context(), 0); err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
	whole := time.Since(began)
	ends := s.watchAll()
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // any moment will do
	for i := range n {
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Duration(rng.Int64N(int64(whole))))
		_, _ = run(ctx, i+1) // killed, or done before
		cancel()
		// What waits for a lock that nobody renews is tried by the schedules; here it
		// would take hours.
		_ = os.Remove(filepath.Join(served, "deploy", "lock.json"))
	}
	pages, flips := ends()
	s.t.Logf("%d pages were asked for, and %d were another than before", pages, flips)
	if pages < n || flips < n/20 {
		s.t.Errorf("that is too little to have tried anything")
	}
	if out, err := run(s.t.Context(), n); err != nil || !strings.Contains(out, "state=live") {
		s.t.Errorf("the deploy that nobody killed: %v\n%s", err, out)
	}
	if page, _ := get(s.url); !strings.Contains(string(page), "release="+ids[n%3]) {
		s.t.Errorf("it is not what shoppers get:\n%s", page)
	}
}

// watchAll is a shopper who asks for the page, and then for all that it needs.
func (s *shop) watchAll() (end func() (pages, flips int)) {
	stop := make(chan struct{})
	var asking sync.WaitGroup
	pages, flips, last := 0, 0, channel.Ref{}
	asking.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
			ref, err := s.shopper()
			switch {
			case err != nil:
				s.t.Error(err)
				return
			case ref.Seq < last.Seq:
				s.t.Errorf("sequence %d after %d", ref.Seq, last.Seq)
			case ref != last:
				flips++
			}
			pages, last = pages+1, ref
		}
	})
	return func() (int, int) {
		close(stop)
		asking.Wait()
		return pages, flips
	}
}

func (s *shop) shopper() (channel.Ref, error) {
	page, err := get(s.url)
	if err != nil {
		return channel.Ref{}, err
	}
	_, ref, ours, err := channel.CutRef(string(page))
	if err != nil || !ours {
		return ref, fmt.Errorf("half a page: %w\n%s", err, page)
	}
	folder := s.url + "r/" + ref.Release.String() + "/"
	data, err := get(folder + release.RecordName)
	if err != nil || release.DigestOf(data) != ref.Release {
		return ref, fmt.Errorf("the record of %s: %w", ref.Release, err)
	}
	r, err := release.Read(bytes.NewReader(data))
	if err != nil {
		return ref, err
	}
	for _, f := range r.Files {
		if f.Path == "index.html" {
			continue // a file server leads from it to its folder
		}
		data, err := get(folder + f.Path)
		if err != nil || release.IntegrityOf(data) != f.Integrity {
			return ref, fmt.Errorf("%s of %s: %w", f.Path, ref.Release, err)
		}
	}
	return ref, nil
}

func get(url string) ([]byte, error) {
	answer, err := http.Get(url) //nolint:noctx,gosec // a server of the test's
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, answer.Status)
	}
	return data, err
}
