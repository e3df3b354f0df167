package weakref_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/rerun"
	"github.com/weakref-go/weakref/weaktest"
)

func TestQueueOfDeaths(t *testing.T) {
	var dead weakref.Queue[int]
	m := objectMap{OnCollect: dead.Put}
	kept := fill(&m, 5)
	storeDropped(&m, 10, 11, 12)
	func() { weakref.Finalize(newObject(1), dead.Put, 13) }()
	weaktest.Eventually(t, "four are dead", func() bool { return dead.Len() == 4 })
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	var got []int
	for e, err := range dead.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, e); len(got) == 4 {
			cancel()
		}
	}
	if slices.Sort(got); !slices.Equal(got, []int{10, 11, 12, 13}) {
		t.Errorf("got %v", got)
	}
	runtime.KeepAlive(kept)
	runtime.KeepAlive(&m)
}

func TestQueueLoss(t *testing.T) {
	q := weakref.Queue[int]{Limit: 3}
	for i := range 5 { // 3 and 4 are lost
		q.Put(i)
	}
	next := func() any {
		e, err := q.Next(background)
		var lost *weakref.LostError
		if errors.As(err, &lost) {
			return lost.N * 100
		}
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if next() != 0 {
		t.Error("not in order")
	}
	q.Put(5)
	q.Put(6) // lost
	for i, want := range []int{1, 2, 200, 5, 100} {
		if got := next(); got != want {
			t.Errorf("%d: got %v, want %d", i, got, want)
		}
	}
	if q.Len() != 0 {
		t.Errorf("Len = %d", q.Len())
	}
	if err := error(&weakref.LostError{N: 7}); !contains(err.Error(), "7", "Limit") {
		t.Errorf("%v", err)
	}
}

func TestQueueNextEnds(t *testing.T) {
	var q weakref.Queue[int]
	over, cancel := context.WithCancel(background)
	cancel()
	q.Put(1)
	if _, err := q.Next(over); err != context.Canceled {
		t.Errorf("err = %v", err)
	}
	q.Next(background)
	ending, end := context.WithCancel(background)
	done := make(chan error)
	go func() { _, err := q.Next(ending); done <- err }()
	end()
	if err := <-done; err != context.Canceled {
		t.Errorf("err = %v", err)
	}
	for range q.All(over) {
		t.Error("All yields something after its context has ended")
	}
}

func TestQueueConcurrent(t *testing.T) {
	var q weakref.Queue[int]
	const n, readers = 10_000, 3
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	var mu sync.Mutex
	seen := make(map[int]int)
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			for e, err := range q.All(ctx) {
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				seen[e]++
				if len(seen) == n {
					cancel()
				}
				mu.Unlock()
			}
		})
	}
	for w := range 4 {
		wg.Go(func() {
			for i := w; i < n; i += 4 {
				q.Put(i)
			}
		})
	}
	wg.Wait()
	for i := range n {
		if seen[i] != 1 {
			t.Fatalf("%d was delivered %d times", i, seen[i])
		}
	}
}

func TestQueueClearAndString(t *testing.T) {
	q := weakref.Queue[int]{Limit: 1}
	q.Put(1)
	q.Put(2) // lost
	if got := q.String(); got != "weakref.Queue[int](1 event)" {
		t.Errorf("String = %q", got)
	}
	q.Clear()
	q.Put(3)
	if e, err := q.Next(background); e != 3 || err != nil || q.String() != "weakref.Queue[int](0 events)" {
		t.Errorf("after Clear: %d, %v, %v", e, err, q.String())
	}
}

// TestQueueLimit: a negative limit dropped everything.
func TestQueueLimit(t *testing.T) {
	mustPanic(t, "Limit is -1", func() { (&weakref.Queue[int]{Limit: -1}).Put(1) })
	mustPanic(t, "Limit is -1", func() { (&weakref.Queue[int]{Limit: -1}).Next(background) })
	mustPanic(t, "Limit is -1", func() { (&weakref.Queue[int]{Limit: -1}).Len() })
	huge := weakref.Queue[int]{Limit: math.MaxInt}
	huge.Put(1)
	changed := weakref.Queue[int]{}
	changed.Put(1)
	changed.Limit = 5
	mustPanic(t, "set before", func() { changed.Put(2) })
	changed.Limit = 0
	if e, err := changed.Next(background); e != 1 || err != nil {
		t.Errorf("after a panic: %d, %v", e, err)
	}
}

func mustPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
			t.Errorf("panicked with %q, want %q", got, want)
		}
	}()
	f()
}

// TestQueueAcrossBubbles has one queue filled and drained from within bubbles and without.
func TestQueueAcrossBubbles(t *testing.T) {
	var q weakref.Queue[int]
	const each = 50
	var wg sync.WaitGroup
	within := func(f func(*testing.T)) func() { return func() { synctest.Test(t, f) } }
	drain := func(t *testing.T) {
		for range each {
			if _, err := q.Next(background); err != nil {
				t.Error(err)
			}
		}
	}
	put := func(t *testing.T) {
		for i := range each {
			q.Put(i)
			runtime.Gosched()
		}
	}
	wg.Go(func() { put(t) })
	wg.Go(within(put))
	wg.Go(func() { drain(t) })
	wg.Wait()
	wg.Go(within(drain)) // there is enough
	wg.Wait()
	if n := q.Len(); n != 0 {
		t.Errorf("%d are left", n)
	}
}

// TestQueueOfDeathsInABubble is the recipe of Queue in a test of time.
func TestQueueOfDeathsInABubble(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			var dead weakref.Queue[int]
			m := objectMap{OnCollect: dead.Put}
			storeDropped(&m, 1)
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			got := make(chan int, 1)
			go func() {
				id, err := dead.Next(ctx)
				if err != nil {
					t.Error(err)
				}
				got <- id
			}()
			synctest.Wait() // it waits durably
			runtime.GC()
			runtime.GC()
			if id := <-got; id != 1 {
				t.Errorf("got %d", id)
			}
			runtime.KeepAlive(&m)
		})
	}
}

// BenchmarkQueue puts and takes one event while n others, or n goroutines, wait.
func BenchmarkQueue(b *testing.B) {
	for _, n := range []int{0, 1000, 100_000} {
		b.Run(fmt.Sprintf("op=PutNext/n=%d", n), func(b *testing.B) {
			q := weakref.Queue[int]{Limit: math.MaxInt}
			for i := range n {
				q.Put(i)
			}
			for b.Loop() {
				q.Put(1)
				q.Next(background)
			}
		})
	}
	for _, n := range []int{1, 10, 1000} {
		b.Run(fmt.Sprintf("op=Wake/waiting=%d", n), func(b *testing.B) {
			var q weakref.Queue[int]
			ctx, cancel := context.WithCancel(background)
			got := make(chan int)
			var wg sync.WaitGroup
			for range n {
				wg.Go(func() {
					for e, err := range q.All(ctx) {
						if err == nil {
							got <- e
						}
					}
				})
			}
			for b.Loop() {
				q.Put(1)
				<-got
			}
			cancel()
			wg.Wait()
		})
	}
}

// TestWaitingForDeathsIsNoDeadlock has a program that does nothing but wait for a death. The
// runtime ended it, because all goroutines were asleep: a collection that may come is nothing
// that it knows of.
func TestWaitingForDeathsIsNoDeadlock(t *testing.T) {
	const child = "WEAKREF_TEST_WAIT_ALONE"
	if os.Getenv(child) == "" {
		cmd, err := rerun.Command([]string{child + "=1"}, "-test.run=^"+t.Name()+"$", "-test.timeout=0")
		if err != nil {
			t.Fatal(err)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	weakref.HurryWaiters()
	var dead weakref.Queue[int]
	m := weakref.ValueMap[int, object]{OnCollect: dead.Put}
	m.Store(1, newObject(1))
	if key, err := dead.Next(context.Background()); key != 1 || err != nil {
		t.Errorf("Next = %d, %v", key, err)
	}
	runtime.KeepAlive(&m)
}

// TestQueueStats checks that what was dropped is counted for good, whoever has learned of it.
func TestQueueStats(t *testing.T) {
	q := weakref.Queue[int]{Name: "deaths", Limit: 2}
	for i := range 5 {
		q.Put(i)
	}
	if st, want := q.Stats(), (weakref.QueueStats{"deaths", 2, 2, 5, 3}); st != want {
		t.Errorf("%+v, not %+v", st, want)
	}
	for range 3 { // two events, and the loss
		_, _ = q.Next(background)
	}
	q.Put(5)
	q.Clear()
	st := q.Stats()
	if want := (weakref.QueueStats{"deaths", 0, 2, 6, 3}); st != want {
		t.Errorf("%+v, not %+v", st, want)
	}
	if s := st.String(); s != "deaths: 0 events of 2, 6 put, 3 dropped" {
		t.Error(s)
	}
	var none weakref.Queue[int]
	if st := none.Stats(); st.Capacity != 1<<16 || st.String() != "0 events of 65536, 0 put, 0 dropped" {
		t.Errorf("%+v", st)
	}
}

// TestQueueIsCollected checks that a queue is not kept by what lists it.
func TestQueueIsCollected(t *testing.T) {
	q := new(weakref.Queue[int])
	q.Put(1)
	r := weakref.Make(q)
	runtime.KeepAlive(q)
	weaktest.MustCollect(t, r)
}
