//go:build linux

// Same builds checkout-js again and again, each time with something changed that
// must not matter, and prints the releases' ids. It exits with 1 if they differ.
//
//	go run ./bench/same -app <checkout-js> [-program bin/build-bundle] [-out bench/out]
//
// The checkout is only read. Building as another user needs root; without it that
// row is left out, and said so.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type settings struct{ app, program, config, out string }

func main() {
	var s settings
	flag.StringVar(&s.app, "app", os.Getenv("APP"), "an installed and generated checkout of checkout-js; only read")
	flag.StringVar(&s.program, "program", "bin/build-bundle", "build-bundle")
	flag.StringVar(&s.config, "config", "bench/checkout-js/checkout-deploy.yml", "its configuration")
	flag.StringVar(&s.out, "out", "bench/out", "folder for a copy and the releases, which are removed at the end")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := same(ctx, s, log.New(os.Stdout, "", 0))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "same:", err)
		os.Exit(1)
	}
}

// row is a build, and what is changed for it.
type row struct {
	name  string
	dir   string
	env   []string
	umask string
	user  *syscall.Credential
}

func same(ctx context.Context, s settings, out *log.Logger) (err error) {
	if s.app == "" {
		return errors.New("no application: name an installed checkout of checkout-js with -app or APP")
	}
	for _, path := range []*string{&s.app, &s.program, &s.config, &s.out} {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return err
	}
	if s.out, err = os.MkdirTemp(s.out, "same-"); err != nil {
		return err
	}
	if err := os.Chmod(s.out, 0o755); err != nil { // for another user
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.out)) }()
	other := filepath.Join(s.out, "another folder", "of another depth", "application")
	if err := twin(s.app, other); err != nil {
		return err
	}
	rows := []row{
		{name: "as it is", dir: s.app},
		{name: "GOMAXPROCS=1", dir: s.app, env: []string{"GOMAXPROCS=1"}},
		{name: "GOMAXPROCS=2", dir: s.app, env: []string{"GOMAXPROCS=2"}},
		{name: "GOMAXPROCS=16", dir: s.app, env: []string{"GOMAXPROCS=16"}},
		{name: "another folder, sources of another time", dir: other},
		{name: "another zone, language, home and umask", dir: s.app, env: []string{"TZ=Pacific/Apia", "LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8", "HOME=/nonexistent"}, umask: "077"},
	}
	if os.Geteuid() == 0 {
		rows = append(rows, row{name: "another user, in another folder", dir: other, user: &syscall.Credential{Uid: nobody, Gid: nobody}})
	} else {
		rows = append(rows, row{name: "another user: not done, as this is not root"})
	}
	return table(ctx, s, rows, out)
}

// nobody is that user on Debian and most others.
const nobody = 65534

// table prints a row a build, and compares their ids.
func table(ctx context.Context, s settings, rows []row, out *log.Logger) error {
	ids := map[string]bool{}
	out.Print("| build | release | time |\n| --- | --- | --- |")
	for i, r := range rows {
		if r.dir == "" {
			out.Printf("| %s | | |", r.name)
			continue
		}
		start := time.Now()
		id, err := build(ctx, s, r, filepath.Join(s.out, "release-"+strconv.Itoa(i)))
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		ids[id] = true
		out.Printf("| %s | `%s` | %.1f s |", r.name, id, time.Since(start).Seconds())
	}
	if len(ids) != 1 {
		return fmt.Errorf("got %d ids, want one", len(ids))
	}
	return nil
}

// build runs build-bundle and returns the release's id.
func build(ctx context.Context, s settings, r row, parent string) (string, error) {
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return "", err
	}
	if err := os.Chmod(parent, 0o777); err != nil { // another user writes there
		return "", err
	}
	umask := r.umask
	if umask == "" {
		umask = "022"
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", `umask `+umask+`; exec "$0" "$@"`, s.program, "-C", r.dir, "--config", s.config, "--outdir", filepath.Join(parent, "dist"))
	cmd.Env = append(os.Environ(), r.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: r.user}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, stderr.Bytes())
	}
	for line := range strings.Lines(stdout.String()) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "release="); ok {
			return id, nil
		}
	}
	return "", fmt.Errorf("got no id in %q", &stdout)
}

// twin copies a project: its sources, with another time, and of what is installed
// hard links, as it is large.
func twin(from, to string) error {
	long := time.Now().Add(-1000 * time.Hour)
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			text, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(text, target)
		case !d.Type().IsRegular():
			return nil
		}
		if strings.Contains(rel, "node_modules/") && os.Link(path, target) == nil {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(target, data, 0o644); err != nil {
			return err
		}
		return os.Chtimes(target, long, long)
	})
}
