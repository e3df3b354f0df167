package main

import (
	"testing"

	"github.com/weakref-go/weakref/bench/internal/suite"
)

// BenchmarkAll is everything that the command measures in Go, for benchstat. Choose
// with -bench, as in
//
//	go test -run '^$' -bench 'All/Values/impl=(weakref.ValueMap|xsync.Map)/keys=int/op=hit' ./bench
//
// What needs a process of its own, such as bytes an entry, is more exact in the
// command.
func BenchmarkAll(b *testing.B) {
	for _, set := range suite.Sets(1) {
		for _, c := range set.Cases() {
			b.Run(c.Path(), func(b *testing.B) { run(b, c) })
		}
	}
}

func run(b *testing.B, c suite.Case) {
	b.StopTimer()
	if c.Loop != nil {
		b.ReportAllocs()
		c.Loop(b, b.N)
		return
	}
	for range b.N {
		for _, m := range c.Probe() {
			b.ReportMetric(m.Value, m.Unit)
		}
	}
}

// TestCases runs every case once, with few entries. The cases check for themselves
// that they do what they say, and panic if not.
func TestCases(t *testing.T) {
	const scale = 10_000
	seen := map[string]bool{}
	for _, set := range suite.Sets(scale) {
		for _, c := range set.Cases() {
			if name := c.Path(); !seen[name] { // two sizes may be scaled to one
				seen[name] = true
				t.Run(name, func(t *testing.T) { runOnce(t, c) })
			}
		}
	}
}

func runOnce(t *testing.T, c suite.Case) {
	if c.Loop != nil {
		var clock ticks
		c.Loop(&clock, c.Batch+1)
		if clock.started == 0 || clock.started != clock.stopped {
			t.Errorf("timer started %d times and stopped %d times", clock.started, clock.stopped)
		}
		return
	}
	metrics := c.Probe()
	if len(metrics) == 0 {
		t.Error("nothing measured")
	}
}

type ticks struct{ started, stopped int }

func (c *ticks) StartTimer() { c.started++ }
func (c *ticks) StopTimer()  { c.stopped++ }

// TestNames makes sure that every name is there once, since results are put together
// by name.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, set := range suite.Sets(1) {
		for _, c := range set.Cases() {
			if seen[c.Path()] {
				t.Errorf("%s is there twice", c.Path())
			}
			seen[c.Path()] = true
		}
	}
}
