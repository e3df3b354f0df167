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
// cleanup runs when the object's part of the heap has been swept, as a rule at the end
// of the sweep, which is when upkeep is wanted: then every dead weak pointer reads nil.
// But it comes late on a busy machine, even after the next marking; and it comes early if
// so many cleanups have been queued by then that the runtime hands them over while it
// goes on sweeping (it does so by the block, mcleanup.go).
//
// So upkeep runs when the cleanup says "swept". At "marked", the previous cycle has
// certainly been swept; then it runs again, unless "swept" came in that very cycle, and not
// early. What died in cycle n is therefore seen after cycle n as a rule, and at the end of
// marking of cycle n+1 at the latest.
//
// Neither signal does any work on the runtime's own goroutines but to read a counter, and
// no goroutine exists between collections.
package gcclock

import (
	"runtime"
	"sync"
	"weak"

	"github.com/weakref-go/weakref/internal/bubble"
)

// Watch has f(p) called after every collection until p itself is collected. It
// holds p weakly. f must not refer to p, should not block for long and must not
// run user code: all upkeep of the program runs in one goroutine, one call after
// the other.
//
// What is watched from within a testing/synctest bubble belongs to it, and so does its
// upkeep: see [inBubble].
func Watch[T any](p *T, f func(*T)) {
	w := &watch[T]{weak.Make(p), f}
	if id := bubble.Current(); id != 0 {
		clock.add(newInBubble(w, id))
	} else {
		clock.add(w)
	}
}

// WatchShared is Watch for what belongs to the process, although a bubble may be the
// first to need it.
func WatchShared[T any](p *T, f func(*T)) { clock.add(&watch[T]{weak.Make(p), f}) }

// Run runs all upkeep now, on the caller's goroutine, but for that of bubbles that the
// caller is not in. After a completed runtime.GC it sees every death. It is for tests,
// which need not wait for the signals then.
func Run() {
	clock.passMu.Lock()
	defer clock.passMu.Unlock()
	clock.pass(bubble.Current())
}

// Pause keeps upkeep from running until resume is called. It is for tests that look
// at what upkeep changes.
func Pause() (resume func()) {
	clock.passMu.Lock()
	return clock.passMu.Unlock
}

type watcher interface {
	Watched

	// run does the upkeep, if that can be done in the bubble that is given, the caller's;
	// it reports false if the watched object is gone.
	run(here bubble.ID) bool
}

type watch[T any] struct {
	p weak.Pointer[T]
	f func(*T)
}

func (w *watch[T]) run(bubble.ID) bool {
	p := w.p.Value()
	if p == nil {
		return false
	}
	w.f(p)
	return true
}

func (w *watch[T]) Alive() bool { return w.p.Value() != nil }

func (w *watch[T]) value() any {
	if p := w.p.Value(); p != nil {
		return p
	}
	return nil
}

// clock is the process's only clock, for there is only one collector.
var clock ticker

type ticker struct {
	passMu sync.Mutex // held during a pass; taken before mu

	mu       sync.Mutex
	watchers []watcher // in the order of their beginning; elements never change, those who look at it need no lock for it
	ticking  bool      // the sentinels are armed, for good
	signals  signals
	running  bool // a goroutine is making passes
	again    bool // and shall make another one
}

func (c *ticker) add(w watcher) {
	if f := OnWatch.Load(); f != nil {
		(*f)(w)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watchers = append(c.watchers, w)
	if !c.ticking {
		c.ticking = true
		c.signals = signals{inTime: true, queued: cleanupsQueued()} // no cycle has been missed yet
		armMarked()
		armSwept(0)
	}
}

// marked is called at the end of every marking phase, on the runtime's
// finalizer goroutine.
func (c *ticker) marked() {
	armMarked()
	queued := cleanupsQueued()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.signals.marked(queued) {
		c.startLocked()
	}
}

// swept is called when a cycle is being, or has been, swept, on one of the runtime's
// cleanup goroutines. armed is the cycle in which the signal was set up.
func swept(armed uint64) {
	c := &clock
	c.mu.Lock()
	defer c.mu.Unlock()
	armSwept(c.signals.cycle)
	c.signals.swept(armed)
	c.startLocked()
}

// startLocked has a pass made that begins after this call. c.mu is held.
func (c *ticker) startLocked() {
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
		c.pass(0)
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

// pass does all upkeep once that can be done in the caller's bubble. c.passMu is held.
func (c *ticker) pass(here bubble.ID) {
	c.mu.Lock()
	all := c.watchers
	c.mu.Unlock()

	live, died := all, false
	for i, w := range all {
		switch alive := w.run(here); {
		case alive && died:
			live = append(live, w)
		case !alive && !died:
			live, died = append(make([]watcher, 0, len(all)), all[:i]...), true
		}
	}
	if !died {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watchers = append(live, c.watchers[len(all):]...)
}

// sentinel is an object that dies in the collection after the one it was made
// in. It is large enough not to be packed with others.
type sentinel [4]uintptr

func armMarked() {
	runtime.SetFinalizer(new(sentinel), func(*sentinel) { clock.marked() })
}

func armSwept(cycle uint64) {
	runtime.AddCleanup(new(sentinel), swept, cycle)
}
