// Command hashing measures internal/integrity's hashing of a folder against
// openssl dgst -sha384 over the same files, in one run.
//
//	go run ./bench/hashing
//
// openssl hashes on one core, as it can, and its throughput is taken times the
// cores. Rounds are interleaved and the best of each counts, as what else runs on
// the machine only makes either slower. Where much does, processor time is what
// still compares.
package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/org/checkout-deploy/internal/integrity"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type sizes struct {
	files  int
	bytes  int64
	rounds int
	dir    string
}

func run() (err error) {
	var s sizes
	flag.IntVar(&s.files, "files", 10_000, "files to make")
	flag.Int64Var(&s.bytes, "bytes", 2_000_000_000, "bytes of all files together")
	flag.IntVar(&s.rounds, "rounds", 5, "rounds, of which the best counts")
	flag.StringVar(&s.dir, "dir", "", "folder to make them in (default: the system's for temporary files)")
	flag.Parse()
	if s.files < 1 || s.bytes < int64(s.files) || s.rounds < 1 {
		return errors.New("hashing: want at least one file, a byte in each, and a round")
	}
	dir, err := os.MkdirTemp(s.dir, "hashing-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	paths, err := makeFiles(dir, s)
	if err != nil {
		return err
	}
	return compare(dir, paths, s)
}

// makeFiles writes files of 0.2 to 1.8 times the mean size, a hundred in each folder.
func makeFiles(dir string, s sizes) ([]string, error) {
	random := rand.NewChaCha8([32]byte{})
	mean := s.bytes / int64(s.files)
	var paths []string
	for i := range s.files {
		path := fmt.Sprintf("%03d/%05d.js", i/100, i)
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(path)), 0o777); err != nil {
			return nil, err
		}
		data := make([]byte, mean/5+mean*8/5*int64(i%101)/100)
		_, _ = random.Read(data) // never fails
		if err := os.WriteFile(filepath.Join(dir, path), data, 0o666); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// cost is what one pass over all files took.
type cost struct{ wall, cpu time.Duration }

// best keeps the lesser of each.
func (c *cost) best(d cost) {
	if c.wall == 0 || d.wall < c.wall {
		c.wall = d.wall
	}
	if c.cpu == 0 || d.cpu < c.cpu {
		c.cpu = d.cpu
	}
}

func compare(dir string, paths []string, s sizes) error {
	cores := runtime.GOMAXPROCS(0)
	var ours, theirs, together cost
	var total int64
	for round := range s.rounds {
		peer, said, err := withOpenSSL(dir, paths)
		if err != nil {
			return err
		}
		all, err := onEveryCore(dir, paths, cores)
		if err != nil {
			return err
		}
		own, files, err := withOurs(dir)
		if err != nil {
			return err
		}
		if total, err = same(files, said); err != nil {
			return err
		}
		fmt.Printf("round %d: ours %.2f s (processor %.2f s), openssl on one core %.2f s (processor %.2f s), on %d %.2f s\n",
			round+1, own.wall.Seconds(), own.cpu.Seconds(), peer.wall.Seconds(), peer.cpu.Seconds(), cores, all.wall.Seconds())
		ours.best(own)
		theirs.best(peer)
		together.best(all)
	}
	rate := func(d time.Duration) float64 { return float64(total) / 1e6 / d.Seconds() }
	fmt.Printf("%d files, %d bytes, %d cores\n", len(paths), total, cores)
	fmt.Printf("wall: ours %.0f MB/s, openssl %.0f MB/s times %d: ratio %.1f %%\n",
		rate(ours.wall), rate(theirs.wall), cores, 100*rate(ours.wall)/rate(theirs.wall)/float64(cores))
	fmt.Printf("wall: ours %.0f MB/s, %d processes of openssl at once %.0f MB/s: ratio %.1f %%\n",
		rate(ours.wall), cores, rate(together.wall), 100*rate(ours.wall)/rate(together.wall))
	fmt.Printf("processor: ours %.0f MB/s a core, openssl %.0f MB/s: ratio %.1f %%\n",
		rate(ours.cpu), rate(theirs.cpu), 100*rate(ours.cpu)/rate(theirs.cpu))
	return nil
}

func withOurs(dir string) (cost, []integrity.File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return cost{}, nil, err
	}
	defer func() { _ = root.Close() }() // only read
	began, used := time.Now(), processor()
	files, refused, err := integrity.HashFolder(context.Background(), integrity.Root(root), integrity.SHA384)
	took := cost{time.Since(began), processor() - used}
	if len(refused) > 0 {
		err = errors.Join(err, errors.New(refused[0].String()))
	}
	return took, files, err
}

// processor is the time that this process has had of processors.
func processor() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // fails for no such argument
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// withOpenSSL runs one process over all files.
func withOpenSSL(dir string, paths []string) (cost, string, error) {
	command := exec.CommandContext(context.Background(), "openssl", append([]string{"dgst", "-sha384", "-r"}, paths...)...)
	command.Dir = dir
	var out, problems bytes.Buffer
	command.Stdout, command.Stderr = &out, &problems
	began := time.Now()
	if err := command.Run(); err != nil {
		return cost{}, "", fmt.Errorf("openssl dgst -sha384: %w: %s", err, problems.String())
	}
	return cost{time.Since(began), command.ProcessState.UserTime() + command.ProcessState.SystemTime()}, out.String(), nil
}

// onEveryCore runs as many processes at once as there are cores, each over a share of
// the files: what the cores really give together.
func onEveryCore(dir string, paths []string, cores int) (cost, error) {
	var work errgroup.Group
	began := time.Now()
	for i := range cores {
		var share []string
		for k := i; k < len(paths); k += cores {
			share = append(share, paths[k])
		}
		work.Go(func() error { _, _, err := withOpenSSL(dir, share); return err })
	}
	err := work.Wait()
	return cost{wall: time.Since(began)}, err
}

// same compares the digests: a fast wrong one would be none.
func same(files []integrity.File, said string) (total int64, err error) {
	theirs := map[string]string{}
	for line := range strings.Lines(said) {
		digest, path, _ := strings.Cut(strings.TrimSpace(line), " *")
		theirs[path] = digest
	}
	if len(theirs) != len(files) {
		return 0, fmt.Errorf("got %d files of openssl and %d of ours", len(theirs), len(files))
	}
	for _, f := range files {
		total += f.Size
		if got, err := hexOf(f.Hashes[0]); err != nil || got != theirs[f.Path] {
			return 0, errors.Join(err, fmt.Errorf("%s: got %s, openssl has %s", f.Path, got, theirs[f.Path]))
		}
	}
	return total, nil
}

func hexOf(h integrity.Hash) (string, error) {
	digest, err := base64.StdEncoding.DecodeString(h.Base64)
	return hex.EncodeToString(digest), err
}
