package gcclock_test

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref/internal/bubble"
	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/weaktest"
)

// resident is an object that records in which bubbles its upkeep runs.
type resident struct {
	watched
	in map[bubble.ID]int // guarded by the clock
}

func (r *resident) pass() {
	r.watched.pass()
	r.in[bubble.Current()]++
}

// TestUpkeepStaysInItsBubble guards against callbacks of a bubble's containers that run
// outside of it, where they must not touch its channels.
func TestUpkeepStaysInItsBubble(t *testing.T) {
	var r *resident
	synctest.Test(t, func(t *testing.T) {
		here := bubble.Current()
		r = &resident{in: make(map[bubble.ID]int)}
		gcclock.Watch(r, (*resident).pass)
		for range 10 {
			runtime.GC()
			gcclock.Run()
			runtime.GC()
			time.Sleep(time.Hour)
		}
		resume := gcclock.Pause()
		defer resume()
		if len(r.in) != 1 || r.in[here] <= 10 {
			t.Errorf("upkeep of bubble %d ran in %v", here, r.in)
		}
	})
	// The bubble is over, the object is not.
	before := r.passes.Load()
	weaktest.Eventually(t, "upkeep goes on outside", func() bool { return r.passes.Load() > before })
}

// TestBubbleMayDeadlock checks that upkeep does not keep a bubble's clock going for ever.
func TestBubbleMayDeadlock(t *testing.T) {
	defer func() {
		if v := recover(); v == nil {
			t.Error("the deadlock was not found")
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		w := new(watched)
		gcclock.Watch(w, (*watched).pass)
		block := make(chan int)
		defer runtime.KeepAlive(w)
		<-block
	})
}

// TestSharedUpkeepIsNobodys checks that what belongs to the process is looked after by all.
func TestSharedUpkeepIsNobodys(t *testing.T) {
	w := new(watched)
	synctest.Test(t, func(t *testing.T) { gcclock.WatchShared(w, (*watched).pass) })
	before := w.passes.Load()
	runtime.GC()
	runtime.GC()
	waitFor(t, "a pass follows two collections", func() bool { return w.passes.Load() > before })
}
