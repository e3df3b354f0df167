// Package gcclock runs internal upkeep after every garbage collection.
//
// The runtime announces nothing, so the clock keeps two objects that nobody
// refers to and learns of a collection from their deaths:
//
//	           mark          mark
//	          ┌─────┐       ┌─────┐
//	──────────┤  n  ├───────┤ n+1 ├──────── time
//	          └─────┘ sweep └─────┘ sweep
//	                ▲     ▲       ▲     ▲
//	             marked swept  marked swept
//
// A finalizer runs within microseconds of the end of every marking phase. A
// cleanup runs once the heap has been swept, which is what upkeep needs, because
// by then every dead weak pointer reads nil; but it comes late on a busy machine
// and may miss a cycle. So upkeep runs when the cleanup says "swept", and if it
// has not said so by the next "marked", it runs then: the previous cycle has
// certainly been swept before the next one could begin. What died in cycle n is
// therefore seen after cycle n as a rule, and after cycle n+1 at the latest.
//
// Neither signal does any work on the runtime's own goroutines, and no goroutine
// exists between collections.
package gcclock

import (
	"runtime"
	"slices"
	"sync"
	"weak"
)

// Watch has f(p) called after every collection until p itself is collected. It
// holds p weakly. f must not refer to p, should not block for long and must not
// run user code: all upkeep of the program runs in one goroutine, one call after
// the other.
func Watch[T any](p *T, f func(*T)) {
	clock.add(&watch[T]{weak.Make(p), f})
}

// Run runs all upkeep now, on the caller's goroutine. After a completed
// runtime.GC it sees every death. It is for tests, which need not wait for the
// signals then.
func Run() {
	clock.passMu.Lock()
	defer clock.passMu.Unlock()
	clock.pass()
}

// Pause keeps upkeep from running until resume is called. It is for tests that look
// at what upkeep changes.
func Pause() (resume func()) {
	clock.passMu.Lock()
	return clock.passMu.Unlock
}

type watcher interface {
	// run does the upkeep; it reports false if the watched object is gone.
	run() bool
}

type watch[T any] struct {
	p weak.Pointer[T]
	f func(*T)
}

func (w *watch[T]) run() bool {
	p := w.p.Value()
	if p == nil {
		return false
	}
	w.f(p)
	return true
}

// clock is the process's only clock, for there is only one collector.
var clock ticker

type ticker struct {
	passMu sync.Mutex // held during a pass; taken before mu

	mu       sync.Mutex
	watchers []watcher // in no order; nil during a pass, but for new ones
	ticking  bool      // the sentinels are armed, for good
	passed   bool      // a pass has been asked for since the last "marked"
	running  bool      // a goroutine is making passes
	again    bool      // and shall make another one
}

func (c *ticker) add(w watcher) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watchers = append(c.watchers, w)
	if !c.ticking {
		c.ticking = true
		c.passed = true // no cycle has been missed yet
		armMarked()
		armSwept()
	}
}

// marked is called at the end of every marking phase, on the runtime's
// finalizer goroutine.
func (c *ticker) marked() {
	armMarked()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.passed {
		c.startLocked() // "swept" is late; the cycle before this one has been swept
	}
	c.passed = false
}

// swept is called when a cycle has been swept, on one of the runtime's cleanup
// goroutines.
func (c *ticker) swept() {
	armSwept()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.startLocked()
}

// startLocked has a pass made that begins after this call. c.mu is held.
func (c *ticker) startLocked() {
	c.passed = true
	if c.running {
		c.again = true
		return
	}
	c.running = true
	go c.run()
}

func (c *ticker) run() {
	for {
		c.passMu.Lock()
		c.pass()
		c.passMu.Unlock()

		c.mu.Lock()
		if !c.again {
			c.running = false
			c.mu.Unlock()
			return
		}
		c.again = false
		c.mu.Unlock()
	}
}

// pass does all upkeep once. c.passMu is held.
func (c *ticker) pass() {
	c.mu.Lock()
	all := c.watchers
	c.watchers = nil
	c.mu.Unlock()

	live := slices.DeleteFunc(all, func(w watcher) bool { return !w.run() })

	c.mu.Lock()
	c.watchers = append(live, c.watchers...)
	c.mu.Unlock()
}

// sentinel is an object that dies in the collection after the one it was made
// in. It is large enough not to be packed with others.
type sentinel [4]uintptr

func armMarked() {
	runtime.SetFinalizer(new(sentinel), func(*sentinel) { clock.marked() })
}

func armSwept() {
	runtime.AddCleanup(new(sentinel), (*ticker).swept, &clock)
}
