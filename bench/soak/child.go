package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/handle"
)

// world is a child: what it counts, and what it has found violated.
type world struct {
	options
	test                                                    *testing.T // for bubbles
	operations, deaths, violations                          atomic.Uint64
	panics, blocked, failed, slow, goexits, givenUp, losses atomic.Uint64
}

// violate reports that a guarantee does not hold.
func (w *world) violate(guarantee, format string, args ...any) {
	if w.violations.Add(1) <= 20 {
		fmt.Fprintf(os.Stderr, "VIOLATION of %s: %s\n", guarantee, fmt.Sprintf(format, args...))
	}
}

// subject is a container under test, with those who use it.
type subject interface {
	// step does something and checks what comes of it. Each worker has a number and a
	// source of chance of its own.
	step(rnd *rand.Rand, worker int)
	// settle is called when the workers have ended. It lets blocked callbacks go on.
	settle()
	// settled reports what is wrong, once two collections or more have been made.
	settled() error
	// died returns how many entries have left because they were dead.
	died() uint64
}

// workers is how many goroutines use each subject.
const workers = 2

// patience bounds the wait for what must happen soon. Only a failure takes so long.
const patience = time.Minute

// soak runs rounds until the time is over, and returns the exit status.
func soak(o options, t *testing.T) int {
	if o.Boxed {
		handle.UseBoxes()
	}
	w := &world{options: o, test: t}
	slog.SetDefault(slog.New(watchLog{slog.DiscardHandler, w}))
	begun := time.Now()
	round := w.round
	if o.Only == "mass" {
		round = w.massDeath
	}
	var heap []uint64
	for n := uint64(0); n < 3 || time.Since(begun) < o.For; n++ {
		round(rand.New(rand.NewPCG(o.Seed, n)))
		heap = append(heap, w.left())
	}
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	sum := tally{
		Time:        time.Since(begun),
		Operations:  w.operations.Load(),
		Collections: uint64(gc.NumGC),
		Deaths:      w.deaths.Load(),
		Faults: faults{
			Panics: w.panics.Load(), Blocked: w.blocked.Load(), Failed: w.failed.Load(), Slow: w.slow.Load(),
			Goexits: w.goexits.Load(), GivenUp: w.givenUp.Load(), Released: w.losses.Load(),
		},
	}
	sum.HeapFirst, sum.HeapLast = w.flat(heap)
	sum.Violations = w.violations.Load()
	if err := json.NewEncoder(os.Stdout).Encode(sum); err != nil || sum.Violations > 0 {
		return 1
	}
	return 0
}

// flat checks that the heap does not grow from round to round. The first rounds fill
// pools and such, so they do not count.
func (w *world) flat(heap []uint64) (first, last uint64) {
	quarter := max(1, len(heap)/4)
	first, last = median(heap[1:1+quarter]), median(heap[len(heap)-quarter:])
	if last > first+first/4+1<<20 {
		w.violate("G4", "the heap has grown from %d to %d bytes in %d rounds", first, last, len(heap))
	}
	return first, last
}

func median(v []uint64) uint64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}

// round makes one of everything, uses it, and checks that it leaves nothing.
func (w *world) round(rnd *rand.Rand) {
	subjects := map[string]subject{
		"ValueMap":      newValues(w),
		"KeyMap":        newKeys(w, func(i int) *object { return newObject(i) }, false),
		"KeyMap, Slots": newKeys(w, func(i int) *slotted { return &slotted{object: *newObject(i)} }, true),
		"Set":           newSet(w),
		"Interner":      newInterners(w),
		"Cache":         newCached(w),
		"rc":            newCounted(w),
		"Finalizer":     newFinals(w),
		"Bus":           newBuses(w),
		"churn":         newChurned(w),
		"revival":       newRevived(w),
		"bubbles":       newBubbled(w),
	}
	before := runtime.NumGoroutine()
	w.use(subjects, rnd)
	for name, s := range subjects {
		s.settle()
		w.until("G4", name, s.settled)
		w.deaths.Add(s.died())
	}
	var refs []func() error
	for name, s := range subjects {
		refs = append(refs, gone(name, s))
	}
	clear(subjects)
	for _, gone := range refs {
		w.until("G5", "a container that nobody holds", gone)
	}
	w.until("G5", "goroutines", func() error {
		if n := runtime.NumGoroutine(); n > before {
			return fmt.Errorf("%d, %d before", n, before)
		}
		return nil
	})
}

// use has all subjects used for a while.
func (w *world) use(subjects map[string]subject, rnd *rand.Rand) {
	steps := 20_000
	if w.Collect {
		steps = 20
	}
	end := time.Now().Add(min(w.For/4, 3*time.Second))
	var wg sync.WaitGroup
	for _, s := range subjects {
		for i := range workers {
			rnd := rand.New(rand.NewPCG(rnd.Uint64(), rnd.Uint64()))
			wg.Go(func() {
				for n := 0; n < steps && (n%64 != 0 || time.Now().Before(end)); n++ {
					s.step(rnd, i)
					w.operations.Add(1)
					if w.Collect {
						runtime.GC()
					}
				}
			})
		}
	}
	wg.Wait()
}

// until collects until there is no error. Two collections are what the containers
// are given; what comes later only tells a slow machine from a fault.
func (w *world) until(guarantee, name string, wrong func() error) {
	deadline := time.Now().Add(patience)
	for wait := time.Microsecond; ; wait = min(2*wait, 100*time.Millisecond) {
		runtime.GC()
		runtime.GC()
		err := wrong()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.violate(guarantee, "%s: %v", name, err)
			return
		}
		time.Sleep(wait) // upkeep and callbacks have goroutines of their own
	}
}

// gone returns a function that says whether a subject has been collected.
func gone(name string, s subject) func() error {
	refs := s.(interface{ dead() func() bool }).dead()
	return func() error {
		if !refs() {
			return fmt.Errorf("%s is still there", name)
		}
		return nil
	}
}

// dead returns a function that reports whether all that the references refer to has
// been collected.
func dead[T any](r weakref.Ref[T]) func() bool {
	return func() bool { return r.Value() == nil }
}

// left returns the bytes of the heap when nothing is in use.
func (w *world) left() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
