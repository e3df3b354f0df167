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
	next *object
	_    [4]int
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

// mustFail fails the test unless f fails with all of the given words.
func mustFail(t *testing.T, f func(weaktest.TB), words ...string) {
	t.Helper()
	got := failure(t, f)
	for _, w := range words {
		if !strings.Contains(got, w) {
			t.Errorf("failed with\n%s\nwithout %q", got, w)
		}
	}
}

//go:noinline
func dropped() weakref.Ref[object] { return weakref.Make(new(object)) }

func TestMustCollect(t *testing.T) {
	weaktest.MustCollect(t, dropped())
}

// Where the object is held, the failure says it: names of functions are there in
// a stripped test, too.
func TestMustCollectSaysWhoHoldsIt(t *testing.T) {
	held := new(object)
	r := weakref.Make(held)
	mustFail(t, func(t weaktest.TB) { weaktest.MustCollect(t, r) },
		"weaktest_test.object at 0x", "is held by", "weaktest_test.TestMustCollectSaysWhoHoldsIt", "weaktest_test.go:", "retains")
	runtime.KeepAlive(held)
}

var global []*object

func TestMustCollectSaysWhichVariable(t *testing.T) {
	global = []*object{nil, new(object)}
	r := weakref.Make(global[1])
	mustFail(t, func(t weaktest.TB) { weaktest.MustCollect(t, r) }, "is held by")
	global = nil
	weaktest.MustCollect(t, r)
}

func TestMustCollectSaysWhichCleanup(t *testing.T) {
	r := func() weakref.Ref[object] {
		o := new(object)
		holder := &object{next: o}
		runtime.AddCleanup(o, func(*object) {}, holder)
		return weakref.Make(o)
	}()
	mustFail(t, func(t weaktest.TB) { weaktest.MustCollect(t, r) }, "cleanup weaktest_test.TestMustCollectSaysWhichCleanup")
}

// What is let go of while MustCollect waits is not a failure.
func TestMustCollectWaits(t *testing.T) {
	release := make(chan struct{})
	o := new(object)
	r := weakref.Make(o)
	go func() {
		<-release
		runtime.KeepAlive(o)
	}()
	var rounds atomic.Int32
	runtime.SetFinalizer(new(object), func(*object) { rounds.Add(1); close(release) })
	weaktest.MustCollect(t, r)
	if rounds.Load() == 0 {
		t.Error("the object was not held to begin with")
	}
}

func TestMustLive(t *testing.T) {
	held := new(object)
	weaktest.MustLive(t, weakref.Make(held))
	runtime.KeepAlive(held)

	r := dropped()
	mustFail(t, func(t weaktest.TB) { weaktest.MustLive(t, r) }, "has been collected")
}

func TestEventually(t *testing.T) {
	n := 0
	weaktest.Eventually(t, "three rounds", func() bool { n++; return n == 3 })
	mustFail(t, func(t weaktest.TB) { weaktest.Eventually(t, "pigs fly", func() bool { return false }) }, "pigs fly")
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
