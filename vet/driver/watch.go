package driver

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"golang.org/x/tools/go/analysis"

	"github.com/weakref-go/weakref/vet"
)

// Package multichecker writes to standard error and ends the process. So the work is
// done by a second process of the same program, and the first shows how far it is, and
// leaves out of what the other says all that follows from an error it has shown.

// workerEnv tells a process that it is the second.
const workerEnv = "WEAKVET_WORKER"

// progressMark begins a line of the second process that says how many packages have
// been checked.
const progressMark = "\x00checked "

// watch runs the command again as the second process, and returns its exit code.
func watch(name string) (int, error) {
	exe, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(exe, os.Args[1:]...)
	cmd.Env = append(os.Environ(), workerEnv+"=1")
	cmd.Stdin, cmd.Stdout = os.Stdin, os.Stdout
	out, err := cmd.StderrPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	s := &screen{w: os.Stderr, name: name, start: time.Now(), on: isTerminal(os.Stderr)}
	stop := s.run()
	relay(s, out)
	stop()
	err = cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if code := exit.ExitCode(); code > 0 {
			return code, nil
		}
		return 130, nil // a signal has ended it
	}
	return 0, err
}

// relay shows what the second process says, line by line.
func relay(s *screen, r io.Reader) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		switch checked, ok := strings.CutPrefix(line, progressMark); {
		case ok:
			s.checked(strings.TrimSpace(checked))
		case !consequence(line) && line != "":
			s.print(strings.Replace(line, "err: exit status 1: stderr: ", "", 1)) // what go list says is enough
		}
		if err != nil {
			return
		}
	}
}

// consequence reports whether a line says no more than that a package with errors was
// not checked.
func consequence(line string) bool {
	return strings.Contains(line, ": analysis skipped due to errors in package") ||
		strings.Contains(line, ": failed prerequisites: ")
}

// screen shows one line of progress below what is printed, if on is set.
type screen struct {
	mu    sync.Mutex
	w     io.Writer
	name  string
	start time.Time
	on    bool
	shown bool
	count string // of packages checked
}

// patience is how long the work is silent.
const patience = time.Second

// run shows the progress until stop is called.
func (s *screen) run() (stop func()) {
	if !s.on {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(patience / 2)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				s.show()
			}
		}
	}()
	return func() {
		close(done)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.wipe()
		s.on = false
	}
}

func (s *screen) show() {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := time.Since(s.start)
	if !s.on || taken < patience {
		return
	}
	s.wipe()
	s.shown = true
	fmt.Fprintf(s.w, "%s: %s, %.0f s", s.name, s.doing(), taken.Seconds())
}

func (s *screen) doing() string {
	if s.count == "" {
		return "reading packages"
	}
	return s.count + " packages checked, those they import included"
}

// wipe takes the line away.
func (s *screen) wipe() {
	if s.shown {
		fmt.Fprint(s.w, "\r\x1b[K")
		s.shown = false
	}
}

func (s *screen) checked(n string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count = n
}

func (s *screen) print(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
	io.WriteString(s.w, line)
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// announce has the analyzers tell the first process how many packages they have been
// at.
func announce(w io.Writer) {
	var mu sync.Mutex
	packages := make(map[string]bool)
	var last time.Time
	for _, a := range vet.Analyzers() {
		run := a.Run
		a.Run = func(pass *analysis.Pass) (any, error) {
			result, err := run(pass)
			mu.Lock()
			defer mu.Unlock()
			packages[pass.Pkg.Path()] = true
			if now := time.Now(); now.Sub(last) > patience/4 {
				last = now
				var line bytes.Buffer
				fmt.Fprintf(&line, "%s%d\n", progressMark, len(packages))
				w.Write(line.Bytes()) // in one piece
			}
			return result, err
		}
	}
}
