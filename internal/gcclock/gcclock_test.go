package gcclock_test

import (
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/weaktest"
)

type watched struct {
	passes atomic.Int64
	_      *watched
}

func (w *watched) pass() { w.passes.Add(1) }

// waitFor polls without collecting.
func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !cond(); time.Sleep(50 * time.Microsecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not so within ten seconds: %s", what)
		}
	}
}

// TestPassesFollowCollections checks that each pair of collections is followed by
// a pass without anybody asking for it.
func TestPassesFollowCollections(t *testing.T) {
	w := new(watched)
	gcclock.Watch(w, (*watched).pass)
	for range 20 {
		before := w.passes.Load()
		runtime.GC()
		runtime.GC()
		waitFor(t, "a pass follows two collections", func() bool { return w.passes.Load() > before })
	}
	runtime.KeepAlive(w)
}

// TestPassesDespiteBlockedCleanups checks the second signal: the runtime runs
// cleanups on few goroutines, and a program may block them all.
func TestPassesDespiteBlockedCleanups(t *testing.T) {
	release := make(chan struct{})
	var blocked atomic.Int64
	block := func(c chan struct{}) { blocked.Add(1); <-c }
	const n = 64 // more than there are goroutines for cleanups
	func() {
		for range n {
			runtime.AddCleanup(new([4]*int), block, release)
		}
	}()
	runtime.GC()
	waitFor(t, "a cleanup blocks", func() bool { return blocked.Load() > 0 })

	w := new(watched)
	gcclock.Watch(w, (*watched).pass)
	for range 10 {
		before := w.passes.Load()
		for range 3 {
			runtime.GC()
		}
		waitFor(t, "a pass follows", func() bool { return w.passes.Load() > before })
	}
	close(release)
	runtime.KeepAlive(w)
}

func TestWatchedIsCollectable(t *testing.T) {
	watch := func() weakref.Ref[watched] {
		w := new(watched)
		gcclock.Watch(w, (*watched).pass)
		return weakref.Make(w)
	}
	for range 10 {
		weaktest.MustCollect(t, watch())
	}
}

// TestWatchedAreForgotten checks that nothing is kept of what has died.
func TestWatchedAreForgotten(t *testing.T) {
	for range 1000 {
		gcclock.Watch(new(watched), (*watched).pass)
	}
	weaktest.Eventually(t, "the dead are forgotten", func() bool { return gcclock.Watchers() < 100 })
}

// TestOneCollectionAsARule checks that upkeep comes after the sweep of the very cycle
// that has found the dead, not only after the next.
func TestOneCollectionAsARule(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var m weakref.ValueMap[int, watched]
	weaktest.Collect(t) // signals of earlier cycles have come
	const n = 200_000
	held := make([]*watched, n)
	for i := range held {
		held[i] = new(watched)
		m.Store(i, held[i])
	}
	if m.Len() != n {
		t.Fatalf("Len = %d", m.Len())
	}
	clear(held)
	runtime.GC()
	waitFor(t, "the map is empty after one collection", func() bool { return m.Len() == 0 })
}

// gate is an object whose first pass waits.
type gate struct {
	watched
	begun, open chan struct{}
}

func (g *gate) pass() {
	if g.passes.Add(1) == 1 {
		close(g.begun)
		<-g.open
	}
}

// collectUntilQueued collects until a signal of a collection has come for certain.
func collectUntilQueued(t *testing.T) {
	t.Helper()
	var ran atomic.Int64
	for range 5 {
		before := ran.Load()
		runtime.AddCleanup(new([4]*int), func(int) { ran.Add(1) }, 0)
		runtime.GC()
		waitFor(t, "a cleanup runs", func() bool { return ran.Load() > before })
	}
}

// TestDuringAPass checks that what comes while a pass is under way is not lost: a
// request for another one, and an object to watch.
func TestDuringAPass(t *testing.T) {
	g := &gate{begun: make(chan struct{}), open: make(chan struct{})}
	gcclock.Watch(g, (*gate).pass)
	for begun := false; !begun; {
		runtime.GC()
		select {
		case <-g.begun:
			begun = true
		case <-time.After(10 * time.Millisecond):
		}
	}
	w := new(watched)
	gcclock.Watch(w, (*watched).pass)
	collectUntilQueued(t)
	close(g.open)
	waitFor(t, "another pass follows without another collection", func() bool { return g.passes.Load() > 1 && w.passes.Load() > 0 })
	runtime.KeepAlive(w)
	runtime.KeepAlive(g)
}

func TestRun(t *testing.T) {
	w := new(watched)
	gcclock.Watch(w, (*watched).pass)
	before := w.passes.Load()
	gcclock.Run()
	if w.passes.Load() <= before {
		t.Error("Run made no pass")
	}
	runtime.KeepAlive(w)
}

// TestNoGoroutineRemains checks that the clock leaves no goroutine behind.
func TestNoGoroutineRemains(t *testing.T) {
	w := new(watched)
	gcclock.Watch(w, (*watched).pass)
	before := runtime.NumGoroutine()
	for range 100 {
		runtime.GC()
	}
	waitFor(t, "as few goroutines as before", func() bool { return runtime.NumGoroutine() <= before })
	runtime.KeepAlive(w)
}

// TestTwoCollectionsBesideManyCleanups guards against upkeep that comes too early: the
// runtime hands full blocks of cleanups over while it still sweeps, so that the signal
// may come before most of the heap has been swept.
func TestTwoCollectionsBesideManyCleanups(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range 2 {
		var m weakref.ValueMap[int, watched]
		weaktest.Collect(t)
		func() {
			const n = 30_000
			held := make([]*watched, n)
			for i := range held {
				held[i] = new(watched)
				m.Store(i, held[i])
				runtime.AddCleanup(new([4]*int), func(int) {}, 0)
			}
			if m.Len() != n {
				t.Fatalf("Len = %d", m.Len())
			}
			clear(held)
		}()
		runtime.GC()
		runtime.GC()
		waitFor(t, "the map is empty after two collections", func() bool { return m.Len() == 0 })
	}
}
