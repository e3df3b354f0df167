package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// setting is how a child is run.
type setting struct {
	name string
	env  []string
	args []string
	race bool
}

var settings = []setting{
	{name: "GOGC=5", env: []string{"GOGC=5"}},
	{name: "GOGC=100", env: []string{"GOGC=100"}},
	{name: "GOGC=1000", env: []string{"GOGC=1000"}},
	{name: "GOGC=off GOMEMLIMIT=64MiB", env: []string{"GOGC=off", "GOMEMLIMIT=64MiB"}},
	{name: "GOGC=50 GOMEMLIMIT=24MiB", env: []string{"GOGC=50", "GOMEMLIMIT=24MiB"}},
	{name: "GODEBUG=gccheckmark=1", env: []string{"GOGC=20", "GODEBUG=gccheckmark=1"}},
	{name: "GODEBUG=clobberfree=1", env: []string{"GOGC=10", "GODEBUG=clobberfree=1"}},
	// The runtime's check takes a cycle of counted handles for a mistake: see docs/rc.md.
	{name: "GODEBUG=checkfinalizers=1", env: []string{"GODEBUG=checkfinalizers=1"}, args: []string{"-rings=false"}},
	{name: "a collection at every step", env: []string{"GODEBUG=clobberfree=1"}, args: []string{"-collect"}},
	{name: "boxed handles", env: []string{"GOGC=20", "GODEBUG=clobberfree=1"}, args: []string{"-boxed"}},
	{name: "race detector", env: []string{"GOGC=20"}, race: true},
	{name: "mass death", args: []string{"-only=mass"}},
}

// grace is how much longer than told a child may take to come to an end.
const grace = 2 * time.Minute

// parent runs a child under each setting and sums up.
func parent(o options) error {
	run := settings[:0:0]
	for _, s := range settings {
		if strings.Contains(s.name, o.Only) {
			run = append(run, s)
		}
	}
	if len(run) == 0 {
		return fmt.Errorf("no setting's name contains %q", o.Only)
	}
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	fmt.Printf("%-28s %8s %12s %11s %11s %8s %17s %10s\n", "setting", "time", "operations", "collections", "deaths", "faults", "heap", "violations")
	var sum tally
	bad, begun := 0, time.Now()
	for _, s := range run {
		t, err := s.run(o, dir, o.For/time.Duration(len(run)))
		var skip *skipped
		switch {
		case errors.As(err, &skip):
			fmt.Printf("%-28s skipped: %v\n", s.name, skip)
			continue
		case err != nil:
			fmt.Printf("%-28s FAILED: %v\n", s.name, err)
			bad++
		}
		fmt.Printf("%-28s %v\n", s.name, t)
		sum.add(t)
	}
	sum.Time = time.Since(begun)
	fmt.Printf("%-28s %v\n", "in all", sum)
	fmt.Printf("faults survived: %v\n", sum.Faults)
	if bad > 0 || sum.Violations > 0 {
		return fmt.Errorf("%d violations, %d of %d settings failed", sum.Violations, bad, len(run))
	}
	return nil
}

// skipped says why a setting cannot be had on this machine.
type skipped struct{ why string }

func (s *skipped) Error() string { return s.why }

// run runs a child.
func (s setting) run(o options, dir string, d time.Duration) (tally, error) {
	program, err := os.Executable()
	if err != nil {
		return tally{}, err
	}
	if s.race {
		program = filepath.Join(dir, "race")
		if out, err := exec.Command("go", "build", "-race", "-o", program, "github.com/weakref-go/weakref/bench/soak").CombinedOutput(); err != nil {
			return tally{}, &skipped{fmt.Sprintf("it cannot be built: %v: %s", err, bytes.TrimSpace(out))}
		}
	}
	args := append([]string{"-child", "-for=" + d.String(), fmt.Sprintf("-seed=%d", o.Seed), fmt.Sprintf("-mass=%d", o.Mass)}, s.args...)
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), s.env...)
	var out bytes.Buffer
	cmd.Stdout = &out
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return tally{}, err
	}
	if err := cmd.Start(); err != nil {
		return tally{}, err
	}
	hung := time.AfterFunc(d+grace, func() {
		cmd.Process.Signal(syscall.SIGQUIT) // it says where it hangs
		time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	})
	forward(stderr)
	err = cmd.Wait()
	if !hung.Stop() {
		return tally{}, fmt.Errorf("it had not ended %v after its time", grace)
	}
	var t tally
	if e := json.Unmarshal(out.Bytes(), &t); e != nil {
		return t, errors.Join(err, fmt.Errorf("it did not say what it did: %q", out.String()))
	}
	return t, err
}

// forward shows the beginning of what a child has to say, but for what the runtime says of
// every collection under checkfinalizers=1, and all of how it crashes or where it hangs.
func forward(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	crashed := false
	for shown := 0; lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "checkfinalizers: queue") {
			continue
		}
		for _, word := range []string{"fatal error:", "panic:", "SIG"} {
			crashed = crashed || strings.HasPrefix(line, word)
		}
		if shown++; shown <= 60 || crashed {
			fmt.Fprintln(os.Stderr, "    ", line)
		}
	}
	_, _ = io.Copy(io.Discard, r) // a line that was too long must not block the child
}
