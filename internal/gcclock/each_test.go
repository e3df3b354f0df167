package gcclock_test

import (
	"runtime"
	"testing"

	"github.com/weakref-go/weakref/internal/gcclock"
)

func lists(w any) (found bool) {
	gcclock.Each(func(_ gcclock.Watched, p any) bool {
		found = found || p == w
		return !found
	})
	return found
}

// TestEachDuringAPass checks that what is being looked after is listed, and that listing
// does not wait for that.
func TestEachDuringAPass(t *testing.T) {
	g := &gate{begun: make(chan struct{}), open: make(chan struct{})}
	gcclock.Watch(g, (*gate).pass)
	w := new(watched)
	gcclock.Watch(w, (*watched).pass)
	done := make(chan struct{})
	go func() { gcclock.Run(); close(done) }()
	<-g.begun
	late := new(watched)
	gcclock.Watch(late, (*watched).pass)
	for i, p := range []any{g, w, late} {
		if !lists(p) {
			t.Errorf("during the pass, object %d is not listed", i)
		}
	}
	close(g.open)
	<-done
	for i, p := range []any{g, w, late} {
		if !lists(p) {
			t.Errorf("after the pass, object %d is not listed", i)
		}
	}
	runtime.KeepAlive(late)
	runtime.KeepAlive(w)
	runtime.KeepAlive(g)
}

// TestEachTellsApart checks that what stands for an object is its own, and says when it
// is dead.
func TestEachTellsApart(t *testing.T) {
	a, b := new(watched), new(watched)
	gcclock.Watch(a, (*watched).pass)
	gcclock.Watch(b, (*watched).pass)
	find := func(of any) (found gcclock.Watched) {
		gcclock.Each(func(w gcclock.Watched, p any) bool {
			if p == of {
				found = w
			}
			return true
		})
		return found
	}
	wa, wb := find(a), find(b)
	if wa == nil || wa == wb || wa != find(a) || !wa.Alive() {
		t.Errorf("%v and %v", wa, wb)
	}
	runtime.KeepAlive(a)
	runtime.KeepAlive(b)
	a = nil
	waitFor(t, "it is dead", func() bool { runtime.GC(); return !wa.Alive() })
}
