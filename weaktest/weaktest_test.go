package weaktest_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/weaktest"
)

type object struct {
	_ *object
	_ [4]int
}

// recorder is a test that may fail.
type recorder struct{ failure string }

func (r *recorder) Helper() {}
func (r *recorder) Fatalf(format string, args ...any) {
	r.failure = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// failure runs f as a test and returns how it failed, "" if it did not.
func failure(t *testing.T, f func(weaktest.TB)) string {
	t.Helper()
	old := weaktest.Patience
	weaktest.Patience = 50 * time.Millisecond
	defer func() { weaktest.Patience = old }()
	var r recorder
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(&r)
	}()
	<-done
	return r.failure
}

//go:noinline
func dropped() weakref.Ref[object] { return weakref.Make(new(object)) }

func TestMustCollect(t *testing.T) {
	weaktest.MustCollect(t, dropped())

	held := new(object)
	r := weakref.Make(held)
	if got := failure(t, func(t weaktest.TB) { weaktest.MustCollect(t, r) }); !strings.Contains(got, "still alive") {
		t.Errorf("MustCollect of a held object failed with %q", got)
	}
	runtime.KeepAlive(held)
}

func TestMustLive(t *testing.T) {
	held := new(object)
	weaktest.MustLive(t, weakref.Make(held))
	runtime.KeepAlive(held)

	r := dropped()
	if got := failure(t, func(t weaktest.TB) { weaktest.MustLive(t, r) }); !strings.Contains(got, "has been collected") {
		t.Errorf("MustLive of a dropped object failed with %q", got)
	}
}

func TestEventually(t *testing.T) {
	n := 0
	weaktest.Eventually(t, "three rounds", func() bool { n++; return n == 3 })
	got := failure(t, func(t weaktest.TB) { weaktest.Eventually(t, "pigs fly", func() bool { return false }) })
	if !strings.Contains(got, "pigs fly") {
		t.Errorf("Eventually of the impossible failed with %q", got)
	}
}

func TestCollectWaitsForCleanupsAndFinalizers(t *testing.T) {
	const n = 1000
	var cleanups, finalizers atomic.Int32
	func() {
		for range n {
			runtime.AddCleanup(new(object), func(c *atomic.Int32) { c.Add(1) }, &cleanups)
			runtime.SetFinalizer(new(object), func(*object) { finalizers.Add(1) })
		}
	}()
	weaktest.Collect(t)
	// A stack slot may still hold the last of each.
	if c, f := cleanups.Load(), finalizers.Load(); c < n-1 || f < n-1 {
		t.Errorf("after Collect %d cleanups and %d finalizers of %d have run", c, f, n)
	}
}

func TestCollectSaysWhatBlocks(t *testing.T) {
	release := make(chan struct{})
	func() { runtime.AddCleanup(new(object), func(c chan struct{}) { <-c }, release) }()
	got := failure(t, func(t weaktest.TB) { weaktest.Collect(t) })
	close(release)
	if !strings.Contains(got, "block") {
		t.Errorf("Collect beside a blocked cleanup failed with %q", got)
	}
	weaktest.Collect(t)
}
