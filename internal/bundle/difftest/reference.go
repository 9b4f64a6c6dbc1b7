package difftest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Node is one Node process that evaluates plain, unbundled modules: the reference. Its module cache grows with every
// graph; a few thousand are no matter.
type Node struct {
	cmd *exec.Cmd
	in  io.WriteCloser

	mu      sync.Mutex
	next    int
	waiting map[int]chan answer
	err     error // why the process can answer no more
}

// answer is what both hosts report for one graph.
type answer struct {
	ID       int      `json:"id"`
	Trace    []string `json:"trace"`
	Error    string   `json:"error"`
	Problems []string `json:"problems"`
	Leaks    []string `json:"leaks"`
}

// StartNode starts the program at path (Node 20.19 or later: an ES module can be required). Close ends it,
// or the context's end.
func StartNode(ctx context.Context, path, scratch string) (*Node, error) {
	for _, name := range []string{"prelude.js", "reference.mjs"} {
		if err := os.WriteFile(filepath.Join(scratch, name), []byte(hostFile(name)), 0o644); err != nil {
			return nil, fmt.Errorf("starting node: %w", err)
		}
	}
	cmd := exec.CommandContext(ctx, path, "--no-warnings", filepath.Join(scratch, "reference.mjs"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting node: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting node: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %q: %w", path, err)
	}
	n := &Node{cmd: cmd, in: in, waiting: map[int]chan answer{}}
	go n.read(out)
	return n, nil
}

func (n *Node) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<24)
	err := error(io.ErrUnexpectedEOF)
	for lines.Scan() {
		var a answer
		if err = json.Unmarshal(lines.Bytes(), &a); err != nil {
			err = fmt.Errorf("reading %q from node: %w", lines.Text(), err)
			break
		}
		n.mu.Lock()
		n.waiting[a.ID] <- a
		delete(n.waiting, a.ID)
		n.mu.Unlock()
		err = io.ErrUnexpectedEOF
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.err = errors.Join(err, lines.Err())
	for _, c := range n.waiting {
		close(c)
	}
	n.waiting = nil
}

// Run evaluates the graph that WriteReference laid down in dir. Graphs run one after the other.
func (n *Node) Run(ctx context.Context, dir, entry string, steps []string) (Trace, error) {
	id, c, err := n.send(dir, entry, steps)
	if err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case a, ok := <-c:
		if !ok {
			return nil, fmt.Errorf("node ended while graph %d ran: %w", id, n.err)
		}
		return a.result("plain modules in node")
	}
}

func (n *Node) send(dir, entry string, steps []string) (int, chan answer, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil {
		return 0, nil, fmt.Errorf("asking node: %w", n.err)
	}
	n.next++
	c := make(chan answer, 1)
	n.waiting[n.next] = c
	where := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(dir, entry))}
	job, err := json.Marshal(map[string]any{"id": n.next, "entry": where.String(), "steps": notNil(steps)})
	if err != nil {
		return 0, nil, fmt.Errorf("asking node: %w", err)
	}
	if _, err := n.in.Write(append(job, '\n')); err != nil {
		return 0, nil, fmt.Errorf("asking node: %w", err)
	}
	return n.next, c, nil
}

// Close lets the process end by itself.
func (n *Node) Close() error {
	return errors.Join(n.in.Close(), n.cmd.Wait())
}

func (a answer) result(where string) (Trace, error) {
	if a.Error != "" {
		problems := ""
		if len(a.Problems) > 0 {
			problems = "\n" + strings.Join(a.Problems, "\n")
		}
		return a.Trace, &RunError{Where: where, Message: a.Error + problems}
	}
	return a.Trace, nil
}

// RunError says that a graph did not run to its end.
type RunError struct{ Where, Message string }

func (e *RunError) Error() string { return e.Where + ": " + e.Message }

func notNil(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
