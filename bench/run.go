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
	block       string // the same for those that are compared with each other
	maxRounds   int    // 0: as many as there is time for
	huge        bool   // takes minutes, and comes last
	need        uint64 // bytes of memory
	command     []string
	dir         string
	skip        string                           // why it cannot be run, or ""
	convert     func(line string) (string, bool) // to a line of results; nil: it is one
	took        time.Duration
}

// patience is how long one job may take.
const patience = 4 * time.Minute

// quickEnd is when a quick run ends whatever is still running, to be done in two minutes.
const quickEnd = 115 * time.Second

// patience returns how long a job may take that begins now.
func (s settings) patience() time.Duration {
	if !s.quick {
		return patience
	}
	return min(patience, time.Until(s.start.Add(quickEnd)))
}

// maxRounds is more than enough for a median.
const maxRounds = 9

// runJobs runs all jobs in turn, round after round, for as long as there is time. A
// round leaves out what no longer fits, but never one of several that are compared.
func runJobs(ctx context.Context, jobs []*job, s settings) *report.Run {
	run := report.NewRun(s.quick)
	start := s.start
	show := newProgress(s.budget)
	defer show.close()
	for round, some := 1, true; some && round <= maxRounds; round++ {
		some = false
		for _, peers := range compared(jobs) {
			if !due(peers, round, s.budget-time.Since(start)) {
				if round == 1 {
					run.Note(peers[0].group, "%s and its peers: not measured: no time was left", peers[0].name)
				}
				continue
			}
			for _, j := range peers {
				if ctx.Err() != nil {
					return run
				}
				show.now(round, j.name, time.Since(start))
				j.run(ctx, run, s.patience())
				some = true
			}
		}
	}
	return run
}

// compared splits the jobs into those that are compared with each other.
func compared(jobs []*job) (blocks [][]*job) {
	for i, j := range jobs {
		if i == 0 || jobs[i-1].block != j.block {
			blocks = append(blocks, nil)
		}
		blocks[len(blocks)-1] = append(blocks[len(blocks)-1], j)
	}
	return blocks
}

// due reports whether jobs are to be run: in the first round if there is time left, and
// much if they take minutes; again if they fit.
func due(jobs []*job, round int, left time.Duration) bool {
	if round == 1 {
		return left > 0 && (!jobs[0].huge || left > patience)
	}
	var takes time.Duration
	for _, j := range jobs {
		takes += j.took
	}
	return takes < left && (jobs[0].maxRounds == 0 || round <= jobs[0].maxRounds)
}

// run runs the job and adds what it prints to the results, and a note if it fails.
func (j *job) run(ctx context.Context, run *report.Run, patience time.Duration) {
	if free, ok := freeMemory(); ok && j.need > free {
		run.Note(j.group, "%s: not measured: it needs %d MiB of memory, and %d are free", j.name, j.need>>20, free>>20)
		return
	}
	if j.skip != "" {
		run.Note(j.group, "%s: not measured: %s", j.name, j.skip)
		return
	}
	start := time.Now()
	defer func() { j.took = time.Since(start) }()
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(limited, j.command[0], j.command[1:]...)
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
	if err != nil && ctx.Err() == nil {
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
