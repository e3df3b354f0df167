// Package report keeps the figures of the benchmarks in a file that benchstat reads,
// and makes a page of tables and charts of them.
package report

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/weakref-go/weakref/bench/internal/suite"
)

// Line returns figures as one line of results.
func Line(name suite.Name, metrics []suite.Metric) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s 1", name)
	for _, m := range metrics {
		fmt.Fprintf(&b, " %.4g %s", m.Value, m.Unit)
	}
	return b.String()
}

// ParseName reads what suite.Name.Path writes. What it does not know belongs to the
// operation.
func ParseName(s string) (name suite.Name, err error) {
	parts := strings.Split(strings.TrimPrefix(s, "Benchmark"), "/")
	name.Group = parts[0]
	for i := 1; i < len(parts) && err == nil; i++ {
		key, value, _ := strings.Cut(parts[i], "=")
		switch key {
		case "impl":
			name.Impl = value
		case "keys":
			name.Keys = value
		case "op":
			name.Op = value
		case "n":
			name.N, err = strconv.Atoi(value)
		case "threads":
			name.Threads, err = strconv.Atoi(value)
		default:
			name.Op = strings.TrimPrefix(name.Op+","+parts[i], ",")
		}
	}
	return name, err
}

// section is the results of one group, with what they were measured on.
type section struct {
	group, date, goVersion, machine, mode string

	lines, notes []string
}

// rounds says how often the cases of the group were measured: a time that is given for the
// run may not be enough for all of the last round.
func (s *section) rounds() string {
	times := map[string]int{}
	for _, line := range s.lines {
		name, _, _ := strings.Cut(line, " ")
		times[name]++
	}
	if len(times) == 0 {
		return "0"
	}
	counts := slices.Sorted(maps.Values(times))
	least, most := counts[0], counts[len(counts)-1]
	if least == most {
		return strconv.Itoa(least)
	}
	return fmt.Sprintf("%d to %d", least, most)
}

// Run collects the results of a run.
type Run struct {
	mode     string
	sections []*section
}

// What a run may be.
const (
	full  = "full"
	quick = "quick"
)

// NewRun returns a Run without results.
func NewRun(isQuick bool) *Run {
	if isQuick {
		return &Run{mode: quick}
	}
	return &Run{mode: full}
}

// Add adds a line of results.
func (r *Run) Add(group, line string) {
	s := r.section(group)
	s.lines = append(s.lines, line)
}

// Note adds a line that says what was not measured. Each is noted once.
func (r *Run) Note(group, format string, args ...any) {
	s := r.section(group)
	if note := fmt.Sprintf(format, args...); !slices.Contains(s.notes, note) {
		s.notes = append(s.notes, note)
	}
}

func (r *Run) section(group string) *section {
	for _, s := range r.sections {
		if s.group == group {
			return s
		}
	}
	s := &section{
		group: group, mode: r.mode,
		date:      time.Now().UTC().Format(time.DateOnly),
		goVersion: runtime.Version(),
		machine:   fmt.Sprintf("%s/%s, %d × %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), processor()),
	}
	r.sections = append(r.sections, s)
	return s
}

// processor returns the name of the processor, where the system tells.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "processors"
	}
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "processors"
}

func resultsFile(folder string) string { return filepath.Join(folder, "results.txt") }

// Save writes results to their file. Groups that were not measured stay as they
// were, unless the results are to begin anew. Results of different machines are not
// put together: that is an error.
func Save(folder string, r *Run, anew bool) error {
	all := slices.Clone(r.sections)
	if !anew {
		old, err := load(folder)
		if err != nil {
			return err
		}
		for _, s := range old {
			if !slices.ContainsFunc(r.sections, func(t *section) bool { return t.group == s.group }) {
				all = append(all, s)
			}
		}
	}
	if len(r.sections) > 0 {
		if own := r.sections[0].kind(); stranger(all, own) != nil {
			return fmt.Errorf("these figures are of %s, and some in %s of %s: choose another folder with -o, or begin anew with -anew",
				own, folder, stranger(all, own).kind())
		}
	}
	var b strings.Builder
	b.WriteString("# The figures behind README.md, a line for each round, for benchstat. Written by go run ./bench.\n")
	for _, s := range all {
		s.write(&b)
	}
	if err := os.MkdirAll(filepath.Dir(resultsFile(folder)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(resultsFile(folder), []byte(b.String()), 0o644)
}

func (s *section) write(b *strings.Builder) {
	fmt.Fprintf(b, "\ngroup: %s\ndate: %s\ngo: %s\nmachine: %s\nmode: %s\n", s.group, s.date, s.goVersion, s.machine, s.mode)
	for _, note := range s.notes {
		fmt.Fprintf(b, "note: %s\n", note)
	}
	for _, line := range s.lines {
		fmt.Fprintln(b, line)
	}
}

// load reads the file of results; none is none.
func load(folder string) (all []*section, err error) {
	f, err := os.Open(resultsFile(folder))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), ": ")
		if key == "group" {
			all = append(all, &section{group: value})
		}
		if len(all) == 0 {
			continue
		}
		s := all[len(all)-1]
		switch {
		case key == "date":
			s.date = value
		case key == "go":
			s.goVersion = value
		case key == "machine":
			s.machine = value
		case key == "mode":
			s.mode = value
		case key == "note":
			s.notes = append(s.notes, value)
		case strings.HasPrefix(key, "Benchmark"):
			s.lines = append(s.lines, lines.Text())
		}
	}
	return all, lines.Err()
}

// figure is what a line has several of.
type figure struct {
	suite.Name
	unit string
}

// figures is all that was measured: the rounds of each figure.
type figures struct {
	rounds map[figure][]float64
	order  []figure
}

func parse(all []*section) (*figures, error) {
	f := &figures{rounds: map[figure][]float64{}}
	for _, s := range all {
		for _, line := range s.lines {
			if err := f.add(line); err != nil {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
		}
	}
	return f, nil
}

// readAll returns the results in a folder, and their figures.
func readAll(folder string) ([]*section, *figures, error) {
	all, err := load(folder)
	if err != nil {
		return nil, nil, err
	}
	if len(all) == 0 {
		return nil, nil, errors.New("there are no figures yet: run this without -render first")
	}
	f, err := parse(all)
	return all, f, err
}

func (f *figures) add(line string) error {
	fields := strings.Fields(line)
	name, err := ParseName(fields[0])
	if err != nil {
		return err
	}
	for i := 2; i+1 < len(fields); i += 2 {
		value, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return err
		}
		key := figure{name, fields[i+1]}
		if f.rounds[key] == nil {
			f.order = append(f.order, key)
		}
		f.rounds[key] = append(f.rounds[key], value)
	}
	return nil
}

// median returns the median of the rounds of a figure, and whether it was measured.
func (f *figures) median(key figure) (float64, bool) {
	rounds := slices.Sorted(slices.Values(f.rounds[key]))
	n := len(rounds)
	if n == 0 {
		return 0, false
	}
	return (rounds[n/2] + rounds[(n-1)/2]) / 2, true
}
