package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/weakref-go/weakref/bench/internal/report"
	"github.com/weakref-go/weakref/bench/internal/suite"
)

// plan lists the jobs that are wanted, in the order in which a round runs them.
func plan(ctx context.Context, root, temp string, s settings) ([]*job, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var jobs []*job
	for _, set := range suite.Select(suite.Sets(1), s.only, !s.quick) {
		jobs = append(jobs, &job{
			group: set.Group, name: set.Path(), maxRounds: set.MaxRound, need: set.Need,
			block:   fmt.Sprint(set.Group, set.Keys, set.N),
			huge:    set.MaxRound == 1,
			command: []string{program, "-each", s.each.String(), "-child", set.String()},
		})
	}
	for _, p := range packages {
		if s.only.MatchString(p.group) {
			jobs = append(jobs, p.jobs(ctx, root, temp, s)...)
		}
	}
	for _, p := range peers {
		if s.only.MatchString(p.group()) {
			jobs = append(jobs, p.jobs(ctx, root, temp, s)...)
		}
	}
	slices.SortStableFunc(jobs, func(a, b *job) int { return order(a.huge) - order(b.huge) })
	return jobs, nil
}

func order(huge bool) int {
	if huge {
		return 1
	}
	return 0
}

// tested is a package of this module whose benchmarks are those of go test.
type tested struct{ group, folder string }

var packages = []tested{
	{"Counting", "rc"},
	{"Events", "event"},
	{"Trees", "tree"},
}

// jobs compiles the benchmarks of the package, if it is there.
func (p tested) jobs(ctx context.Context, root, temp string, s settings) []*job {
	folder := filepath.Join(root, "bench", p.folder)
	if _, err := os.Stat(folder); err != nil {
		return nil
	}
	binary := filepath.Join(temp, p.folder+".test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, ".")
	build.Dir = folder
	if out, err := build.CombinedOutput(); err != nil {
		return skipped(p.group, p.folder, fmt.Errorf("%w: %s", err, out))
	}
	return []*job{{
		group: p.group, block: p.group, name: p.group, dir: folder,
		command: []string{binary, "-test.run", "^$", "-test.bench", ".", "-test.benchmem", "-test.benchtime", s.each.String()},
		convert: p.convert,
	}}
}

var benchmark = regexp.MustCompile(`^Benchmark([^/\s]*)/(\S+)\s+\d+\s+(.*)$`)

// convert makes a line of go test one of the group. Where the benchmark names no
// operation, its function does.
func (p tested) convert(line string) (string, bool) {
	m := benchmark.FindStringSubmatch(line)
	if m == nil {
		return "", false
	}
	name, err := report.ParseName(p.group + "/" + strings.TrimSuffix(m[2], suffix()))
	if err != nil {
		return "", false
	}
	if name.Op == "" {
		name.Op = strings.ToLower(m[1])
	}
	return name.String() + " 1 " + strings.Join(strings.Fields(m[3]), " "), true
}

// skipped is a job that says why something is not measured.
func skipped(group, name string, why error) []*job {
	return []*job{{group: group, name: name, maxRounds: 1, skip: strings.Join(strings.Fields(why.Error()), " ")}}
}
