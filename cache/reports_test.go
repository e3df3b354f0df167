package cache_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref/cache"
)

// The tests in this file do what public reports about other caches describe.

// countingSlowly is counting with a loader that takes some time before it reads.
func countingSlowly(keep int, d time.Duration) (*valueCache, *atomic.Int32) {
	c, loads := counting(keep)
	load := c.Load
	c.Load = func(ctx context.Context, key int) (*value, error) {
		time.Sleep(d)
		return load(ctx, key)
	}
	return c, loads
}

// TestCaffeine193: "Invalidate before Refresh completes still stores value".
func TestCaffeine193(t *testing.T) {
	for name, invalidate := range map[string]func(*valueCache){
		"Invalidate":     func(c *valueCache) { c.Invalidate(1) },
		"InvalidateFunc": func(c *valueCache) { c.InvalidateFunc(func(int, *value) bool { return true }) },
		"Clear":          func(c *valueCache) { c.Clear() },
	} {
		synctest.Test(t, func(t *testing.T) {
			c, loads := counting(10)
			load := c.Load
			c.RefreshAfter = time.Minute
			c.Load = func(ctx context.Context, key int) (*value, error) {
				v, err := load(ctx, key) // has read
				time.Sleep(time.Second)
				return v, err
			}
			get(t, c, 1)
			time.Sleep(time.Minute)
			get(t, c, 1) // begins the refresh
			synctest.Wait()
			invalidate(c)
			time.Sleep(time.Minute)
			if v, ok := c.Lookup(1); ok || loads.Load() != 2 {
				t.Errorf("%s: after %d loads, the cache has %v", name, loads.Load(), v)
			}
		})
	}
}

// TestCaffeine1690: a listener that has what was removed loaded again. Nobody
// misses, and each removal leads to one load.
func TestCaffeine1690(t *testing.T) {
	var c valueCache
	var loads, removals atomic.Int32
	c.Keep = 10
	c.Load = func(_ context.Context, key int) (*value, error) {
		return &value{key: key, load: int(loads.Add(1))}, nil
	}
	c.OnRemove = func(key int, _ *value, cause cache.Cause) {
		if cause == cache.Removed {
			removals.Add(1)
			if err := c.Refresh(ctx, key); err != nil {
				t.Error(err)
			}
		}
	}
	get(t, &c, 1)
	for n := range int32(20) {
		c.Invalidate(1)
		poll(t, "it is loaded again", func() bool {
			v, ok := c.Lookup(1)
			return ok && v.load == int(n)+2
		})
	}
	if loads.Load() != 21 || removals.Load() != 20 {
		t.Errorf("%d loads, %d removals", loads.Load(), removals.Load())
	}
}

// TestSpice12673: "A query result written just after a refresh's invalidation escapes
// it": a predicate knows nothing of what is being loaded when it is given.
func TestSpice12673(t *testing.T) {
	begun, proceed := make(chan struct{}), make(chan struct{})
	c := valueCache{Load: func(context.Context, int) (*value, error) {
		close(begun)
		<-proceed
		return &value{key: 1}, nil
	}}
	got := make(chan *value)
	go func() {
		v, _ := c.Get(ctx, 1)
		got <- v
	}()
	<-begun
	c.InvalidateFunc(func(int, *value) bool { return false })
	close(proceed)
	v := <-got
	if v == nil || v.key != 1 {
		t.Errorf("who waited got %v", v)
	}
	if w, ok := c.Lookup(1); ok {
		t.Errorf("the cache has %v", w)
	}
	runtime.KeepAlive(v)
}

// TestLateRefreshIsNotStored: what a refresh brings that was given up is not stored, even
// if nobody has tried again.
func TestLateRefreshIsNotStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var loads atomic.Int32
		c := valueCache{Keep: 10, RefreshAfter: time.Minute, RefreshTimeout: time.Second, Load: func(_ context.Context, key int) (*value, error) {
			n := int(loads.Add(1))
			time.Sleep(time.Duration(n-1) * time.Hour)
			return &value{key: key, load: n}, nil
		}}
		get(t, &c, 1)
		time.Sleep(time.Minute)
		get(t, &c, 1)
		time.Sleep(3 * time.Hour)
		if v, ok := c.Lookup(1); !ok || v.load != 1 {
			t.Errorf("the cache has %v", v)
		}
	})
}

// TestTrino22285: "EvictableCache race condition can temporarily revive old entry". Who
// invalidates a key and then asks for it never gets what was there before, however many do
// so, and whoever refreshes the key meanwhile.
func TestTrino22285(t *testing.T) {
	var state atomic.Int64
	c := valueCache{Keep: 10, RefreshAfter: time.Microsecond}
	c.Load = func(context.Context, int) (*value, error) { return &value{load: int(state.Load())}, nil }
	rounds := 100_000
	if testing.Short() {
		rounds /= 10
	}
	var over atomic.Bool
	var refreshing sync.WaitGroup
	for _, again := range []func(){
		func() { c.Refresh(ctx, 1) },
		func() { c.GetMany(ctx, []int{1, 2}) },
	} {
		refreshing.Go(func() {
			for !over.Load() {
				again()
			}
		})
	}
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			cancelled, cancel := context.WithCancel(ctx)
			defer cancel()
			for n := range rounds {
				least := int(state.Add(1))
				switch n % 4 {
				case 0:
					c.Clear()
				case 1:
					c.InvalidateFunc(func(int, *value) bool { return true })
				default:
					c.Invalidate(1)
				}
				who := ctx
				if i == 0 { // one whose load has a goroutine of its own
					who = cancelled
				}
				if v, err := c.Get(who, 1); err != nil || v.load < least {
					t.Errorf("%v, %v: state %d was there before", v, err, least)
					return
				}
			}
		})
	}
	wg.Wait()
	over.Store(true)
	refreshing.Wait()
}

// TestRefreshEndsWhileInvalidating: the same at the one moment that can be chosen: refreshes
// that have begun before end while InvalidateFunc asks.
func TestRefreshEndsWhileInvalidating(t *testing.T) {
	c, loads := counting(10)
	load, goOn, ended := c.Load, make(chan bool), make(chan error)
	var refreshing sync.WaitGroup
	c.Load = func(ctx context.Context, key int) (*value, error) {
		v, err := load(ctx, key) // has read
		if v.load > 2 {
			refreshing.Done()
			<-goOn
		}
		return v, err
	}
	get(t, c, 1)
	get(t, c, 2)
	refreshing.Add(2)
	go func() { ended <- c.Refresh(ctx, 1, 2) }()
	refreshing.Wait()
	asked := 0
	c.InvalidateFunc(func(int, *value) bool {
		if asked++; asked == 1 {
			close(goOn)
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		return true
	})
	for key := 1; key <= 2; key++ {
		if v, ok := c.Lookup(key); ok {
			t.Errorf("key %d has load %d of %d, which had begun before", key, v.load, loads.Load())
		}
	}
}

// TestGuava2971: "LoadingCache stops loading forever after race condition": all is
// invalidated while a value is loaded anew.
func TestGuava2971(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, loads := countingSlowly(10, 200*time.Millisecond)
		c.RefreshAfter = time.Millisecond
		for range 20 {
			get(t, c, 1)
			time.Sleep(10 * time.Millisecond)
			get(t, c, 1) // begins a refresh
			time.Sleep(10 * time.Millisecond)
			c.Clear()
		}
		before := loads.Load()
		get(t, c, 1)
		time.Sleep(time.Second)
		get(t, c, 1)
		time.Sleep(time.Second)
		if n := loads.Load() - before; n < 2 {
			t.Errorf("%d loads after that", n)
		}
	})
}

// TestSingleflight67087 is "x/sync/singleflight: runtime.Goexit blocks waiting channels
// forever", and with a panic issue 41133 and mailgun/groupcache 38: those who wait get an
// error, and the next one who asks begins anew.
func TestSingleflight67087(t *testing.T) {
	for name, end := range map[string]func(){
		"Goexit": runtime.Goexit,
		"panic":  func() { panic("the loader") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var c valueCache
				failing := true
				c.Load = func(_ context.Context, key int) (*value, error) {
					time.Sleep(time.Second)
					if failing {
						end()
					}
					return &value{key: key}, nil
				}
				cancelled, cancel := context.WithCancel(ctx)
				defer cancel()
				var failed atomic.Int32
				for i := range 6 {
					who := ctx // the first runs the loader on its own goroutine
					if i%2 == 1 {
						who = cancelled
					}
					go func() {
						if _, err := c.Get(who, 1); err != nil {
							failed.Add(1)
						}
					}()
					synctest.Wait()
				}
				time.Sleep(time.Minute)
				if n := failed.Load(); n < 5 { // the first may have ended with its loader
					t.Errorf("%d of those who waited have got an error", n)
				}
				failing = false
				get(t, &c, 1)
			})
		})
	}
}

// TestBucketeer2552: "cache-miss thundering-herd cancellation": the first who asks goes
// away, and the others do not get his error.
func TestBucketeer2552(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var loads atomic.Int32
		c := valueCache{Load: func(ctx context.Context, key int) (*value, error) {
			loads.Add(1)
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(time.Second):
				return &value{key: key}, nil
			}
		}}
		first, leave := context.WithCancel(ctx)
		go c.Get(first, 1)
		synctest.Wait()
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { get(t, &c, 1) })
		}
		synctest.Wait()
		leave()
		wg.Wait()
		if loads.Load() != 1 {
			t.Errorf("%d loads", loads.Load())
		}
	})
}

// TestCaffeine373: "Cache Disobeys Expiration if Value Is Stuck in Refreshing", and 282,
// "Enabling refresh enables values to be returned beyond expiration".
func TestCaffeine373(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, loads := counting(10)
		load := c.Load
		c.RefreshAfter, c.ExpireAfterWrite = time.Second, 3*time.Second
		c.Load = func(ctx context.Context, key int) (*value, error) {
			if loads.Load() == 1 {
				time.Sleep(time.Hour)
			}
			return load(ctx, key)
		}
		get(t, c, 1)
		time.Sleep(2 * time.Second)
		get(t, c, 1) // begins a refresh that hangs
		time.Sleep(2 * time.Second)
		if v, ok := c.Lookup(1); ok {
			t.Errorf("%v is there although it has expired", v)
		}
		if v := get(t, c, 1); v.load != 2 {
			t.Errorf("an expired value was got: load %d", v.load)
		}
	})
}

// TestCaffeine175: "refreshAfterWrite returns stale value forever with long load times".
func TestCaffeine175(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, loads := countingSlowly(10, 5050*time.Millisecond) // so that it never ends while somebody asks
		c.RefreshAfter = time.Second
		for range 600 {
			if v := get(t, c, 1); v.load != int(loads.Load()) {
				t.Fatalf("load %d was got after %d", v.load, loads.Load())
			}
			time.Sleep(100 * time.Millisecond)
		}
		if n := loads.Load(); n < 9 { // six seconds each
			t.Errorf("%d loads in a minute", n)
		}
		time.Sleep(time.Minute) // a refresh may be under way
	})
}

// TestCaffeine1478: "Background refreshes not happening": what is refreshed has been evicted
// meanwhile, and collected, and is loaded again.
func TestCaffeine1478(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, loads := countingSlowly(1, 5*time.Second)
		c.RefreshAfter = time.Second
		for round := range 10 {
			get(t, c, 1)
			time.Sleep(2 * time.Second)
			get(t, c, 1) // begins a refresh
			time.Sleep(time.Duration(round) * time.Second)
			get(t, c, 2) // evicts it
			runtime.GC()
			c.Sweep()
		}
		get(t, c, 1)
		time.Sleep(2 * time.Second)
		before := loads.Load()
		get(t, c, 1)
		time.Sleep(6 * time.Second)
		if loads.Load() == before {
			t.Error("a value that is due is not refreshed")
		}
	})
}
