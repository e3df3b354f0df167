package lazy

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestBeginOnce(t *testing.T) {
	for range 200 {
		var v Value[int]
		var begun atomic.Int32
		var winner atomic.Pointer[int]
		if v.Load() != nil {
			t.Fatal("it has begun without Begin")
		}
		got := make([]*int, 4)
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				got[i] = v.Begin(func() *int { return new(int) }, func(p *int) {
					begun.Add(1)
					winner.Store(p)
				})
			})
		}
		wg.Wait()
		for i, p := range got {
			if p == nil || p != v.Load() || p != winner.Load() {
				t.Fatalf("goroutine %d has got another", i)
			}
		}
		if n := begun.Load(); n != 1 {
			t.Fatalf("begun was called %d times", n)
		}
	}
}

// TestBeginLoses has another goroutine's S come between, as it were.
func TestBeginLoses(t *testing.T) {
	var v Value[int]
	var winner *int
	got := v.Begin(func() *int {
		winner = v.Begin(func() *int { return new(int) }, nil)
		return new(int)
	}, func(*int) { t.Error("begun is called for the loser") })
	if got != winner || v.Load() != winner {
		t.Error("the loser is used")
	}
}

func TestBeginAgainAfterPanic(t *testing.T) {
	var v Value[int]
	func() {
		defer func() { recover() }()
		v.Begin(func() *int { panic("no") }, nil)
	}()
	if p := v.Begin(func() *int { return new(int) }, nil); p == nil || p != v.Load() {
		t.Error("it has not begun after a panic")
	}
}

func TestLoadDoesNotAllocate(t *testing.T) {
	var v Value[int]
	v.Begin(func() *int { return new(int) }, nil)
	if n := testing.AllocsPerRun(100, func() { _ = *v.Load() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
