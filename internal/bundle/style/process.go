package style

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/bep/godartsass/v2"

	"github.com/org/checkout-deploy/internal/timing"
)

// compileTimeout ends a compilation that no context ended; the client wants one.
const compileTimeout = 10 * time.Minute

// errClosed is the error of a compilation after or during Close.
var errClosed = errors.New("the style compiler is closed")

// process is the one Dart Sass process of a Compiler.
type process struct {
	compiler *Compiler

	mu         sync.Mutex
	tried      bool
	closed     bool
	err        error
	transpiler *godartsass.Transpiler
	jobs       map[int]*job
	lastJob    int
}

// start returns the running process, starting it at the first call.
func (p *process) start() (*godartsass.Transpiler, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	if p.tried {
		return p.transpiler, p.err
	}
	p.tried = true
	defer p.compiler.options.Timings.Begin(timing.Work{Stage: timing.Preparation, Step: "start of Sass"}).End()
	executable, err := p.compiler.find()
	if err != nil {
		p.err = err
		return nil, err
	}
	p.transpiler, p.err = godartsass.Start(godartsass.Options{
		DartSassEmbeddedFilename: executable,
		Timeout:                  compileTimeout,
		LogEventHandler:          p.log,
	})
	if p.err != nil {
		p.err = fmt.Errorf("starting Dart Sass %q: %w", executable, p.err)
	}
	return p.transpiler, p.err
}

// warm starts the process and has it compile nothing, which loads the compiler.
func (p *process) warm() {
	go func() {
		if sass, err := p.start(); err == nil {
			_, _ = sass.Execute(godartsass.Args{Source: ""})
		}
	}()
}

func (p *process) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	if p.transpiler == nil {
		return nil
	}
	// ErrShutdown: it had ended by itself. That is told to who compiled.
	if err := p.transpiler.Close(); err != nil && !errors.Is(err, godartsass.ErrShutdown) {
		return fmt.Errorf("ending Dart Sass: %w", err)
	}
	return nil
}

// enter registers a compilation so that its log events find it.
func (p *process) enter(j *job) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.jobs == nil {
		p.jobs = map[int]*job{}
	}
	p.lastJob++
	j.id = p.lastJob
	p.jobs[j.id] = j
}

func (p *process) leave(j *job) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.jobs, j.id)
}

func (p *process) job(id int) *job {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.jobs[id]
}

// logPlace is how the client writes the place of a log event before its text.
var logPlace = regexp.MustCompile(`^(sheet://[^:]*):(\d+):(\d+): `)

// log files a log event with its compilation. Those without a place (@warn and
// @debug have none in the client) belong to none: see Loose.
func (p *process) log(event godartsass.LogEvent) {
	match := logPlace.FindStringSubmatch(event.Message)
	if match == nil {
		p.compiler.loose.add(event.Message)
		return
	}
	ref, _ := parseAddress(match[1])
	j := p.job(ref.job)
	if j == nil {
		return
	}
	line, _ := strconv.Atoi(match[2])
	column, _ := strconv.Atoi(match[3])
	j.warn(warning{
		file: ref.file, line: line + 1, column: column + 1,
		deprecation: event.Type == godartsass.LogEventTypeDeprecated,
		text:        event.Message[len(match[0]):],
	})
}

// failed explains an error of the process itself.
func (p *process) failed(err error) error {
	p.mu.Lock()
	closed := p.closed
	p.mu.Unlock()
	switch {
	case closed:
		return errClosed
	case errors.Is(err, godartsass.ErrShutdown), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the Dart Sass process ended in the middle of the work; is the executable a Dart Sass of 1.63 or newer, and is there enough memory?")
	}
	return err
}

// looseLog keeps what Sass said without a place.
type looseLog struct {
	mu     sync.Mutex
	counts map[string]int
	hidden int
}

var repetitions = regexp.MustCompile(`^(\d+) repetitive deprecation warnings? omitted`)

func (l *looseLog) add(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if match := repetitions.FindStringSubmatch(text); match != nil {
		n, _ := strconv.Atoi(match[1])
		l.hidden += n
		return
	}
	if l.counts == nil {
		l.counts = map[string]int{}
	}
	l.counts[text]++
}

// Loose is what Sass said so far without a place: @warn and @debug, each text
// once with the times it came. hidden counts deprecations that Sass left out
// itself, the project's or its dependencies': it shows five of a kind a sheet.
func (c *Compiler) Loose() (messages []Message, hidden int) {
	c.loose.mu.Lock()
	defer c.loose.mu.Unlock()
	for text, count := range c.loose.counts {
		if count > 1 {
			text = fmt.Sprintf("%s (%d times)", text, count)
		}
		messages = append(messages, Message{Text: text})
	}
	return slices.Clip(sortMessages(messages)), c.loose.hidden
}
