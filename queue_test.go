package weakref_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/weakref-go/weakref"
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
