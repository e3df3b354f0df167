package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/weakref-go/weakref/bench/internal/report"
)

func TestConvert(t *testing.T) {
	counting, events := tested{group: "Counting"}, tested{group: "Events"}
	for _, c := range []struct {
		p          tested
		line, want string
	}{
		{counting, "BenchmarkShared/impl=rc/op=clone+close/threads=2" + suffix() + "   1000\t   12.5 ns/op\t  8 B/op\t 1 allocs/op",
			"BenchmarkCounting/impl=rc/op=clone+close/threads=2 1 12.5 ns/op 8 B/op 1 allocs/op"},
		{counting, "BenchmarkCollect/impl=rc/op=collect/garbage=true" + suffix() + " 10 3 ns/op",
			"BenchmarkCounting/impl=rc/op=collect,garbage=true 1 3 ns/op"},
		{events, "BenchmarkPublish/impl=bus/n=100" + suffix() + " 10 3 ns/op",
			"BenchmarkEvents/impl=bus/op=publish/n=100 1 3 ns/op"},
		{events, "ok  	some/package	1.2s", ""},
		{events, "BenchmarkPublish/impl=bus/n=many 10 3 ns/op", ""},
	} {
		got, ok := c.p.convert(c.line)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%q became %q, want %q", c.line, got, c.want)
		}
	}
}

// TestCrash makes sure that the results of those that crash, and of the others, are
// kept, and that the page says what failed.
func TestCrash(t *testing.T) {
	if os.Getenv("CRASH") != "" {
		os.Stdout.WriteString("BenchmarkValues/impl=a/op=hit/n=1 1 5 ns/op\n")
		panic("this was to be expected")
	}
	t.Setenv("CRASH", "1")
	crash := &job{group: "Values", name: "a", maxRounds: 1, command: []string{os.Args[0], "-test.run", "^TestCrash$"}}
	run := runJobs(context.Background(), []*job{
		crash,
		{group: "Values", name: "b", maxRounds: 1, need: 1 << 62, command: []string{"false"}},
		{group: "Languages", name: "c", maxRounds: 1, skip: "no such tool"},
	}, settings{start: time.Now(), budget: time.Hour})
	folder := t.TempDir()
	if err := errors.Join(report.Save(folder, run, false), report.Write(folder)); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(folder + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| hit | **1.00×** · 5.00 ns |", "- a: failed: exit status", "- c: not measured: no such tool"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

// TestNoTimeLeft makes sure that a run begins nothing once its time is over, and says
// what it has left out.
func TestNoTimeLeft(t *testing.T) {
	jobs := []*job{{group: "Values", name: "late", command: []string{"false"}}}
	run := runJobs(context.Background(), jobs, settings{start: time.Now().Add(-time.Minute), budget: time.Second})
	folder := t.TempDir()
	if err := report.Save(folder, run, false); err != nil {
		t.Fatal(err)
	}
	results, err := os.ReadFile(filepath.Join(folder, "results.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "note: late and its peers: not measured: no time was left"; !strings.Contains(string(results), want) || jobs[0].took > 0 {
		t.Errorf("after %v the results are\n%s", jobs[0].took, results)
	}
}

// TestQuickEnds makes sure that a quick run does not wait for what takes long.
func TestQuickEnds(t *testing.T) {
	jobs := []*job{{group: "Values", name: "slow", maxRounds: 1, command: []string{"sleep", "60"}}}
	run := runJobs(context.Background(), jobs, settings{quick: true, start: time.Now().Add(-quickEnd), budget: time.Hour})
	folder := t.TempDir()
	if err := report.Save(folder, run, false); err != nil {
		t.Fatal(err)
	}
	results, err := os.ReadFile(filepath.Join(folder, "results.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(results), "note: slow: failed: ") {
		t.Errorf("the results are\n%s", results)
	}
}

// TestPagesAgree makes sure that the page and the README of the repository say what the
// results are.
func TestPagesAgree(t *testing.T) {
	root, err := findRoot()
	if err != nil {
		t.Fatal(err)
	}
	results := filepath.Join(root, "bench", "results")
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(results)); err != nil {
		t.Fatal(err)
	}
	if err := report.Write(copied); err != nil {
		t.Fatal(err)
	}
	same := func(name string, is, should []byte, err error) {
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(is, should) {
			t.Errorf("%s does not say what the results are: go run ./bench -render", name)
		}
	}
	page, err := os.ReadFile(filepath.Join(results, "README.md"))
	written, err2 := os.ReadFile(filepath.Join(copied, "README.md"))
	same("bench/results/README.md", page, written, errors.Join(err, err2))
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	written, err = report.Readme(readme, results)
	same("README.md", readme, written, err)
}

// TestPlan makes sure that every group is planned, in quick runs too, and that one
// can be chosen.
func TestPlan(t *testing.T) {
	root, err := findRoot()
	if err != nil {
		t.Fatal(err)
	}
	groups := func(only string, quick bool) map[string]int {
		jobs, err := plan(context.Background(), root, t.TempDir(), settings{quick: quick, only: regexp.MustCompile(only)})
		if err != nil {
			t.Fatal(err)
		}
		counts := map[string]int{}
		for _, j := range jobs {
			counts[j.group]++
		}
		return counts
	}
	const inGo = "Values|Churn|Million|Keys|Sets|Interning|Caches"
	full, quick := groups(inGo, false), groups(inGo, true)
	for _, g := range strings.Split(inGo, "|") {
		if quick[g] == 0 || full[g] < quick[g] {
			t.Errorf("%s: %d sets in a full run, %d in a quick one", g, full[g], quick[g])
		}
	}
	if one := groups("^Keys$", false); len(one) != 1 || one["Keys"] != full["Keys"] {
		t.Errorf("chosen were %v", one)
	}
}
