package flight

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref/internal/usercode"
	"github.com/weakref-go/weakref/internal/waits"
)

// store is where results go, as a container would keep them.
type store struct {
	mu sync.Mutex
	m  map[int]string
}

func (s *store) load(k int) func() (string, bool) {
	return func() (string, bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		v, ok := s.m[k]
		return v, ok
	}
}

func (s *store) put(k int, v string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m == nil {
		s.m = make(map[int]string)
	}
	s.m[k] = v
}

func (s *store) keep(k int) func(string) string {
	return func(v string) string {
		s.put(k, v)
		return v
	}
}

func absent() (string, bool) { return "", false }

// keep is for results that are kept nowhere.
func keep[V any](v V) V { return v }

// waitFor returns once n goroutines wait for calls of others.
func waitFor(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		got := waits.Waiting()
		if got >= n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines wait, want %d", got, n)
		}
	}
}

func TestOneCallForAll(t *testing.T) {
	var g Group[int, string]
	var s store
	var calls atomic.Int32
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			v, err := g.Do(1, s.load(1), s.keep(1), func() (string, error) {
				calls.Add(1)
				runtime.Gosched()
				return "one", nil
			})
			if v != "one" || err != nil {
				t.Errorf("Do = %q, %v", v, err)
			}
		})
	}
	wg.Wait()
	if n := calls.Load(); n != 1 {
		t.Errorf("%d calls", n)
	}
	if len(g.calls) != 0 {
		t.Errorf("%d calls are left behind", len(g.calls))
	}
}

// TestDeletedResultIsNotJoined guards against a result that was stored, and deleted,
// before its call was forgotten: who asked after the deletion got what was deleted.
func TestDeletedResultIsNotJoined(t *testing.T) {
	var g Group[int, string]
	second := make(chan string)
	keepAndDelete := func(v string) string {
		// As if v was stored and deleted at once. Who asks from now on must not get it.
		go func() {
			v, _ := g.Do(1, absent, keep, func() (string, error) { return "two", nil })
			second <- v
		}()
		for range 10_000 {
			runtime.Gosched() // time to join the call, if that can be
		}
		return v
	}
	if v, err := g.Do(1, absent, keepAndDelete, func() (string, error) { return "one", nil }); v != "one" || err != nil {
		t.Errorf("Do = %q, %v", v, err)
	}
	if v := <-second; v != "two" {
		t.Errorf("who asked after the result was deleted got %q", v)
	}
}

// failing runs create for a key while others wait for it, and returns what they
// got.
func failing(t *testing.T, create func() (string, error)) (errs []error, panicked any) {
	const waiters = 5
	var g Group[int, string]
	begun, proceed := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	wg.Go(func() {
		defer func() { panicked = recover() }()
		g.Do(1, absent, keep, func() (string, error) {
			close(begun)
			<-proceed
			return create()
		})
	})
	<-begun
	for range waiters {
		wg.Go(func() {
			_, err := g.Do(1, absent, keep, func() (string, error) { return "", errors.New("a second call") })
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	waitFor(t, waiters)
	close(proceed)
	wg.Wait()
	if len(g.calls) != 0 || waits.Waiting() != 0 {
		t.Errorf("%d calls and %d waits are left behind", len(g.calls), waits.Waiting())
	}
	if v, err := g.Do(1, absent, keep, func() (string, error) { return "again", nil }); v != "again" || err != nil {
		t.Errorf("the next call gave %q, %v", v, err)
	}
	return errs, panicked
}

func TestErrorReachesAll(t *testing.T) {
	boom := errors.New("boom")
	errs, _ := failing(t, func() (string, error) { return "", boom })
	for _, err := range errs {
		if err != boom {
			t.Errorf("a waiter got %v", err)
		}
	}
}

func TestPanicReachesAll(t *testing.T) {
	boom := errors.New("boom")
	errs, panicked := failing(t, func() (string, error) { panic(boom) })
	if panicked != boom {
		t.Errorf("the caller panicked with %v", panicked)
	}
	for _, err := range errs {
		var p *usercode.Panic
		if !errors.As(err, &p) || p.Value != boom || !errors.Is(err, boom) || !strings.Contains(err.Error(), "TestPanicReachesAll") {
			t.Errorf("a waiter got %v", err)
		}
	}
}

func TestGoexitReachesAll(t *testing.T) {
	errs, _ := failing(t, func() (string, error) { runtime.Goexit(); return "", nil })
	for _, err := range errs {
		if err != usercode.ErrGoexit {
			t.Errorf("a waiter got %v", err)
		}
	}
}

func TestRecursionOnTheSameKey(t *testing.T) {
	var g Group[int, string]
	_, err := g.Do(1, absent, keep, func() (string, error) {
		return g.Do(1, absent, keep, func() (string, error) { return "", nil })
	})
	if !errors.Is(err, ErrDeadlock) {
		t.Errorf("err = %v", err)
	}
}

func TestRecursionOnOtherKeys(t *testing.T) {
	var g Group[int, string]
	var make func(k int) (string, error)
	make = func(k int) (string, error) {
		return g.Do(k, absent, keep, func() (string, error) {
			if k == 0 {
				return "0", nil
			}
			v, err := make(k - 1)
			return fmt.Sprint(k, v), err
		})
	}
	if v, err := make(5); v != "543210" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
}

// TestCircle has goroutines whose calls need each other's results, in groups of
// different types. One of them must be told, and then all can end.
func TestCircle(t *testing.T) {
	for range 100 {
		const n = 4
		var numbers Group[int, string]
		var names Group[string, int]
		var begun, wg sync.WaitGroup
		begun.Add(n)
		var deadlocks atomic.Int32
		for i := range n {
			wg.Go(func() {
				next := (i + 1) % n
				create := func() error {
					begun.Done()
					begun.Wait()
					var err error
					if next%2 == 0 {
						_, err = numbers.Do(next, absent, keep, func() (string, error) { return "", nil })
					} else {
						_, err = names.Do(fmt.Sprint(next), func() (int, bool) { return 0, false }, keep, func() (int, error) { return 0, nil })
					}
					return err
				}
				var err error
				if i%2 == 0 {
					_, err = numbers.Do(i, absent, keep, func() (string, error) { return "", create() })
				} else {
					_, err = names.Do(fmt.Sprint(i), func() (int, bool) { return 0, false }, keep, func() (int, error) { return 0, create() })
				}
				if errors.Is(err, ErrDeadlock) {
					deadlocks.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if deadlocks.Load() == 0 {
			t.Fatal("nobody was told of the deadlock")
		}
	}
}

func TestNoFalseDeadlock(t *testing.T) {
	// Goroutines that ask for each other's keys one after the other, never in a
	// circle: whoever creates key k asks only for keys above it.
	var g Group[int, string]
	var wg sync.WaitGroup
	var create func(k int) (string, error)
	create = func(k int) (string, error) {
		return g.Do(k, absent, keep, func() (string, error) {
			if k >= 6 {
				return "top", nil
			}
			runtime.Gosched()
			return create(k + 1)
		})
	}
	for i := range 8 {
		wg.Go(func() {
			for j := range 2_000 {
				if v, err := create((i + j) % 7); v != "top" || err != nil {
					t.Errorf("%q, %v", v, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestNaN(t *testing.T) {
	var g Group[float64, string]
	v, err := g.Do(math.NaN(), absent, keep, func() (string, error) { return "nan", nil })
	if v != "nan" || err != nil || len(g.calls) != 0 {
		t.Errorf("%q, %v, %d calls left", v, err, len(g.calls))
	}
}

// TestAcrossBubbles has goroutines of several bubbles, and of none, ask for one key at
// once: any of them may be the one for which the others wait.
func TestAcrossBubbles(t *testing.T) {
	for range 20 {
		var g Group[int, string]
		var s store
		var calls atomic.Int32
		ask := func(t *testing.T) {
			v, err := g.Do(1, s.load(1), s.keep(1), func() (string, error) {
				calls.Add(1)
				time.Sleep(time.Millisecond)
				return "one", nil
			})
			if v != "one" || err != nil {
				t.Errorf("Do = %q, %v", v, err)
			}
		}
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { ask(t) })
			wg.Go(func() {
				synctest.Test(t, func(t *testing.T) {
					var wg sync.WaitGroup
					for range 3 {
						wg.Go(func() { ask(t) })
					}
					wg.Wait()
				})
			})
		}
		wg.Wait()
		if n := calls.Load(); n != 1 {
			t.Errorf("%d calls", n)
		}
	}
}

// TestWithinABubble checks that those who wait for a call of their own bubble do not keep
// its clock from advancing.
func TestWithinABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[int, string]
		begun := time.Now()
		for range 3 {
			go g.Do(1, absent, keep, func() (string, error) {
				time.Sleep(time.Hour)
				return "", nil
			})
		}
		synctest.Wait() // for those who wait
		g.Do(1, absent, keep, func() (string, error) { return "", nil })
		if d := time.Since(begun); d != time.Hour {
			t.Errorf("waited for %v", d)
		}
	})
}

// BenchmarkDo creates one value while n others are being created.
func BenchmarkDo(b *testing.B) {
	for _, n := range []int{0, 1000, 100_000} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			var g Group[int, string]
			g.calls = make(map[int]*call[string])
			for i := range n {
				g.calls[-1-i] = new(call[string])
			}
			for b.Loop() {
				g.Do(1, absent, keep, func() (string, error) { return "", nil })
			}
		})
	}
}
