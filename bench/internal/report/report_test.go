package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weakref-go/weakref/bench/internal/suite"
)

// sample is a run of two rounds, in which one target is missed.
func sample(t *testing.T) *Run {
	t.Helper()
	run := NewRun(false)
	add := func(impl, op string, n int, metrics ...suite.Metric) {
		name := suite.Name{Group: "Values", Impl: impl, Keys: "int", Op: op, N: n, Threads: 1}
		run.Add("Values", Line(name, metrics))
	}
	for _, ns := range []float64{10, 14} {
		for i, n := range []int{1_000, 131_072} {
			slower := float64(1 + i)
			add(suite.ValueMap, "hit", n, suite.Metric{Value: ns * slower, Unit: "ns/op"}, suite.Metric{Value: 0, Unit: "allocs/op"})
			add(suite.Recipe, "hit", n, suite.Metric{Value: 48, Unit: "ns/op"})
		}
	}
	run.Note("Values", "something failed")
	return run
}

func TestPage(t *testing.T) {
	folder := t.TempDir()
	if err := Save(folder, sample(t), false); err != nil {
		t.Fatal(err)
	}
	notes := "# Why\n\n## load-recipe-131072\n\nBecause of the weather.\n"
	if err := os.WriteFile(filepath.Join(folder, "notes.md"), []byte(notes), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(folder); err != nil {
		t.Fatal(err)
	}
	page := read(t, folder, "README.md")
	for _, want := range []string{
		"| Load, hit, against the recipe, 1 000 entries | 0.50 | 0.25 (int) | reached |",
		"| Load, hit, against the recipe, 131 072 entries | 0.25 | **0.50** (int) | [missed](#missed) |",
		"**Load, hit, against the recipe, 131 072 entries.** Because of the weather.",
		"| hit | **1.00×** · 12.0 ns | **4.00×** · 48.0 ns |",
		"| Load, hit, allocations | 0 | 0 (1 000, int) · 0 (131 072, int) | reached |",
		"- something failed",
		"![Load, hit](values-hit.svg)",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if svg := read(t, folder, "values-hit.svg"); !strings.Contains(svg, suite.ValueMap) {
		t.Error("the chart has no legend")
	}
}

// TestSave makes sure that a run of one group keeps the figures of the others, and
// replaces its own.
func TestSave(t *testing.T) {
	folder := t.TempDir()
	keys := suite.Name{Group: "Keys", Impl: "x", Op: "hit", N: 5}
	for _, value := range []float64{1, 2} {
		run := NewRun(false)
		run.Add("Keys", Line(keys, []suite.Metric{{Value: value, Unit: "ns/op"}}))
		for _, r := range []*Run{sample(t), run} {
			if err := Save(folder, r, false); err != nil {
				t.Fatal(err)
			}
		}
	}
	all, err := load(folder)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parse(all)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.rounds[figure{keys, "ns/op"}]; len(got) != 1 || got[0] != 2 {
		t.Errorf("rounds = %v, want the newest run's alone", got)
	}
	own := figure{suite.Name{Group: "Values", Impl: suite.ValueMap, Keys: "int", Op: "hit", N: 1000, Threads: 1}, "ns/op"}
	if got := f.rounds[own]; len(got) != 2 {
		t.Errorf("rounds of another group = %v, want 2", got)
	}
	for _, s := range all {
		if s.group == "Values" && (s.mode != full || len(s.notes) != 1 || s.date == "" || s.goVersion == "") {
			t.Errorf("not kept: %+v", s)
		}
	}
}

// TestBounds makes sure that a target is missed only if it could have been reached.
func TestBounds(t *testing.T) {
	churned := func(impl string, ns float64) string {
		name := suite.Name{Group: "Churn", Impl: impl, Op: "churn", N: 100_000, Threads: 1}
		return Line(name, []suite.Metric{{Value: ns, Unit: "cpu-ns/op"}})
	}
	target := target{limit: 0.4, points: bounded(suite.Floor, churn("cpu-ns/op"))}
	for _, c := range []struct {
		ours, bound float64
		cell        string
		want        verdict
	}{
		{0, 0, "", unmeasured},
		{40, 0, "0.40", reached},
		{40, 39, "0.40", reached},
		{50, 0, "**0.50**", missed},
		{50, 39, "**0.50**", missed},
		{50, 45, "0.50, bound 0.45", outOfReach},
	} {
		run := NewRun(false)
		run.Add("Churn", churned(suite.Recipe, 100))
		if c.ours > 0 {
			run.Add("Churn", churned(suite.ValueMap, c.ours))
		}
		if c.bound > 0 {
			run.Add("Churn", churned(suite.Floor, c.bound))
		}
		f, err := parse(run.sections)
		if err != nil {
			t.Fatal(err)
		}
		if cell, got := target.cell(f, target.points[0]); cell != c.cell || got != c.want {
			t.Errorf("%v with a bound of %v: %q, %v; want %q, %v", c.ours, c.bound, cell, got, c.cell, c.want)
		}
	}
}

// TestNames reads back every name that there is.
func TestNames(t *testing.T) {
	for _, set := range suite.Sets(1) {
		for _, c := range set.Cases() {
			if got, err := ParseName(c.Name.String()); err != nil || got != c.Name {
				t.Errorf("%v read as %+v, %v", c.Name, got, err)
			}
			if strings.ContainsAny(c.Name.String(), " \t") {
				t.Errorf("%q has a space", c.Name)
			}
		}
	}
}

// TestTargets makes sure that every target is about figures that are measured, and
// has an id of its own.
func TestTargets(t *testing.T) {
	measured := map[suite.Name]bool{}
	for _, set := range suite.Sets(1) {
		for _, c := range set.Cases() {
			measured[c.Name] = true
		}
	}
	ids := map[string]bool{}
	for _, part := range targets {
		for _, target := range part.list {
			if ids[target.id] {
				t.Errorf("two targets are called %s", target.id)
			}
			ids[target.id] = true
			for _, p := range target.points {
				if g := p.ours.Group; g == "Counting" || g == "Events" || g == "Trees" {
					continue // measured by the benchmarks of a package
				}
				if !measured[p.ours.Name] {
					t.Errorf("%s is about %v, which is not measured", target.id, p.ours.Name)
				}
				if p.other != (figure{}) && !measured[p.other.Name] {
					t.Errorf("%s is about %v, which is not measured", target.id, p.other.Name)
				}
				if p.bound != (figure{}) && p.bound.Keys != "string" && !measured[p.bound.Name] {
					t.Errorf("%s is bounded by %v, which is not measured", target.id, p.bound.Name)
				}
			}
		}
	}
}

func TestAmounts(t *testing.T) {
	for _, c := range []struct {
		value float64
		unit  string
		want  string
	}{
		{12.34, "ns/op", "12.3 ns"},
		{12_340, "max-ns", "12.3 µs"},
		{12_340_000, "cpu-ns/op", "12.3 ms"},
		{1.5, "clean-ms", "1500 µs"},
		{80.04, "B/entry", "80.0 B"},
		{99.96, "hit-%", "100.0 %"},
		{1234567, "loads", "1 234 567"},
		{0.2, "allocs/op", "0.20"},
		{63.2, "peak-MiB", "63.2 MiB"},
	} {
		if got := amount(c.value, c.unit); got != c.want {
			t.Errorf("amount(%v, %q) = %q, want %q", c.value, c.unit, got, c.want)
		}
	}
}

func read(t *testing.T, docs, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docs, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRounds: the page says how often things were measured, if not all as often.
func TestRounds(t *testing.T) {
	for want, lines := range map[string][]string{
		"0":      nil,
		"2":      {"BenchmarkA/op=hit 1 2 ns/op", "BenchmarkA/op=miss 1 2 ns/op", "BenchmarkA/op=hit 1 3 ns/op", "BenchmarkA/op=miss 1 3 ns/op"},
		"1 to 2": {"BenchmarkA/op=hit 1 2 ns/op", "BenchmarkA/op=miss 1 2 ns/op", "BenchmarkA/op=hit 1 3 ns/op"},
	} {
		if got := (&section{lines: lines}).rounds(); got != want {
			t.Errorf("%q: %s rounds, want %s", lines, got, want)
		}
	}
}
