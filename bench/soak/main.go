// Command soak runs every container of the module under churn, on collectors of all
// kinds and with faults thrown in, and checks the guarantees all the while.
//
//	go run ./bench/soak                      # one minute
//	go run ./bench/soak --for 10m --mass 10000000
//
// It runs itself as a child process under each setting in turn (see settings): GOGC
// from 5 to off, memory limits, the runtime's own checks, the race detector, boxed
// handles, a collection at every step, and a mass of entries that die at once. A child
// works in rounds: it makes one of everything, has several goroutines use it, ends,
// checks that what is dead has left, drops it all, and checks that nothing is left
// behind.
//
// A violation names the guarantee:
//
//	G1  what is returned is alive, and is what was stored
//	G2  as long as anyone holds a value, everyone gets that same one; one key, one creator
//	G3  a container does not keep its weak side alive
//	G4  the dead leave by themselves, and the memory is given back
//	G5  a container that nobody holds is collected, and leaves no goroutine
//	G6  the death of an old value does not remove a newer one
//	G7  a callback runs once, under no lock; one that panics or blocks stops no other
//	G8  an iterator yields what is there all the while, once
//	G9  with Slots, values that refer to their keys are collected like any other
//
// Beside one subject for each container there are three for what is hard: iteration while
// entries come and leave by the hundred; containers used inside and outside of synctest
// bubbles at once; objects that their finalizers bring back.
//
// That G3 and G9 hold shows in G4: the dead leave. The exit status is 1 if one was violated, a child crashed or hung, or its heap grew.
package main

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"
)

// options are what a child is told.
type options struct {
	For     time.Duration
	Seed    uint64
	Mass    int  // how many entries die at once
	Collect bool // a collection at every step
	Boxed   bool // handles are boxes
	Rings   bool // counted handles form cycles
	Only    string
}

func main() {
	var o options
	flag.DurationVar(&o.For, "for", time.Minute, "how long, in all")
	flag.Uint64Var(&o.Seed, "seed", 1, "seed of chance")
	flag.IntVar(&o.Mass, "mass", 1_000_000, "how many entries die at once")
	flag.BoolVar(&o.Collect, "collect", false, "collect at every step (for a child)")
	flag.BoolVar(&o.Boxed, "boxed", false, "use boxed handles (for a child)")
	flag.BoolVar(&o.Rings, "rings", true, "let counted handles form cycles (for a child)")
	flag.StringVar(&o.Only, "only", "", "only settings whose name contains this; for a child, what to run")
	child := flag.Bool("child", false, "be a child")
	flag.Parse()
	if *child {
		// A bubble needs a test, so the child is one.
		match := func(pattern, name string) (bool, error) { return true, nil }
		body := func(t *testing.T) { os.Exit(soak(o, t)) }
		testing.Main(match, []testing.InternalTest{{Name: "soak", F: body}}, nil, nil)
	}
	if err := parent(o); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}
