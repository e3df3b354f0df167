//go:build !rcsched

package rc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"slices"
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

// What a resource owns stays open while the pool keeps the resource, and is closed
// after it.
func TestPoolOwner(t *testing.T) {
	for _, idle := range []time.Duration{0, time.Hour} {
		var j journal
		p := &rc.Pool[string, *kids]{
			Open: func(_ context.Context, name string) (*kids, error) {
				j.note("open")
				return &kids{name: name, of: []rc.Handle{rc.New("part", j.note)}}, nil
			},
			Close: func(k *kids) error {
				j.note(fmt.Sprint("close with ", k.of[0].Count()))
				return nil
			},
			Idle: idle,
		}
		for range 3 {
			s := get(t, p, "a")
			c := s.Clone()
			s.Close()
			if n := c.Value().of[0].Count(); n != 1 {
				t.Errorf("idle %v: the part of a resource in use has %d handles", idle, n)
			}
			rc.Collect()
			c.Close()
		}
		if idle > 0 {
			j.want(t, "open")
			rc.Collect()
			if err := p.CloseIdle(); err != nil {
				t.Error(err)
			}
			j.want(t, "close with 1 part")
		} else {
			j.want(t, strings.TrimSpace(strings.Repeat("open close with 1 part ", 3)))
		}
	}
}

// A handle that was lost is told of by the stack of who asked for it, also if another
// goroutine had opened the resource.
func TestPoolHandlesAreMadeByTheirUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tracked(t)
		p := &rc.Pool[string, int]{Open: func(context.Context, string) (int, error) {
			time.Sleep(time.Second)
			return 1, nil
		}}
		var wg sync.WaitGroup
		hs := make([]*rc.Strong[int], 4)
		for i := range 3 {
			wg.Go(func() { hs[i] = getForATest(t, p) })
		}
		wg.Wait()
		hs[3] = getForATest(t, p)
		open := rc.Open()
		if len(open) != len(hs) {
			t.Errorf("%d handles are open", len(open))
		}
		for _, h := range open {
			if !strings.HasPrefix(h.Made.String(), "\tgithub.com/weakref-go/weakref/rc_test.getForATest\n") {
				t.Errorf("made at\n%v", h.Made)
			}
		}
		for _, h := range hs {
			h.Close()
		}
	})
}

//go:noinline
func getForATest(t *testing.T, p *rc.Pool[string, int]) *rc.Strong[int] {
	s, err := p.Get(t.Context(), "a")
	if err != nil {
		t.Error(err)
	}
	return s
}

// The context of Open ends with it, that of Lifetime with the resource.
func TestPoolLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type opened struct{ opening, life context.Context }
		var seen []opened
		closed := 0
		fail := errors.New("no")
		p := &rc.Pool[string, int]{
			Open: func(ctx context.Context, key string) (int, error) {
				ctx, cancel := context.WithTimeout(ctx, time.Minute)
				defer cancel()
				o := opened{ctx, rc.Lifetime(ctx)}
				if o.life != rc.Lifetime(ctx) {
					t.Error("two contexts for one resource")
				}
				seen = append(seen, o)
				if key == "bad" {
					return 0, fail
				}
				return len(seen) - 1, nil
			},
			Close: func(i int) error {
				if seen[i].life.Err() != nil {
					t.Error("the resource's context has ended before Close")
				}
				closed++
				return nil
			},
			Idle: time.Minute,
		}
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), ctxKey{}, "v"))
		s, err := p.Get(ctx, "a")
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		o := seen[0]
		if o.opening.Err() == nil || o.life.Err() != nil || o.life.Value(ctxKey{}) != nil {
			t.Errorf("Open's context: %v, the resource's: %v, with %v", o.opening.Err(), o.life.Err(), o.life.Value(ctxKey{}))
		}
		s.Close()
		time.Sleep(30 * time.Second)
		if o.life.Err() != nil {
			t.Error("the context of an idle resource has ended")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if closed != 1 || o.life.Err() == nil {
			t.Errorf("closed %d times, context: %v", closed, o.life.Err())
		}
		if _, err := p.Get(t.Context(), "bad"); err != fail || seen[1].life.Err() == nil {
			t.Errorf("Get returned %v; the context of what was not opened: %v", err, seen[1].life.Err())
		}
		if plain := t.Context(); rc.Lifetime(plain) != plain {
			t.Error("Lifetime of another context is not that")
		}
	})
}

// A pool that is shared by goroutines inside and outside of bubbles: each of them opens,
// waits for the other's Open and Close, leaves, and uses what the other made idle.
func TestPoolAcrossBubbles(t *testing.T) {
	inside := func(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }
	outside := func(t *testing.T, f func(t *testing.T)) { f(t) }
	type side = func(*testing.T, func(*testing.T))
	for _, c := range []struct {
		name          string
		first, second side
	}{{"out-in", outside, inside}, {"in-out", inside, outside}, {"in-in", inside, inside}} {
		t.Run(c.name, func(t *testing.T) {
			for name, steps := range map[string]func(t *testing.T, p *rc.Pool[string, int], first, second side, in, asks, goOn *gate){
				"Open": func(t *testing.T, p *rc.Pool[string, int], first, second side, in, asks, goOn *gate) {
					p.Open = func(context.Context, string) (int, error) { in.open(); goOn.wait(); return 1, nil }
					both(func() { first(t, func(t *testing.T) { get(t, p, "a").Close() }) },
						func() {
							in.wait()
							second(t, func(t *testing.T) {
								asks.open()
								get(t, p, "a").Close()
							})
						})
				},
				"Close": func(t *testing.T, p *rc.Pool[string, int], first, second side, in, asks, goOn *gate) {
					var closes atomic.Int32
					p.Close = func(int) error {
						if closes.Add(1) == 1 {
							in.open()
							goOn.wait()
						}
						return nil
					}
					both(func() { first(t, func(t *testing.T) { get(t, p, "a").Close() }) },
						func() {
							in.wait()
							second(t, func(t *testing.T) {
								asks.open()
								get(t, p, "a").Close()
							})
						})
				},
				"leave": func(t *testing.T, p *rc.Pool[string, int], first, second side, in, _, goOn *gate) {
					p.Open = func(ctx context.Context, _ string) (int, error) {
						context.AfterFunc(ctx, func() {}) // so that cancelling does something
						in.open()
						goOn.wait()
						return 1, nil
					}
					asked, left := newGate(), newGate()
					leaves := func(t *testing.T, after, mine *gate) {
						ctx, cancel := context.WithCancel(t.Context())
						go func() {
							after.wait()
							cancel()
						}()
						if _, err := p.Get(ctx, "a"); !errors.Is(err, context.Canceled) {
							t.Errorf("Get returned %v", err)
						}
						mine.open()
					}
					both(func() { first(t, func(t *testing.T) { leaves(t, asked, left) }) }, func() {
						in.wait()
						asked.open()
						second(t, func(t *testing.T) { leaves(t, left, goOn) }) // the last, as a rule
					})
				},
				"idle": func(t *testing.T, p *rc.Pool[string, int], first, second side, _, _, _ *gate) {
					p.Idle = time.Hour
					p.Open = func(ctx context.Context, _ string) (int, error) {
						context.AfterFunc(rc.Lifetime(ctx), func() {})
						return 1, nil
					}
					first(t, func(t *testing.T) { get(t, p, "a").Close() })
					second(t, func(t *testing.T) {
						s := get(t, p, "a")
						c := s.Clone()
						s.Close()
						c.Close()
						if err := p.CloseIdle(); err != nil || p.Len() != 0 {
							t.Errorf("%v, %d are left", err, p.Len())
						}
					})
				},
			} {
				t.Run(name, func(t *testing.T) {
					p := &rc.Pool[string, int]{Open: func(context.Context, string) (int, error) { return 1, nil }}
					asks, goOn := newGate(), newGate()
					go func() { // outside of bubbles, gives the second some time to wait
						asks.wait()
						for range 1000 {
							runtime.Gosched()
						}
						goOn.open()
					}()
					steps(t, p, c.first, c.second, newGate(), asks, goOn)
					asks.open()
					p.CloseIdle()
					weaktest.Eventually(t, "the pool is empty", func() bool { return p.Len() == 0 })
				})
			}
		})
	}
}

// gate can be waited for across bubbles.
type gate struct {
	mu   sync.Mutex
	once sync.Once
}

func newGate() *gate {
	g := new(gate)
	g.mu.Lock()
	return g
}

func (g *gate) open() { g.once.Do(g.mu.Unlock) }

func (g *gate) wait() {
	g.mu.Lock()
	defer g.mu.Unlock()
}

func both(f, g func()) {
	var wg sync.WaitGroup
	wg.Go(f)
	wg.Go(g)
	wg.Wait()
}

// Opens that wait for each other in a circle get an error, on whatever goroutine.
func TestPoolDeadlocks(t *testing.T) {
	faults(t)
	var p *rc.Pool[string, string]
	ask := func(ctx context.Context, key string) error {
		s, err := p.Get(ctx, key)
		if err == nil {
			err = s.Close()
		}
		return err
	}
	var met atomic.Int32
	p = &rc.Pool[string, string]{
		Open: func(ctx context.Context, key string) (string, error) {
			switch key {
			case "itself":
				return key, ask(ctx, key)
			case "itself, without the context":
				return key, ask(context.Background(), key)
			case "by a helper":
				done := make(chan error)
				go func() { done <- ask(ctx, key) }()
				return key, <-done
			case "left", "right":
				for met.Add(1); met.Load() < 2; {
					runtime.Gosched()
				}
				return key, ask(context.Background(), map[string]string{"left": "right", "right": "left"}[key])
			}
			return key, nil
		},
		Close: func(key string) error {
			if key == "closing" {
				return ask(context.Background(), key)
			}
			return nil
		},
	}
	for _, key := range []string{"itself", "itself, without the context", "by a helper"} {
		if err := ask(t.Context(), key); !errors.Is(err, weakref.ErrDeadlock) {
			t.Errorf("%s: %v", key, err)
		}
	}
	var left, right error
	both(func() { left = ask(t.Context(), "left") }, func() { right = ask(t.Context(), "right") })
	if !errors.Is(errors.Join(left, right), weakref.ErrDeadlock) {
		t.Errorf("a circle of two: %v, %v", left, right)
	}
	if err := ask(t.Context(), "closing"); !errors.Is(err, weakref.ErrDeadlock) {
		t.Errorf("a Close that asks for its key: %v", err)
	}
	if err := ask(t.Context(), "else"); err != nil || p.Len() != 0 {
		t.Errorf("afterwards: %v, %d are left", err, p.Len())
	}
}

// Each function of the user's that a pool calls may use the pool, panic, and end its
// goroutine; so may the function set with OnFault while it is told of that. The pool goes
// on.
func TestPoolUserCode(t *testing.T) {
	ends := map[string]func(){"panic": func() { panic("boom") }, "Goexit": runtime.Goexit}
	for how, end := range ends {
		for hook, inHook := range map[string]func(){"": func() {}, " and in OnFault": runtime.Goexit} {
			t.Run(how+hook, func(t *testing.T) {
				l := faults(t)
				old := rc.OnFault(func(f *rc.Fault) { l.add(f); inHook() })
				t.Cleanup(func() { rc.OnFault(old) })
				var p *rc.Pool[string, int]
				where := ""
				at := func(what string) {
					p.Len() // under no lock
					_ = p.String()
					if s, err := p.Get(t.Context(), "another"); err == nil {
						s.Close()
					}
					if what == where {
						where = ""
						end()
					}
				}
				setUp := func(idle time.Duration) {
					l.take()
					p = &rc.Pool[string, int]{
						Idle: idle,
						Open: func(_ context.Context, key string) (int, error) {
							if key == "a" {
								at("Open")
								return 1, nil
							}
							return 2, nil
						},
						Close: func(v int) error {
							if v == 1 {
								at("Close")
								return errors.New("fails")
							}
							return nil
						},
						OnIdleError: func(string, error) { at("OnIdleError") },
					}
				}
				usable := func(what string) {
					t.Helper()
					if len(l.take()) == 0 {
						t.Errorf("%s: nothing was reported", what)
					}
					on(func() {
						s, err := p.Get(t.Context(), "a")
						if err != nil {
							t.Errorf("%s: then Get returned %v", what, err)
							return
						}
						s.Close()
						p.CloseIdle()
					})
					weaktest.Eventually(t, what+": the pool is empty", func() bool { p.CloseIdle(); return p.Len() == 0 })
				}

				setUp(0)
				where = "Open"
				if _, err := p.Get(t.Context(), "a"); err == nil {
					t.Error("Get returned no error for an Open that did not return")
				}
				usable("Open")

				where = "Close"
				on(func() { get(t, p, "a").Close() })
				usable("Close")

				setUp(time.Nanosecond)
				where = "OnIdleError"
				get(t, p, "a").Close()
				weaktest.Eventually(t, "the error is told", func() bool { return p.Len() == 0 })
				weaktest.Eventually(t, "the failure is told", func() bool { l.mu.Lock(); defer l.mu.Unlock(); return len(l.all) > 0 })
				usable("OnIdleError")

				setUp(time.Hour)
				get(t, p, "a").Close()
				where = "Close"
				on(func() { p.CloseIdle() })
				usable("CloseIdle")
			})
		}
	}
}

// on runs f on a goroutine that it may end.
func on(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// nosy is a context whose methods use the pool.
type nosy struct {
	context.Context
	look func()
}

func (n nosy) Err() error            { n.look(); return n.Context.Err() }
func (n nosy) Value(key any) any     { n.look(); return n.Context.Value(key) }
func (n nosy) Done() <-chan struct{} { n.look(); return n.Context.Done() }

func TestPoolEdges(t *testing.T) {
	faults(t)
	ints := func() *rc.Pool[int, int] {
		return &rc.Pool[int, int]{Open: func(_ context.Context, key int) (int, error) { return key, nil }}
	}
	t.Run("zero pool", func(t *testing.T) {
		var p rc.Pool[string, int]
		if p.CloseIdle() != nil || p.Len() != 0 || p.Stats() != (rc.PoolStats{}) || len(slices.Collect(p.Keys())) != 0 {
			t.Error("a zero pool is not empty")
		}
		if _, err := p.Get(t.Context(), ""); err == nil {
			t.Error("it opens")
		}
	})
	t.Run("nil context", func(t *testing.T) {
		p := ints()
		var none context.Context
		if panicked(func() { p.Get(none, 1) }) == nil {
			t.Error("no panic")
		}
		get(t, p, 1).Close()
	})
	t.Run("key that cannot be one", func(t *testing.T) {
		p := &rc.Pool[any, int]{Open: func(context.Context, any) (int, error) { return 1, nil }}
		if panicked(func() { p.Get(t.Context(), []int{}) }) == nil {
			t.Error("no panic")
		}
		s := get(t, p, any(nil))
		s.Close()
	})
	t.Run("idle times", func(t *testing.T) {
		for idle, kept := range map[time.Duration]int{-1: 0, math.MinInt64: 0, 0: 0, math.MaxInt64: 1} {
			p := ints()
			p.Idle = idle
			get(t, p, 1).Close()
			if p.Len() != kept || p.CloseIdle() != nil || p.Len() != 0 {
				t.Errorf("idle %v: %d are left", idle, p.Len())
			}
		}
	})
	t.Run("context that uses the pool", func(t *testing.T) {
		p := ints()
		p.Open = func(ctx context.Context, key int) (int, error) {
			if key == 2 {
				<-ctx.Done()
			}
			return key, ctx.Err()
		}
		inner, cancel := context.WithCancel(t.Context())
		ctx := nosy{inner, func() { p.Len() }}
		s, err := p.Get(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		go func() {
			for p.Len() == 0 {
				runtime.Gosched()
			}
			cancel()
		}()
		if _, err := p.Get(ctx, 2); !errors.Is(err, context.Canceled) {
			t.Errorf("Get returned %v", err)
		}
		weaktest.Eventually(t, "the abandoned Open ends", func() bool { return p.Len() == 0 })
	})
	t.Run("errors of contexts from Open", func(t *testing.T) {
		p := ints()
		p.Open = func(context.Context, int) (int, error) { return 0, context.Canceled }
		if _, err := p.Get(t.Context(), 1); err != context.Canceled {
			t.Errorf("Get returned %v", err)
		}
	})
}

func panicked(f func()) (r any) {
	defer func() { r = recover() }()
	f()
	return nil
}

func TestPoolStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faults(t)
		p := &rc.Pool[string, int]{
			Open: func(_ context.Context, key string) (int, error) {
				if key == "bad" {
					return 0, errors.New("no")
				}
				time.Sleep(time.Second)
				return 1, nil
			},
			Close: func(int) error { time.Sleep(time.Second); return nil },
			Idle:  time.Minute,
		}
		a, b := get(t, p, "a"), get(t, p, "b")
		get(t, p, "a").Close()
		b.Close()
		p.Get(t.Context(), "bad")
		go func() { get(t, p, "c").Close() }()
		synctest.Wait()
		if got, want := p.Stats(), (rc.PoolStats{InUse: 1, Idle: 1, Opening: 1, Opened: 2, Failed: 1, Reused: 1}); got != want {
			t.Errorf("%v, want %v", got, want)
		}
		keys := slices.Sorted(p.Keys())
		for range p.Keys() {
			break
		}
		if !slices.Equal(keys, []string{"a", "b", "c"}) || p.String() != "rc.Pool[string, int]: 1 in use, 1 idle, 1 opening, 0 closing" {
			t.Errorf("%q, %v", keys, p)
		}
		time.Sleep(time.Minute + time.Second/2)
		synctest.Wait()
		if got, want := p.Stats(), (rc.PoolStats{InUse: 1, Idle: 1, Closing: 1, Opened: 3, Failed: 1, Reused: 1, Expired: 1}); got != want {
			t.Errorf("%v, want %v", got, want)
		}
		a.Close()
		p.CloseIdle()
		time.Sleep(time.Hour)
		synctest.Wait()
		stats := p.Stats()
		if want := (rc.PoolStats{Opened: 3, Closed: 3, Failed: 1, Reused: 1, Expired: stats.Expired}); stats != want {
			t.Errorf("%v, want %v", stats, want)
		}
		var b2 strings.Builder
		slog.New(slog.NewTextHandler(&b2, nil)).Info("m", "pool", stats)
		if !strings.Contains(b2.String(), "pool.opened=3") || strings.Contains(stats.String(), "\n") {
			t.Errorf("logged as %s, printed as %v", b2.String(), stats)
		}
	})
	if text, err := json.Marshal(rc.Leak); err != nil || string(text) != `"handle leaked"` {
		t.Errorf("a Kind is encoded as %s, %v", text, err)
	}
}
