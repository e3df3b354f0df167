package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/weakref-go/weakref/bench/internal/report"
)

// job is what one process measures in one round.
type job struct {
	group, name string
	maxRounds   int    // 0: as many as there is time for
	need        uint64 // bytes of memory
	command     []string
	dir         string
	skip        string                           // why it cannot be run, or ""
	convert     func(line string) (string, bool) // to a line of results; nil: it is one
	took        time.Duration
}

// patience is how long one job may take.
const patience = 4 * time.Minute

// runJobs runs all jobs in turn, round after round, for as long as another round
// fits into the time there is.
func runJobs(ctx context.Context, jobs []*job, s settings) *report.Run {
	run := report.NewRun(s.quick)
	start := time.Now()
	show := newProgress(s.budget)
	defer show.close()
	for round := 1; ; round++ {
		expected := time.Since(start)
		var due []*job
		for _, j := range jobs {
			if j.maxRounds == 0 || round <= j.maxRounds {
				due = append(due, j)
				expected += j.took
			}
		}
		if len(due) == 0 || round > 1 && expected > s.budget || ctx.Err() != nil {
			return run
		}
		for _, j := range due {
			if ctx.Err() != nil {
				break
			}
			show.now(round, j.name, time.Since(start))
			begin := time.Now()
			j.run(ctx, run)
			j.took = time.Since(begin)
		}
	}
}

// run runs the job and adds what it prints to the results, and a note if it fails.
func (j *job) run(ctx context.Context, run *report.Run) {
	if free, ok := freeMemory(); ok && j.need > free {
		run.Note(j.group, "%s: not measured: it needs %d MiB of memory, and %d are free", j.name, j.need>>20, free>>20)
		return
	}
	if j.skip != "" {
		run.Note(j.group, "%s: not measured: %s", j.name, j.skip)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, j.command[0], j.command[1:]...)
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = j.dir, &out, &errs
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	for line := range strings.Lines(out.String()) {
		line = strings.TrimSpace(line)
		ok := strings.HasPrefix(line, "Benchmark")
		if j.convert != nil {
			line, ok = j.convert(line)
		}
		if ok {
			run.Add(j.group, line)
		}
	}
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(errs.String()), "\n")
		run.Note(j.group, "%s: failed: %v: %s", j.name, err, first)
	}
}

// freeMemory returns what Linux says is available, and false elsewhere.
func freeMemory() (uint64, bool) {
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(info)) {
		var kb uint64
		if n, _ := fmt.Sscanf(line, "MemAvailable: %d kB", &kb); n == 1 {
			return kb << 10, true
		}
	}
	return 0, false
}

// progress shows on a terminal how far the time there is has gone, and elsewhere a
// line for each job.
type progress struct {
	bar *progressbar.ProgressBar
}

func newProgress(budget time.Duration) progress {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return progress{}
	}
	return progress{progressbar.NewOptions64(int64(budget.Seconds()),
		progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionSetWidth(20),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionClearOnFinish())}
}

func (p progress) now(round int, name string, elapsed time.Duration) {
	if p.bar == nil {
		fmt.Fprintf(os.Stderr, "%6.1fs round %d %s\n", elapsed.Seconds(), round, name)
		return
	}
	p.bar.Describe(fmt.Sprintf("round %d %-60.60s", round, name))
	p.bar.Set64(min(int64(elapsed.Seconds()), p.bar.GetMax64()-1))
}

func (p progress) close() {
	if p.bar != nil {
		p.bar.Finish()
	}
}

// suffix is what go test puts behind the name of a benchmark.
func suffix() string {
	if n := runtime.GOMAXPROCS(0); n > 1 {
		return fmt.Sprintf("-%d", n)
	}
	return ""
}
