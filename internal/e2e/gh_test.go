//go:build e2e

package e2e

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// runsEnv names the file of the runs that gh, which is this program then, knows.
const runsEnv = "E2E_GH_RUNS"

func TestMain(m *testing.M) {
	if file := os.Getenv(runsEnv); file != "" {
		if err := gh(file, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "gh:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// ranBefore is a run of a workflow, as GitHub keeps it.
type ranBefore struct {
	ID                                         int
	Workflow, Branch, Head, Status, Conclusion string // Head is the repository of the commit
	Artifacts                                  []keptArtifact
}

// keptArtifact is one of a run; Zip is its file, "" for one that nobody may ask for.
type keptArtifact struct {
	Name, Zip, Created string
	Expired            bool
}

// putGH makes a program gh in a folder that knows runs, the newest first.
func putGH(t *testing.T, dir string, runs ...ranBefore) {
	t.Helper()
	data, err := json.Marshal(runs)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, map[string]string{"runs.json": string(data), "gh": fmt.Sprintf("#!/bin/sh\n%s=%q exec %q \"$@\"\n", runsEnv, filepath.Join(dir, "runs.json"), self)})
	if err := os.Chmod(filepath.Join(dir, "gh"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// gh answers what the example asks, as GitHub does, and refuses all else.
func gh(file string, args []string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var runs []ranBefore
	if err := json.Unmarshal(data, &runs); err != nil {
		return err
	}
	if os.Getenv("GH_TOKEN") == "" {
		return errors.New("to use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment variable")
	}
	switch {
	case len(args) > 1 && args[0] == "api":
		return ghAPI(runs, args[1:])
	case len(args) == 7 && args[0] == "run" && args[1] == "download" && args[3] == "--name" && args[5] == "--dir":
		return ghDownload(runs, args[2], args[4], args[6])
	}
	return fmt.Errorf("got %q, which the example does not ask", args)
}

var (
	runsOf      = regexp.MustCompile(`^repos/example/shop/actions/workflows/([^/?]+)/runs$`)
	artifactsOf = regexp.MustCompile(`^repos/example/shop/actions/runs/(\d+)/artifacts$`)
)

func ghAPI(runs []ranBefore, args []string) error {
	path, method, filter, fields := "", "", "", map[string]string{}
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "--method", "--jq", "-f":
			i++
			name, value, _ := strings.Cut(args[i], "=")
			switch args[i-1] {
			case "--method":
				method = args[i]
			case "--jq":
				filter = args[i]
			default:
				fields[name] = value
			}
		default:
			path += args[i]
		}
	}
	if len(fields) > 0 && method != "GET" {
		return errors.New("HTTP 404: fields are sent with POST")
	}
	answer, err := ghAnswer(runs, path, fields)
	if err != nil {
		return err
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	jq := exec.CommandContext(context.Background(), "jq", "-r", filter)
	jq.Stdin, jq.Stdout, jq.Stderr = bytes.NewReader(data), os.Stdout, os.Stderr
	return jq.Run()
}

func ghAnswer(runs []ranBefore, path string, fields map[string]string) (any, error) {
	type object map[string]any
	list := []object{}
	if path == "repos/example/shop" {
		return object{"default_branch": "main"}, nil
	}
	if m := runsOf.FindStringSubmatch(path); m != nil {
		for _, r := range runs {
			if r.Workflow == m[1] && r.Branch == fields["branch"] && slices.Contains([]string{r.Status, r.Conclusion}, fields["status"]) {
				list = append(list, object{"id": r.ID, "head_repository": object{"full_name": r.Head}, "repository": object{"full_name": "example/shop"}})
			}
		}
		return object{"workflow_runs": list}, nil
	}
	if m := artifactsOf.FindStringSubmatch(path); m != nil {
		for _, r := range runs {
			if strconv.Itoa(r.ID) != m[1] {
				continue
			}
			for _, a := range r.Artifacts {
				list = append(list, object{"name": a.Name, "expired": a.Expired, "created_at": a.Created})
			}
			return object{"artifacts": list}, nil
		}
	}
	return nil, fmt.Errorf("HTTP 404: Not Found (%s)", path)
}

func ghDownload(runs []ranBefore, id, name, dir string) error {
	for _, r := range runs {
		for _, a := range r.Artifacts {
			if strconv.Itoa(r.ID) == id && a.Name == name && !a.Expired {
				return unzip(a.Zip, dir)
			}
		}
	}
	return errors.New("no valid artifacts found to download")
}

func unzip(file, dir string) (err error) {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, archive.Close()) }()
	return os.CopyFS(dir, archive)
}

// artifact is the zip of an artifact that a workflow made.
func (o outcome) artifact(t *testing.T, name string) string {
	t.Helper()
	var found []string
	pattern := regexp.MustCompile("^" + name + "$")
	err := filepath.WalkDir(o.artifacts, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (pattern.MatchString(d.Name()) || pattern.MatchString(filepath.Base(filepath.Dir(path)))) {
			found = append(found, path)
		}
		return err
	})
	if err != nil || len(found) != 1 {
		t.Fatalf("got the artifacts %q, %v, want one %s", found, err, name)
	}
	return found[0]
}

// unzipped are the files of an artifact.
func unzipped(t *testing.T, file string) map[string]string {
	t.Helper()
	archive, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	files := map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(data)
	}
	return files
}
