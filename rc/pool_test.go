//go:build !rcsched

package rc_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/rc"
	"github.com/weakref-go/weakref/weaktest"
)

// conn is a resource of which there must be one per name.
type conn struct {
	name   string
	serial int32
	closed atomic.Bool
}

// exchange opens conns and checks that no two of one name are open at once.
type exchange struct {
	t      *testing.T
	mu     sync.Mutex
	open   map[string]int
	serial atomic.Int32
	closes atomic.Int32
}

func (x *exchange) pool() *rc.Pool[string, *conn] {
	x.open = make(map[string]int)
	return &rc.Pool[string, *conn]{
		Open: func(ctx context.Context, name string) (*conn, error) { return x.dial(name), nil },
		Close: func(c *conn) error {
			x.hangUp(c)
			return nil
		},
	}
}

func (x *exchange) dial(name string) *conn {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.open[name]++
	if x.open[name] != 1 {
		x.t.Errorf("%d connections named %q at once", x.open[name], name)
	}
	return &conn{name: name, serial: x.serial.Add(1)}
}

func (x *exchange) hangUp(c *conn) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.open[c.name]--
	if c.closed.Swap(true) {
		x.t.Errorf("%q was closed twice", c.name)
	}
	x.closes.Add(1)
}

func get[K comparable, V any](t *testing.T, p *rc.Pool[K, V], key K) *rc.Strong[V] {
	t.Helper()
	s, err := p.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPoolShares(t *testing.T) {
	x := &exchange{t: t}
	p := x.pool()
	a, b := get(t, p, "a"), get(t, p, "b")
	a2 := get(t, p, "a")
	if a.Value() != a2.Value() || a.Value() == b.Value() || p.Len() != 2 {
		t.Errorf("%v, %v, %v; %d resources", a.Value(), a2.Value(), b.Value(), p.Len())
	}
	first := a.Value()
	a.Close()
	if first.closed.Load() {
		t.Error("closed while in use")
	}
	a2.Close()
	if !first.closed.Load() || p.Len() != 1 {
		t.Error("not closed with the last handle")
	}
	a = get(t, p, "a")
	if a.Value() == first || a.Value().closed.Load() {
		t.Error("got a closed resource")
	}
	a.Close()
	b.Close()
}

func TestPoolSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &exchange{t: t}
		p := x.pool()
		release := make(chan struct{})
		p.Open = func(ctx context.Context, name string) (*conn, error) {
			<-release
			return x.dial(name), nil
		}
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				s, err := p.Get(t.Context(), "a")
				if err != nil || s.Value().serial != 1 {
					t.Errorf("%v, %v", s, err)
					return
				}
				time.Sleep(time.Second) // of the bubble's time: until all have got theirs
				s.Close()
			})
		}
		synctest.Wait()
		close(release)
		wg.Wait()
		if x.serial.Load() != 1 || x.closes.Load() != 1 || p.Len() != 0 {
			t.Errorf("%d opened, %d closed, %d left", x.serial.Load(), x.closes.Load(), p.Len())
		}
	})
}

// The opening itself holds no handle, not even for a moment.
func TestPoolLastCloseIsTheUsers(t *testing.T) {
	x := &exchange{t: t}
	p := x.pool()
	for range 1000 {
		get(t, p, "a").Close()
		if n := p.Len(); n != 0 {
			t.Fatalf("%d resources after the last Close", n)
		}
	}
}

func TestPoolOpenError(t *testing.T) {
	faults(t)
	fail := errors.New("no route")
	outcomes := []func() (int, error){
		func() (int, error) { return 0, fail },
		func() (int, error) { panic("boom") },
		func() (int, error) { runtime.Goexit(); return 0, nil },
		func() (int, error) { return 7, nil },
	}
	n := 0
	p := &rc.Pool[string, int]{Open: func(context.Context, string) (int, error) {
		n++
		return outcomes[n-1]()
	}}
	for _, want := range []string{"no route", "panic: boom", "Goexit"} {
		if _, err := p.Get(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Get returned %v, want %q", err, want)
		}
		if p.Len() != 0 {
			t.Error("an error was kept")
		}
	}
	s := get(t, p, "a")
	if s.Value() != 7 {
		t.Errorf("got %d", s.Value())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestPoolCloseError(t *testing.T) {
	faults(t)
	fail := errors.New("disk full")
	p := &rc.Pool[string, int]{
		Open:  func(context.Context, string) (int, error) { return 1, nil },
		Close: func(int) error { return fail },
	}
	if err := get(t, p, "a").Close(); err != fail {
		t.Errorf("Close returned %v", err)
	}
	p.Close = func(int) error { panic("boom") }
	if err := get(t, p, "a").Close(); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("Close returned %v", err)
	}
	if p.Len() != 0 {
		t.Error("a resource that failed to close is kept")
	}
}

func TestPoolMisuse(t *testing.T) {
	if _, err := new(rc.Pool[int, int]).Get(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "Open") {
		t.Errorf("without Open: %v", err)
	}
	p := &rc.Pool[float64, int]{Open: func(context.Context, float64) (int, error) { return 1, nil }}
	if _, err := p.Get(t.Context(), math.NaN()); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("NaN: %v", err)
	}
	var q rc.Pool[string, string]
	q.Open = func(ctx context.Context, key string) (string, error) {
		next := map[string]string{"a": "b", "b": "a", "c": "d", "d": ""}[key]
		if next == "" {
			return key, nil
		}
		s, err := q.Get(ctx, next)
		if err != nil {
			return "", err
		}
		return key + s.Value(), s.Close()
	}
	if _, err := q.Get(t.Context(), "a"); !errors.Is(err, weakref.ErrDeadlock) {
		t.Errorf("recursion: %v", err)
	}
	s := get(t, &q, "c")
	if s.Value() != "cd" {
		t.Errorf("got %q", s.Value())
	}
	s.Close()
	if q.Len() != 0 {
		t.Errorf("%d resources left", q.Len())
	}
}

type ctxKey struct{}

// A waiter leaves when its context ends; the opening ends when all have left, and
// those who come then get the next one.
func TestPoolContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &exchange{t: t}
		p := x.pool()
		ended := 0
		p.Open = func(ctx context.Context, name string) (*conn, error) {
			if ctx.Value(ctxKey{}) != "v" {
				t.Error("Open's context has not the caller's values")
			}
			select {
			case <-ctx.Done():
				ended++
				time.Sleep(time.Second) // takes its time to stop
				return nil, ctx.Err()
			case <-time.After(time.Minute):
				return x.dial(name), nil
			}
		}
		base := context.WithValue(t.Context(), ctxKey{}, "v")
		why := errors.New("in a hurry")
		hurried := func() {
			ctx, cancel := context.WithTimeoutCause(base, 10*time.Second, why)
			defer cancel()
			if _, err := p.Get(ctx, "a"); err != why {
				t.Errorf("Get returned %v", err)
			}
		}
		patient := func() {
			s, err := p.Get(base, "a")
			if err != nil {
				t.Error(err)
				return
			}
			s.Close()
		}

		var wg sync.WaitGroup
		wg.Go(hurried)
		wg.Go(patient)
		wg.Wait()
		if ended != 0 {
			t.Error("Open was cancelled while someone waited")
		}

		wg.Go(hurried)
		time.Sleep(10*time.Second + time.Millisecond)
		synctest.Wait()
		if ended != 1 {
			t.Error("Open was not cancelled although nobody waited")
		}
		wg.Go(patient) // comes while the abandoned one is still stopping
		wg.Wait()
		if x.serial.Load() != 2 || p.Len() != 0 {
			t.Errorf("%d opened, %d left", x.serial.Load(), p.Len())
		}

		done, cancel := context.WithCancelCause(base)
		cancel(why)
		if _, err := p.Get(done, "a"); err != why {
			t.Errorf("Get with an ended context returned %v", err)
		}
	})
}

// An Open that succeeds although everyone has left is closed again.
func TestPoolAbandonedOpenSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &exchange{t: t}
		p := x.pool()
		p.Open = func(ctx context.Context, name string) (*conn, error) {
			time.Sleep(time.Minute)
			return x.dial(name), nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.Get(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Get returned %v", err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if x.serial.Load() != 1 || x.closes.Load() != 1 || p.Len() != 0 {
			t.Errorf("%d opened, %d closed, %d left", x.serial.Load(), x.closes.Load(), p.Len())
		}
	})
}

func TestPoolIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &exchange{t: t}
		p := x.pool()
		p.Idle = time.Minute
		s := get(t, p, "a")
		first := s.Value()
		s.Close()
		time.Sleep(59 * time.Second)
		s = get(t, p, "a")
		if s.Value() != first || first.closed.Load() {
			t.Error("an idle resource was not used again")
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if first.closed.Load() {
			t.Error("the former idle time closed a resource in use")
		}
		s.Close()
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if first.closed.Load() {
			t.Error("closed too early")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !first.closed.Load() || p.Len() != 0 {
			t.Error("an idle resource was not closed in time")
		}
	})
}

func TestPoolCloseIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &exchange{t: t}
		p := x.pool()
		p.Idle = time.Hour
		held, idle := get(t, p, "held"), get(t, p, "idle")
		idle.Close()
		fail := errors.New("no")
		hangUp := p.Close
		p.Close = func(c *conn) error { return errors.Join(hangUp(c), fail) }
		if err := p.CloseIdle(); !errors.Is(err, fail) || p.Len() != 1 || held.Value().closed.Load() {
			t.Errorf("CloseIdle returned %v and left %d", err, p.Len())
		}
		if err := p.CloseIdle(); err != nil {
			t.Error(err)
		}

		var failed []error
		p.OnIdleError = func(key string, err error) {
			failed = append(failed, fmt.Errorf("%s: %w", key, err))
			panic("and more")
		}
		faults := faults(t)
		held.Close()
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if len(failed) != 1 || !errors.Is(failed[0], fail) || len(faults.take()) != 1 {
			t.Errorf("OnIdleError got %v", failed)
		}
	})
}

// While a resource is being closed the next one is not opened.
func TestPoolWaitsForClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &exchange{t: t}
		p := x.pool()
		p.Close = func(c *conn) error {
			time.Sleep(time.Minute)
			x.hangUp(c)
			return nil
		}
		var wg sync.WaitGroup
		s := get(t, p, "a")
		wg.Go(func() { s.Close() })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.Get(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Get returned %v", err)
		}
		s2 := get(t, p, "a")
		if s2.Value().serial != 2 {
			t.Errorf("got connection %d", s2.Value().serial)
		}
		wg.Wait()
		s2.Close()
	})
}

func TestPoolLeakedHandle(t *testing.T) {
	faults(t)
	x := &exchange{t: t}
	p := x.pool()
	off(func() { get(t, p, "a") })
	weaktest.Eventually(t, "the resource is closed", func() bool { return x.closes.Load() == 1 })
	weaktest.Eventually(t, "the pool is empty", func() bool { return p.Len() == 0 })
}

// Many users come and go; there is never more than one resource per key, none is
// used closed, and nothing is left.
func TestPoolCrowd(t *testing.T) {
	for _, idle := range []time.Duration{0, time.Microsecond} {
		x := &exchange{t: t}
		p := x.pool()
		p.Idle = idle
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 300 {
					ctx, cancel := context.WithCancel(t.Context())
					if rand.IntN(3) == 0 {
						go cancel()
					}
					s, err := p.Get(ctx, fmt.Sprint(rand.IntN(2)))
					if err == nil {
						if s.Value().closed.Load() {
							t.Error("got a closed connection")
						}
						runtime.Gosched()
						if s.Value().closed.Load() {
							t.Error("a connection in use was closed")
						}
						s.Close()
					} else if !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
					cancel()
				}
			})
		}
		wg.Wait()
		if idle == 0 {
			weaktest.Eventually(t, "abandoned openings end", func() bool { return p.Len() == 0 })
		} else {
			weaktest.Eventually(t, "idle resources are closed", func() bool { return p.Len() == 0 })
		}
		if o, c := x.serial.Load(), x.closes.Load(); o != c {
			t.Errorf("%d opened, %d closed", o, c)
		}
	}
}
