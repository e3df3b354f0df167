package weaktest

import (
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/relink"
)

// TB is the part of [testing.TB] that the helpers need.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Patience bounds how long a helper waits before it fails the test. Only a
// failing test waits so long. [MustCollect] gives up sooner if it finds a path on
// which there is nothing to wait for.
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

// MustCollect fails the test unless what r refers to is collected, with the path
// of references that keeps it alive.
//
// It collects again and again, for half a second and twenty times at least. Then
// it looks for the path, and fails if that leads from a package variable, a
// blocked goroutine, a timer, a finalizer or a cleanup. A goroutine that is about
// to run may still let go, so it waits for that, up to [Patience].
func MustCollect[T any](t TB, r weakref.Ref[T]) {
	t.Helper()
	if msg := uncollected(heap.TargetOf(r), func() bool { return r.Value() == nil }); msg != "" {
		t.Fatalf("weaktest: %s", msg)
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
//
// The failure says why those objects are alive that cond looks at weakly, as the
// values of a ValueMap whose length it asks for. It finds them by the variables that
// cond captures, and by the package variables that cond itself uses: see
// [heap.Explainer.ExplainWeak].
func Eventually(t TB, what string, cond func() bool) {
	t.Helper()
	if !poll(Patience, 0, cond) {
		t.Fatalf("weaktest: not so after %v of collections: %s\n%s", Patience, what, suspects(cond))
	}
}

// The least that MustCollect does before it looks for a path.
const (
	leastTime   = 500 * time.Millisecond
	leastRounds = 20
)

// uncollected waits until the target is collected. It returns "", or else why it
// is not.
func uncollected(target heap.Target, dead func() bool) string {
	if poll(min(leastTime, Patience), leastRounds, dead) {
		return ""
	}
	for deadline := time.Now().Add(Patience); ; {
		a, err := explain(target, "")
		switch {
		case err != nil:
			if poll(Patience, 0, dead) {
				return ""
			}
			return "an object is still alive, and it cannot be said why: " + err.Error()
		case a.Collected:
			return ""
		case inVain(a) || time.Now().After(deadline):
			return named(target, a).String()
		}
		if poll(leastTime, 0, dead) {
			return ""
		}
	}
}

// explain says why a target is alive, with the names that binary has.
func explain(target heap.Target, binary string) (*heap.Answer, error) {
	defer gcclock.Pause()() // as in explainWeak
	answers, err := (&heap.Explainer{Binary: binary}).Explain(target)
	if err != nil {
		return nil, err
	}
	return answers[0], nil
}

// named is an answer once more, with names if the test has none and they can be had.
func named(target heap.Target, a *heap.Answer) *heap.Answer {
	if a.Names == heap.NamesFull {
		return a
	}
	if binary := relink.Binary(); binary != "" {
		if again, err := explain(target, binary); err == nil && !again.Collected {
			return again
		}
	}
	return a
}

// inVain says whether it is in vain to wait for an object to be collected.
func inVain(a *heap.Answer) bool {
	if len(a.Paths) == 0 {
		return false
	}
	switch root := a.Paths[0].Root; root.Kind {
	case heap.RootGlobal, heap.RootTimer, heap.RootFinalizer, heap.RootCleanup:
		return true
	case heap.RootGoroutine, heap.RootDeferred, heap.RootStack:
		// The test itself is running, and so is a goroutine that will go on.
		return !goesOn[root.WaitReason]
	}
	return false
}

// goesOn is what goroutines do that will go on by themselves.
var goesOn = map[string]bool{
	"runnable": true, "running": true, "syscall": true, "sleep": true, "IO wait": true,
}

// poll collects until cond holds, for some time and some rounds at least.
func poll(atLeast time.Duration, rounds int, cond func() bool) bool {
	deadline := time.Now().Add(atLeast)
	for wait := time.Microsecond; ; wait = min(2*wait, 50*time.Millisecond) {
		collect()
		if cond() {
			return true
		}
		if rounds--; rounds <= 0 && time.Now().After(deadline) {
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
