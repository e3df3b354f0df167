package cache_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
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
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/weaktest"
)

// alive returns how many of some values are alive, after collections.
func alive(refs []weakref.Ref[value]) int {
	for range 3 {
		runtime.GC()
	}
	n := 0
	for _, r := range refs {
		if r.Value() != nil {
			n++
		}
	}
	return n
}

// TestKeepIsExact: after each call, whatever is waiting to be made weak.
func TestKeepIsExact(t *testing.T) {
	for _, keep := range []int{1, 2, 15, 64, 100, 1000} {
		c, _ := counting(keep)
		for i := range 5 * keep {
			get(t, c, i*7%(3*keep))
			if n := c.Stats().Kept; n > keep {
				t.Fatalf("%d values are kept, and Keep is %d", n, keep)
			}
		}
		if n := c.Stats().Kept; n < keep*9/10 {
			t.Errorf("%d values are kept, and Keep is %d", n, keep)
		}
	}
}

// TestWeightIsExact likewise.
func TestWeightIsExact(t *testing.T) {
	c, _ := counting(1000)
	c.Weigh = func(key int, _ *value) uint32 { return uint32(key%400) * 3 }
	for i := range 3000 {
		get(t, c, i)
		if i%100 != 0 {
			continue
		}
		weight := uint32(0)
		for key := range c.Keys() {
			if e, _ := c.Peek(key); e.Kept {
				weight += e.Weight
			}
		}
		if weight > 1000 {
			t.Fatalf("a weight of %d is kept", weight)
		}
	}
	c.Clear()
	c.Put(333, &value{key: 333})
	if e, _ := c.Peek(333); !e.Kept || e.Weight != 999 {
		t.Errorf("a value that is nearly as heavy as Keep: %+v", e)
	}
	v := &value{key: 399}
	c.Put(399, v)
	if e, _ := c.Peek(399); e.Kept || e.Value != v {
		t.Errorf("a value that is heavier than Keep: %+v", e)
	}
	get(t, c, 399)
	if n := c.Stats().Evicted; n == 0 {
		t.Error("nothing has been evicted")
	}
}

// TestKeepFor: a value stays for so long after its last use, and is weak afterwards, so
// that there is never a second copy.
func TestKeepFor(t *testing.T) {
	for _, keep := range []int{0, 5} {
		synctest.Test(t, func(t *testing.T) {
			c, loads := counting(keep)
			c.KeepFor = time.Minute
			var refs []weakref.Ref[value]
			for key := range 100 {
				refs = append(refs, weakref.Make(get(t, c, key)))
			}
			for range 10 {
				time.Sleep(50 * time.Second)
				for key := range 20 {
					get(t, c, key) // a session that is used
				}
			}
			if n := alive(refs[:20]); n != 20 || loads.Load() != 100 {
				t.Errorf("%d of 20 are alive after %d loads", n, loads.Load())
			}
			if n := alive(refs[20:]); n > keep {
				t.Errorf("%d of 80 that were not used are alive", n)
			}
			held := get(t, c, 1)
			time.Sleep(time.Hour)
			if got := get(t, c, 1); got != held {
				t.Error("there are two copies of a value that was held all the while")
			}
			if n := c.Stats().Kept; n > max(1, keep) {
				t.Errorf("%d are kept", n)
			}
			time.Sleep(time.Minute + 16*time.Second)
			runtime.KeepAlive(held)
			if n := alive(refs); n > max(keep, 1) {
				t.Errorf("%d are alive in the end", n)
			}
		})
	}
}

// TestKeepForIdle: a cache that nobody uses keeps no more than Keep, and has no timer that
// goes on for ever.
func TestKeepForIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r removals
		c, _ := counting(10)
		c.KeepFor = time.Minute
		c.OnRemove = r.add
		for key := range 1000 {
			get(t, c, key)
		}
		if n := c.Stats().Kept; n != 1000 {
			t.Errorf("%d are kept", n)
		}
		time.Sleep(76 * time.Second)
		if n := c.Stats().Kept; n > 10 {
			t.Errorf("%d are kept of an idle cache", n)
		}
		synctest.Wait()
		if n := c.Stats().Evicted; n < 990 {
			t.Errorf("%d were evicted", n)
		}
	})
}

func TestExpireFunc(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r removals
		c, loads := counting(10)
		c.OnRemove = r.add
		c.ExpireFunc = func(key int, _ *value) time.Duration { return time.Duration(key) * time.Minute }
		for key := range 5 {
			get(t, c, key)
		}
		if _, ok := c.Lookup(0); ok {
			t.Error("what expires at once is there")
		}
		time.Sleep(2*time.Minute - 1)
		if _, ok := c.Lookup(1); ok {
			t.Error("one is there after two minutes")
		}
		if _, ok := c.Lookup(2); !ok {
			t.Error("two is not there before two minutes")
		}
		if e, _ := c.Peek(4); e.Age != 2*time.Minute-1 || e.Left != 2*time.Minute+1 {
			t.Errorf("%+v", e)
		}
		time.Sleep(time.Hour)
		if n := c.Len(); n != 0 || loads.Load() != 5 || c.Stats().Expired != 5 {
			t.Errorf("%d entries, %d loads, %v", n, loads.Load(), c.Stats())
		}
	})
}

func TestPeek(t *testing.T) {
	c, _ := counting(10)
	if e, ok := c.Peek(1); ok || e != (cache.Entry[value]{}) {
		t.Errorf("%+v", e)
	}
	v := get(t, c, 1)
	want := cache.Entry[value]{Value: v, Age: -1, Left: math.MaxInt64, Kept: true, Weight: 1}
	if e, ok := c.Peek(1); !ok || e != want {
		t.Errorf("%+v, want %+v", e, want)
	}
	if st := c.Stats(); st.Hits != 0 || st.Misses != 1 {
		t.Errorf("Peek is counted: %v", st)
	}
}

func TestInvalidateFunc(t *testing.T) {
	var r removals
	c := valueCache{Keep: 10, OnRemove: r.add}
	for key := range 10 {
		c.Put(key, &value{key: key})
	}
	newer := &value{key: 4}
	c.InvalidateFunc(func(key int, v *value) bool {
		c.Lookup(key) // it may use the cache
		if key == 4 {
			c.Put(4, newer)
		}
		return v.key%2 == 0
	})
	if got := slices.Sorted(c.Keys()); !slices.Equal(got, []int{1, 3, 4, 5, 7, 9}) {
		t.Errorf("left are %v", got)
	}
	if v, _ := c.Lookup(4); v != newer {
		t.Error("a newer value has been removed")
	}
	poll(t, "the calls are made", func() bool { return len(r.sorted()) == 5 })
	if st := c.Stats(); st.Removed != 4 || st.Replaced != 1 {
		t.Errorf("%v", st)
	}
	func() {
		defer func() { recover() }()
		c.InvalidateFunc(func(int, *value) bool { panic(errBoom) })
	}()
	within(t, "Put after a panic", func() { c.Put(1, newer) })
}

func TestKeysAndValues(t *testing.T) {
	c, _ := counting(10)
	for key := range 5 {
		get(t, c, key)
	}
	values := make(map[int]*value)
	for v := range c.Values() {
		values[v.key] = v
	}
	if all := maps.Collect(c.All()); !maps.Equal(all, values) || len(all) != 5 {
		t.Errorf("%v, %v", all, values)
	}
	for range c.Keys() {
		break
	}
	for range c.Values() {
		break
	}
	if s := fmt.Sprint(c); !strings.Contains(s, "5 entries, 5 kept") {
		t.Errorf("String = %q", s)
	}
}

func TestStatsPrint(t *testing.T) {
	c, _ := counting(10)
	c.Name = "tiles"
	get(t, c, 1)
	get(t, c, 1)
	if s := c.Stats().String(); s != "tiles: 1 entries, 1 kept; 50.0% hits of 2 requests, 0 of them weak; 1 loads, 0 failed; 0 evicted" {
		t.Errorf("%q", s)
	}
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("cache", "stats", c.Stats())
	if !strings.Contains(b.String(), "stats.hits=1") {
		t.Errorf("%q", b.String())
	}
	if text, err := cache.Expired.MarshalText(); string(text) != "expired" || err != nil {
		t.Errorf("%s, %v", text, err)
	}
}

func TestSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := valueCache{ExpireAfterWrite: time.Minute}
		v := &value{}
		c.Put(1, v)
		time.Sleep(time.Minute - 1)
		if n := c.Sweep(); n != 0 {
			t.Errorf("Sweep = %d", n)
		}
		time.Sleep(time.Nanosecond)
		if n := c.Sweep(); n > 1 || c.Len() != 0 {
			t.Errorf("Sweep = %d, Len = %d", n, c.Len())
		}
		runtime.KeepAlive(v)
	})
	var c valueCache
	c.Put(1, new(value))
	weaktest.Eventually(t, "it is swept", func() bool { c.Sweep(); return c.Len() == 0 })
}

func TestRefreshOnDemand(t *testing.T) {
	for _, many := range []bool{false, true} {
		c, loads := counting(10)
		calls := 0
		if many {
			load := c.Load
			c.Load = nil
			c.LoadMany = func(ctx context.Context, keys []int) (map[int]*value, error) {
				calls++
				m := make(map[int]*value)
				for _, k := range keys {
					if k < 100 {
						m[k], _ = load(ctx, k)
					}
				}
				return m, nil
			}
		}
		one, two := get(t, c, 1), get(t, c, 2)
		if err := c.Refresh(ctx, 1, 2, 3, 1); err != nil {
			t.Error(err)
		}
		if get(t, c, 1) == one || get(t, c, 2) == two || loads.Load() != 5 {
			t.Errorf("many %v: not refreshed by %d loads", many, loads.Load())
		}
		if many && calls != 3 {
			t.Errorf("%d calls of LoadMany", calls)
		}
		if many {
			c.Put(100, new(value))
			if err := c.Refresh(ctx, 100); !errors.Is(err, cache.ErrNotFound) {
				t.Errorf("Refresh of what is not there any more: %v", err)
			}
			if _, ok := c.Lookup(100); ok {
				t.Error("it is still there")
			}
		}
		if st := c.Stats(); st.Replaced != 2 {
			t.Errorf("%v", st)
		}
		runtime.KeepAlive(one)
		runtime.KeepAlive(two)
	}
	var c valueCache
	if err := c.Refresh(ctx, 1); !errors.Is(err, cache.ErrNoLoader) {
		t.Error(err)
	}
}

// TestRefreshFailsOnDemand: the old value stays, and the caller is told.
func TestRefreshFailsOnDemand(t *testing.T) {
	c := valueCache{Load: func(context.Context, int) (*value, error) { return nil, errBoom }}
	v := &value{key: 1}
	c.Put(1, v)
	if err := c.Refresh(ctx, 1, 2); !errors.Is(err, errBoom) {
		t.Error(err)
	}
	if got, _ := c.Lookup(1); got != v {
		t.Error("the old value is gone")
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := c.Refresh(over, 1); err != context.Canceled {
		t.Error(err)
	}
}

// TestRefreshIsLoadedOnce: who asks for a key that is refreshed, and has expired meanwhile,
// gets what the refresh brings, and so do those who want it refreshed.
func TestRefreshIsLoadedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var loads atomic.Int32
		c := valueCache{Keep: 10, RefreshAfter: time.Minute, ExpireAfterWrite: 2 * time.Minute, Load: func(_ context.Context, key int) (*value, error) {
			time.Sleep(10 * time.Minute)
			return &value{key: key, load: int(loads.Add(1))}, nil
		}}
		get(t, &c, 1)
		time.Sleep(time.Minute)
		get(t, &c, 1) // begins the refresh
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := c.Refresh(ctx, 1); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(2 * time.Minute) // and the timer has removed it
		for range 3 {
			wg.Go(func() {
				if v := get(t, &c, 1); v.load != 2 {
					t.Errorf("got load %d", v.load)
				}
			})
		}
		wg.Wait()
		if n := loads.Load(); n != 2 {
			t.Errorf("%d loads", n)
		}
		if calls, _ := c.Loading(); calls != 0 {
			t.Errorf("%d calls are left behind", calls)
		}
	})
}

// TestRefreshHangs: it is given up, and tried again.
func TestRefreshHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var loads, ended atomic.Int32
		c := valueCache{Keep: 10, RefreshAfter: time.Minute, RefreshTimeout: time.Second, Load: func(ctx context.Context, key int) (*value, error) {
			n := int(loads.Add(1))
			if n == 2 {
				<-ctx.Done()
				ended.Add(1)
				time.Sleep(time.Hour) // it does not care
			}
			return &value{key: key, load: n}, nil
		}}
		get(t, &c, 1)
		time.Sleep(time.Minute)
		get(t, &c, 1)
		time.Sleep(time.Minute)
		if ended.Load() != 1 {
			t.Error("the context has not ended")
		}
		get(t, &c, 1) // tries again
		synctest.Wait()
		if v := get(t, &c, 1); v.load != 3 {
			t.Errorf("the value is of load %d", v.load)
		}
		time.Sleep(2 * time.Hour)
		if v, ok := c.Lookup(1); !ok || v.load == 2 {
			t.Errorf("what was given up has been stored")
		}
	})
}

// TestMaxLoads: others wait for their turn, but no load waits for itself.
func TestMaxLoads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		c := valueCache{MaxLoads: 2}
		c.Load = func(ctx context.Context, key int) (*value, error) {
			if key < 100 {
				n := now.Add(1)
				defer now.Add(-1)
				if n > most.Load() {
					most.Store(n)
				}
				if _, err := c.Get(ctx, 100+key%3); err != nil { // a load that a load asks for
					return nil, err
				}
			}
			time.Sleep(time.Second)
			return &value{key: key}, nil
		}
		var wg sync.WaitGroup
		for key := range 10 {
			wg.Go(func() { get(t, &c, key) })
		}
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		wg.Go(func() {
			time.Sleep(time.Nanosecond)
			if _, err := c.Get(short, 50); err != context.DeadlineExceeded {
				t.Errorf("who gives up while he waits for his turn gets %v", err)
			}
		})
		wg.Wait()
		if most.Load() != 2 {
			t.Errorf("%d loads at once", most.Load())
		}
		get(t, &c, 50)
	})
}

// TestLoadTime: the time of a load is that of the loader, and not that in which it waits to
// be begun.
func TestLoadTime(t *testing.T) {
	for name, limit := range map[string]int{"as many as may be": 0, "one at a time": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := valueCache{MaxLoads: limit, Load: func(_ context.Context, key int) (*value, error) {
					time.Sleep(time.Second)
					return &value{key: key}, nil
				}}
				keys := make([]int, 70) // some of which are queued
				for i := range keys {
					keys[i] = i
				}
				if _, err := c.GetMany(ctx, keys); err != nil {
					t.Fatal(err)
				}
				var wg sync.WaitGroup
				for key := range 10 {
					wg.Go(func() { get(t, &c, 1000+key) })
				}
				wg.Wait()
				if s := c.Stats(); s.Loads != 80 || s.LoadTime != 80*time.Second {
					t.Errorf("%d loads of a second have taken %v", s.Loads, s.LoadTime)
				}
			})
		})
	}
}

// TestMaxLoadsIsNoDeadlock: a load that waits for its turn gets it at once if the one that
// runs asks for it.
func TestMaxLoadsIsNoDeadlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := valueCache{MaxLoads: 1}
		c.Load = func(ctx context.Context, key int) (*value, error) {
			time.Sleep(time.Second)
			if key == 1 {
				return c.Get(ctx, 2)
			}
			return &value{key: key}, nil
		}
		var wg sync.WaitGroup
		wg.Go(func() { c.Get(ctx, 1) })
		wg.Go(func() {
			time.Sleep(time.Millisecond)
			get(t, &c, 2)
		})
		wg.Wait()
	})
}

// TestOneTableStress: what somebody holds is always found, with its identity, whatever is
// evicted; nothing is loaded twice at the same time; in the end no more than Keep are alive.
func TestOneTableStress(t *testing.T) {
	const keep, keys = 300, 2000
	var running [keys]atomic.Int32
	var mu sync.Mutex
	var refs []weakref.Ref[value]
	c := &valueCache{Keep: keep, Load: func(_ context.Context, key int) (*value, error) {
		if running[key].Add(1) > 1 {
			t.Error("loaded twice at once")
		}
		defer running[key].Add(-1)
		if key%7 == 0 {
			runtime.Gosched()
		}
		v := &value{key: key}
		mu.Lock()
		defer mu.Unlock()
		refs = append(refs, weakref.Make(v))
		return v, nil
	}}
	leaving, leave := context.WithCancel(ctx)
	defer leave()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			ctx := ctx
			if g%2 == 0 {
				ctx = leaving
			}
			held := make([]*value, 200)
			x := uint32(g + 1)
			for range 20_000 {
				x ^= x << 13
				x ^= x >> 17
				x ^= x << 5
				k := int(x>>8%keys) % (1 + int(x>>20)%keys) // lower ones more often
				v, err := c.Get(ctx, k)
				if err != nil || v.key != k {
					t.Error(v, err)
					return
				}
				i := int(x>>3) % len(held)
				if h := held[i]; h != nil {
					if w, ok := c.Lookup(h.key); !ok || w != h {
						t.Errorf("held %p of %d, found %p", h, h.key, w)
						return
					}
				}
				held[i] = v
			}
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		wg.Wait()
	}()
	for over := false; !over; {
		select {
		case <-done:
			over = true
		default:
			runtime.GC()
		}
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	weaktest.Eventually(t, "no more than Keep are alive", func() bool { return alive(refs) <= keep })
	runtime.KeepAlive(c)
}
