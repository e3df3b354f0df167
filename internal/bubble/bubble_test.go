package bubble

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestCurrent(t *testing.T) {
	if id := Current(); id != 0 {
		t.Errorf("outside: bubble %d", id)
	}
	var first, second ID
	synctest.Test(t, func(t *testing.T) {
		first = Current()
		inner := make(chan ID)
		go func() { inner <- Current() }()
		if id := <-inner; id != first || id == 0 {
			t.Errorf("one bubble: %d and %d", first, id)
		}
		time.Sleep(1000 * time.Hour)
		if id := Current(); id != first {
			t.Errorf("later: %d, before %d", id, first)
		}
		if time.AfterFunc(0, func() { inner <- Current() }); <-inner != first {
			t.Error("a timer's function is in another bubble")
		}
	})
	synctest.Test(t, func(t *testing.T) { second = Current() })
	if first == second {
		t.Errorf("two bubbles: %d and %d", first, second)
	}
	if unknown.Load() != 0 {
		t.Error("stack traces do not name the bubble any more")
	}
}

// TestLatchWithin checks that those of the owner's bubble wait durably: the clock
// would not advance otherwise.
func TestLatchWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Latch{Owner: Current()}
		for range 3 {
			go func() {
				if err := l.Wait(context.Background()); err != nil {
					t.Error(err)
				}
			}()
		}
		synctest.Wait()
		time.Sleep(time.Hour)
		l.Open()
		l.Open()
		if err := l.Wait(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// TestLatchAcross has goroutines wait for one of another bubble.
func TestLatchAcross(t *testing.T) {
	inside := func(f func(*testing.T)) func() { return func() { synctest.Test(t, f) } }
	plain := func(f func(*testing.T)) func() { return func() { f(t) } }
	for name, test := range map[string]struct {
		owner, waiter func(func(*testing.T)) func()
	}{
		"from outside":       {inside, plain},
		"from a bubble":      {plain, inside},
		"from other bubbles": {inside, inside},
		"without bubbles":    {plain, plain},
	} {
		t.Run(name, func(t *testing.T) {
			l := new(Latch)
			ready := make(chan bool)
			var wg sync.WaitGroup
			wg.Go(test.owner(func(t *testing.T) {
				l.Owner = Current()
				close(ready)
				for range 100 {
					time.Sleep(100 * time.Microsecond)
				}
				l.Open()
			}))
			<-ready
			for range 2 {
				wg.Go(test.waiter(func(t *testing.T) {
					ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
					defer cancel()
					if err := l.Wait(ctx); err != nil {
						t.Error(err)
					}
				}))
			}
			wg.Wait()
		})
	}
}

func TestLatchGivesUp(t *testing.T) {
	for name, owner := range map[string]ID{"same": 0, "other": 1 << 60} {
		t.Run(name, func(t *testing.T) {
			l := &Latch{Owner: owner}
			ctx, cancel := context.WithCancel(context.Background())
			got := make(chan error)
			go func() { got <- l.Wait(ctx) }()
			cancel()
			if err := <-got; !errors.Is(err, context.Canceled) {
				t.Errorf("Wait = %v", err)
			}
			if len(l.far) != 0 {
				t.Error("who gave up is still waited for")
			}
		})
	}
}

// TestLatchAtOnce: a latch is opened at the very moment in which somebody comes to wait.
func TestLatchAtOnce(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	latches := make([]Latch, 50_000)
	var at atomic.Int64
	go func() {
		for i := range latches {
			for n := 0; at.Load() < int64(i); n++ {
				if n%1000 == 999 { // there may be one processor
					runtime.Gosched()
				}
			}
			for range i % 100 { // sooner or later while the other one comes
				at.Load()
			}
			latches[i].Open()
		}
	}()
	for i := range latches {
		at.Store(int64(i))
		if err := latches[i].Wait(ctx); err != nil {
			t.Fatalf("latch %d: %v", i, err)
		}
	}
}

// box is a value that goroutines wait for.
type box struct {
	mu   sync.Mutex
	cond Cond
	n    int
}

func (b *box) put() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n++
	b.cond.Signal()
}

func (b *box) take(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.cond.Wait(ctx, &b.mu, func() bool { return b.n > 0 })
	if err == nil {
		b.n--
	}
	return err
}

func TestCond(t *testing.T) {
	var b box
	var wg sync.WaitGroup
	const n = 100
	for range n {
		wg.Go(func() {
			if err := b.take(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	for range n {
		wg.Go(b.put)
	}
	wg.Wait()
	if b.n != 0 || b.cond.waiting.Len() != 0 {
		t.Errorf("%d left, %d waiting", b.n, b.cond.waiting.Len())
	}
}

func TestCondGivesUp(t *testing.T) {
	var b box
	ctx, cancel := context.WithCancel(context.Background())
	got := make(chan error)
	go func() { got <- b.take(ctx) }()
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) || b.cond.waiting.Len() != 0 {
		t.Errorf("take = %v, %d waiting", err, b.cond.waiting.Len())
	}
}

func TestCondWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b box
		got := make(chan error)
		go func() { got <- b.take(t.Context()) }()
		synctest.Wait() // it waits durably
		before := time.Now()
		b.put()
		if err := <-got; err != nil {
			t.Error(err)
		}
		if !time.Now().Equal(before) {
			t.Error("the waiter was not woken, but looked by itself")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := b.take(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("take = %v", err)
		}
	})
}

// TestCondFromOutside has the waiter of a bubble wait for something that is done outside,
// as nobody can tell it.
func TestCondFromOutside(t *testing.T) {
	for range 20 {
		var b box
		waiting, put := make(chan bool), make(chan bool)
		go func() {
			<-waiting
			b.put()
			close(put)
		}()
		synctest.Test(t, func(t *testing.T) {
			got := make(chan error)
			go func() { got <- b.take(t.Context()) }()
			synctest.Wait()
			close(waiting)
			<-put
			if err := <-got; err != nil {
				t.Error(err)
			}
		})
	}
}

func BenchmarkCurrent(b *testing.B) {
	for b.Loop() {
		Current()
	}
}

func BenchmarkLatch(b *testing.B) {
	for b.Loop() {
		l := &Latch{Owner: Current()}
		l.Open()
	}
}
