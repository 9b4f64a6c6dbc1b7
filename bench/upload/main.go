// Command upload measures store.Upload against rclone and s5cmd: many small files to
// one versitygw on this machine, each time into a bucket of its own, in one run.
//
//	make bench-upload
//
// Each is a process with as many transfers at once. Rounds are interleaved and the
// best of each counts, as what else runs on the machine only makes any slower. Ours
// reads every object back and compares it; "trusting" does not, as s5cmd. rclone asks
// for each object's size and hash.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/blob"
)

const (
	access = "owner-of-bench"
	secret = "secret-of-bench"
	region = "eu-west-1"
)

type settings struct {
	files, bytes, rounds, parallel int
	tools, dir                     string
}

func main() {
	var s settings
	var ours ownRun
	flag.IntVar(&s.files, "files", 10_000, "files to upload")
	flag.IntVar(&s.bytes, "bytes", 20<<10, "bytes of each")
	flag.IntVar(&s.rounds, "rounds", 3, "rounds, of which the best counts")
	flag.IntVar(&s.parallel, "parallel", 32, "transfers at once")
	flag.StringVar(&s.tools, "tools", ".cache/bin", "folder of versitygw and s5cmd")
	flag.StringVar(&s.dir, "dir", "", "folder for files and buckets (default: the system's for temporary files)")
	flag.StringVar(&ours.address, "own", "", "upload to this address (the program runs itself with it)")
	flag.StringVar(&ours.record, "record", "", "what to upload")
	flag.BoolVar(&ours.trust, "trust", false, "read nothing back")
	flag.Parse()
	ours.parallel = s.parallel
	var err error
	if ours.address != "" {
		err = ours.run(context.Background())
	} else {
		err = s.run(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// file is one of the record's, as a release has it.
type file struct {
	Path      string
	Size      int64
	Integrity release.Integrity
}

// ownRun is one upload of ours, in a process of its own.
type ownRun struct {
	address, record string
	trust           bool
	parallel        int
}

func (o ownRun) run(ctx context.Context) error {
	data, err := os.ReadFile(o.record)
	if err != nil {
		return err
	}
	var files []file
	if err := json.Unmarshal(data, &files); err != nil {
		return err
	}
	folder := os.DirFS(filepath.Join(filepath.Dir(o.record), "files"))
	var objects []store.Object
	for _, f := range files {
		objects = append(objects, store.Object{
			Name: f.Path, Body: store.File(folder, f.Path, f.Size, f.Integrity),
			Header: store.Header{ContentType: "text/javascript; charset=utf-8", CacheControl: "public, max-age=31536000, immutable"},
		})
	}
	u, err := url.Parse(o.address)
	if err != nil {
		return err
	}
	bucket, err := blob.Open(ctx, u, blob.Options{})
	if err != nil {
		return err
	}
	_, err = store.Upload(ctx, bucket, objects, store.UploadOptions{Parallel: o.parallel, Trust: o.trust})
	return errors.Join(err, bucket.Close())
}

func (s settings) run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp(s.dir, "upload-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := s.makeFiles(dir); err != nil {
		return err
	}
	endpoint, stop, err := s.serve(ctx, filepath.Join(dir, "buckets"))
	if err != nil {
		return err
	}
	defer stop()
	return s.compare(ctx, dir, endpoint)
}

// makeFiles writes the files, a hundred in each folder, and their record.
func (s settings) makeFiles(dir string) error {
	random := rand.NewChaCha8([32]byte{})
	var files []file
	for i := range s.files {
		name := fmt.Sprintf("%03d/%05d.js", i/100, i)
		path := filepath.Join(dir, "files", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		data := make([]byte, s.bytes)
		_, _ = random.Read(data) // never fails
		if err := os.WriteFile(path, data, 0o666); err != nil {
			return err
		}
		files = append(files, file{name, int64(len(data)), release.IntegrityOf(data)})
	}
	record, err := json.Marshal(files)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "record.json"), record, 0o666)
}

// serve starts a versitygw.
func (s settings) serve(ctx context.Context, folder string) (endpoint string, stop func(), err error) {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(s.tools, "versitygw"),
		"--port", address, "--access", access, "--secret", secret, "--region", region, "--keep-alive", "--quiet", "posix", folder)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("%w: make .cache/bin/versitygw .cache/bin/s5cmd", err)
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	}
	for range 1000 {
		if conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address); err == nil {
			return "http://" + address, stop, conn.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	return "", nil, errors.New("versitygw does not listen")
}

// uploader is one of those that are compared.
type uploader struct {
	name    string
	command func(bucket string) []string
	wall    time.Duration
	cpu     time.Duration
}

func (s settings) uploaders(dir, endpoint string) []*uploader {
	n := strconv.Itoa(s.parallel)
	own := func(more ...string) func(string) []string {
		return func(bucket string) []string {
			return append([]string{os.Args[0], "-own", "s3://" + bucket + "?region=" + region + "&endpoint=" + endpoint, "-record", filepath.Join(dir, "record.json"), "-parallel", n}, more...)
		}
	}
	from := filepath.Join(dir, "files")
	return []*uploader{
		{name: "store.Upload", command: own()},
		{name: "store.Upload, trusting", command: own("-trust")},
		{name: "rclone", command: func(bucket string) []string {
			return []string{
				"rclone", "copy", from, ":s3:" + bucket, "--s3-provider=Other", "--s3-env-auth", "--s3-endpoint=" + endpoint, "--s3-region=" + region,
				"--s3-no-check-bucket", "--transfers=" + n, "--checkers=" + n, "--config=" + os.DevNull,
			}
		}},
		{name: "s5cmd", command: func(bucket string) []string {
			return []string{filepath.Join(s.tools, "s5cmd"), "--endpoint-url", endpoint, "--numworkers", n, "--log", "error", "cp", from + "/*", "s3://" + bucket + "/"}
		}},
	}
}

func (s settings) compare(ctx context.Context, dir, endpoint string) error {
	all := s.uploaders(dir, endpoint)
	for round := range s.rounds {
		for i, u := range all {
			bucket := fmt.Sprintf("bucket-%d-%d", round, i)
			if err := s.once(ctx, u, dir, bucket); err != nil {
				return fmt.Errorf("%s: %w", u.name, err)
			}
		}
	}
	fmt.Printf("%d files of %d bytes, %d at once, best of %d rounds\n", s.files, s.bytes, s.parallel, s.rounds)
	for _, u := range all {
		fmt.Printf("%-24s %6.2f s  %6.2f s of processor  %5.2f of %s's time\n", u.name, u.wall.Seconds(), u.cpu.Seconds(), u.wall.Seconds()/all[0].wall.Seconds(), all[0].name)
	}
	return nil
}

// once uploads into a new bucket, counts what is there, and takes it away.
func (s settings) once(ctx context.Context, u *uploader, dir, bucket string) (err error) {
	folder := filepath.Join(dir, "buckets", bucket)
	if err := os.Mkdir(folder, 0o777); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	line := u.command(bucket)
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+access, "AWS_SECRET_ACCESS_KEY="+secret, "AWS_REGION="+region, "AWS_CA_BUNDLE=", "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
	cmd.Stderr = os.Stderr
	cmd.Stdout = io.Discard
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return err
	}
	wall, cpu := time.Since(began), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	if u.wall == 0 || wall < u.wall {
		u.wall, u.cpu = wall, cpu
	}
	return s.count(folder)
}

func (s settings) count(folder string) error {
	found, err := filepath.Glob(filepath.Join(folder, "*", "*.js"))
	if err == nil && len(found) != s.files {
		err = fmt.Errorf("got %d files, want %d", len(found), s.files)
	}
	return err
}
