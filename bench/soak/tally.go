package main

import (
	"fmt"
	"time"
)

// tally is what a child has done.
type tally struct {
	Time        time.Duration
	Operations  uint64
	Collections uint64
	Deaths      uint64 // entries that left because their weak side had died, as the containers count them
	Faults      faults
	Violations  uint64
	HeapFirst   uint64 // bytes after a collection with everything dropped, at the beginning
	HeapLast    uint64 // and at the end
}

// faults are how often what went wrong, on purpose.
type faults struct {
	Panics   uint64 // of callbacks and loaders
	Blocked  uint64 // callbacks
	Failed   uint64 // loaders
	Slow     uint64 // likewise
	Goexits  uint64 // goroutines killed
	GivenUp  uint64 // contexts that ended while waiting
	Released uint64 // handles lost without Close
}

func (f faults) sum() uint64 {
	return f.Panics + f.Blocked + f.Failed + f.Slow + f.Goexits + f.GivenUp + f.Released
}

func (f faults) String() string {
	return fmt.Sprintf("%d panics, %d blocked callbacks, %d failed and %d slow loaders, %d goroutines killed, %d waits given up, %d handles lost",
		f.Panics, f.Blocked, f.Failed, f.Slow, f.Goexits, f.GivenUp, f.Released)
}

func (t *tally) add(o tally) {
	t.Operations += o.Operations
	t.Collections += o.Collections
	t.Deaths += o.Deaths
	t.Violations += o.Violations
	t.Faults.Panics += o.Faults.Panics
	t.Faults.Blocked += o.Faults.Blocked
	t.Faults.Failed += o.Faults.Failed
	t.Faults.Slow += o.Faults.Slow
	t.Faults.Goexits += o.Faults.Goexits
	t.Faults.GivenUp += o.Faults.GivenUp
	t.Faults.Released += o.Faults.Released
}

func (t tally) String() string {
	heap := ""
	if t.HeapLast > 0 {
		heap = fmt.Sprintf("%.1f → %.1f MB", float64(t.HeapFirst)/1e6, float64(t.HeapLast)/1e6)
	}
	return fmt.Sprintf("%8v %12d %11d %11d %8d %17s %10d", t.Time.Round(100*time.Millisecond), t.Operations, t.Collections, t.Deaths, t.Faults.sum(), heap, t.Violations)
}
