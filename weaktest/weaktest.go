// Package weaktest helps tests that depend on garbage collection.
//
// A collection does not end with [runtime.GC]: finalizers, cleanups and the
// upkeep of weak containers run afterwards, on other goroutines. A test that
// looks too early fails now and then; a test that sleeps is slow and fails now
// and then as well. The helpers here force a collection, wait for what it sets
// off, and poll to a bound.
//
// Mind what keeps an object alive in a test: a variable lives until its last
// use, not to the end of its block, but a conservative stack slot may hold it a
// little longer. Make and drop the object in a function of its own.
package weaktest

import (
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/gcclock"
)

// TB is the part of [testing.TB] that the helpers need.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Patience bounds how long a helper waits before it fails the test. Only a
// failing test waits so long.
var Patience = 10 * time.Second

// Collect runs a full collection and waits until the finalizers and cleanups of
// what it found dead have run and every weak container of the process has
// dropped its dead entries. Callbacks of the containers may still be running.
func Collect(t TB) {
	t.Helper()
	if !collect() {
		t.Fatalf("weaktest: finalizers or cleanups did not run within %v; does one of them block?", Patience)
	}
}

// MustCollect fails the test unless what r refers to is collected.
func MustCollect[T any](t TB, r weakref.Ref[T]) {
	t.Helper()
	if !poll(func() bool { return r.Value() == nil }) {
		t.Fatalf("weaktest: %v is still alive after %v of collections", r, Patience)
	}
}

// MustLive fails the test if what r refers to has been collected.
func MustLive[T any](t TB, r weakref.Ref[T]) {
	t.Helper()
	Collect(t)
	if r.Value() == nil {
		t.Fatalf("weaktest: %v has been collected", r)
	}
}

// Eventually collects until cond holds, and fails the test if it does not come
// to. what says what was waited for.
func Eventually(t TB, what string, cond func() bool) {
	t.Helper()
	if !poll(cond) {
		t.Fatalf("weaktest: not so after %v of collections: %s", Patience, what)
	}
}

func poll(cond func() bool) bool {
	deadline := time.Now().Add(Patience)
	for wait := time.Microsecond; ; wait = min(2*wait, 50*time.Millisecond) {
		collect()
		if cond() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(wait)
	}
}

// collect reports whether the finalizers and cleanups ran in time.
func collect() bool {
	runtime.GC() // returns when the heap has been swept, so all is queued
	queued, _ := afterDeath()
	deadline := time.Now().Add(Patience)
	for wait := time.Microsecond; ; wait = min(2*wait, 10*time.Millisecond) {
		if _, executed := afterDeath(); executed >= queued {
			break
		}
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(wait)
	}
	gcclock.Run()
	return true
}

// afterDeath returns how many finalizers and cleanups the runtime has queued and
// how many it has run since the program started.
func afterDeath() (queued, executed uint64) {
	s := []metrics.Sample{
		{Name: "/gc/finalizers/queued:finalizers"},
		{Name: "/gc/cleanups/queued:cleanups"},
		{Name: "/gc/finalizers/executed:finalizers"},
		{Name: "/gc/cleanups/executed:cleanups"},
	}
	metrics.Read(s)
	return s[0].Value.Uint64() + s[1].Value.Uint64(), s[2].Value.Uint64() + s[3].Value.Uint64()
}
