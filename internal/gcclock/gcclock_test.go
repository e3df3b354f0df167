package gcclock_test

import (
	"runtime"
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
