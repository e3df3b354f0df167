// Command bench measures this module beside its peers, in one run, and writes
// bench/results/README.md, the charts in it and the figures behind it.
//
//	go run ./bench            everything, about twenty minutes
//	go run ./bench -quick     less than two; what does not fit is left out
//	go run ./bench -only '^(Keys|Sets)$'
//	go run ./bench -render    writes the page anew from the figures that are there
//	go run ./bench -anew      everything, in place of figures of another kind of machine
//
// Figures of another kind of machine than those in bench/results, and those of a quick
// run, go into a folder of their own below. A run whose figures are in bench/results puts
// the first screen of the page into the README of the repository as well.
//
// How things are measured, and why so, is said in docs/decisions/0070-how-we-measure.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"time"

	"github.com/weakref-go/weakref/bench/internal/report"
)

func main() {
	if err := command(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// settings are what the flags say.
type settings struct {
	quick  bool
	anew   bool // do not keep the figures that are there
	start  time.Time
	budget time.Duration // for all rounds together, from the start
	each   time.Duration // for one repeated operation in one round
	only   *regexp.Regexp
	folder string
}

func command() error {
	var s settings
	var only, child string
	var render bool
	flag.BoolVar(&s.quick, "quick", false, "fewer sizes, and hardly more than one round")
	flag.DurationVar(&s.budget, "budget", 0, "begin nothing that would not end within this `time` (default 20m, or 90s with -quick)")
	flag.DurationVar(&s.each, "each", 0, "`time` for each operation in each round (default 60ms, or 20ms with -quick)")
	flag.StringVar(&only, "only", "", "measure only the groups that match this `regexp`; the figures of the others are kept")
	flag.StringVar(&s.folder, "o", "", "`folder` to write to (default: bench/results of the repository, or one below)")
	flag.BoolVar(&s.anew, "anew", false, "forget the figures that are there, which may be of another machine")
	flag.BoolVar(&render, "render", false, "measure nothing")
	flag.StringVar(&child, "child", "", "measure the set of this `name` and print its figures; used by the command itself")
	flag.Parse()
	s.defaults()
	if child != "" {
		return measureSet(child, s.each)
	}
	var err error
	if s.only, err = regexp.Compile(only); err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	root, err := findRoot()
	if err != nil {
		return err
	}
	base := filepath.Join(root, "bench", "results")
	if err := s.chooseFolder(base, render); err != nil {
		return err
	}
	if !render {
		if err := measureAll(root, s); err != nil {
			return err
		}
	}
	if err := report.Write(s.folder); err != nil || s.folder != base {
		return err
	}
	return report.WriteReadme(filepath.Join(root, "README.md"), base)
}

// chooseFolder decides where the figures go, if the flags have not.
func (s *settings) chooseFolder(base string, render bool) (err error) {
	switch {
	case s.folder != "":
	case render || s.anew && !s.quick:
		s.folder = base
	default:
		s.folder, err = report.Folder(base, s.quick)
	}
	if err == nil && s.folder != base {
		fmt.Fprintln(os.Stderr, "bench: the figures go to", s.folder)
	}
	return err
}

func (s *settings) defaults() {
	budget, each := 20*time.Minute, 60*time.Millisecond
	if s.quick {
		budget, each = 90*time.Second, 20*time.Millisecond // with what is running by then, two minutes
	}
	s.start = time.Now()
	if s.budget == 0 {
		s.budget = budget
	}
	if s.each == 0 {
		s.each = each
	}
}

// measureAll measures what is wanted and adds it to the figures that are there.
func measureAll(root string, s settings) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	temp, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	jobs, err := plan(ctx, root, temp, s)
	if err != nil {
		return err
	}
	if len(jobs) == 0 {
		return fmt.Errorf("-only %q matches no group", s.only)
	}
	return report.Save(s.folder, runJobs(ctx, jobs, s), s.anew)
}

// findRoot returns the folder of the repository, which is where go.work is.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.work")); missing == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("there is no go.work here or above: run this within the repository")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}
